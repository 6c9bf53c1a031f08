"""What the scheme does in neurons that are more like cells: `python -m validation biology`."""
