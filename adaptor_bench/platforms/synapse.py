"""Synapse, in both of its dialects.

CWL (data-to-model challenges): ``validate.py`` and ``score.py`` each write a ``results.json`` with
``submission_status`` and ``submission_errors``. ORCA: they share one ``results.json`` with
``validation_*`` and ``score_*``, print the status alone on stdout, and always leave with 0.
"""

from __future__ import annotations

import argparse
import sys
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
from adaptor_bench.submission.validate import validate

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
    parser = _cwl_parser("validate", truth_required=False)
    parser.add_argument("-e", "--entity_type", required=True)
    given = parser.parse_args(arguments)
    if given.entity_type == "FileEntity":
        _, problems = _attempt(given.predictions, given.goldstandard, settings)
    else:
        problems = [f"Submission must be a File, not {given.entity_type.removesuffix('Entity')}"]
    return _cwl_write(given.output, "VALIDATED", problems, {})


def cwl_score(settings: Path, arguments: list[str] | None = None) -> int:
    """``score.py -p PREDICTIONS -g GOLDSTANDARD [-t TASK] -o RESULTS``: metrics at top level."""
    parser = _cwl_parser("score", truth_required=True)
    parser.add_argument("-t", "--task", default="1")
    given = parser.parse_args(arguments)
    metrics, problems = _attempt(given.predictions, given.goldstandard, settings)
    return _cwl_write(given.output, "SCORED", problems, metrics)


def orca_validate(settings: Path, arguments: list[str] | None = None) -> int:
    """``validate.py -p FILE -g FOLDER [-t N] [-o RESULTS]``."""
    return _orca(settings, arguments, "validation", "VALIDATED")


def orca_score(settings: Path, arguments: list[str] | None = None) -> int:
    """``score.py -p FILE -g FOLDER [-t N] [-o RESULTS]``: updates what ``validate.py`` wrote."""
    return _orca(settings, arguments, "score", "SCORED")


def _cwl_parser(step: str, truth_required: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"{step}.py")
    parser.add_argument("-p", "--predictions", type=Path, required=True)
    parser.add_argument("-g", "--goldstandard", type=Path, required=truth_required)
    parser.add_argument("-o", "--output", type=Path, default=Path("results.json"))
    return parser


def _cwl_write(path: Path, good: str, problems: list[str], metrics: dict[str, Any]) -> int:
    listed = problems[:_CWL_LISTED]
    if len(problems) > _CWL_LISTED:
        listed.append(f"and {len(problems) - _CWL_LISTED} more")
    status = "INVALID" if problems else good
    result = {"submission_status": status, "submission_errors": "\n".join(listed)}
    write_json(path, {**metrics, **result})
    sys.stdout.write(f"{status}\n")
    return 0


def _orca(settings: Path, arguments: list[str] | None, step: str, good: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", "--predictions_file", type=Path, required=True)
    parser.add_argument(
        "-g", "--groundtruth_folder", "--groundtruth_file", type=Path, required=True
    )
    parser.add_argument("-t", "--task_number", type=int, default=1)
    parser.add_argument("-o", "--output_file", type=Path, default=Path("results.json"))
    given = parser.parse_args(arguments)
    before = _results(given.output_file) if step == "score" else {}
    metrics: dict[str, Any] = {}
    if "INVALID" in str(given.predictions_file):  # an upstream step failed; the file says why
        problems = [_upstream(given.predictions_file)]
    elif before.get("validation_status") == "INVALID":
        problems = ["Submission could not be evaluated due to validation errors."]
    else:
        truth = given.groundtruth_folder
        metrics, problems = _attempt(given.predictions_file, truth, settings, orca=True)
    status = "INVALID" if problems else good
    errors = "\n".join(problems)
    if len(errors) >= _ORCA_LIMIT:
        errors = errors[: _ORCA_LIMIT - 4] + "..."
    result = {f"{step}_status": status, f"{step}_errors": errors}
    write_json(given.output_file, {**before, **(metrics if step == "score" else {}), **result})
    sys.stdout.write(f"{status}\n")
    return 0


def _results(path: Path) -> dict[str, Any]:
    """What an earlier step wrote; nothing if that is not usable."""
    try:
        return dict(read_json(path))
    except (InputError, ValueError, TypeError):
        return {}


def _upstream(path: Path) -> str:
    try:
        text = read_file(path).decode("utf-8", errors="replace")
    except InputError as error:
        return f"the submission could not be read: {error.message}"
    return text.strip() or "the submission is not valid"


def _ground_truth(path: Path) -> Path:
    """The file, or the one file of the folder besides the manifest."""
    if path.is_file():
        return path
    files = [p for p in path.iterdir() if p.name != _MANIFEST] if path.is_dir() else []
    if len(files) != 1:
        raise InputError(f"expected exactly one ground truth file, found {len(files)}")
    return files[0]


def _attempt(
    predictions: Path, truth: Path | None, settings: Path, orca: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """Metrics and problems; one of the two is empty: nothing may end in a traceback here."""
    try:
        if truth is None:
            require_valid(validate(predictions))
            return {}, []
        truth = _ground_truth(truth) if orca else truth
        return dict(numbers(judge(predictions, truth, load_settings(settings)).score)), []
    except Refused as refused:
        return {}, [one_line(finding) for finding in refused.findings]
    except BenchError as error:
        return {}, [line.strip() for line in error.message.splitlines() if line.strip()]
    except Exception as error:
        return {}, [f"the scoring failed: {type(error).__name__}: {error}"]
