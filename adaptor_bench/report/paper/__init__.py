"""The tables of the paper in its own shape, from printed numbers, folds and finished runs."""
