"""Figures for a paper: pure drawing from arrays, apart from where the arrays come from."""
