"""Accuracy over many images, leaks, noises and flaws."""
