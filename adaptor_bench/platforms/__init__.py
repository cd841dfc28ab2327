"""Challenge platforms: what each hands over, and what it wants back; the scoring is one core."""
