"""Where the files that come with the package are: in the wheel, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from adaptor_bench.errors import BenchError

__all__ = ["bundled"]

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """The directory ``name`` (``baselines``, ``leaderboards``, ``submissions``).

    An installed wheel carries it below ``adaptor_bench/_bundled``; a checkout has it beside the
    package. Raises BenchError when neither is there (a broken installation).
    """
    for candidate in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise BenchError(
        f"{_PACKAGE}: the folder {name!r} that belongs to adaptor_bench is missing",
        hint="Install the package again, or run it from a complete checkout.",
    )
