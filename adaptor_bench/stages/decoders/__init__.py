"""From maps to points."""
