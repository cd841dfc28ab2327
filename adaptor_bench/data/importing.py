"""Files of other programs become a dataset, or predictions, in the challenge's layout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from adaptor_bench.atomic import atomic_directory
from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.formats.format import (
    Format,
    PointFile,
    RawFile,
    ReadOptions,
    Size,
    outside_note,
)
from adaptor_bench.data.formats.known import JSON_ENDINGS, recognised
from adaptor_bench.data.layout import image_place, label_place
from adaptor_bench.data.placing import ImageFolder, Place, Placing, walk
from adaptor_bench.errors import InputError, UsageError

SIDES = ("vertical", "horizontal")
_VIEWS = ("_l", "_r")


@dataclass(frozen=True)
class ImportOptions:
    """How files are understood; ``images``: the folder to look for images in, by default the one
    that is imported; ``size``: of frames of which nothing else says it; ``shift``: px that are
    added to x and y; ``stacked``: how two views stand in one picture; ``predictions``: without
    images and sizes, as a submission has them."""

    reading: ReadOptions = field(default_factory=ReadOptions)
    placing: Placing = field(default_factory=Placing)
    images: Path | None = None
    size: Size | None = None
    shift: float = 0.0
    stacked: str = ""
    predictions: bool = False


@dataclass(frozen=True)
class Imported:
    """What came of it: numbers of frames, points and images, files that were passed over, and what
    is odd about the points, if anything."""

    frames: int
    points: int
    images: int
    passed_over: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class _Found:
    """The points of one picture, and where they are from."""

    place: Place
    file: PointFile
    image: Path | None
    where: str
    crop: tuple[int, int, int, int] | None = None


def import_points(format_: Format, source: Path, out: Path, options: ImportOptions) -> Imported:
    """Read ``source``, a file of ``format_`` or a folder of them, and write the new folder ``out``.

    Nothing is written unless everything can be. Raises InputError with all that cannot be read,
    with frames that two files are about, and with images of another size than a file says, or where
    labels are asked for and nothing is called so;
    UsageError where ``out`` exists or there is no such source.
    """
    if format_.read is None:
        raise UsageError(f"{format_.name} is not read, only written")
    if format_.extra:
        from adaptor_bench.extras import require  # of no use to bundles, which score alone

        require(format_.extra, f"files of {format_.name}")
    if not source.exists():
        raise UsageError(f"{source}: no such file or folder")
    if out.exists():
        raise UsageError(f"{out}: exists already", hint="Name a new folder.")
    images = ImageFolder(options.images or (source if source.is_dir() else source.parent))
    passed: list[str] = []
    problems: list[str] = []
    found: dict[str, _Found] = {}
    for path, relative in _files(format_, source):
        try:
            named = passed if source.is_dir() else None
            for one in _read(format_, path, relative, images, options, named):
                other = found.setdefault(one.place.key, one)
                if other is not one:
                    problems.append(f"{one.where}: the same frame as {other.where}")
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError.collect(f"{source}: cannot be imported:", problems)
    if not found:
        raise InputError(
            f"{source}: no {format_.what.removeprefix('a ')} found", hint=_other(source)
        )
    points = sum(len(one.file.points) for one in found.values())
    _require_named(source, options.reading, points)
    copied = 0
    with atomic_directory(out) as folder:
        for one in found.values():
            copied += _write(one, folder, options)
    sized = {f"{one.place.folder}/{one.place.stem}": one.file for one in found.values()}
    return Imported(len(found), points, copied, tuple(passed), outside_note(sized))


def _require_named(source: Path, reading: ReadOptions, points: int) -> None:
    """Where labels are asked for, raise InputError unless some point is called so."""
    if not reading.labels or (points and reading.names):
        return
    wanted = " or ".join(map(repr, sorted(reading.labels)))
    there = ", ".join(repr(name[:60]) for name in sorted(reading.names))
    raise InputError(
        f"{source}: no point is called {wanted}",
        hint=f"The names in it: {there}."
        if there
        else "Its points have no names: leave out --label.",
    )


def _files(format_: Format, source: Path) -> Iterator[tuple[Path, str]]:
    """Each file, and its path below what is imported."""
    if source.is_file():
        yield source, source.name
        return
    for name in walk(source, format_.endings):
        yield source / name, name


def _other(source: Path) -> str:
    from adaptor_bench.data.formats.known import foreign_hint

    if source.is_dir():
        return foreign_hint(source, "Name the folder or the file with the points.")
    return "Name the file with the points."


def _read(
    format_: Format,
    path: Path,
    relative: str,
    images: ImageFolder,
    options: ImportOptions,
    passed: list[str] | None,
) -> Iterator[_Found]:
    """What one file says; ``passed`` takes those of other formats, which else are an error."""
    assert format_.read is not None
    bare = relative.rpartition(".")[0]
    inside = f"{bare.rpartition('/')[0]}/" if "/" in bare else ""

    def named(name: str) -> str:
        return f"{inside}{name}" if name else bare

    def size_of(name: str) -> Size | None:
        return _size(images.find(named(name))) or options.size

    reading = replace(options.reading, size_of=size_of, pairs=bool(options.stacked))
    file = _raw(format_, path, reading)
    empty = not format_.many and file.path is None and file.document is None
    if empty and not file.content.strip():
        frames = {"": PointFile(np.empty((0, 2)))}
    elif format_.recognise is None or format_.recognise(file):
        frames = format_.read(file, str(path))
    elif passed is None:
        kind = recognised(file)
        said = f"it is {kind.what}" if kind else "of another format"
        raise InputError(f"{path}: not {format_.what}; {said}")
    else:
        passed.append(str(path))
        return
    for name, points in frames.items():
        place = options.placing.place(named(name))
        image = None if options.predictions else images.find(named(name))
        if image is not None and image.samefile(path):
            image = None  # a mask is no picture of itself
        yield from _views(_Found(place, points, image, f"{path}: {name}" if name else str(path)),
                          options)  # fmt: skip


def _raw(format_: Format, path: Path, reading: ReadOptions) -> RawFile:
    if format_.recognise is None:
        return RawFile(name=path.stem, path=path, options=reading)
    if path.suffix.lower() in JSON_ENDINGS or set(format_.endings) <= set(JSON_ENDINGS):
        return RawFile(read_json(path), name=path.stem, options=reading)
    return RawFile(content=read_file(path), name=path.stem, options=reading)


def _size(image: Path | None) -> Size | None:
    if image is None:
        return None
    from adaptor_bench.data.images import image_size

    return image_size(image)


def _views(one: _Found, options: ImportOptions) -> Iterator[_Found]:
    """With its size, and moved; the left and the right view of a stacked picture as two frames."""
    told, there = one.file.size, _size(one.image)
    size = told or there or options.size
    if told and there and told != there:
        raise InputError(
            f"{one.where}: says {told[0]}x{told[1]}, {one.image} is {there[0]}x{there[1]}"
        )
    points, scores = one.file.points + options.shift, one.file.scores
    if not options.stacked:
        yield replace(one, file=PointFile(points, scores, size))
        return
    axis = 1 if options.stacked == "vertical" else 0
    if size is None or size[axis] % 2:
        raise InputError(
            f"{one.where}: no even size to part into two views; give --images or --size"
        )
    half = [*size]
    half[axis] //= 2
    second = points[:, axis] >= half[axis] - 0.5  # where its first pixel begins
    for view, mine in enumerate((~second, second)):
        offset = np.zeros(2)
        offset[axis] = view * half[axis]
        left, top = int(offset[0]), int(offset[1])
        yield replace(
            one,
            place=replace(one.place, stem=f"{one.place.stem}{_VIEWS[view]}"),
            file=PointFile(
                points[mine] - offset, None if scores is None else scores[mine], (half[0], half[1])
            ),
            crop=(left, top, left + half[0], top + half[1]),
        )


def _write(one: _Found, root: Path, options: ImportOptions) -> int:
    """Its label and image; how many images."""
    video = root / one.place.folder
    write_points(
        label_place(video, one.place.stem),
        one.file.points,
        folder=one.place.surgery,
        subfolder=one.place.video,
        image=f"{one.place.stem}.png",
        size=None if options.predictions else one.file.size,
        scores=one.file.scores,
    )
    if one.image is None:
        return 0
    target = image_place(video, one.place.stem)
    target.parent.mkdir(parents=True, exist_ok=True)
    if one.crop is None and one.image.suffix.lower() == ".png":
        shutil.copyfile(one.image, target)
        return 1
    from adaptor_bench.data.images import read_image, write_image

    pixels = read_image(one.image)
    if one.crop is not None:
        left, top, right, bottom = one.crop
        pixels = pixels[top:bottom, left:right]
    write_image(target, pixels)
    return 1
