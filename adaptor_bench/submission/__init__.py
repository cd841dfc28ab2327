"""Submissions of point JSON: what a file must look like, and everything that is wrong with one."""
