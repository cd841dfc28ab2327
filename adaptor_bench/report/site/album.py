"""The gallery's document, and the picture files it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError
from adaptor_bench.progress import Progress
from adaptor_bench.report.site.boards import heading
from adaptor_bench.report.site.gallery import Candidate, Reader, describe
from adaptor_bench.report.site.gather import Board, Subject
from adaptor_bench.report.site.pictures import Heatmaps, frame_picture, heatmap_picture

__all__ = ["RULE", "Album", "write_album"]

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
    boards: Sequence[Board],
    subjects: Sequence[Subject],
    chosen: Sequence[Candidate],
    root: Path,
    progress: Progress,
    *,
    images: bool,
    heatmaps: bool,
) -> Album:
    """Describe the ``chosen`` frames; write their ``images`` and ``heatmaps`` below ``root``.

    Raises InputError naming all frames whose points or whose image cannot be used.
    """
    shown = [board for board in boards if board.entries]
    places = {board.anchor: i for i, board in enumerate(shown)}
    reader, maps = Reader(), _Maps(root / "heatmaps")
    frames: list[dict[str, Any]] = []
    changed: list[str] = []
    problems: list[str] = []
    pictures = 0
    with progress.bar("gallery") as bar:
        for number, candidate in enumerate(chosen, start=1):
            bar(number, len(chosen))
            try:
                frame = describe(candidate, places[candidate.board.anchor], reader)
            except InputError as error:
                changed.append(error.message)
                continue
            frames.append(frame)
            source = candidate.board.frames.get(candidate.key)
            if images and source is not None and source.image.is_file():
                try:
                    picture = frame_picture(source.image)
                except InputError as error:
                    problems.append(error.message)
                    continue
                frame["image"] = _put(root / "frames" / f"{number:04d}.webp", picture)
                pictures += 1
            if heatmaps:
                for method in frame["methods"]:
                    method["heat"] = maps.write(candidate, method["method"], number)
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
    described = [
        {
            "name": heading(board),
            "domain": board.block.domain,
            "radius": board.settings.radius,
            "labelled": board.dataset is not None,
        }
        for board in shown
    ]
    methods = [{"name": s.name, "page": s.page} for s in subjects]
    document = {"boards": described, "methods": methods, "frames": frames}
    return Album(document, pictures, maps.count)


class _Maps:
    """Writes heatmaps, each once: methods that differ in the decoding alone share theirs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = Heatmaps()
        self._written: dict[tuple[Path, int], str] = {}

    @property
    def count(self) -> int:
        """How many files were written."""
        return len(self._written)

    def write(self, candidate: Candidate, index: int, number: int) -> str | None:
        """Address of the heatmap of the method of ``index`` on frame ``number``, or None."""
        run, score = candidate.folds[index]
        file = self._kept.find(run, score)
        if file is None:
            return None
        keys = [frame.key for frame in score.frames]
        place = keys.index(candidate.key)
        if (file, place) not in self._written:
            heatmap = self._kept.read(file, place, len(keys))
            if heatmap is None:
                return None
            path = self._folder / f"{number:04d}-{index}.webp"
            self._written[file, place] = _put(path, heatmap_picture(heatmap))
        return self._written[file, place]


def _put(path: Path, content: bytes) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f"{path.parent.name}/{path.name}"
