"""Any folder of pictures, flat or nested: what is predicted on need not be a dataset."""

from __future__ import annotations

import os
from pathlib import Path

from adaptor_bench.data.frames import Frame
from adaptor_bench.data.images import require_picture
from adaptor_bench.data.layout import (
    FRAMES,
    IMAGES,
    composed,
    frame_names,
    natural_order,
    passed_over,
    unwritable,
)
from adaptor_bench.errors import InputError
from adaptor_bench.names import printable

_VIDEO = "frames"  # of pictures that lie in no folder of a video


def find_pictures(root: Path) -> list[Frame]:
    """Every picture below ``root``, in natural order of its path; hidden files are passed over.

    A picture at a frame's place is that frame. Any other has its uppermost folder (without one,
    ``root``) for a surgery and the folders below for a video, for where the challenge's layout is
    written; see :func:`require_apart`. Raises InputError where there is no picture, and with all
    that cannot be read as far as their headers tell.
    """
    found: dict[str, Path] = {}
    problems: list[str] = []
    seen: set[str] = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        here = os.path.realpath(folder)
        again, seen = here in seen, seen | {here}
        folders[:] = [n for n in folders if not passed_over(n, folder=True)] if not again else []
        for name in files if not again else ():
            path = Path(folder, name)
            if path.suffix.lower() not in FRAMES or passed_over(name, folder=False):
                continue
            if unwritable(relative := path.relative_to(root).as_posix()):
                problems.append(f"{str(path)!r}: has characters in its name that nobody sees")
                continue
            found[relative] = path
            try:
                require_picture(path)
            except InputError as error:
                problems.append(error.message)
    if problems:
        raise InputError.collect(f"{root}: pictures that cannot be used:", problems)
    if not found:
        raise InputError(f"{root}: no picture found", hint=f"Looked for {', '.join(FRAMES)}.")
    return [_frame(root, name, found[name]) for name in natural_order(found)]


def require_apart(frames: list[Frame]) -> None:
    """Raise InputError for pictures that are the same frame to the challenge's layout."""
    first: dict[str, Frame] = {}
    problems = [
        f"{frame.image}: the same frame as {before.image}"
        for frame in frames
        if (before := first.setdefault(frame.key, frame)) is not frame
    ]
    if problems:
        raise InputError.collect(
            "these pictures cannot be told apart in the challenge's layout:",
            problems,
            hint="Use --format csv or --format json, which name every picture by its path.",
        )


def _frame(root: Path, relative: str, path: Path) -> Frame:
    inside = Path(relative)
    if (names := frame_names(inside, IMAGES)) is None:
        folders = inside.parts[:-1]
        own = composed(printable(root.resolve().name.lstrip("."))) or "pictures"
        surgery = folders[0] if folders else own
        names = surgery, "-".join(folders[1:]) or _VIDEO, inside.stem
    return Frame(*names, path, path)
