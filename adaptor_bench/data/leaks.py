"""The same picture in two surgeries: by its pixels, and by its shape where the pixels changed.

A picture that was compressed again, resized or brightened has other pixels but nearly the same
differences between neighbouring places. These are compared as correlations, not as the bits of a
difference hash: bits keep too little to tell frames of one kind of scene apart (in the phantom two
surgeries may differ in 3 of 64 bits, and a frame from its brightened copy in 5).

Most pairs are not compared in full: a hundred numbers of each frame tell how alike two can be at
most, and only what may be one picture is looked at closer. About 1 kB is kept of a frame.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

SIZE = (32, 18)
SAME_SHAPE = 0.85
"""Correlation from which two frames are one picture. Copies (JPEG of quality 30, noise of 25 grey
levels, half size, brightness -40 to +30 %) reach 0.91; frames of two surgeries of the phantom stay
below 0.4, and below 0.6 behind one common mask and overlay."""
_BLANK = 4  # grey levels between the darkest and the brightest place of what shows nothing
_ENOUGH = 1 << 22  # pixels of a large frame that its small copy is made from
_AT_ONCE = 1024
_PRODUCTS = 1 << 23  # of pairs of frames, in memory at once
_SHORT = 96
_SAMPLE = 2000


@dataclass(frozen=True)
class Trace:
    """What is kept of a frame to find it again: a hash of its pixels and a small grey copy.

    ``thumbnail`` has shape (18, 32), uint8.
    """

    pixels: bytes
    thumbnail: NDArray[np.uint8]


@dataclass(frozen=True)
class Shared:
    """Two surgeries, as numbers, with a picture in common.

    Of the ``frames`` of ``a`` (never more than ``b`` has) ``identical`` have their very pixels in
    ``b`` and ``similar`` others their shape. ``example`` are the positions of one such pair.
    """

    a: int
    b: int
    frames: int
    identical: int
    similar: int
    example: tuple[int, int]


def trace_of(image: NDArray[np.uint8]) -> Trace:
    """The trace of one frame, shape (height, width, 3), uint8."""
    pixels = hash_of(image)
    step = math.ceil(math.sqrt(image[..., 0].size / _ENOUGH))
    image = np.ascontiguousarray(image[::step, ::step])
    grey = Image.fromarray(image).convert("L").resize(SIZE, Image.Resampling.BOX)
    return Trace(pixels, np.asarray(grey))


def hash_of(image: NDArray[np.uint8]) -> bytes:
    """16 bytes that stand for the pixels of an image (H, W, 3) and its size."""
    digest = hashlib.blake2b(f"{image.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).reshape(-1).data)
    return digest.digest()


def shapes(thumbnails: NDArray[np.uint8]) -> Floats:
    """Differences of neighbouring places, (N, 18, 32) to (N, 1102) rows of length 1.

    Differences beyond twice the usual one are cut, so that the edge of a mask or an overlay that
    all frames have does not outweigh the scene. A frame without a picture is a row of zeros.
    """
    grey = thumbnails.astype(np.float32)
    across, down = np.diff(grey, axis=2), np.diff(grey, axis=1)
    rows = np.concatenate([across.reshape(len(grey), -1), down.reshape(len(grey), -1)], axis=1)
    ordered = np.sort(np.abs(rows), axis=1)
    flat = (ordered == 0).sum(axis=1)  # black borders say nothing about what is usual
    middle = np.minimum((flat + ordered.shape[1]) // 2, ordered.shape[1] - 1)
    limit = 2 * ordered[np.arange(len(rows)), middle][:, None]
    rows = np.clip(rows, -limit, limit)
    rows[np.ptp(grey, axis=(1, 2)) <= _BLANK] = 0
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def shared_frames(surgery: NDArray[np.int64], traces: Sequence[Trace]) -> list[Shared]:
    """All pairs of surgeries that share pictures.

    ``surgery`` (N,) numbers the surgery of each of N frames. Pictures within one surgery, and
    frames that show nothing, are not looked at.
    """
    if not len(traces):
        return []
    order = np.argsort(surgery, kind="stable")
    names, starts = np.unique(surgery[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    own = np.repeat(np.arange(len(names)), ends - starts)
    grey = np.stack([traces[i].thumbnail for i in order])
    pixels = [traces[i].pixels for i in order]
    short = _shortened(grey)
    identical = _identical(pixels, own, np.flatnonzero(short.any(axis=1)).tolist())
    found = identical | _similar(grey, short, own, starts, ends)
    result = []
    for a, b in np.argwhere(np.triu(np.logical_or.reduceat(found, starts, axis=0), 1)).tolist():
        if ends[a] - starts[a] > ends[b] - starts[b]:
            a, b = b, a
        same, like = (flags[starts[a] : ends[a], b] for flags in (identical, found))
        i = starts[a] + int(np.argmax(same if same.any() else like))
        twin = [pixels[j] == pixels[i] for j in range(starts[b], ends[b])]
        alike = twin if any(twin) else _products(grey[i : i + 1], grey[starts[b] : ends[b]])[0]
        j = starts[b] + int(np.argmax(alike))
        counts = len(same), int(same.sum()), int((like & ~same).sum())
        example = int(order[i]), int(order[j])
        result.append(Shared(int(names[a]), int(names[b]), *counts, example))
    return result


def _shortened(thumbnails: NDArray[np.uint8]) -> Floats:
    """(N, 18, 32) to (N, 97) rows; their products are never below those of :func:`shapes`.

    96 coordinates along directions in which shapes differ much, and the length of what is left:
    of two such rests the product is at most that of their lengths.
    """
    sample = shapes(thumbnails[:: -(-len(thumbnails) // _SAMPLE)])
    start = np.random.default_rng(0).standard_normal((sample.shape[1], _SHORT), np.float32)
    directions, _ = np.linalg.qr(sample.T @ (sample @ start))
    parts = []
    for first in range(0, len(thumbnails), _AT_ONCE):
        rows = shapes(thumbnails[first : first + _AT_ONCE])
        along = rows @ directions
        rest = (rows**2).sum(axis=1) - (along**2).sum(axis=1)
        parts.append(np.column_stack([along, np.sqrt(np.maximum(rest, 0))]))
    return np.concatenate(parts)


def _similar(
    thumbnails: NDArray[np.uint8],
    short: Floats,
    own: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> Flags:
    """(frames, surgeries): whether the shape of a frame stands in another surgery."""
    flags = np.zeros((len(short), len(starts)), bool)
    step = max(1, _PRODUCTS // len(short))
    for first in range(0, len(short), step):
        part = slice(first, first + step)
        most = np.maximum.reduceat(short[part] @ short.T, starts, axis=1)
        flags[part] = most >= SAME_SHAPE - 1e-3  # rounding
    flags[np.arange(len(own)), own] = False
    for surgery, (first, end) in enumerate(zip(starts, ends, strict=True)):
        frames = np.flatnonzero(flags[:, surgery])
        for some in np.array_split(frames, -(-len(frames) // _AT_ONCE) or 1):
            alike = np.full(len(some), -1, np.float32)
            for place in range(first, end if len(some) else first, _AT_ONCE):
                there = thumbnails[place : min(place + _AT_ONCE, end)]
                alike = np.maximum(alike, _products(thumbnails[some], there).max(axis=1))
            flags[some, surgery] = alike >= SAME_SHAPE
    return flags


def _products(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Floats:
    """How alike each of M thumbnails and each of N others are, (M, N)."""
    alike: Floats = shapes(one) @ shapes(other).T
    return alike


def _identical(pixels: Sequence[bytes], own: NDArray[np.int64], shown: Sequence[int]) -> Flags:
    """(frames, surgeries): whether the very pixels of a frame stand in another surgery."""
    places: dict[bytes, set[int]] = {}
    for content, surgery in zip(pixels, own.tolist(), strict=True):
        places.setdefault(content, set()).add(surgery)
    flags = np.zeros((len(pixels), int(own.max()) + 1), bool)
    for i in shown:
        flags[i, sorted(places[pixels[i]] - {int(own[i])})] = True
    return flags
