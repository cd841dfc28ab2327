"""Errors that reach the user as one or two plain lines.

Every error carries what went wrong, where, and what to do about it. The command line turns
them into an exit code; a library caller catches :class:`BenchError`.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class BenchError(Exception):
    """Base of all errors this package raises on purpose.

    ``exit_code`` is the process exit code: 1 the input was judged and found wanting,
    2 wrong usage, 3 internal error.
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class InputError(BenchError):
    """The data, labels, predictions or run directories given are not usable as they are."""

    exit_code = 1

    @classmethod
    def collect(
        cls, headline: str, problems: Sequence[str], *, hint: str | None = None, limit: int = 20
    ) -> InputError:
        """One error that lists all ``problems``, capped at ``limit`` lines with the total count."""
        lines = [headline, *(f"  {problem}" for problem in problems[:limit])]
        if len(problems) > limit:
            lines.append(f"  ... and {len(problems) - limit} more")
        return cls("\n".join(lines), hint=hint)


class UsageError(BenchError):
    """The command or function was called with something that does not exist or does not fit."""

    exit_code = 2


class TrainingError(BenchError):
    """Training or its outcome is not usable: a loss, weights or maps that are not finite."""

    exit_code = 1


class WorkerError(BenchError):
    """A process that works for this one has ended on its own."""

    exit_code = 1


class WriteError(BenchError):
    """Nothing more can be written: a full disk, a quota, a limit on file sizes, a read-only disk.

    It concerns the whole command, not only this result.
    """

    exit_code = 1


class ElsewhereError(Exception):
    """The traceback of an error in another process, as text."""

    def __str__(self) -> str:
        return f"\n\n{self.args[0]}"


def portable(error: BaseException) -> BaseException:
    """The error as another process can read it."""
    if isinstance(error, BenchError):
        plain = type(error)(error.message, hint=error.hint)
        plain.__cause__ = None
        return plain
    try:
        again = pickle.loads(pickle.dumps(error))  # our own, of this moment
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return again if isinstance(again, BaseException) else RuntimeError(str(error))


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown ``word``: ``did you mean ...?``, or the list of what exists."""
    known = sorted(known)
    listed = f"Known: {', '.join(known)}." if known else "There is none."
    return nearest(word, known) or listed


def nearest(word: str, known: Iterable[str]) -> str:
    """``Did you mean ...?`` for an unknown ``word``; empty when nothing is like it."""
    close = get_close_matches(word, sorted(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number and what is counted: ``1 file``, ``2,376 files``, ``0 entries``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
