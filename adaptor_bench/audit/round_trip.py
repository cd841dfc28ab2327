"""What each format of points keeps: the table of formats, and what writing and reading changes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from adaptor_bench.bounded import read_json
from adaptor_bench.data.exporting import export_points, frames_below
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.formats.format import Format, FramePoints, ReadOptions, Size, WriteOptions
from adaptor_bench.data.formats.known import formats
from adaptor_bench.data.importing import ImportOptions, import_points
from adaptor_bench.extras import how_to_get
from adaptor_bench.report.table import Column, Table

SIZE: Size = (512, 288)
FRAMES, LANDMARKS = 6, 50
"""Frames that are written, and landmarks in each but the last, which has none."""


def formats_table() -> Table:
    """Every format with a name on the command line: what it is, and what it keeps."""
    rows = [
        {
            "key": one.key,
            "name": one.name,
            "endings": " ".join(one.endings),
            "import": _yes(one.read),
            "export": _yes(one.write),
            "scored": _yes(one.read and one.in_place),
            "told": _yes(one.recognise),
            "centre": one.centre or "?",
        }
        for one in _named()
    ]
    columns = (
        Column("key", "FORMAT", align="left"),
        Column("name", "what", align="left"),
        Column("endings", "files", align="left"),
        Column("import", "import", align="left"),
        Column("export", "export", align="left"),
        Column("told", "recognised", align="left"),
        Column("scored", "scored as it is", align="left"),
        Column("centre", "first pixel", align="left"),
    )
    note = (
        "first pixel: the coordinate of the middle of the first pixel in that program; here it is "
        "0. Numbers are taken as they are; --shift -0.5 moves them where that matters."
    )
    return Table("", columns, rows, (note,))


def round_trips() -> Table:
    """Landmarks at random places through every format that is written, and back."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        draw(root / "drawn", np.random.default_rng(0))
        before = frames_below(root / "drawn")
        for one in _named():
            if one.write and not how_to_get(one.extra):
                rows.append({"key": one.key, **_measure(one, root, before)})
    columns = (
        Column("key", "FORMAT", align="left"),
        Column("frames", "frames"),
        Column("landmarks", "landmarks"),
        Column("most", "largest difference, px"),
        Column("promised", "promised, px"),
        Column("scores", "scores", align="left"),
        Column("sizes", "sizes", align="left"),
    )
    note = (
        f"{FRAMES} frames of {SIZE[0]}x{SIZE[1]} with {(FRAMES - 1) * LANDMARKS} landmarks, the "
        "last frame without any. Difference in x or y between what was written and what was read."
    )
    lacking = [
        f"{one.key}: not measured, its library is not installed ({how_to_get(one.extra)})."
        for one in _named()
        if one.write and how_to_get(one.extra)
    ]
    return Table("", columns, rows, (note, *lacking))


def draw(root: Path, random: np.random.Generator) -> None:
    """Labels with scores, no two landmarks in the same 16 px by 16 px."""
    for n in range(FRAMES):
        cells = random.choice(SIZE[0] // 16 * (SIZE[1] // 16), LANDMARKS * (n < FRAMES - 1), False)
        corners = np.stack([cells % (SIZE[0] // 16), cells // (SIZE[0] // 16)], axis=1) * 16
        points = corners + random.uniform(2, 13, (len(cells), 2))
        write_points(
            root / f"surgery_{n % 2}" / "video_1" / "point_labels" / f"{n:06}.json",
            points,
            folder=f"surgery_{n % 2}",
            subfolder="video_1",
            image=f"{n:06}.png",
            size=SIZE,
            scores=random.uniform(0, 1, len(points)),
        )


def _measure(one: Format, root: Path, before: list[FramePoints]) -> dict[str, str | int]:
    after = _trip(one, root, "labels", WriteOptions(), ReadOptions())
    scored = after
    if "--predictions" in one.takes:
        index = read_json(root / "coco-labels.json")
        how = WriteOptions(predictions=True, index=index)
        scored = _trip(one, root, "results", how, ReadOptions(index=index))
    known = {(frame.folder, frame.stem): frame.file for frame in after}
    most = 0.0
    for frame in before:
        back = known[frame.folder, frame.stem].points
        apart = np.abs(frame.file.points[:, None] - back[None]).max(axis=2)
        most = max(most, *apart.min(axis=1, initial=np.inf), 0.0) if len(apart) else most
    with_landmarks = [frame.file for frame in scored if len(frame.file.points)]
    return {
        "frames": len(after),
        "landmarks": sum(len(frame.file.points) for frame in after),
        "most": f"{most:.4f}",
        "promised": f"{one.precision:.4f}",
        "scores": _yes(all(file.scores is not None for file in with_landmarks)),
        "sizes": _yes(one.sizes),
    }


def _trip(
    one: Format, root: Path, what: str, how: WriteOptions, reading: ReadOptions
) -> list[FramePoints]:
    """Written and read again."""
    ending = one.endings[0] if one.many else ""
    written, read = root / f"{one.key}-{what}{ending}", root / f"{one.key}-{what}-read"
    export_points(one, root / "drawn", written, how)
    size = None if one.sizes else SIZE
    import_points(one, written, read, ImportOptions(reading, size=size))
    return frames_below(read)


def _named() -> list[Format]:
    return sorted((one for one in formats() if one.key), key=lambda one: one.key)


def _yes(value: object) -> str:
    return "yes" if value else "no"
