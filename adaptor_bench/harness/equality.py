"""Whether an exported network is the network: the same maps, and the same points after decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.sizes import Size, network_size
from adaptor_bench.errors import InputError, plural
from adaptor_bench.harness.predict import read_pixels
from adaptor_bench.method import Pixels, Resize
from adaptor_bench.phantom.default import drawn_phantom, embedded_profile
from adaptor_bench.stages.maps import as_stored
from adaptor_bench.train.detector import Detector

OF_MAPS = 1e-4  # of values in [0, 1]: floating point in another order makes about 1e-7
OF_POINTS = 0.5  # px of the heatmap: so far a pixel more or less moves the middle of a region
_MOST = 8  # frames
Drawing = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From images (B, 3, H, W) in [0, 1] to maps (B, C, h, w) in [0, 1]."""


class UnequalError(InputError):
    """What was exported is another network."""


@dataclass(frozen=True)
class Equality:
    """The largest difference of ``maps``, and of ``points`` after decoding, in ``px`` of the frame,
    on ``frames``, which ``source`` says in words; ``allowed`` px are half one of the heatmap."""

    frames: int
    source: str
    maps: float
    points: int
    px: float
    allowed: float

    def __str__(self) -> str:
        return (
            f"compared with the original on {self.source}: maps differ by {self.maps:.1e} at most "
            f"({OF_MAPS:g} allowed), {plural(self.points, 'point')} by {self.px:.3f} px "
            f"({self.allowed:g} allowed)"
        )

    def to_json(self) -> dict[str, Any]:
        """For ``config.json``."""
        return {
            "frames": self.frames,
            "on": self.source,
            "largest_difference_of_maps": self.maps,
            "allowed_of_maps": OF_MAPS,
            "points": self.points,
            "largest_difference_of_points_px": round(self.px, 6),
            "allowed_of_points_px": self.allowed,
        }


def compare(method: Detector, exported: Drawing, frames: Sequence[Pixels], source: str) -> Equality:
    """How what ``exported`` draws differs from what the network of ``method`` does.

    Raises UnequalError for maps of another shape or further off than ``OF_MAPS``, another number
    of points, and a point further off than ``OF_POINTS``.
    """
    from adaptor_bench.train.portable import of_network

    original = of_network(method.trained())
    farthest, number, px, allowed = 0.0, 0, 0.0, OF_POINTS
    for start in range(0, len(frames), 2):  # by twos: the number of images is free
        some = frames[start : start + 2]
        images = np.stack([as_input(frame.image) for frame in some])
        expected, given = original(images), exported(images)
        if given.shape != expected.shape:
            raise UnequalError(f"its maps are {given.shape}, not {expected.shape}")
        difference = float(np.abs(given - expected).max())
        if not difference <= OF_MAPS:  # nan is no difference that is allowed
            raise UnequalError(f"its maps of {some[0].key} differ by {difference:.2g}")
        farthest = max(farthest, difference)
        larger = zip(some[0].size, expected.shape[:-3:-1], strict=True)
        allowed = OF_POINTS * max(frame / drawn for frame, drawn in larger)
        for frame, own, other in zip(some, expected, given, strict=True):
            points, found = (method.points_of(as_stored(m), frame).points for m in (own, other))
            if len(points) != len(found):
                raise UnequalError(f"{len(found)} points in {frame.key}, not {len(points)}")
            away = _apart(points, found)
            if not away <= allowed:
                raise UnequalError(f"a point of {frame.key} is {away:.2f} px away")
            number, px = number + len(points), max(px, away)
    return Equality(len(frames), source, farthest, number, px, allowed)


def require_numbers(method: Detector, frames: Sequence[Pixels], run: Path) -> None:
    """Raise InputError where the network of ``run`` itself draws maps that are not finite, and
    what :meth:`Detector.trained` does where there is no such network."""
    from adaptor_bench.train.portable import of_network

    draws = of_network(method.trained())
    for frame in frames:
        if not np.isfinite(draws(as_input(frame.image)[None])).all():
            raise InputError(
                f"{run}: its network draws values that are not finite in {frame.key}; nothing was "
                "written",
                hint="Its weights are damaged, or its training diverged: run the fold again.",
            )


def _apart(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """How far the farthest of either is from the nearest of the other: the order of points of equal
    scores is open."""
    if not len(first):
        return 0.0
    distances = np.linalg.norm(first[:, None] - second[None], axis=-1)
    return float(max(distances.min(axis=0).max(), distances.min(axis=1).max()))


def as_input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(3, H, W) in [0, 1] of an image (H, W, 3) RGB, as the model card says it."""
    return np.ascontiguousarray(image.transpose(2, 0, 1), np.float32) / np.float32(255)


def frames_to_compare(
    record: dict[str, Any], method: Detector, size: Size, data: Path | None
) -> tuple[list[Pixels], str]:
    """A few frames of ``size`` (width, height), and what they are in words.

    They are of ``data``, else of the built-in phantom that the ``record`` of the run names, if it
    has been drawn; of the surgeries that were held out as far as they are there. Without either
    they are random. Raises InputError when ``data`` has no frames of that size.
    """
    dataset_of = record.get("dataset", {})
    profile = embedded_profile(str(dataset_of.get("name")), str(dataset_of.get("kind")))
    root = data or (drawn_phantom(profile) if profile else None)
    if root is None:
        pictures = _random(network_size(size, method.input_size), size)
        return pictures, f"{_MOST} random pictures (the run's data are not at hand; see --data)"
    dataset = index_dataset(root)
    every = [frame for some in dataset.frames.values() for frame in some]
    here = dataset.frames.get(record.get("domain", ""), every)
    held = [frame for frame in here if frame.surgery in record.get("validation", ())] or here
    spread = np.unique(np.linspace(0, len(held) - 1, min(_MOST, len(held))).round().astype(int))
    pixels = [read_pixels(held[number], Resize.of(method)) for number in spread]
    alike = [frame for frame in pixels if frame.size == size]
    if not alike:
        raise InputError(
            f"{root}: the frames are not {size[0]}x{size[1]} px, as those of the run were",
            hint="Pass the run's own data as --data.",
        )
    return alike, f"{plural(len(alike), 'frame')} of {dataset.name}"


def _random(image: Size, stored: Size) -> list[Pixels]:
    """Pictures of smooth colours with small dark and bright dots, which detectors find."""
    import cv2

    rng, pictures = np.random.default_rng(0), []
    for number in range(_MOST):
        colours = rng.integers(60, 200, (9, 16, 3), dtype=np.uint8)
        drawn = np.asarray(cv2.resize(colours, image, interpolation=cv2.INTER_CUBIC), np.uint8)
        for x, y in rng.integers(0, image, (20, 2)).tolist():
            cv2.circle(drawn, (x, y), 2, (20, 20, 20) if x % 2 else (240, 240, 240), -1)
        pictures.append(Pixels(f"random/random/{number}", drawn, stored))
    return pictures
