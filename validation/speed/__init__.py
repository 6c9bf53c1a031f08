"""Time and memory, beside what others take for the same network."""
