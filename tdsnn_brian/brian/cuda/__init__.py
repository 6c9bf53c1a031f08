"""Running on an NVIDIA card by Brian2CUDA: what it needs, how it is compiled, its templates."""
