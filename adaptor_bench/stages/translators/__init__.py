"""From the looks of one domain to those of another."""
