"""The challenge's container contract: frames in ``/input``, results in ``/output``, one verb.

``python -m adaptor_bench.container landmark_detection`` writes
``/output/<folder>/<subfolder>/<stem>.json`` for every ``/input/<folder>/<subfolder>/<stem>.png``;
``domain_transformation`` writes ``<stem>.png``, by default as if the frame were intraoperative.
The model in ``/model`` is a run directory. An ``images/`` level and a domain level are tolerated in
the input. Nothing appears in ``/output`` until everything is done; the last line on stderr says
what was done, or what is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from adaptor_bench.atomic import scratch_directory
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.frames import Frame
from adaptor_bench.data.images import read_image, write_image
from adaptor_bench.data.layout import FRAMES, IMAGES
from adaptor_bench.data.pointfiles import find_files
from adaptor_bench.errors import BenchError, InputError, plural
from adaptor_bench.extras import require
from adaptor_bench.names import printable
from adaptor_bench.progress import Bar, Progress, message
from adaptor_bench.stopping import stoppable, stopped

VERBS = ("landmark_detection", "domain_transformation")


def main(arguments: list[str] | None = None) -> int:
    """Entry point. 0 done; 1 input or model not usable; 2 wrong usage; 3 internal error."""
    parser = argparse.ArgumentParser(prog="adaptor_bench.container", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--input", type=Path, default=Path("/input"))
    parser.add_argument("--output", type=Path, default=Path("/output"))
    parser.add_argument("--model", type=Path, default=Path("/model"))
    parser.add_argument("--methods-from", type=Path, action="append", default=[])
    parser.add_argument("--to", choices=("intraop", "sim"), default="intraop")
    parser.add_argument("--device", default="auto")
    given = parser.parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with stoppable(for_good=arguments is None):
        return _run(given)


def _run(given: argparse.Namespace) -> int:
    try:
        require("train", "predictions and translations")
        frames = find_images(given.input)
        with Progress().bar(given.verb.replace("_", " ")) as bar:
            _write_all(given.output, lambda folder: _work(given, frames, folder, bar))
    except BenchError as error:
        message(printable(" ".join(str(error).split())))
        return error.exit_code
    except KeyboardInterrupt:
        text, code = stopped()
        message(text)
        return code
    except OSError as error:
        message(printable(f"{error.filename or given.output}: {error.strerror or error}"))
        return 1
    except Exception as error:
        message(printable(f"internal error: {type(error).__name__}: {error}"))
        return 3
    message(f"{given.verb}: {plural(len(frames), 'frame')} written to {given.output}")
    return 0


def find_images(root: Path) -> list[Frame]:
    """The images below ``root`` as frames (their label is the image itself; it is never read).

    Sorted by folder, subfolder and stem. Raises InputError when there is none, and with every
    image that is at another place, occurs twice or cannot be read.
    """
    files = find_files(root, FRAMES, IMAGES)
    problems = [f"{path}: expected <folder>/<subfolder>/<image>.png" for path in files.misplaced]
    problems += [
        f"{path}: the same frame as {files.frames[key]}"
        for key, paths in files.duplicates.items()
        for path in paths
    ]
    frames = []
    for key in sorted(files.frames):
        path = Path(files.frames[key])
        frames.append(Frame(*files.names(key), path, path))
        try:
            read_image(path)  # all that cannot be read, before anything is computed
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect(
            f"{root}: {plural(len(problems), 'image')} cannot be used:", problems
        )
    if not frames:
        raise InputError(f"{root}: no image found; expected <folder>/<subfolder>/<image>.png")
    return frames


def _work(given: argparse.Namespace, frames: list[Frame], folder: Path, bar: Bar) -> None:
    """Do what the verb says and write the results below ``folder``."""
    from adaptor_bench.harness.checkpoint import load_method
    from adaptor_bench.harness.predict import predicted, translated
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    method = load_method(given.model, discover(given.methods_from))
    device = resolve_device(given.device)
    if given.verb == "domain_transformation":
        for frame, image in translated(method, frames, given.to, device, bar):
            surgery, video, stem = frame.written
            write_image(folder / surgery / video / f"{stem}.png", image)
        return
    for frame, prediction in predicted(method, frames, device, bar):
        surgery, video, stem = frame.written
        write_points(
            folder / surgery / video / f"{stem}.json",
            prediction.points,
            folder=surgery,
            subfolder=video,
            image=frame.image.name,
            scores=prediction.scores,
        )


def _write_all(output: Path, work: Callable[[Path], None]) -> None:
    """Let ``work`` fill a folder inside ``output``, then move its files to their places.

    ``output`` is there already, for it is mounted, so it cannot be renamed into place as a whole.
    """
    with scratch_directory(output) as scratch:
        work(scratch)
        for path in sorted(p for p in scratch.rglob("*") if p.is_file()):
            target = output / path.relative_to(scratch)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


if __name__ == "__main__":
    sys.exit(main())
