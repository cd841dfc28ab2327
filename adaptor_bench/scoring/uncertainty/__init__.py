"""How sure a comparison is: resampling of surgeries, paired tests, and the stability of ranks."""
