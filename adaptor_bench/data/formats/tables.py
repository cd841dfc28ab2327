"""Tables of points: napari, Spotiflow, deepBlink, TrackMate, Fiji, and any with x and y.

A table is about the frame whose name its file has, unless a column says which image or which frame
of a film each row is of; frame 3 of ``film.csv`` is ``film/000003``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    Reader,
    WriteOptions,
    Writer,
    finite,
    gathered,
    px,
)
from adaptor_bench.data.formats.rows import rows_of
from adaptor_bench.errors import InputError

_ENDINGS = (".csv", ".tsv", ".txt")
_SCORES = ("score", "probability", "prob", "confidence", "quality")
_IMAGES = ("image", "filename", "file_name", "file", "image_name", "frame_name")
_NAMING = {"frame", "slice", *_IMAGES}
_MEASURED = {"slice", "area", "mean", "counter", "channel", "xm", "major", "bx"}
_STACKS = {"c", "t", "z", "i"}
Row = dict[str, str]
Naming = Callable[[Row, str, str], str | None]
"""Name of the image of a row, from it, the name of the file, and what to call the row; None where
there is a column for it and the cell is blank."""
READ = frozenset({
    "x", "y", "position_x", "position_y", "axis-0", "axis-1", "axis-2", "axis-3",
    "frame", "slice", "t", "label", "class", *_SCORES, *_IMAGES,
})  # fmt: skip
"""The columns whose cells a reader looks at, named as :func:`column_name` does."""


def column_name(heading: str) -> str:
    """A heading in lower case, without its unit, ``[px]``."""
    return heading.strip(' "#').lower().removesuffix(" [px]")


def _reader(x: str, y: str, naming: Naming, rows: Callable[..., Iterator[Row]] = rows_of) -> Reader:
    """Reads the columns ``x`` and ``y``; headings may end in a unit, ``[px]``."""

    def read(file: RawFile, where: str) -> dict[str, PointFile]:
        scale = file.options.pixel_size or 1.0
        points: dict[str, list[tuple[float, float]]] = {}
        scores: dict[str, list[float | None]] = {}
        if not _fitting(file, x, y):
            raise InputError(f"{where}: has no columns {x} and {y}")
        require_unique(map(column_name, file.columns), where)
        blank: list[str] = []
        for n, cells in enumerate(rows(file, where), 1):
            row = {heading.removesuffix(" [px]"): cell for heading, cell in cells.items()}
            at = f"{where}: row {n}"
            wanted = file.options.wanted(row.get("label", row.get("class")))
            name = naming(row, file.name or "film", at)
            if not wanted:
                if name:
                    points.setdefault(name, [])
                    scores.setdefault(name, [])
                continue
            if name is None:
                blank.append(str(n))
                continue
            if name and not row[x] and not row[y]:  # a frame in which nothing is
                points.setdefault(name, [])
                scores.setdefault(name, [])
                continue
            place = finite(row[x], f"{at}: {x}") / scale, finite(row[y], f"{at}: {y}") / scale
            points.setdefault(name, []).append(place)
            told = next((row[key] for key in _SCORES if row.get(key)), None)
            scores.setdefault(name, []).append(None if told is None else finite(told, f"{at}"))
        if blank:
            more = f" and {len(blank) - 20:,} more" if len(blank) > 20 else ""
            raise InputError(
                f"{where}: the cell for the frame or image is blank in row "
                f"{', '.join(blank[:20])}{more}",
                hint="Fill it in, or take the rows out.",
            )
        if not points:  # where each row says its frame, no row says none
            return {} if _NAMING & {*map(column_name, file.columns)} else {"": gathered(())}
        return {name: gathered(rows, scores[name]) for name, rows in points.items()}

    return read


def require_unique(names: Iterable[str], where: str) -> None:
    """Raise InputError for columns of one name that is read: which of them is meant?"""
    counted = Counter(names)
    if twice := sorted(name for name in READ if counted[name] > 1):
        raise InputError(f"{where}: several columns are called {' and '.join(twice)}")


def _fitting(file: RawFile, *columns: str) -> bool:
    return set(columns) <= {column_name(column) for column in file.columns}


def _alone(row: Row, film: str, at: str) -> str:
    return ""


def _by(column: str, first: int = 0) -> Naming:
    """By the number of a frame, which is ``first`` for the first one, where there is a column."""

    def name(row: Row, film: str, at: str) -> str | None:
        if column not in row:
            return ""
        return _numbered(film, row[column], at, first) if row[column] else None

    return name


def _numbered(film: str, told: str, at: str, first: int = 0) -> str:
    number = finite(told, f"{at}: the frame") - first
    if number != int(number) or not 0 <= number < 1e9:
        raise InputError(f"{at}: {told[:20]!r} is not the number of a frame")
    return f"{film}/{int(number):06}"


def _named(row: Row, film: str, at: str) -> str | None:
    images = [row[column] for column in _IMAGES if column in row]
    if image := next(filter(None, images), ""):
        return image
    return None if images and "frame" not in row else _by("frame")(row, film, at)


def _fiji_name(row: Row, film: str, at: str) -> str | None:
    numbers = [row[column] for column in ("slice", "frame") if column in row]
    if number := next(filter(None, numbers), ""):
        return _numbered(film, number, at, 1)
    return None if numbers else row.get("label", "").partition(":")[0]


def _napari(file: RawFile, where: str) -> dict[str, PointFile]:
    if "shape-type" in file.columns:
        raise InputError(f"{where}: has shapes, of which only layers of points are read")
    if "axis-3" in file.columns:
        raise InputError(f"{where}: has more than three axes; only (frame,) y, x are read")
    if "axis-2" in file.columns:
        return _reader("axis-2", "axis-1", _by("axis-0"))(file, where)
    return _reader("axis-1", "axis-0", _alone)(file, where)


def _trackmate_rows(file: RawFile, where: str) -> Iterator[Row]:
    """Without the three lines of words below the headings, of which the last has the units."""
    for row in rows_of(file, where):
        if _is_spot(row):
            yield row
            continue
        unit = _unit(row)
        if unit and file.options.pixel_size is None:
            raise InputError(
                f"{where}: positions are in {unit[:20]}; say with --pixel-size how many of them "
                "one px has"
            )


def _spotiflow(file: RawFile, where: str) -> dict[str, PointFile]:
    if file.columns[0] == "z":
        raise InputError(f"{where}: is of a volume; only y and x of pictures are read")
    return _reader("x", "y", _alone)(file, where)


def _is_spot(row: Row) -> bool:
    return row.get("position_x", "").lstrip("-").replace(".", "", 1)[:1].isdecimal()


def _unit(row: Row) -> str:
    """What a line of words calls the unit of positions; empty for pixels, and if it does not."""
    unit = row.get("position_x", "").strip("()").lower()
    return "" if unit in ("", "x", "pixel", "pixels", "px") else unit


def _trackmate_asks(file: RawFile) -> tuple[str, ...]:
    try:
        words = [row for row in islice(rows_of(file, ""), 3) if not _is_spot(row)]
    except InputError:
        return ()  # its reader will say it
    return ("--pixel-size", "UNITS_PER_PX") if any(map(_unit, words)) else ()


def _columns(heading: str, *order: str, numbered: bool = False, score: str = "") -> Writer:
    """Writes a table a frame; ``order`` is of x and y; ``numbered`` rows begin with theirs."""

    def write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
        return {f"{frame.folder}/{frame.stem}.csv": _table(frame) for frame in frames}

    def _table(frame: FramePoints) -> bytes:
        scores = frame.file.scores if score else None
        lines = [heading if scores is None else f"{heading},{score}"]
        for n, (x, y) in enumerate(frame.file.points):
            cells = [px({"x": x, "y": y}[name]) for name in order]
            cells += [] if scores is None else [round(float(scores[n]), 6)]
            lines.append(",".join(map(str, [n] * numbered + cells)))
        return "\n".join([*lines, ""]).encode()

    return write


def _rows_become(what: str) -> str:
    return f'{what} of each row become {{"x": .., "y": ..}}'


_UNITS = frozenset({"--pixel-size"})
FORMATS = (
    Format(
        "napari",
        lambda file: _fitting(file, "axis-0", "axis-1"),
        _rows_become("axis-1 and axis-0"),
        (".csv",),
        read=_napari,
        key="napari",
        in_place=False,
        takes=_UNITS,
        write=_columns("index,axis-0,axis-1", "y", "x", numbered=True),
        centre="0",
    ),
    Format(
        "TrackMate",
        lambda file: _fitting(file, "position_x", "position_y"),
        _rows_become("POSITION_X and POSITION_Y"),
        (".csv",),
        read=_reader("position_x", "position_y", _by("frame"), _trackmate_rows),
        key="trackmate",
        in_place=False,
        takes=_UNITS,
        asks=_trackmate_asks,
        centre="0",
    ),
    Format(
        "deepBlink",
        lambda f: _fitting(f, "x", "y") and f.columns[0][0:1] == "y" and _deepblink(f.columns),
        _rows_become("x and y"),
        (".csv",),
        read=_reader("x", "y", _by("t")),
        key="deepblink",
        in_place=False,
        takes=_UNITS,
        write=_columns("y [px],x [px]", "y", "x"),
        centre="0",
    ),
    Format(
        "Spotiflow",
        lambda file: file.columns[:2] == ["y", "x"] or file.columns[:3] == ["z", "y", "x"],
        _rows_become("x and y"),
        (".csv",),
        read=_spotiflow,
        key="spotiflow",
        in_place=False,
        takes=_UNITS,
        write=_columns("y,x", "y", "x", score="probability"),
        centre="0",
    ),
    Format(
        "ImageJ or Fiji",
        # Fiji writes no name above the numbers of the rows.
        lambda f: _fitting(f, "x", "y") and (not f.columns[0] or bool(_MEASURED & {*f.columns})),
        _rows_become("X and Y"),
        (*_ENDINGS, ".xls"),  # tables of ImageJ 1.51 and earlier, which are text all the same
        read=_reader("x", "y", _fiji_name),
        key="fiji",
        in_place=False,
        takes=_UNITS,
        write=_columns(" ,X,Y", "x", "y", numbered=True),
    ),
    Format(
        "a table",
        lambda file: _fitting(file, "x", "y"),
        _rows_become("x and y"),
        _ENDINGS,
        read=_reader("x", "y", _named),
        title="a table",
        key="csv",
        in_place=False,
        takes=_UNITS,
        write=_columns("x,y", "x", "y", score="score"),
    ),
)
"""Those that say more about a file stand before those that say less."""


def _deepblink(columns: list[str]) -> bool:
    return bool(_STACKS & set(columns)) or any(column.endswith("[px]") for column in columns)
