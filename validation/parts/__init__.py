"""What a report says of one simulation: three answers beside each other, one image, the cost."""
