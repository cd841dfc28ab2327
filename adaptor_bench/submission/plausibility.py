"""What is odd about predictions that are scored all the same, told beside the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from adaptor_bench.data.formats.known import foreign_hint
from adaptor_bench.errors import plural
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


def unscored(batches: Batches, predictions: Path) -> Iterator[str]:
    """Files that belong to no labelled frame, and whether there is any prediction at all."""
    if batches.unknown:
        names = ", ".join(batches.unknown[:_LISTED])
        more = len(batches.unknown) - _LISTED
        files = plural(len(batches.unknown), "file matches", "files match")
        yield (
            f"warning: {files} no labelled frame; not scored: "
            f"{names}{f' and {more} more' if more > 0 else ''}"
        )
    if batches.missing.all():
        yield (
            f"warning: {predictions}: no prediction found for any labelled frame. "
            + foreign_hint(predictions, "Is it the folder that holds the surgery folders?")
        )
