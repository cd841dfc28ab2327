"""The evaluation container of grand-challenge.org.

``/input/predictions.json`` lists jobs in any order; a job's case is the name of its input image,
``<surgery>__<video>__<stem>`` with any extension (a stem alone where it names one frame only).
Its result is the first JSON among its outputs, either the challenge's own form or the platform's
"Multiple points". Without ``predictions.json`` the upload itself lies below ``/input``. Labels are
expected at ``/opt/ml/input/data/ground_truth``; ``/output/metrics.json`` is written last.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from adaptor_bench.atomic import write_json
from adaptor_bench.bounded import parse_json, read_file, read_up_to
from adaptor_bench.data.formats.challenge import NAMES
from adaptor_bench.data.layout import composed
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.errors import InputError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.names import printable
from adaptor_bench.platforms.bundle import Bundle
from adaptor_bench.platforms.judging import (
    BOARD_COLUMNS,
    Verdict,
    intervals,
    judge,
    load_settings,
    numbers,
    ratios,
    run,
    spread,
)
from adaptor_bench.platforms.packing import Files, write_tar
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.submission.findings import shown
from adaptor_bench.submission.strictjson import FILE_LIMIT

_JOBS = "predictions.json"
_JOBS_LIMIT = 512 << 20  # bytes; the points of all frames may stand in it


class GrandChallenge(Bundle):
    """An evaluation container, leaderboard columns, ground truth, a local test run."""

    name = "grand-challenge"

    def add_labels(self, folder: Path, labels: Files) -> None:
        """As the tarball that is uploaded as ground truth."""
        write_tar(folder / "ground_truth.tar.gz", labels)

    def placeholders(self) -> dict[str, str]:
        """``$columns``: everything beside F1, by which is ranked."""
        columns: list[dict[str, str | bool]] = []
        for column in (c for c in BOARD_COLUMNS if c.key not in ("f1", "frames")):
            path = f"aggregates.{column.key}"
            columns.append({"title": column.title, "path": f"{path}.value"})
            if column.ratio:
                columns[-1]["error_path"] = f"{path}.std"
            columns[-1]["order"] = "desc" if column.larger_is_better else "asc"
            columns[-1]["exclude_from_ranking"] = True
        return {"columns": ",\n  ".join(map(json.dumps, columns))}


def main(settings: Path, arguments: list[str] | None = None) -> int:
    """Entry point; without arguments it uses the platform's own folders."""
    return run(
        lambda given: evaluate(
            given.input, given.ground_truth, given.output, load_settings(settings)
        ),
        arguments,
        __doc__,
        input="/input",
        output="/output",
        ground_truth="/opt/ml/input/data/ground_truth",
    )


def evaluate(source: Path, ground_truth: Path, output: Path, settings: MatchSettings) -> None:
    """Score what lies below ``source`` and write ``output/metrics.json``. Raises InputError."""
    if (source / _JOBS).is_file():
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            _collect(source, ground_truth, Path(folder))
            verdict = judge(Path(folder), ground_truth, settings)
    else:
        verdict = judge(source, ground_truth, settings)
    document = metrics_document(verdict)
    write_json(output / "metrics.json", document)
    sys.stdout.write(json.dumps(document["aggregates"]) + "\n")


def metrics_document(verdict: Verdict) -> dict[str, Any]:
    """``results`` per case; ``aggregates``, each ``{value, ci_low, ci_high, std}``: numbers only.

    ``std`` is the population standard deviation over surgeries, ``ci_low`` and ``ci_high`` are the
    95 % interval of :func:`intervals`; counts have neither. A ratio that is 0/0 has no key,
    here and per case, and ``notes`` names it: the platform drops an evaluation whose ranked
    metric is no number, so rank by F1, which always is one where anything is labelled. What has
    no spread or interval (0/0 in a surgery, or a single one) has no such key either.
    """
    score = verdict.score
    limits, deviation = intervals(score), spread(score)
    aggregates: dict[str, dict[str, float | int]] = {}
    for key, value in numbers(score).items():
        aggregates[key] = {"value": value}
        if key in limits:
            aggregates[key] |= {"ci_low": limits[key].low, "ci_high": limits[key].high}
        if key in deviation:
            aggregates[key]["std"] = deviation[key]
    return {
        "results": [_case(score, n) for n in range(len(score.scored))],
        "aggregates": aggregates,
        "matching": score.settings.to_json(),
        "notes": [f"{key} is 0/0 and has no value" for key in verdict.undefined],
    }


def _case(score: FoldScore, n: int) -> dict[str, Any]:
    frame = score.scored[n]
    defined = {k: v for k, v in ratios(frame.counts).items() if v is not None}
    return {"case": frame.key, **frame.counts.to_json(), **defined}


def _collect(source: Path, ground_truth: Path, folder: Path) -> None:
    """Put the result of every job where the layout has its frame; all faulty jobs at once."""
    jobs = parse_json(read_file(source / _JOBS, _JOBS_LIMIT), _JOBS)
    if not isinstance(jobs, list):
        raise InputError(f"{_JOBS}: expected a list of jobs")
    frames = _names(find_point_files(ground_truth).frames)
    problems, seen = [], set()
    for n, job in enumerate(jobs):
        try:
            key = _frame(job, frames)
            if key in seen:
                raise InputError(f"several jobs for the frame {key}")
            seen.add(key)
            surgery, video, stem = key.split("/")
            path = folder / surgery / video / f"{stem}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_as_prediction(_result(job, source), surgery, video, stem))
        except InputError as error:
            problems.append(f"job {n}: {error.message}")
        except (KeyError, TypeError, AttributeError) as error:
            problems.append(f"job {n}: not described the way the platform does it: {error!r}")
    if problems:
        raise InputError.collect(f"{len(problems)} of {len(jobs)} jobs are not usable:", problems)


def _names(frames: dict[str, str]) -> dict[str, str]:
    """Image name (without extension) to frame key; stems alone only where they are unique."""
    stems: dict[str, list[str]] = {}
    for key in frames:
        stems.setdefault(key.rpartition("/")[2], []).append(key)
    names = {stem: keys[0] for stem, keys in stems.items() if len(keys) == 1}
    return names | {key.replace("/", "__"): key for key in frames}


def _frame(job: dict[str, Any], frames: dict[str, str]) -> str:
    images = [entry["image"]["name"] for entry in job["inputs"] if entry.get("image")]
    name = str(images[0]) if images else "(no input image)"
    if job.get("status") != "Succeeded":
        raise InputError(f"{shown(name)}: the job has status {shown(job.get('status'))}")
    stem = composed(PurePosixPath(name.replace("\\", "/")).name)
    for candidate in (stem, stem.rpartition(".")[0]):
        if candidate in frames:
            return frames[candidate]
    raise InputError(f"{shown(name)} is not a labelled frame; expected <surgery>__<video>__<stem>")


def _result(job: dict[str, Any], source: Path) -> bytes:
    """The content of the job's JSON output."""
    for entry in job["outputs"]:
        if entry.get("value") is not None:
            return json.dumps(entry["value"]).encode()
        relative = str(entry["interface"].get("relative_path") or "")
        if relative.endswith(".json"):
            root = (source / str(job["pk"]) / "output").resolve()
            path = (root / relative).resolve()
            if source.resolve() not in root.parents or root not in path.parents:
                raise InputError(f"{shown(relative)} leads out of the job's folder")
            try:
                return read_up_to(path, FILE_LIMIT)
            except OSError as error:
                raise InputError(f"{printable(relative)}: {error.strerror}") from error
    raise InputError("no JSON among the outputs")


def _as_prediction(content: bytes, surgery: str, video: str, stem: str) -> bytes:
    """The platform's "Multiple points" in the challenge's form; anything else as it is.

    A point that is not three numbers stays as it is too, and so does a text that is not plain
    JSON (another encoding, a key twice), for the validator to name it.
    """
    try:
        document = json.loads(content.decode(), object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        return content
    if not isinstance(document, dict) or document.get("type") != "Multiple points":
        return content
    points = document.get("points")
    return json.dumps(
        {
            **dict(zip(NAMES, (surgery, video, f"{stem}.png"), strict=True)),
            "points": list(map(_point, points)) if isinstance(points, list) else points,
        }
    ).encode()


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key twice")
    return made


def _point(entry: Any) -> Any:
    place = entry.get("point") if isinstance(entry, dict) else None
    if not isinstance(place, list) or len(place) != 3:
        return entry
    score: Iterator[tuple[str, Any]] = (
        ("score", entry[key]) for key in ("probability",) if entry.get(key) is not None
    )
    return {"x": place[0], "y": place[1], **dict(score)}
