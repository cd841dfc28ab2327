"""What lies behind precision, sensitivity and F1: where a detector errs, and how surely."""
