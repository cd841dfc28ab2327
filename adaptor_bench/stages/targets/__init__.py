"""What a network learns to draw."""
