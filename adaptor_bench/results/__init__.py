"""What a detector reached, in memory: from a run directory, an entry or a paper."""
