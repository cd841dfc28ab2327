"""How good a network is on labelled frames, and the threshold of a decoder that has none.

A decoder whose class says ``chooses_threshold`` and whose ``threshold`` is None gives all that it
could find, with scores; its threshold is then chosen on training frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from adaptor_bench.data.images import scale_points
from adaptor_bench.data.pixels import ImagesOf
from adaptor_bench.data.sizes import reference_size
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.metrics import Counts, f1
from adaptor_bench.stages.protocols import Decoder, is_open
from adaptor_bench.train.inference import predict_maps
from adaptor_bench.train.samples import Sample

THRESHOLDS = np.arange(2, 100, 2) / 100
_FRAMES = 24
_PLATEAU = 0.005  # of F1


def some_of(samples: Sequence[Sample]) -> list[Sample]:
    """At most 24 of them, at equal distances."""
    number = min(len(samples), _FRAMES)
    return [samples[len(samples) * i // number] for i in range(number)]


def inner_f1(
    network: nn.Module,
    samples: Sequence[Sample],
    decode: Decoder,
    device: Any,
    matching: MatchSettings,
    *,
    bfloat16: bool = True,
) -> float:
    """Pooled F1 (0..1, NaN without any point) on samples, matched in px of the frame as stored.

    Of a decoder without a threshold, the F1 at the best one.
    """
    return _tried(network, samples, decode, device, matching, bfloat16)[1]


def with_threshold(
    network: nn.Module,
    samples: Sequence[Sample],
    decode: Any,
    device: Any,
    matching: MatchSettings,
    *,
    bfloat16: bool = True,
) -> Any:
    """``decode`` at the threshold that does best on samples: the middle of those around it that
    come within half a point of F1."""
    chosen = _tried(network, samples, decode, device, matching, bfloat16)[0]
    return replace(decode, threshold=chosen)


def _tried(
    network: nn.Module,
    samples: Sequence[Sample],
    decode: Any,
    device: Any,
    matching: MatchSettings,
    bfloat16: bool,
) -> tuple[float, float]:
    """The best threshold (0 where there is none to choose) and F1 there."""
    thresholds = THRESHOLDS if is_open(decode) else np.zeros(1)
    counts = [Counts(0, 0, 0)] * len(thresholds)
    for points, scores, labels in _found(network, samples, decode, device, bfloat16):
        before: tuple[int, Counts] | None = None
        for i, threshold in enumerate(thresholds):
            kept = points[scores >= threshold] if is_open(decode) else points
            if before is None or before[0] != len(kept):
                result = match(kept, labels, matching.radius, matching.rule, matching.inclusive)
                before = len(kept), Counts(result.tp, result.fp, result.fn)
            counts[i] = counts[i] + before[1]
    reached = np.array([f1(c) for c in counts])
    if np.isnan(reached).all():
        return 0.5, math.nan
    filled = np.nan_to_num(reached)
    low = high = best = int(filled.argmax())
    while low > 0 and filled[low - 1] >= filled[best] - _PLATEAU:
        low -= 1
    while high + 1 < len(filled) and filled[high + 1] >= filled[best] - _PLATEAU:
        high += 1
    return float(thresholds[(low + high) // 2]), float(filled[best])


def _found(
    network: nn.Module, samples: Sequence[Sample], decode: Any, device: Any, bfloat16: bool
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Points, their scores, and labels of every sample, in px of the frame as stored."""
    drawn = predict_maps(network, ImagesOf(samples), device=device, bfloat16=bfloat16)
    for sample, maps in zip(samples, drawn, strict=True):
        stored = sample.stored or sample.size
        size = reference_size(stored)
        found = decode.decode(maps, size)
        yield (
            scale_points(found.points, size, stored),
            found.scores,
            scale_points(sample.points, sample.size, stored),
        )
