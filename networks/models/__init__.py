"""Untrained networks, each as its paper has it, at any size."""
