"""The gallery's document, and the picture files it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.progress import Progress
from adaptor_bench.site.gallery import Candidate, Reader, describe
from adaptor_bench.site.pictures import (
    FRAMES,
    SHRINKS,
    frame_picture,
    heatmap_picture,
)
from adaptor_bench.train.heatmaps import StoredHeatmaps, of_frame

__all__ = ["RULE", "Album", "write_album"]

# A site of 200 frames stays below 10 MB, pages included; one of more, in proportion.
_FRAMES, _PICTURES, _HEATMAPS = 200, 5.5e6, 2.5e6
RULE = (
    "Every surgery has the same share, as far as it has frames. Within a surgery half of the "
    "frames are those on which the methods differ most, the others are spread evenly over the rest."
)


@dataclass(frozen=True)
class Album:
    """``document`` is what the page's script reads; how many pictures and heatmaps were written."""

    document: dict[str, Any]
    pictures: int
    heatmaps: int


def write_album(
    views: Mapping[str, BoardView],
    chosen: Sequence[Candidate],
    root: Path,
    progress: Progress,
    *,
    images: bool,
    heatmaps: bool,
) -> Album:
    """Describe the ``chosen`` frames; write their ``images`` and ``heatmaps`` below ``root``.

    ``views`` are the boards they may be of, by their anchors.

    Raises InputError naming all frames whose points or whose image cannot be used.
    """
    share = max(1.0, len(chosen) / _FRAMES)
    shown = {anchor: view for anchor, view in views.items() if view.board.measured}
    reader, maps = Reader(), _Maps(root / "heatmaps")
    frames: list[dict[str, Any]] = []
    changed: list[str] = []
    problems: list[str] = []
    pictures: dict[Path, Callable[[tuple[int, int]], bytes]] = {}
    with progress.bar("gallery") as bar:
        for number, candidate in enumerate(chosen, start=1):
            bar(number, len(chosen))
            try:
                frame = describe(candidate, list(shown).index(candidate.anchor), reader)
            except InputError as error:
                changed.append(error.message)
                continue
            frames.append(frame)
            source = candidate.view.frames.get(candidate.key)
            if images and source is not None and source.image.is_file():
                try:
                    picture = frame_picture(source.image)
                except InputError as error:
                    problems.append(error.message)
                    continue
                path = root / "frames" / f"{number:04d}.webp"
                frame["image"] = _put(path, picture)
                pictures[path] = partial(frame_picture, source.image)
            if heatmaps:
                for method in frame["methods"]:
                    method["heat"] = maps.write(candidate, method["method"], number, frame["size"])
    if changed:
        raise InputError.collect(
            "points of some frames cannot be read, or are not those that were scored:",
            changed,
            hint="Score these predictions again, or leave the gallery out with --frames 0.",
        )
    if problems:
        raise InputError.collect(
            "some frames of the gallery cannot be shown:",
            problems,
            hint="Repair these files, or leave the pictures out with --no-images.",
        )
    _fit(pictures, FRAMES, share * _PICTURES)
    _fit(maps.files, SHRINKS, share * _HEATMAPS)
    described = [
        {"name": view.board.title, "radius": view.board.settings.radius} for view in shown.values()
    ]
    names = next((view.places for view in shown.values()), {})
    methods = [{"name": name} for name in names]
    document = {"boards": described, "methods": methods, "frames": frames}
    return Album(document, len(pictures), len(maps.files))


class _Maps:
    """Writes heatmaps, each once: methods that differ in the decoding alone share theirs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = StoredHeatmaps()
        self._written: dict[tuple[Path, int], str] = {}
        self.files: dict[Path, Callable[[int], bytes]] = {}
        """Those that were written, and what makes each at another size."""

    def write(
        self, candidate: Candidate, index: int, number: int, size: Sequence[int]
    ) -> str | None:
        """Address of the heatmap of the method of ``index`` on frame ``number``, or None.

        ``size`` is (width, height) of the frame.
        """
        part = candidate.folds[index]
        run, score = part.run, part.score
        if run is None or score is None:
            return None
        keys = [frame.key for frame in score.frames]
        file = self._kept.find(run.path, keys)
        if file is None:
            return None
        place = keys.index(candidate.key)
        if (file, place) not in self._written:
            heatmap = self._kept.read(file, place, len(keys))
            if heatmap is None:
                return None
            heatmap = of_frame(heatmap, (size[0], size[1]), run.parameters.get("input_size"))
            path = self._folder / f"{number:04d}-{index}.webp"
            self._written[file, place] = _put(path, heatmap_picture(heatmap))
            self.files[path] = partial(heatmap_picture, heatmap)
        return self._written[file, place]


def _fit(
    files: Mapping[Path, Callable[[Any], bytes]], settings: Sequence[Any], limit: float
) -> None:
    """Write ``files`` again under one after the other of the ``settings`` that make them smaller
    (all of them under the same) until they take ``limit`` bytes; the first is how they stand."""
    for setting in settings[1:]:
        if sum(path.stat().st_size for path in files) <= limit:
            return
        for path, make in files.items():
            path.write_bytes(make(setting))


def _put(path: Path, content: bytes) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f"{path.parent.name}/{path.name}"
