"""Points to heatmaps and back, in numpy, scipy and scikit-image. No torch."""
