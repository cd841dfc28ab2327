"""A dataset, or predictions, as files of another program."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from adaptor_bench.atomic import atomic_directory, complete_file
from adaptor_bench.data.formats.format import Format, FramePoints, PointFile, WriteOptions
from adaptor_bench.data.labels import read_all
from adaptor_bench.data.layout import LABELS, image_place, natural_order
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.data.sizes import Size, image_beside, size_beside
from adaptor_bench.errors import InputError, UsageError


def frames_below(root: Path, size: Size | None = None) -> list[FramePoints]:
    """All frames of a dataset or of predictions, in natural order.

    A size that neither the file nor the image beside it states is ``size``. Raises InputError
    with all that cannot be read.
    """
    files = find_point_files(root)
    files.require_unique()
    if not files.frames:
        raise InputError(f"{root}: no labels and no predictions found")
    keys = natural_order(files.frames)
    paths = [files.frames[key] for key in keys]
    frames = []
    folders: dict[Path, dict[str, list[Path]]] = {}
    for path, points in zip(paths, read_all(paths), strict=True):
        parts = PurePosixPath(files.relative(path)).parts
        folder = "/".join(part for part in parts[:-1] if part != LABELS)
        stem = PurePosixPath(parts[-1]).stem
        known = points.size or size_beside(Path(path), folders) or size
        image = image_beside(Path(path), folders) or image_place(root / folder, stem)
        frames.append(
            FramePoints(
                folder,
                stem,
                image.relative_to(root).as_posix(),
                PointFile(points.points, points.scores, known),
            )
        )
    return frames


def export_points(
    format_: Format,
    root: Path,
    out: Path,
    options: WriteOptions,
    *,
    size: Size | None = None,
    with_images: bool = False,
) -> list[FramePoints]:
    """Write what is below ``root`` to ``out``, a new file or folder, as the format has it.

    ``with_images`` puts a copy of each image beside its file, where the format has a file an
    image. Raises InputError with what the format cannot hold, or what cannot be read; UsageError
    where ``out`` exists.
    """
    if format_.write is None:
        raise UsageError(f"{format_.name} is not written, only read")
    if format_.extra:
        from adaptor_bench.extras import require  # of no use to bundles, which score alone

        require(format_.extra, f"files of {format_.name}")
    if out.exists():
        raise UsageError(f"{out}: exists already", hint="Name a new one.")
    frames = frames_below(root, size)
    near = os.path.relpath(root, out).replace(os.sep, "/")
    files = format_.write(frames, WriteOptions(
        options.label, "" if with_images else near, options.predictions, options.index
    ))  # fmt: skip
    if with_images and (taken := files.keys() & {"", *map(format_.image_place, frames)}):
        why = "is one file" if "" in taken else "has files of their names"
        raise UsageError(
            f"{format_.name} {why}: no place for images", hint="Leave out --with-images."
        )
    if "" in files:
        with complete_file(out) as temporary:
            temporary.write_bytes(files[""])
        return frames
    with atomic_directory(out) as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for frame in frames if with_images else ():
            _copy(root / frame.image, folder / format_.image_place(frame))
    return frames


def _copy(image: Path, target: Path) -> None:
    if not image.is_file():
        raise InputError(f"{image}: no such image", hint="Leave out --with-images.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(image, target)
