"""Benchmark and challenge evaluation for detectors of a varying number of landmarks."""

__version__ = "0.1.0"
