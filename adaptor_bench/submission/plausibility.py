"""What is odd about predictions that are scored all the same, told beside the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from adaptor_bench.data.formats.known import foreign_hint
from adaptor_bench.errors import InputError, plural
from adaptor_bench.scoring.reading import Batches
from adaptor_bench.submission.forensics import diagnose
from adaptor_bench.submission.pairing import FramePoints

_LISTED = 5  # file names in a warning


def implausible(batches: Batches) -> Iterator[str]:
    """What `bench validate` says of swapped, scaled, shifted coordinates and of points that lie off
    the frame."""
    sizes = [(width, height) for width, height in batches.sizes.tolist()]
    predicted, labels = (
        [FramePoints(*frame) for frame in zip(batches.keys, side, sizes, strict=True)]
        for side in (batches.predictions, batches.labels)
    )
    for finding in diagnose(predicted, labels):
        yield f"{finding.severity}: {finding.message} [{finding.code}]\n{finding.hint}"
    guessed = set(batches.guessed)
    outside = sum(
        int(((frame.points < -0.5) | (frame.points > np.array(frame.size) - 0.5)).any(axis=1).sum())
        for frame in predicted
        if frame.key not in guessed and len(frame.points)
    )
    if outside:
        total = sum(len(frame.points) for frame in predicted)
        yield (
            f"warning: {outside} of {plural(total, 'predicted point')} lie outside their frame "
            "[point-outside]\n`bench validate` with --reference lists them."
        )


def require_some(batches: Batches, predictions: Path) -> None:
    """Raise InputError where no labelled frame has a prediction: it is another folder, not a
    detector that finds nothing, which leaves a file a frame."""
    if batches.missing.all():
        raise InputError(
            f"{predictions}: no prediction found for any of "
            + plural(len(batches.keys), "labelled frame")
            + (f"; there is {batches.unknown[0]}, for instance" if batches.unknown else ""),
            hint=foreign_hint(
                predictions,
                f"Is it the folder that holds the surgery folders? Labelled is {batches.keys[0]}.",
                predictions=True,
            ),
        )


def unscored(batches: Batches) -> Iterator[str]:
    """Files that belong to no labelled frame."""
    if batches.unknown:
        names = ", ".join(batches.unknown[:_LISTED])
        more = len(batches.unknown) - _LISTED
        files = plural(len(batches.unknown), "file matches", "files match")
        yield (
            f"warning: {files} no labelled frame; not scored: "
            f"{names}{f' and {more} more' if more > 0 else ''}"
        )
