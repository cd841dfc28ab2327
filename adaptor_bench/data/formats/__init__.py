"""Formats of points: one file for each that is read, one for those that are only told by name."""
