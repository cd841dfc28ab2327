"""Matching, metrics, score files and their aggregation over folds. No torch anywhere below.

This package has the name of the public function ``adaptor_bench.evaluate``; calling it is calling
that function.
"""

import sys
from types import ModuleType
from typing import Any

import adaptor_bench


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return adaptor_bench.__getattr__("evaluate")(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
