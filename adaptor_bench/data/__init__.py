"""Datasets on disk: labels, frames, folds, pixels, and the drawn phantom."""
