"""A static site: boards, how sure they are, method cards, and a gallery of frames.

Plain files that need no network and no server. What is shown is derived from run directories and
leaderboard entries (and, for pictures and labels, from the dataset they were scored on) by the
functions that make the other tables, so that no number here can differ from the leaderboard's.
"""
