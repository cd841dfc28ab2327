"""The gallery's document, and the picture files it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.progress import Progress
from adaptor_bench.site.gallery import Candidate, describe
from adaptor_bench.site.pictures import (
    FRAMES,
    SHRINKS,
    Pictures,
    frame_picture,
    heatmap_picture,
)
from adaptor_bench.train.heatmaps import StoredHeatmaps, of_frame

# A site of 200 frames stays below 10 MB, pages included; one of more, in proportion.
_FRAMES, _PICTURES, _HEATMAPS = 200, 5.5e6, 2.5e6
RULE = (
    "Every surgery has the same share, as far as it has frames. Within a surgery half of the "
    "frames are those on which the methods differ most, the others are spread evenly over the rest."
)


def write_album(
    views: Mapping[str, BoardView],
    chosen: Sequence[Candidate],
    root: Path,
    progress: Progress,
    *,
    images: bool,
    heatmaps: bool,
) -> dict[str, Any]:
    """Write ``images`` and ``heatmaps`` of the ``chosen`` frames below ``root``.

    ``views`` are the boards they may be of, by their anchors. Returns what the page's script reads.

    Raises InputError naming all frames whose points or whose image cannot be used.
    """
    share = max(1.0, len(chosen) / _FRAMES)
    shown = {anchor: view for anchor, view in views.items() if view.board.measured}
    files_in = cache(find_point_files)  # walks every folder once
    pictures = Pictures(root / "frames", FRAMES)
    maps = _Maps(Pictures(root / "heatmaps", SHRINKS))
    frames: list[dict[str, Any]] = []
    changed: list[str] = []
    problems: list[str] = []
    with progress.bar("gallery") as bar:
        for number, candidate in enumerate(chosen, start=1):
            bar(number, len(chosen))
            try:
                frame = describe(candidate, list(shown).index(candidate.anchor), files_in)
            except InputError as error:
                changed.append(error.message)
                continue
            frames.append(frame)
            source = candidate.view.frames.get(candidate.key)
            if images and source is not None and source.image.is_file():
                try:
                    draw = partial(frame_picture, source.image)
                    frame["image"] = pictures.put(f"{number:04d}", draw)
                except InputError as error:
                    problems.append(error.message)
                    continue
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
    pictures.fit(share * _PICTURES)
    maps.pictures.fit(share * _HEATMAPS)
    described = [
        {
            "name": view.board.title,
            "radius": view.board.settings.radius,
            "same": [
                f"{r.name} is the same as {r.same_as}." for r in view.board.measured if r.same_as
            ],
        }
        for view in shown.values()
    ]
    names = next((view.places for view in shown.values()), {})
    methods = [{"name": name} for name in names]
    return {"boards": described, "methods": methods, "frames": frames}


class _Maps:
    """Writes heatmaps, each once: methods that differ in the decoding alone share theirs."""

    def __init__(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self._kept = StoredHeatmaps()
        self._written: dict[tuple[Path, int], str] = {}

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
            draw = partial(heatmap_picture, heatmap)
            self._written[file, place] = self.pictures.put(f"{number:04d}-{index}", draw)
        return self._written[file, place]
