"""Metrics, score files and their aggregation over folds. No torch anywhere below."""
