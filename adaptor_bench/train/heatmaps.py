"""The maps that a fold keeps among its artefacts: written once, read by whoever shows them.

``artefacts/heatmaps-*/heatmaps.npy`` holds the maps of all frames of a fold, (N, C, H, W) uint16
(earlier versions (N, H, W)), those of smaller images filled up to the largest; ``key.json`` beside
it names the network and the frames. No torch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.bounded import read_json
from adaptor_bench.data.sizes import network_size
from adaptor_bench.errors import InputError
from adaptor_bench.room import need
from adaptor_bench.stages.maps import as_stored

HISTORY = "training.json"  # of a fold; it names the artefact with the network
_MAPS = "heatmaps.npy"
_UPWARDS = 6  # folders between a fold and its output folder, a method's name with slashes included


def hash_of_frames(keys: Iterable[str]) -> str:
    """What stands for the frames of a fold in the key of its maps."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def write_maps(
    directory: Path, maps: Iterable[NDArray[np.float32]], number: int, largest: tuple[int, ...]
) -> None:
    """Keep ``number`` maps (C, H, W), none larger than ``largest`` (C, H, W), each written as it
    comes."""
    shape = number, *largest
    need(directory, math.prod(shape) * np.dtype(np.uint16).itemsize)
    described = {"descr": "<u2", "fortran_order": False, "shape": shape}
    with (directory / _MAPS).open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, described)
        for _, one in zip(range(number), maps, strict=True):
            whole = np.zeros(largest, "<u2")
            whole[:, : one.shape[1], : one.shape[2]] = as_stored(one)
            stream.write(whole.data)


def each_map(directory: Path) -> Iterator[NDArray[np.uint16]]:
    """What :func:`write_maps` kept, map by map: of a mapped file all that was looked at would count
    as memory of this process."""
    mapped = _mapped(directory)
    with (directory / _MAPS).open("rb") as stream:
        stream.seek(mapped.offset)
        for _ in mapped:
            content = stream.read(mapped.nbytes // len(mapped))
            yield np.frombuffer(content, mapped.dtype).reshape(mapped.shape[1:])


def _mapped(directory: Path) -> np.memmap[Any, np.dtype[np.uint16]]:
    """All maps, not yet in memory."""
    stored: np.memmap[Any, np.dtype[np.uint16]] = np.load(
        directory / _MAPS, mmap_mode="r", allow_pickle=False
    )
    return stored


def of_frame(
    heatmap: NDArray[np.uint16], size: tuple[int, int], input_size: Any
) -> NDArray[np.uint16]:
    """The part of a stored map that shows a frame of ``size`` (width, height): those of smaller
    frames are filled up. ``input_size`` is the run's parameter of that name."""
    match input_size:
        case [int() as across, int() as down]:
            width, height = network_size(size, (across, down))
            return heatmap[:height, :width]
    return heatmap


class StoredHeatmaps:
    """Finds the maps that finished folds keep, and reads single ones."""

    def __init__(self) -> None:
        self._folders: dict[tuple[str, str, str], Path] = {}
        self._looked: set[Path] = set()
        self._maps: dict[Path, NDArray[Any] | None] = {}

    def find(self, fold: Path, keys: Sequence[str]) -> Path | None:
        """The artefact that holds the maps of the frames ``keys`` of a run directory, or None."""
        try:
            network = read_json(fold / HISTORY)["artefact"]
        except (InputError, KeyError, TypeError):
            return None
        digest = hash_of_frames(keys)
        for folder in list(fold.resolve().parents)[:_UPWARDS]:
            self._look(folder / "artefacts")
            found = self._folders.get((str(folder / "artefacts"), str(network), digest))
            if found is not None:
                return found
        return None

    def read(self, artefact: Path, place: int, frames: int) -> NDArray[np.uint16] | None:
        """The first map (H, W) of frame number ``place`` of ``frames``; None if the artefact is
        not what it should be."""
        if artefact not in self._maps:
            try:
                maps = _mapped(artefact)
            except (OSError, ValueError, EOFError):  # the last of an empty file
                maps = None
            fits = maps is not None and maps.ndim in (3, 4) and maps.dtype == np.uint16
            self._maps[artefact] = maps if fits else None
        stored = self._maps[artefact]
        if stored is None or len(stored) != frames:
            return None
        return stored[place] if stored.ndim == 3 else stored[place, 0]

    def _look(self, store: Path) -> None:
        if store in self._looked:
            return
        self._looked.add(store)
        for key_file in sorted(store.glob("heatmaps-*/key.json")):
            try:
                key = read_json(key_file)
                identity = (str(store), str(key["network"]), str(key["frames"]))
            except (InputError, KeyError, TypeError):
                continue
            if (key_file.parent / _MAPS).is_file():
                self._folders[identity] = key_file.parent
