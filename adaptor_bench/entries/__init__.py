"""Leaderboards as data: one small file per entry, added by submit, held to account by verify."""
