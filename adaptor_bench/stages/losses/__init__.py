"""How far logits are from their target."""
