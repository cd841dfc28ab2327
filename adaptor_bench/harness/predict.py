"""Predict on any folder of frames with the method of a finished run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from adaptor_bench.atomic import atomic_directory
from adaptor_bench.blame import blamed, checked
from adaptor_bench.bounded import read_json
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.frames import Frame, index_dataset
from adaptor_bench.data.images import read_image
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.method import LATER, Method, Pixels, Prediction, Resize, StepByStep
from adaptor_bench.progress import Bar, Progress
from adaptor_bench.registry import Registry
from adaptor_bench.stages.protocols import Decoded

_CHUNK = 64  # frames in memory at once
_BYTES = 1 << 28  # of their pixels


def predict_folder(
    run: Path,
    frames_root: Path,
    out: Path,
    registry: Registry,
    device: str,
    progress: Progress,
    domain: str = "all",
) -> int:
    """Write a prediction for every frame below ``frames_root`` into the new folder ``out``.

    ``run`` is a run directory (``.../fold_<k>``); ``domain`` limits the frames to one domain.
    Labels are neither needed nor read. Returns the number of frames. Raises what
    :func:`load_method` does, and InputError when an image cannot be read or ``out`` exists.
    """
    method = load_method(run, registry)
    if out.exists():
        raise InputError(f"{out}: already exists", hint="Choose a new folder.")
    dataset = index_dataset(frames_root)
    domains = dataset.frames if domain == "all" else (domain,)
    frames = [frame for name in domains for frame in dataset.domain(name)]
    with progress.bar("predicting") as bar, atomic_directory(out) as directory:
        for frame, prediction in predicted(method, frames, device, bar):
            write_prediction(frame, prediction, directory)
    return len(frames)


def load_method(run: Path, registry: Registry) -> Method:
    """The method of a finished run, its checkpoint loaded.

    Raises InputError when the run is not usable, its parameters included, and UsageError when its
    method is not in ``registry``.
    """
    try:
        record = read_json(run / "run.json")
        name, settings = record["method"], dict(record["parameters"])
        if not isinstance(name, str) or record.get("schema", 1) != 1:
            raise ValueError("its run.json is damaged, or of another version")
    except (InputError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{run}: not a finished run: {error}",
            hint="Pass a directory .../fold_<k> that holds run.json and a checkpoint.",
        ) from error
    try:
        spec = registry.get(name)
    except UsageError as error:
        # Its code is never looked for where a file says: a name in a file is no reason to run it.
        raise UsageError(
            f"{run}: {error.message}",
            hint="A run made with --methods-from needs the same --methods-from here.",
        ) from error
    try:
        parameters = spec.resolve("paper", settings)
    except UsageError as error:
        raise InputError(
            f"{run / 'run.json'}: {error.message}",
            hint="It is damaged, was made by another version of the method, or needs the "
            "--methods-from that it was made with.",
        ) from error
    method = spec.build(parameters)
    lacking = [name for name in LATER if not hasattr(method, name)]
    if lacking:
        raise InputError(
            f"{run}: method {spec.name!r} ({spec.origin}) lacks {', '.join(lacking)}",
            hint="baselines/README.md lists what a method must provide.",
        )
    with blamed(f"{run}: load"):
        method.load(run)
    return method


def predicted(
    method: Method, frames: Sequence[Frame], device: str, bar: Bar
) -> Iterator[tuple[Frame, Prediction]]:
    """Every frame and what a loaded method finds in it, in order. Raises InputError."""
    done = 0
    for chunk, pixels in in_chunks(frames, Resize.of(method), _CHUNK):
        doing = f"{type(method).__name__}.predict_frames"
        with blamed(doing):
            given = method.predict_frames(pixels, device)
        yield from zip(chunk, checked(given, pixels, doing), strict=True)
        done += len(chunk)
        bar(done, len(frames))


def staged(run: Path, frame: Frame, registry: Registry, device: str) -> Decoded:
    """How the method of a finished run comes to its points on ``frame``.

    Raises what :func:`load_method` does, and InputError when the method draws no heatmaps.
    """
    method = load_method(run, registry)
    if not isinstance(method, StepByStep):
        raise InputError(f"{run}: its method makes no heatmaps")
    return next(iter(method.decode_frames([read_pixels(frame, Resize.of(method))], device)))


def write_prediction(frame: Frame, prediction: Prediction, root: Path) -> None:
    """Write one frame's prediction below ``root`` in the challenge's layout and form."""
    surgery, video, stem = frame.written
    write_points(
        frame.prediction_path(root),
        prediction.points,
        folder=surgery,
        subfolder=video,
        image=f"{stem}.png",
        scores=prediction.scores,
    )


def in_chunks(
    frames: Sequence[Frame], resize: Resize, most: int
) -> Iterator[tuple[list[Frame], list[Pixels]]]:
    """Frames and their pixels, ``most`` at a time, fewer where they are large."""
    chunk: list[Frame] = []
    pixels: list[Pixels] = []
    held = 0
    for frame in frames:
        chunk.append(frame)
        pixels.append(read_pixels(frame, resize))
        held += pixels[-1].image.nbytes
        if len(chunk) == most or held >= _BYTES:
            yield chunk, pixels
            chunk, pixels, held = [], [], 0
    if chunk:
        yield chunk, pixels


def read_pixels(frame: Frame, resize: Resize) -> Pixels:
    """The image of a frame as a method wants it. Raises InputError."""
    image = read_image(frame.image)
    stored = image.shape[1], image.shape[0]
    return Pixels(frame.key, resize(image), stored)
