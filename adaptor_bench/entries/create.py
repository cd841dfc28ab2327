"""A new leaderboard from labels alone: nothing has to be trained, and no image is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.folds import report_folds
from adaptor_bench.data.frames import Dataset, Frame, index_dataset
from adaptor_bench.data.labels import read_all
from adaptor_bench.data.pixels import PixelStore
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.data.sizes import Size, frame_sizes, radius_note
from adaptor_bench.entries.entry import Leaderboard, write_board
from adaptor_bench.entries.naming import board_id, check_names
from adaptor_bench.entries.packed import digest
from adaptor_bench.entries.verify import has_images, labels_digest
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.names import refusal
from adaptor_bench.resources import refuse_installed
from adaptor_bench.scoring.metrics import PRIMARY

_LONGEST = {"description": 4000, "rules": 1000, "contact": 300, "submit": 2000}


@dataclass(frozen=True)
class Call:
    """What an organiser says of a leaderboard: its title, what readers are told (see
    :data:`~adaptor_bench.entries.entry.ABOUT`; what is empty is left out), whether nobody else may
    have the labels, notes printed below every table, and what the data are called."""

    title: str
    about: Mapping[str, Any] = field(default_factory=dict)
    private: bool = True
    notes: tuple[str, ...] = ()
    dataset: str | None = None
    primary: str = PRIMARY


def create_board(
    labels: Path,
    call: Call,
    settings: MatchSettings,
    folder: Path | None = None,
    groups: int | None = None,
) -> tuple[Path, Leaderboard]:
    """Write the ``board.json`` of a leaderboard without an entry; returns its path and the board.

    ``folder`` has no JSON file yet and is by default named by the title; ``groups`` is the number
    of folds, by default those of the dataset. Raises UsageError for names that cannot be shown, a
    folder that has a leaderboard or holds the labels; InputError for labels that cannot be used.
    """
    check_names([("title", call.title), *(("note", note) for note in call.notes)])
    if call.dataset is not None and (told := refusal(call.dataset, 100)):
        raise UsageError(f"the name of the dataset {told}")
    folder = Path(board_id(call.title)) if folder is None else folder
    refuse_installed(folder)
    if call.private and labels.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{labels}: lies in the folder of the leaderboard, which is published",
            hint="Keep the labels elsewhere, or say --public-labels.",
        )
    others = sorted(path.name for path in folder.glob("*.json"))
    if others and "board.json" not in others:
        raise UsageError(
            f"{folder}: {others[0]} is there already, and would be read as an entry",
            hint="Name a new folder with --out.",
        )
    board = board_from_labels(labels, call, settings, folder, groups)
    return write_board(board, exclusive=True), board


def board_from_labels(
    labels: Path, call: Call, settings: MatchSettings, folder: Path, groups: int | None = None
) -> Leaderboard:
    """The leaderboard of all frames below ``labels``, in the layout of a dataset. Not written yet.

    Where images lie beside the labels they belong to it, so that runs on them fit; else it is known
    by its labels alone. Raises as :func:`create_board` does.
    """
    dataset = index_dataset(labels)
    known = {frame.key for frames in dataset.frames.values() for frame in frames}
    files = find_point_files(labels).frames
    if lost := [str(path) for key, path in files.items() if key not in known]:
        raise InputError.collect(
            f"{labels}: label files that are of no frame:",
            lost,
            hint="Labels lie in <surgery>/<video>/point_labels/.",
        )
    plans = {
        domain: report_folds(dataset.surgeries(domain), domain, groups, dataset.cohorts)
        for domain in dataset.frames
    }
    hashes = {domain: _hashes(dataset, domain) for domain in dataset.frames}
    sizes = set[Size]().union(*(of for _, _, of in hashes.values()))
    note = radius_note(settings.radius, sizes)
    cohorts = {d: {f.number: f.cohort for f in p.folds if f.cohort} for d, p in plans.items()}
    return Leaderboard(
        folder,
        folder.resolve().name,
        call.title,
        call.dataset or dataset.name,
        dataset.kind,
        None,
        settings,
        {d: {f.number: f.validation for f in p.folds} for d, p in plans.items()},
        {d: (p.name, p.sha256) for d, p in plans.items()},
        {d: fingerprint for d, (fingerprint, _, _) in hashes.items()},
        (*call.notes, *([note] if note else [])),
        {d: of_labels for d, (_, of_labels, _) in hashes.items()},
        cohorts={d: of for d, of in cohorts.items() if of},
        about=_checked(call.about),
        private=call.private,
        primary=call.primary,
    )


def _hashes(dataset: Dataset, domain: str) -> tuple[str, str, set[Size]]:
    """Fingerprint, hash of the labels, and the sizes of frames, as far as they are known."""
    if has_images(dataset, domain):
        loaded = load_frames(dataset, [domain], store=PixelStore(0))[domain]
        found = loaded.fingerprint, labels_digest(loaded), {f.size for f in loaded.frames}
        points = sum(len(frame.points) for frame in loaded.frames)
    else:
        of_labels, sizes, points = _of_labels(dataset.frames[domain])
        found = of_labels, of_labels, sizes
    if not points:
        raise InputError(f"{dataset.root}: no labelled point in domain {domain!r}")
    return found


def _of_labels(frames: Sequence[Frame]) -> tuple[str, set[Size], int]:
    """Hash, known sizes and number of points. Raises InputError for points outside their frame."""
    files = read_all([frame.label for frame in frames], "label file")
    sizes, guessed = frame_sizes(
        (str(frame.label), file.size) for frame, file in zip(frames, files, strict=True)
    )
    known = {size for size, guess in zip(sizes, guessed, strict=True) if not guess}
    outside = []
    for frame, file, size, guess in zip(frames, files, sizes, guessed, strict=True):
        beyond = ((file.points < -0.5) | (file.points > np.array(size) - 0.5)).any(axis=1)
        if beyond.any() and not guess:
            outside.append(f"{frame.label}: {beyond.sum()} outside the {size[0]}x{size[1]} frame")
    if outside:
        raise InputError.collect("labelled points are not in their frames:", outside)
    points = {frame.key: file.points for frame, file in zip(frames, files, strict=True)}
    return digest(points), known, sum(map(len, points.values()))


def _checked(about: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty. Raises UsageError listing all that cannot be shown."""
    found = {key: value for key, value in about.items() if value}
    texts = [
        (key, text)
        for key, value in found.items()
        for text in (value if isinstance(value, list) else [value])
    ]
    problems = [
        f"{key}: {told}"
        for key, text in texts
        if key in _LONGEST and (told := refusal(text, _LONGEST[key]))
    ]
    if "opens" in found and "closes" in found and found["opens"] > found["closes"]:
        problems.append(f"it closes on {found['closes']}, before it opens on {found['opens']}")
    if problems:
        raise UsageError("\n".join(problems))
    return found
