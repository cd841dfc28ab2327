"""Checks of other people's arithmetic: how far a ranking depends on rules that were left open."""
