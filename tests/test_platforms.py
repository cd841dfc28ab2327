"""The same submission on every platform: the same numbers, or refused in the platform's own way.

Every entry point runs in a process of its own, from the bundle that ``bench adapter`` wrote, with
the scoring code of the bundle and nothing else of this project.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from commands import invoke
from frame_files import put_points

import adaptor_bench.platforms as package
from adaptor_bench.cli import bench
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.platforms import platform as registry
from adaptor_bench.platforms.bundle import Bundle
from adaptor_bench.platforms.evalai import LABELS as EVALAI_LABELS
from adaptor_bench.platforms.evalai import SPLIT
from adaptor_bench.platforms.grand_challenge import metrics_document
from adaptor_bench.platforms.judging import judge
from adaptor_bench.platforms.platform import Order, find_platform, platforms

PLATFORMS = [name for name, found in platforms().items() if isinstance(found, Bundle)]
METRICS = ("precision", "sensitivity", "f1", "tp", "fp", "fn")
LABELS = {
    "aicm1/V/000000": [(10, 10), (50, 50), (90, 90), (130, 130)],
    "aicm1/V/000001": [(20, 20), (26, 20)],
    "aicm2/V/000002": [],
    "aicm2/V/000003": [(300, 100), (310, 100), (320, 100)],
    "aicm13/W/000004": [(5, 5)],
}
PREDICTIONS = {
    "aicm1/V/000000": [(10, 16), (51, 51), (51, 51), (400, 200)],  # exactly at 6 px; a duplicate
    "aicm1/V/000001": [(25, 20), (31, 20)],  # rivals
    "aicm2/V/000002": [],
    "aicm2/V/000003": [(301, 101), (311, 101)],
}  # and a frame without a prediction

WRAPPER = """
import json, runpy, sys
script, listing, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = script
try:
    runpy.run_path(script, run_name="__main__")
finally:
    used = {m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "adaptor_bench"}
    open(listing, "w").write(json.dumps(sorted(used)))
"""


def write_frames(root, frames):
    for key, points in frames.items():
        put_points(root, key, points, inner="")
    return root


def write_bundle(platform, out, settings, labels=None, image=None):
    find_platform(platform).write(Order(out, settings, labels=labels, image=image))
    return [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]


def pack(folder, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*.json")):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Labels, a bundle for every platform, and what ``bench evaluate`` says."""
    root = tmp_path_factory.mktemp("platforms")
    labels = write_frames(root / "labels", LABELS)
    for platform in PLATFORMS:
        write_bundle(platform, root / platform, MatchSettings(), labels)
    with tarfile.open(root / "grand-challenge" / "ground_truth.tar.gz") as archive:
        archive.extractall(root / "truth", filter="data")
    return root


@pytest.fixture
def good(tmp_path):
    return write_frames(tmp_path / "good", PREDICTIONS)


def alone(code, *arguments, cwd):
    """A process that sees neither this repository nor variables that steer Python."""
    return subprocess.run(
        [sys.executable, "-I", "-c", code, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def call(script, *arguments, cwd):
    """Run an entry point alone; its process, after checking whose code it used."""
    listing = Path(cwd) / "modules.json"
    done = alone(WRAPPER, script, listing, *arguments, cwd=cwd)
    used = json.loads(listing.read_text())
    bundle = next(p for p in Path(script).parents if p.name in PLATFORMS)
    assert used and all(bundle in Path(file).parents for file in used), used
    return done


def expected(predictions, labels):
    result = CliRunner().invoke(
        bench,
        ["evaluate", str(predictions), str(labels), "--format", "json"],
        catch_exceptions=False,
    )
    document = json.loads(result.stdout)
    return {**document["metrics"], **document["counts"]}


def last_line(done):
    return [line for line in done.stderr.splitlines() if line.strip()][-1]


def native(points):
    """The platform's own "Multiple points"."""
    return {
        "type": "Multiple points",
        "version": {"major": 1, "minor": 0},
        "points": [{"name": "p", "point": [x, y, 0.5], "probability": 0.9} for x, y in points],
    }


def jobs(folder, predictions, form):
    """The input of a grand-challenge evaluation, in an order of its own."""
    listed = []
    for n, (key, points) in enumerate(reversed(predictions.items())):
        surgery, video, stem = key.split("/")
        output = folder / f"pk-{n}" / "output"
        output.mkdir(parents=True)
        path = output / "points.json"
        if form == "native":
            path.write_text(json.dumps(native(points)))
        else:
            write_points(path, points, folder=surgery, subfolder=video, image=f"{stem}.png")
        name = f"{surgery}__{video}__{stem}.mha" if n % 2 else f"{stem}.png"
        listed.append(
            {
                "pk": f"pk-{n}",
                "status": "Succeeded",
                "inputs": [
                    {"file": None, "value": 3, "image": None, "interface": {"slug": "age"}},
                    {"file": None, "value": None, "image": {"name": name}, "interface": {}},
                ],
                "outputs": [
                    {
                        "file": "https://",
                        "image": None,
                        "value": None,
                        "interface": {"slug": "points", "relative_path": "points.json"},
                    }
                ],
            }
        )
    (folder / "predictions.json").write_text(json.dumps(listed))
    return folder


def grand_challenge(world, source, tmp_path):
    arguments = ("--input", source, "--output", tmp_path / "gc", "--ground-truth", world / "truth")
    done = call(world / "grand-challenge" / "evaluate.py", *arguments, cwd=tmp_path)
    metrics = tmp_path / "gc" / "metrics.json"
    return done, json.loads(metrics.read_text()) if metrics.exists() else None


def codabench(world, res, tmp_path):
    source = tmp_path / "input"
    source.mkdir()
    (source / "ref").symlink_to(world / "codabench" / "reference_data")
    (source / "res").symlink_to(res)
    script = world / "codabench" / "scoring_program" / "score.py"
    done = call(script, "--input", source, "--output", tmp_path / "cb", cwd=tmp_path)
    scores = tmp_path / "cb" / "scores.json"
    return done, json.loads(scores.read_text()) if scores.exists() else None


def cwl(world, step, archive, tmp_path, *more):
    out = tmp_path / f"{step}.json"
    truth = world / "synapse" / "groundtruth" / "groundtruth.zip"
    script = world / "synapse" / "cwl" / f"{step}.py"
    done = call(script, "-p", archive, "-g", truth, "-o", out, *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text())


def orca(world, step, archive, tmp_path, option="--groundtruth_folder"):
    out = tmp_path / "results.json"
    script = world / "synapse" / "orca" / f"{step}.py"
    truth = world / "synapse" / "groundtruth"
    done = call(script, "-p", archive, option, truth, "-o", out, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip(), json.loads(out.read_text())


EVALAI = """
import json, sys
bundle, truth, user = sys.argv[1:]
sys.path.insert(0, bundle)
import evaluation_script
print(json.dumps(evaluation_script.evaluate(truth, user, "test", submission_metadata={})))
"""


def evalai(world, archive, tmp_path):
    truth = world / "evalai" / "annotations" / "labels.zip"
    return alone(EVALAI, world / "evalai", truth, archive, cwd=tmp_path)


def test_all_platforms_give_the_numbers_of_bench_evaluate(world, good, tmp_path):
    archive = pack(good, tmp_path / "team.zip")
    want = expected(good, world / "labels")
    assert (want["tp"], want["fp"], want["fn"]) == (6, 2, 4)  # by hand

    for form in ("native", "challenge"):
        place = tmp_path / form
        source = jobs(place / "input", PREDICTIONS, form)
        done, metrics = grand_challenge(world, source, place)
        assert done.returncode == 0, done.stderr
        assert {k: metrics["aggregates"][k]["value"] for k in METRICS} == want
        assert [case["case"] for case in metrics["results"]] == list(LABELS)
    done, metrics = grand_challenge(world, good, tmp_path)
    assert {k: metrics["aggregates"][k]["value"] for k in METRICS} == want

    done, scores = codabench(world, good, tmp_path)
    assert done.returncode == 0, done.stderr
    assert {k: scores[k] for k in METRICS} == want

    assert cwl(world, "validate", archive, tmp_path, "-e", "FileEntity") == {
        "submission_status": "VALIDATED",
        "submission_errors": "",
    }
    result = cwl(world, "score", archive, tmp_path, "-t", "1")
    assert result["submission_status"] == "SCORED" and result["submission_errors"] == ""
    assert {k: result[k] for k in METRICS} == want

    assert orca(world, "validate", archive, tmp_path, "--groundtruth_file")[0] == "VALIDATED"
    status, result = orca(world, "score", archive, tmp_path)
    assert status == result["score_status"] == "SCORED"
    assert result["validation_status"] == "VALIDATED"  # the same file, updated
    assert {k: result[k] for k in METRICS} == want

    done = evalai(world, archive, tmp_path)
    result = json.loads(done.stdout)
    assert {k: result["result"][0][SPLIT][k] for k in METRICS} == want
    assert "error" not in result  # precision is 0/0 in aicm13


def test_intervals_and_spreads_over_surgeries(world, good, tmp_path):
    """{value, ci_low, ci_high, std} on grand-challenge, an error for every label on EvalAI."""
    write_frames(good, {"aicm13/W/000004": [(5, 5), (200, 200)]})
    by_hand = {  # tp, fp, fn of aicm1, aicm2 and aicm13, and F1
        "pooled": [(7, 3, 3), 14 / 20],
        "surgeries": [(4, 2, 2), (2, 0, 1), (1, 1, 0)],
    }
    f1 = np.array([2 * t / (2 * t + p + n) for t, p, n in by_hand["surgeries"]])
    total = np.array(by_hand["pooled"][0])
    left = np.array([2 * t / (2 * t + p + n) for t, p, n in total - by_hand["surgeries"]])
    reach = 4.30265273 * np.sqrt(2 / 3 * np.square(left - left.mean()).sum())  # t(2), 97.5 %
    done, metrics = grand_challenge(world, good, tmp_path)
    assert done.returncode == 0, done.stderr
    found = metrics["aggregates"]["f1"]
    assert set(found) == {"value", "ci_low", "ci_high", "std"}
    assert found["value"] == 14 / 20
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((0.7 - reach, 0.7 + reach))
    assert found["std"] == pytest.approx(f1.std())
    assert set(metrics["aggregates"]["tp"]) == {"value"}

    (error,) = json.loads(evalai(world, pack(good, tmp_path / "team.zip"), tmp_path).stdout)[
        "error"
    ]
    assert {f"error_{label}" for label in EVALAI_LABELS} <= set(error[SPLIT])
    assert error[SPLIT]["f1"] == error[SPLIT]["error_f1"] == pytest.approx(f1.std())
    assert error[SPLIT]["error_tp"] == 0


def test_one_surgery_has_neither_interval_nor_spread(tmp_path):
    labels = write_frames(tmp_path / "labels", {"a/v/0": [(1, 1)], "a/v/1": [(1, 1)]})
    found = metrics_document(judge(labels, labels, MatchSettings()))
    assert found["aggregates"]["f1"] == {"value": 1.0}


@pytest.mark.parametrize("platform", ["grand-challenge", "codabench"])
def test_broken_settings_end_with_a_plain_line(world, good, tmp_path, platform):
    write_bundle(platform, tmp_path / platform, MatchSettings())
    settings = next((tmp_path / platform).rglob("settings.json"))
    settings.write_text("{")
    script = settings.parent / {"codabench": "score.py"}.get(platform, "evaluate.py")
    done = call(script, "--input", good, "--output", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "not the settings of a bundle" in last_line(done)


def spoil(folder, kind):
    path = folder / "aicm1" / "V" / "000000.json"
    if kind == "broken":
        path.write_text('{"points": [')
    elif kind == "nan":
        path.write_text(path.read_text().replace("400.0", "NaN"))
    else:
        (folder / "aicm1" / "V" / "000077.json").write_text(path.read_text())


@pytest.mark.parametrize(
    ("kind", "says"),
    [("broken", "json-syntax"), ("nan", "json-nan"), ("unknown", "frame-unexpected")],
)
def test_what_is_refused_is_refused_everywhere(world, good, tmp_path, kind, says):
    spoil(good, kind)
    archive = pack(good, tmp_path / "team.zip")

    done, metrics = grand_challenge(world, good, tmp_path)
    assert done.returncode == 1 and metrics is None
    assert says in last_line(done) and "Traceback" not in done.stderr

    done, scores = codabench(world, good, tmp_path)
    assert done.returncode == 1 and scores is None
    assert says in last_line(done)
    assert says in (tmp_path / "cb" / "detailed_results.html").read_text()

    result = cwl(world, "score", archive, tmp_path)
    assert result["submission_status"] == "INVALID" and says in result["submission_errors"]
    assert "f1" not in result

    assert orca(world, "validate", archive, tmp_path)[0] == "INVALID"
    status, result = orca(world, "score", archive, tmp_path)
    assert status == result["score_status"] == "INVALID" and "f1" not in result
    assert says in result["validation_errors"]

    done = evalai(world, archive, tmp_path)
    assert done.returncode == 1
    assert re.match(r"Exception: submission refused: ", last_line(done)) and says in last_line(done)


def test_an_archive_that_leads_out_of_its_folder(world, tmp_path):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("../../aicm1/V/000000.json", "{}")
    assert "archive-path" in cwl(world, "score", archive, tmp_path)["submission_errors"]
    assert "archive-path" in last_line(evalai(world, archive, tmp_path))
    res = tmp_path / "res"
    res.mkdir()
    (res / "team.zip").write_bytes(archive.read_bytes())
    done, scores = codabench(world, res, tmp_path)
    assert done.returncode == 1 and scores is None and "archive-path" in last_line(done)


def test_nothing_found_at_all_is_a_result_without_nan(world, tmp_path):
    empty = write_frames(tmp_path / "empty", dict.fromkeys(LABELS, ()))
    done, metrics = grand_challenge(world, empty, tmp_path)
    assert done.returncode == 0
    assert metrics["aggregates"]["f1"]["value"] == 0
    assert "precision" not in metrics["aggregates"]
    assert metrics["notes"] == ["precision is 0/0 and has no value"]
    assert "NaN" not in (tmp_path / "gc" / "metrics.json").read_text()
    done, scores = codabench(world, empty, tmp_path)
    assert scores["f1"] == 0 and "precision" not in scores
    assert all(isinstance(value, int | float) for value in scores.values())


def test_jobs_that_cannot_be_used_are_all_named(world, tmp_path):
    source = jobs(tmp_path / "input", PREDICTIONS, "native")
    listed = json.loads((source / "predictions.json").read_text())
    listed[0]["status"] = "Failed"
    listed[1]["inputs"][1]["image"]["name"] = "somebody.png"
    listed[2]["outputs"][0]["interface"]["relative_path"] = "../../../secret.json"
    listed[3]["pk"] = "nowhere"
    (source / "predictions.json").write_text(json.dumps(listed))
    done, metrics = grand_challenge(world, source, tmp_path)
    assert done.returncode == 1 and metrics is None
    line = last_line(done)
    assert line.startswith("4 of 4 jobs are not usable: job 0: '000003.png': the job has status")
    (source / "predictions.json").write_text("[{}]")
    assert "job 0" in last_line(grand_challenge(world, source, tmp_path)[0])


def test_a_native_point_that_is_none_is_refused(world, tmp_path):
    source = jobs(tmp_path / "input", PREDICTIONS, "native")
    path = source / "pk-0" / "output" / "points.json"
    document = json.loads(path.read_text())
    document["points"][0]["point"] = [1, 2]
    path.write_text(json.dumps(document))
    done, _ = grand_challenge(world, source, tmp_path)
    assert done.returncode == 1 and "coordinate-missing" in last_line(done)


def test_an_upload_with_a_folder_around_it_scores_the_same(world, good, tmp_path):
    """Codabench and grand-challenge unpack it, so it arrives as a folder."""
    (tmp_path / "upload").mkdir()
    want = expected(good, world / "labels")
    good.rename(tmp_path / "upload" / "team")
    _, scores = codabench(world, tmp_path / "upload", tmp_path)
    _, metrics = grand_challenge(world, tmp_path / "upload", tmp_path)
    assert {k: scores[k] for k in METRICS} == want
    assert {k: metrics["aggregates"][k]["value"] for k in METRICS} == want


def test_a_refusal_names_the_likely_mistake_first(world, tmp_path):
    keys = {key: [(p[1] + 290, p[0]) for p in points] for key, points in LABELS.items()}
    swapped = write_frames(tmp_path / "s", {k: [(y, x) for x, y in v] for k, v in keys.items()})
    labels = write_frames(tmp_path / "labels", keys)
    with pytest.raises(InputError, match=r"refused: \.: looks like x and y were swapped.*outside"):
        judge(swapped, labels, MatchSettings())


@pytest.mark.parametrize("fault", ["json-duplicate-key", "encoding-bom", "encoding-utf16"])
def test_an_ambiguous_native_result_is_refused(world, tmp_path, fault):
    source = jobs(tmp_path / "input", PREDICTIONS, "native")
    path = source / "pk-0" / "output" / "points.json"
    text = path.read_text()
    if fault == "json-duplicate-key":
        path.write_text(text.replace('"points"', '"points": [], "points"'))
    else:
        path.write_text(text, "utf-8-sig" if fault == "encoding-bom" else "utf-16")
    done, metrics = grand_challenge(world, source, tmp_path)
    assert done.returncode == 1 and metrics is None and fault in last_line(done)


def test_synapse_corner_cases(world, good, tmp_path):
    archive = pack(good, tmp_path / "team.zip")
    result = cwl(world, "validate", archive, tmp_path, "-e", "FolderEntity")
    assert result["submission_status"] == "INVALID"
    assert result["submission_errors"] == "Submission must be a File, not Folder"
    upstream = tmp_path / "INVALID_predictions.txt"
    upstream.write_text("the container ran out of memory")
    assert orca(world, "validate", upstream, tmp_path)[1] == {
        "validation_status": "INVALID",
        "validation_errors": "the container ran out of memory",
    }
    many = write_frames(tmp_path / "many", {f"x/y/{n:06d}": [] for n in range(60)})
    status, result = orca(world, "validate", pack(many, tmp_path / "many.zip"), tmp_path)
    assert status == "INVALID"
    assert len(result["validation_errors"]) < 500 and result["validation_errors"][-3:] == "..."


def test_a_missing_frame_is_refused_where_it_is_an_error(tmp_path, good):
    labels = write_frames(tmp_path / "labels", LABELS)
    out = tmp_path / "codabench"
    write_bundle("codabench", out, MatchSettings(missing="error"), labels)
    done, scores = codabench(tmp_path, good, tmp_path)
    assert done.returncode == 1 and scores is None and "frame-missing" in last_line(done)


# what the platforms demand of the files


def test_codabench_contract(world):
    folder = world / "codabench"
    config = yaml.safe_load((folder / "competition.yaml").read_text())
    assert config["version"] == 2 and config["docker_image"] and "leaderboard" not in config
    (board,) = config["leaderboards"]
    assert board["submission_rule"] == "Force_Best"
    keys = [column["key"] for column in board["columns"]]
    assert keys[0] == "f1" and all(len(key) <= 36 for key in keys)
    assert [column["index"] for column in board["columns"]] == list(range(len(keys)))
    assert all(column["sorting"] in ("asc", "desc") for column in board["columns"])
    named = [config["image"], config["terms"], *(page["file"] for page in config["pages"])]
    (task,) = config["tasks"]
    for name in [*named, task["scoring_program"], task["reference_data"]]:
        assert (folder / name).exists(), name
    metadata = yaml.safe_load((folder / task["scoring_program"] / "metadata.yaml").read_text())
    assert metadata == {"command": "python3 score.py"}
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        names = archive.namelist()
        assert "competition.yaml" in names and "bundle.zip" not in names
        assert "reference_data/aicm1/V/000000.json" in names
        assert archive.testzip() is None
    scored = {"precision", "sensitivity", "f1", "tp", "fp", "fn", "frames", "missing"}
    assert set(keys) <= scored


def test_evalai_contract(world):
    config = yaml.safe_load((world / "evalai" / "challenge_config.yaml").read_text())
    (board,) = config["leaderboard"]
    assert tuple(board["schema"]["labels"]) == EVALAI_LABELS
    assert set(board["schema"]["metadata"]) == set(EVALAI_LABELS)
    assert board["schema"]["default_order_by"] in EVALAI_LABELS
    assert [split["codename"] for split in config["dataset_splits"]] == [SPLIT]
    named = [config[key] for key in ("description", "evaluation_details", "terms_and_conditions",
             "submission_guidelines", "image", "evaluation_script")]  # fmt: skip
    named += [config["challenge_phases"][0][k] for k in ("description", "test_annotation_file")]
    for name in named:
        assert (world / "evalai" / name).is_file(), name
    assert "&lt;= 6 px" in (world / "evalai/templates/evaluation_details.html").read_text()


def test_synapse_contract(world):
    for name in ("workflow.cwl", "validate.cwl", "score.cwl"):
        tool = yaml.safe_load((world / "synapse" / name).read_text())
        assert tool["cwlVersion"] == "v1.0"
        for step in tool.get("steps", ()):
            inner = yaml.safe_load((world / "synapse" / step["run"]).read_text())
            assert {i["id"] for i in step["in"]} == {i["id"] for i in inner["inputs"]}
            assert step["out"] == [o["id"] for o in inner["outputs"]]


def test_grand_challenge_contract(world):
    folder = world / "grand-challenge"
    docker = (folder / "Dockerfile").read_text()
    assert "--platform=linux/amd64" in docker and "\nUSER user\n" in docker
    assert 'ENTRYPOINT ["python", "/opt/app/evaluate.py"]' in docker
    board = json.loads((folder / "leaderboard.json").read_text())
    assert board["score_jsonpath"] == "aggregates.f1.value"
    paths = [column["path"] for column in board["extra_results_columns"]]
    known = {"precision", "sensitivity", "f1", "tp", "fp", "fn", "frames", "missing"}
    assert {path.split(".")[1] for path in paths} <= known
    assert (folder / "do_test_run.sh").stat().st_mode & 0o111


@pytest.mark.parametrize("platform", PLATFORMS)
def test_bundles_are_complete_and_repeatable(world, tmp_path, platform):
    files = write_bundle(platform, tmp_path / platform, MatchSettings(), world / "labels")
    assert "README.md" in files and any(name.endswith("Dockerfile") for name in files)
    for name in files:
        assert (tmp_path / platform / name).read_bytes() == (world / platform / name).read_bytes()
        assert "__pycache__" not in name
        if name.endswith((".md", ".yaml", ".cwl", ".html")) and "vendor" not in name:
            assert "$" not in (tmp_path / platform / name).read_text(), name
    assert not any("/train/" in name or "/cli/" in name for name in files)


def test_bundles_name_no_package_host(world):
    for platform in PLATFORMS:
        for path in (world / platform).rglob("Dockerfile"):
            assert "http" not in path.read_text()


def test_faults_of_the_organiser(world, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="already exists"):
        write_bundle("evalai", tmp_path / "there", MatchSettings())
    with pytest.raises(InputError, match="no label files"):
        write_bundle("evalai", tmp_path / "new", MatchSettings(), tmp_path / "there")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["there"]
    with pytest.raises(UsageError, match="container image"):
        write_bundle("evalai", tmp_path / "new", MatchSettings(), image="rm -rf /; evil")


def adapter(*arguments):
    return CliRunner().invoke(bench, ["adapter", *map(str, arguments)], catch_exceptions=False)


MAILED = """
from adaptor_bench.platforms.packing import write_folder
from adaptor_bench.platforms.platform import Platform

class Mailed(Platform):
    name = "mailed"

    def write(self, order):
        write_folder(order.out, [("mail.txt", order.settings.describe().encode())])
        return "one mail"
"""


def test_a_platform_is_one_file(tmp_path, monkeypatch):
    """Beside the others it would be found likewise."""
    (tmp_path / "mailed.py").write_text(MAILED)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))
    assert "|mailed|" in adapter("--help").stdout
    done = adapter("mailed", "--out", tmp_path / "out", "--radius", 4)
    assert (done.exit_code, done.stderr) == (0, "one mail\n")
    assert "4 px" in (tmp_path / "out" / "mail.txt").read_text()
    monkeypatch.delitem(sys.modules, "adaptor_bench.platforms.mailed")


def test_a_bundle_has_the_title_rules_and_dates_of_a_board(tmp_path):
    labels = tmp_path / "labels"
    for key, points in LABELS.items():
        put_points(labels, key, points)
    board = tmp_path / "needles"
    title = 'Needles: "quick" <b> & $docker_image {#1}'
    made = ["board", "create", "--labels", labels, "--title", title, "--out", board, "--radius", 8,
            "--rule", "No <other> data: *none*.", "--closes", "2026-03-31", "--contact", "a@b.org",
            "--description", "Find needles."]  # fmt: skip
    invoke(*made)
    how = ("--board", board, "--labels", labels)
    for platform in PLATFORMS:
        folder = tmp_path / platform
        invoke("adapter", platform, "--out", folder, *how)
        readme = (folder / "README.md").read_text()
        assert "(2026-01-01 to 2026-03-31)" in readme and "8 px" in readme
        assert not re.search(r"\$(title|rules|opens|closes|description|participation)",
                             readme)  # fmt: skip
    config = yaml.safe_load((tmp_path / "evalai" / "challenge_config.yaml").read_text())
    assert (config["title"], config["short_description"]) == (title, "Find needles.")
    assert str(config["end_date"]) == "2026-03-31 23:59:59"
    terms = (tmp_path / "evalai/templates/terms_and_conditions.html").read_text()
    assert "<li>No &lt;other&gt; data: *none*.</li>" in terms
    assert "<p>Contact: a@b.org</p>" in (tmp_path / "evalai/templates/description.html").read_text()
    config = yaml.safe_load((tmp_path / "codabench" / "competition.yaml").read_text())
    assert config["title"] == title and str(config["phases"][0]["start"]) == "2026-01-01"
    assert "\\*none\\*" in (tmp_path / "codabench/pages/terms.md").read_text()
    told = invoke("adapter", "evalai", "--out", tmp_path / "no", *how, "--radius", 6, code=2)[1]
    assert "is matched otherwise" in told
    put_points(labels, "aicm13/W/000004", [(6, 6)])
    told = invoke("adapter", "evalai", "--out", tmp_path / "no", *how, code=1)[1]
    assert "not the data of the leaderboard" in told and not (tmp_path / "no").exists()


def test_a_bundle_without_templates_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))

    class Bare(Bundle):
        name = "bare"

        def add_labels(self, folder, labels):
            raise AssertionError("not that far")

    with pytest.raises(UsageError, match="no templates for the platform 'bare'"):
        adapter("bare", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "NAME=PATH" in adapter("--help").stdout


def test_challenger_table(world, good, tmp_path):
    none = write_frames(tmp_path / "none", dict.fromkeys(LABELS, ()))
    out = tmp_path / "table.csv"
    arguments = ("--labels", world / "labels", "--out", out)
    entries = ("--entry", f"good={good}", "--entry", f"none={none}")
    assert adapter("challenger-csv", *arguments, *entries).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert set(rows[0]) == {"task", "case", "algorithm", "value"}
    keys = [(row["task"], row["case"], row["algorithm"]) for row in rows]
    assert len(set(keys)) == len(keys) == 2 * (len(LABELS) + 3)
    value = {key: row["value"] for key, row in zip(keys, rows, strict=True)}
    assert value["frame-f1", "aicm2/V/000002", "good"] == "NA"
    assert value["frame-f1", "aicm1/V/000000", "none"] == "0.0"
    assert float(value["surgery-f1", "aicm2", "good"]) == 4 / 5


def test_challenger_refuses_other_frames_and_twice_the_same_name(world, good, tmp_path):
    other = tmp_path / "other.json"
    run = ("evaluate", good, good, "--output", other, "--format", "json")
    CliRunner().invoke(bench, [str(a) for a in run], catch_exceptions=False)
    arguments = ("--labels", world / "labels", "--out", tmp_path / "t.csv")
    with pytest.raises(InputError, match="not scored on the same frames"):
        adapter("challenger-csv", *arguments, "--entry", f"a={good}", "--entry", f"b={other}")
    twice = ("--entry", f"a={good}", "--entry", f"a={other}")
    for wrong in (twice, ("--entry", "nothing"), ()):
        with pytest.raises(UsageError):
            adapter("challenger-csv", *arguments, *wrong)
    with pytest.raises(UsageError):
        adapter("evalai", "--out", tmp_path / "e", "--entry", f"a={good}")
    assert not (tmp_path / "t.csv").exists() and not (tmp_path / "e").exists()


def test_challenger_does_not_ignore_how_to_match(world, good, tmp_path):
    stored, out = tmp_path / "score.json", tmp_path / "t.csv"
    run = ("evaluate", good, world / "labels", "--output", stored, "--radius", 3)
    CliRunner().invoke(bench, [str(a) for a in run], catch_exceptions=False)
    entry = ("challenger-csv", "--out", out, "--entry", f"a={stored}")
    with pytest.raises(UsageError, match="distance <= 3 px"):
        adapter(*entry, "--radius", 6)
    assert not out.exists()
    assert adapter(*entry, "--radius", 3).exit_code == adapter(*entry).exit_code == 0


def test_the_entry_points_are_thin():
    root = Path(__file__).parent.parent / "submissions" / "platforms"
    scripts = sorted(root.rglob("*.py"))
    assert len(scripts) == 8
    for path in scripts:
        assert len(path.read_text("utf-8").splitlines()) < 25
        assert importlib.util.spec_from_file_location("x", path) is not None
