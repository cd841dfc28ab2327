"""The only zone that imports torch: batches, augmentation, networks, losses, translation."""
