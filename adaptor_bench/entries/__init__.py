"""Leaderboards as data: one small file per entry, added by submit and checked by verify."""
