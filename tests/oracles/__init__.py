"""Independent implementations that the package's own results are checked against."""
