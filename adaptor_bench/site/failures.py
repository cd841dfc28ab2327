"""The frames on which a method is worst: pictures for its page, with labels and points drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.progress import Progress
from adaptor_bench.report.markup import Markup
from adaptor_bench.results.result import Result, ScoredFold
from adaptor_bench.scoring.scorefile import FrameScore
from adaptor_bench.site.gallery import Candidate, describe, shown_seed
from adaptor_bench.site.pictures import FRAMES, Pictures, frame_picture

SHOWN = 6
RULE = (
    "Most misses and false points first, of every video the worst before a second one; of training "
    "seed {seed}."
)
_BYTES = 1.5e6  # of all pictures; more, and all are reduced
_PLACE = Markup('x="-.5" y="-.5" width="{:.0f}" height="{:.0f}"')


@dataclass(frozen=True)
class Failure:
    """A frame with its marks, what is said of it, and its address in the gallery or ""."""

    picture: Markup
    caption: str
    link: str


Failures = Mapping[tuple[str, str], Sequence[Failure]]
"""By the anchor of a board and the name of a method on it."""


def worst_frames(result: Result, number: int = SHOWN) -> list[tuple[ScoredFold, FrameScore]]:
    """The ``number`` frames with most misses and false points; of every video one before there is a
    second. Of the seed that the gallery shows."""
    seed = shown_seed(result)
    frames = [
        (part, frame)
        for part in result.fold_results
        for frame in (part.score.scored if part.score and part.seed == seed else ())
        if frame.counts.fp + frame.counts.fn
    ]
    frames.sort(key=lambda f: (-f[1].counts.fp - f[1].counts.fn, f[1].counts.tp, f[1].key))
    turns: dict[str, int] = {}
    placed = []
    for order, (part, frame) in enumerate(frames):
        video = frame.key.rpartition("/")[0]
        turns[video] = turns.get(video, -1) + 1
        placed.append((turns[video], order, part, frame))
    placed.sort(key=lambda p: p[:2])
    return [(part, frame) for _, _, part, frame in placed[:number]]


def write_failures(
    views: Mapping[str, BoardView],
    root: Path,
    progress: Progress,
    *,
    images: bool,
    gallery: Collection[str] = (),
) -> Failures:
    """Write the pictures below ``root/failures``; returns the worst frames of every method that is
    no bound, as far as the dataset is there. ``gallery`` are the ids of frames shown there.

    ``views`` are boards whose labels may be shown, by anchor. Raises InputError naming all frames
    whose points or whose image cannot be used.
    """
    files_in = cache(find_point_files)
    pictures = Pictures(root / "failures", FRAMES[1:])
    addresses: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], list[Failure]] = {}
    wanted = [
        (anchor, view, result, part, score)
        for anchor, view in views.items()
        for result in (view.board.measured if view.frames else ())
        if not result.role
        for part, score in worst_frames(result)
        if score.key in view.frames
    ]
    problems: list[str] = []
    with progress.bar("failures") as bar:
        for number, (anchor, view, result, part, score) in enumerate(wanted, start=1):
            bar(number, len(wanted))
            place, image = view.places[result.name], view.frames[score.key].image
            candidate = Candidate(anchor, view, score.key, {place: score}, {place: part})
            try:
                frame = describe(candidate, 0, files_in)
                if frame["methods"][0]["p"] is None:
                    continue
                if images and image.is_file() and (anchor, score.key) not in addresses:
                    name = f"{len(addresses) + 1:04d}"
                    address = pictures.put(name, partial(frame_picture, image))
                    addresses[anchor, score.key] = address
            except InputError as error:
                problems.append(error.message)
                continue
            marks = frame_marks(frame, view.board.settings.radius)
            drawn = _drawn(frame, addresses.get((anchor, score.key), ""), marks)
            link = ""
            if frame["id"] in gallery:
                link = f"gallery.html#{quote(frame['id'], safe='/', errors='replace')}"
            found.setdefault((anchor, result.name), []).append(Failure(drawn, _said(frame), link))
    if problems:
        raise InputError.collect(
            "points or pictures of some frames cannot be used:",
            problems,
            hint="Score these predictions again, or leave frames out with --frames 0.",
        )
    pictures.fit(_BYTES)
    return found


def _said(frame: Mapping[str, Any]) -> str:
    (method,) = frame["methods"]
    where = f"{frame['surgery']} / {frame['video']} / {frame['stem']}"
    return f"{where}: {method['tp']} found, {method['fp']} false, {method['fn']} missed"


def _drawn(frame: Mapping[str, Any], image: str, marks: Sequence[Markup]) -> Markup:
    width, height = frame["size"]
    below = Markup("")
    if image:
        place = _PLACE.format(width, height)
        below = Markup('<image {} preserveAspectRatio="none" href="{}"/>').format(place, image)
    return Markup(
        '<svg class="frame" viewBox="-.5 -.5 {:.0f} {:.0f}" role="img" aria-label="{}">{}{}</svg>'
    ).format(width, height, f"Frame {_said(frame)}", below, Markup("").join(marks))


def frame_marks(frame: Mapping[str, Any], radius: float) -> list[Markup]:
    """The marks of a frame of one method, as the gallery draws them: a label is a white point; one
    that was found has a line to the point that found it, one that was missed a dashed ring; a false
    point is a cross."""
    labels, (method,) = _pairs(frame["labels"] or ()), frame["methods"]
    points, pairs = _pairs(method["p"]), dict(_pairs(method["t"]))
    missed = set(range(len(labels))) - set(pairs.values())
    parts = [_dot(*label, "ink-label", 1.1) for label in labels]
    for j in sorted(missed):
        x, y = labels[j]
        shape = Markup('circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}"').format(x, y, radius + 2)
        parts += _stroked(shape, "fn ink-fn", 1.6)
    for i, (x, y) in enumerate(points):
        if i not in pairs:
            cross = Markup('path d="M{:.1f} {:.1f}l6.4 6.4m0 -6.4l-6.4 6.4"').format(
                x - 3.2, y - 3.2
            )
            parts += _stroked(cross, "ink-fp", 1.7)
            continue
        ends = Markup('line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"')
        parts += _stroked(ends.format(x, y, *labels[pairs[i]]), "ink-tp", 0.9)
        parts.append(_dot(x, y, "ink-tp", 2.7))
    return parts


def _pairs(flat: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _stroked(shape: Markup, look: str, width: float) -> Iterator[Markup]:
    """On a dark edge, so that it is seen on any picture."""
    yield Markup('<{} class="edge" stroke-width="{:.1f}"/>').format(shape, width + 1.6)
    yield Markup('<{} class="mark {}" stroke-width="{:.1f}"/>').format(shape, look, width)


def _dot(x: float, y: float, look: str, r: float) -> Markup:
    place = Markup(
        '<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="mark full {}" stroke-width=".9"/>'
    )
    return place.format(x, y, r, look)
