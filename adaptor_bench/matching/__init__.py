"""Which prediction belongs to which label: the rules, one frame or many at a time."""
