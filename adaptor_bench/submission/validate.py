"""Validate a folder or a file of predictions: everything that is wrong, in one pass."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.evaluate.pointfiles import find_point_files, natural_order
from adaptor_bench.submission.document import decode
from adaptor_bench.submission.findings import Finding, Report
from adaptor_bench.submission.rules import DOCUMENT_RULES, FRAME_SIZE, Document

__all__ = ["validate"]

_LAYOUT = "Expected <root>/[sim|intraop/]<folder>/<subfolder>/[point_labels/]<stem>.json."


def validate(path: Path, reference: Path | None = None) -> Report:
    """Check the JSON file, or all JSON files below the folder ``path``.

    With ``reference``, a folder of labels, the frames must be the reference's, and points must
    lie inside its frames; otherwise inside 512x288. Raises UsageError when ``path`` is neither a
    folder nor a JSON file, or a single file comes with a reference; InputError when the reference
    itself is not usable.
    """
    if path.is_dir():
        return _validate_folder(path, reference)
    if not path.is_file() or path.suffix.lower() != ".json":
        raise UsageError(
            f"{path}: neither a folder nor a .json file", hint="Unpack an archive first."
        )
    if reference is not None:
        raise UsageError(
            "--reference needs a folder of predictions, not a single file",
            hint="Give the folder that holds the surgery folders.",
        )
    findings, points = _validate_file(path, path.name, FRAME_SIZE, _place_alone(path))
    return Report(1, points, tuple(sorted(findings, key=Report.sort_key)))


def _place_alone(path: Path) -> tuple[str | None, str | None, str]:
    """Folder, subfolder and stem of a file given on its own.

    Its parents are the challenge's folders for certain only below ``point_labels``.
    """
    parents = path.resolve().parents
    if len(parents) > 3 and parents[0].name == "point_labels":
        return parents[2].name, parents[1].name, path.stem
    return None, None, path.stem


def _validate_folder(root: Path, reference: Path | None) -> Report:
    found = find_point_files(root)
    sizes = None if reference is None else _reference_sizes(reference)
    findings: list[Finding] = []
    points = 0
    if not found.frames:
        findings.append(Finding("no-frames", "error", ".", "", "no prediction file found", _LAYOUT))
    for key, path in found.frames.items():
        folder, subfolder, stem = key.split("/")
        for candidate in (path, *found.duplicates.get(key, [])):
            size = FRAME_SIZE if sizes is None else sizes.get(key, FRAME_SIZE)
            file = _name(candidate, root)
            heard, n = _validate_file(candidate, file, size, (folder, subfolder, stem))
            findings += heard
            points += n
    findings += _place_findings(root, found.misplaced, found.duplicates, found.frames)
    if sizes is not None:
        findings += _coverage_findings(root, found.frames, sizes)
    return Report(len(found.frames), points, tuple(sorted(findings, key=Report.sort_key)))


def _validate_file(
    path: Path, file: str, size: tuple[int, int], place: tuple[Any, Any, str]
) -> tuple[list[Finding], int]:
    """Findings of one file, and how many points it lists."""
    content, findings, decoded = decode(path, file)
    if not decoded:
        return findings, 0
    document = Document(file, content, size, place)
    return [*findings, *(f for rule in DOCUMENT_RULES for f in rule(document))], len(
        document.entries
    )


def _place_findings(
    root: Path,
    misplaced: Iterable[Path],
    duplicates: dict[str, list[Path]],
    frames: dict[str, Path],
) -> list[Finding]:
    """Files where no frame can be, and second files for one frame."""
    findings = [
        Finding("file-misplaced", "error", _name(path, root), "", "not at a frame's place", _LAYOUT)
        for path in misplaced
    ]
    for key, paths in duplicates.items():
        message = f"the same frame as {_name(frames[key], root)}"
        findings += [
            Finding("frame-duplicate", "error", _name(path, root), "", message) for path in paths
        ]
    return findings


def _coverage_findings(
    root: Path, frames: dict[str, Path], sizes: dict[str, tuple[int, int]]
) -> list[Finding]:
    """Frames of the reference that are not there, and frames it does not know."""
    hint = "A frame without landmarks needs a file with an empty list of points."
    missing = [
        Finding("frame-missing", "error", f"{key}.json", "", "no prediction for this frame", hint)
        for key in natural_order(set(sizes) - set(frames))
    ]
    unexpected = [
        Finding(
            "frame-unexpected",
            "error",
            _name(frames[key], root),
            "",
            "the reference has no such frame",
        )
        for key in natural_order(set(frames) - set(sizes))
    ]
    return missing + unexpected


def _reference_sizes(reference: Path) -> dict[str, tuple[int, int]]:
    """Frame key to (width, height), 512x288 where a label does not say."""
    files = find_point_files(reference)
    files.require_unique()
    if not files.frames:
        raise InputError(f"{reference}: no label files found", hint=_LAYOUT)
    sizes, problems = {}, []
    for key, path in files.frames.items():
        try:
            sizes[key] = read_points(path).size or FRAME_SIZE
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect("the reference itself cannot be read:", problems)
    return sizes


def _name(path: Path, root: Path) -> str:
    """The path below the root, printable whatever bytes it is made of."""
    name = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
