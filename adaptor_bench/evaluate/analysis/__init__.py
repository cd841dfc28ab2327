"""What lies behind precision, sensitivity and F1: where a detector errs, and how surely."""

from adaptor_bench.evaluate.analysis.analyse import Analysis, analyse

__all__ = ["Analysis", "analyse"]
