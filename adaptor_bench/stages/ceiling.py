"""How much a target and its decoder allow: points decoded from the map that labels themselves draw.

A network that learnt its target to perfection would score this. What is missing to 100 % is lost
between target and decoder, a property of the method: wide kernels merge neighbours, an opening
removes small regions, a cut splits what is one.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.images import scale_points
from adaptor_bench.data.sizes import network_size, reference_size
from adaptor_bench.stages.maps import as_stored, from_stored
from adaptor_bench.stages.protocols import Decoder, Target


@runtime_checkable
class Decoding(Protocol):
    """A detector that decodes maps, as far as its ceiling depends on it."""

    @property
    def input_size(self) -> tuple[int, int]: ...

    @property
    def target(self) -> Target: ...

    @property
    def decode(self) -> Decoder: ...


class NotDecodedError(TypeError):
    """A decoder gave something of another type, which the message names."""


def perfect_points(
    detector: Decoding, labels: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What ``detector`` finds in the perfect map of a frame of ``size`` (width, height), and the
    scores, (N,).

    ``labels`` and the points found, (N, 2), have order x, y, and are in px of the frame as stored.
    The map is drawn at the size of the network's image and rounded as maps are kept. Raises
    NotDecodedError where the decoder gives something else.
    """
    drawn = network_size(size, detector.input_size)
    maps = detector.target.draw(scale_points(labels, size, drawn), drawn, detector.input_size)
    reference = reference_size(size)
    found = detector.decode.decode(from_stored(as_stored(maps)), reference)
    if not (hasattr(found, "points") and hasattr(found, "scores")):
        raise NotDecodedError(type(found).__name__)
    return scale_points(found.points, reference, size), found.scores
