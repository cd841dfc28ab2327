"""Synapse, in both of its dialects.

CWL (data-to-model challenges): ``validate.py`` and ``score.py`` each write a ``results.json`` with
``submission_status`` and ``submission_errors``. ORCA: they share one ``results.json`` with
``validation_*`` and ``score_*``, print the status alone on stdout, and always leave with 0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_json
from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.errors import BenchError, InputError
from adaptor_bench.platforms.bundle import Bundle
from adaptor_bench.platforms.judging import (
    Refused,
    judge,
    load_settings,
    numbers,
    one_line,
    require_valid,
)
from adaptor_bench.platforms.packing import Files, write_zip

__all__ = ["Synapse", "cwl_score", "cwl_validate", "orca_score", "orca_validate"]

_MANIFEST = "SYNAPSE_METADATA_MANIFEST.tsv"
_ORCA_LIMIT = 500  # characters of an error text, exclusive
_CWL_LISTED = 100  # findings in an error text


class Synapse(Bundle):
    """Both dialects, CWL tools and a workflow, ground truth zip."""

    name = "synapse"

    def add_labels(self, folder: Path, labels: Files) -> None:
        """As the one file of a folder."""
        write_zip(folder / "groundtruth" / "groundtruth.zip", labels)


def cwl_validate(settings: Path, arguments: list[str] | None = None) -> int:
    """``validate.py -p PREDICTIONS [-g GOLDSTANDARD] -e ENTITY_TYPE -o RESULTS``."""
    given = _cwl_arguments("validate", arguments)
    if given.entity_type != "FileEntity":
        message = f"Submission must be a File, not {given.entity_type.removesuffix('Entity')}"
        return _cwl_write(given.output, "INVALID", [message])
    _, problems = _attempt(given.predictions, given.goldstandard, settings)
    return _cwl_write(given.output, "INVALID" if problems else "VALIDATED", problems)


def cwl_score(settings: Path, arguments: list[str] | None = None) -> int:
    """``score.py -p PREDICTIONS -g GOLDSTANDARD [-t TASK] -o RESULTS``: metrics at top level."""
    given = _cwl_arguments("score", arguments)
    metrics, problems = _attempt(given.predictions, given.goldstandard, settings)
    return _cwl_write(given.output, "INVALID" if problems else "SCORED", problems, metrics)


def orca_validate(settings: Path, arguments: list[str] | None = None) -> int:
    """``validate.py -p FILE -g FOLDER [-t N] [-o RESULTS]``."""
    return _orca(settings, arguments, "validation", "VALIDATED", {})


def orca_score(settings: Path, arguments: list[str] | None = None) -> int:
    """``score.py -p FILE -g FOLDER [-t N] [-o RESULTS]``: updates what ``validate.py`` wrote."""
    path = _orca_arguments(arguments).output_file
    before: dict[str, Any] = {}
    if path.is_file():
        try:
            before = dict(read_json(path))
        except (InputError, ValueError, TypeError):
            before = {}
    return _orca(settings, arguments, "score", "SCORED", before)


def _cwl_arguments(step: str, arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"{step}.py")
    parser.add_argument("-p", "--predictions", type=Path, required=True)
    parser.add_argument("-g", "--goldstandard", type=Path, required=step == "score")
    parser.add_argument("-o", "--output", type=Path, default=Path("results.json"))
    if step == "validate":
        parser.add_argument("-e", "--entity_type", required=True)
    else:
        parser.add_argument("-t", "--task", default="1")
    return parser.parse_args(arguments)


def _cwl_write(
    path: Path, status: str, problems: list[str], metrics: dict[str, Any] | None = None
) -> int:
    listed = problems[:_CWL_LISTED]
    if len(problems) > _CWL_LISTED:
        listed.append(f"and {len(problems) - _CWL_LISTED} more")
    result = {"submission_status": status, "submission_errors": "\n".join(listed)}
    write_json(path, {**(metrics or {}), **result})
    sys.stdout.write(f"{status}\n")
    return 0


def _orca_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", "--predictions_file", type=Path, required=True)
    parser.add_argument(
        "-g", "--groundtruth_folder", "--groundtruth_file", type=Path, required=True
    )
    parser.add_argument("-t", "--task_number", type=int, default=1)
    parser.add_argument("-o", "--output_file", type=Path, default=Path("results.json"))
    return parser.parse_args(arguments)


def _orca(
    settings: Path,
    arguments: list[str] | None,
    step: str,
    good: str,
    before: dict[str, Any],
) -> int:
    given = _orca_arguments(arguments)
    metrics: dict[str, Any] = {}
    if "INVALID" in str(given.predictions_file):  # an upstream step failed; the file says why
        problems = [_upstream(given.predictions_file)]
    elif before.get("validation_status") == "INVALID":
        problems = ["Submission could not be evaluated due to validation errors."]
    else:
        truth = _attempted(lambda: _ground_truth(given.groundtruth_folder))
        if isinstance(truth, list):
            problems = truth
        else:
            metrics, problems = _attempt(given.predictions_file, truth, settings)
    status = "INVALID" if problems else good
    errors = "\n".join(problems)
    if len(errors) >= _ORCA_LIMIT:
        errors = errors[: _ORCA_LIMIT - 4] + "..."
    result = {f"{step}_status": status, f"{step}_errors": errors}
    write_json(given.output_file, {**before, **(metrics if step == "score" else {}), **result})
    sys.stdout.write(f"{status}\n")
    return 0


def _upstream(path: Path) -> str:
    try:
        text = read_file(path).decode("utf-8", errors="replace")
    except InputError as error:
        return f"the submission could not be read: {error.message}"
    return text.strip() or "the submission is not valid"


def _ground_truth(folder: Path) -> Path:
    """The one file of the folder besides the manifest (or the file itself)."""
    if folder.is_file():
        return folder
    files = [p for p in folder.iterdir() if p.name != _MANIFEST] if folder.is_dir() else []
    if len(files) != 1:
        raise InputError(f"expected exactly one ground truth file, found {len(files)}")
    return files[0]


def _attempt(
    predictions: Path, truth: Path | None, settings: Path
) -> tuple[dict[str, Any], list[str]]:
    """Metrics and problems; one of the two is empty."""

    def work() -> dict[str, Any]:
        if truth is None:
            from adaptor_bench.submission.validate import validate

            require_valid(validate(predictions))
            return {}
        return dict(numbers(judge(predictions, truth, load_settings(settings)).score))

    found = _attempted(work)
    return ({}, found) if isinstance(found, list) else (found, [])


def _attempted(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, or a list of problems: nothing may end in a traceback here."""
    try:
        return work()
    except Refused as refused:
        return [one_line(finding) for finding in refused.findings]
    except BenchError as error:
        return [line.strip() for line in error.message.splitlines() if line.strip()]
    except Exception as error:
        return [f"the scoring failed: {type(error).__name__}: {error}"]
