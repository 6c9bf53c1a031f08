"""The HTML page: its sections and figures, and how they become one file."""
