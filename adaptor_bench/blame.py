"""Calling a method's own code: what goes wrong in there is told as the method's, not as ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from adaptor_bench.artefacts import ArtefactBusy
from adaptor_bench.errors import BenchError, InputError, TrainingError, WriteError
from adaptor_bench.method import Pixels, Prediction
from adaptor_bench.room import unwritable


class MethodFailedError(InputError):
    """A method raised, or gave back what is no prediction. ``__cause__`` is what it raised."""


@contextmanager
def blamed(doing: str) -> Iterator[None]:
    """Turn whatever the block raises into a MethodFailedError that says ``doing``.

    An interruption, a full disk, and work that another process is at are nobody's fault and pass.
    A method that asks to leave (SystemExit) or is cancelled has failed: it must not end those
    after it.
    """
    try:
        yield
    except (MethodFailedError, ArtefactBusy, KeyboardInterrupt):
        raise
    except BaseException as error:
        if isinstance(error, WriteError) or unwritable(error):
            raise
        raise MethodFailedError(
            f"{doing}: {said(error)}", hint="`bench --debug ...` shows where."
        ) from error


def said(error: BaseException) -> str:
    """The error in one printable line, with its kind unless it was raised on purpose by us; a
    diverged training with its remedy."""
    words = error.message if isinstance(error, BenchError) else str(error)
    if isinstance(error, TrainingError):
        words = f"{words}. {error.hint or ''}"
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    if isinstance(error, BenchError):
        return text
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


def checked(
    predictions: Iterable[Prediction], frames: Sequence[Pixels], doing: str = "predict"
) -> Iterator[Prediction]:
    """One prediction per frame, as it is asked for; points (N, 2) and scores (N,) as float.

    Raises MethodFailedError naming the frame for anything else: another shape, a number that is
    not finite, fewer or more predictions than frames, or an error in the method.
    """
    with blamed(doing):
        given = iter(predictions)
    for number, frame in enumerate(frames):
        with blamed(f"{doing}, frame {frame.key}"):
            one = next(given, None)
            if one is None:
                raise ValueError(f"{number} predictions for {len(frames)} frames")
            prediction = _checked(one)
        yield prediction
    with blamed(doing):
        if next(given, None) is not None:
            raise ValueError(f"more predictions than the {len(frames)} frames")


def _checked(prediction: Prediction) -> Prediction:
    if not hasattr(prediction, "points"):
        raise TypeError(f"a Prediction was expected, got {type(prediction).__name__}")
    if np.asarray(prediction.points).dtype.kind == "c":
        raise TypeError("points are complex numbers")
    points = np.asarray(prediction.points, dtype=float)
    if points.size == 0:
        points = points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"points have shape {points.shape}, expected (N, 2)")
    if not np.isfinite(points).all():
        raise ValueError("a point is not finite")
    if getattr(prediction, "scores", None) is None:
        return Prediction(points)
    scores = np.asarray(prediction.scores, dtype=float)
    if scores.shape != (len(points),):
        raise ValueError(f"scores have shape {scores.shape}, expected ({len(points)},)")
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite")
    return Prediction(points, scores)
