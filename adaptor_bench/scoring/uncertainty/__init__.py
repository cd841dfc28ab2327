"""How sure a comparison is: intervals, tests and the stability of ranks over trained networks."""
