"""``bench run`` from end to end: what it leaves, keeps, refuses, and survives."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from commands import invoke

from adaptor_bench.cli import main
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.errors import WriteError
from adaptor_bench.harness.job import Bench
from adaptor_bench.memory import Peak
from adaptor_bench.phantom import write_phantom
from adaptor_bench.phantom.default import cached_phantom
from adaptor_bench.progress import Progress
from adaptor_bench.registry import discover
from adaptor_bench.train.detector import Detector

METHODS = ("stern", "improved_heatmap", "improved_heatmap/no_cutting")
RATE = discover().get("stern").resolve("smoke")["training.rate"]
BOTH = ("aicm1", "aicm2", "aicm3", "aicm11", "aicm12", "aicm13", "aicm14")


@pytest.fixture(autouse=True)
def cache(phantom_cache, monkeypatch):
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))


@pytest.fixture(scope="session")
def small(phantom_cache, tmp_path_factory):
    """A part of the phantom: three sim and four intraop surgeries, two frames each."""
    (whole,) = phantom_cache.iterdir()
    root = tmp_path_factory.mktemp("data") / "small"
    for frame in (f for frames in index_dataset(whole).frames.values() for f in frames):
        if frame.surgery in BOTH:
            for path in (frame.image, frame.label):
                target = root / path.relative_to(whole)
                if not target.parent.is_dir() or len(list(target.parent.iterdir())) < 2:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
    return root


def run(data, out, *arguments, code=0, methods=("stern",), profile="smoke"):
    chosen = [a for m in methods for a in ("--method", m)]
    place = ["--data", data] if data else []
    return invoke("run", *chosen, *place, "--profile", profile, "--out", out, *arguments, code=code)


def files(root):
    """Every file below ``root`` with its content, but for the journals, of which each run has its
    own."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in root.rglob("*")
        if p.is_file() and p.parent.name != "journal"
    }


def stamps(root):
    """When every file was written; a folder's time changes when a lock comes and goes."""
    return {p: p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file()}


def partials(root):
    return list(root.rglob(".partial-*"))


def artefacts(root, kind):
    return sorted(p.name for p in root.glob(f"*/artefacts/{kind}-*"))


# --- the main job on the embedded data ----------------------------------------------------------


@pytest.fixture(scope="session")
def finished(phantom_cache, tmp_path_factory):
    """Fold 1 of three methods in both domains on the embedded phantom: (out, stdout, stderr)."""
    out = tmp_path_factory.mktemp("finished") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))
        shown = run(None, out, "--fold", 1, methods=METHODS)
    return out, *shown


def test_a_run_leaves_what_the_design_says(finished):
    out, *_ = finished
    assert partials(out) == []
    (dataset,) = out.iterdir()
    assert {p.name for p in dataset.iterdir()} == {
        "stern",
        "improved_heatmap",
        "artefacts",
        "journal",
    }
    for method in METHODS:
        for domain, frames in (("sim", 8), ("intraop", 6)):
            directory = dataset / method / domain / "fold_1"
            names = {
                "run.json",
                "score.json",
                "predictions",
                "network.safetensors",
                "training.json",
                "curves.csv",
            }
            if method != "stern" and domain == "intraop":
                names |= {
                    "generator.safetensors",
                    "generator_back.safetensors",
                    "translator.json",
                    "translator_curves.json",
                }
            assert {p.name for p in directory.iterdir()} == names
            assert len(list((directory / "predictions").rglob("*.json"))) == frames
            record = json.loads((directory / "run.json").read_text())
            assert (record["method"], record["domain"], record["fold"]) == (method, domain, 1)
            assert record["dataset"]["kind"] == "phantom"
            assert record["fold_plan"]["name"] == "adaptor2021-v1"
            assert not set(record["train"]) & set(record["validation"])
            assert record["selection"] == []  # smoke keeps the last state
            assert record["profile_changes"]["training.steps"] == [None, 4]
            assert record["parameters"]["input_size"] == [128, 72]
            assert record["seed"] == 0
            assert record["versions"]["torch"]
            assert record["seconds"]["total"] >= record["seconds"]["fit"]
            parts = {"network"}
            if method != "stern" and domain == "intraop":
                parts |= {"translator", "translating"}
            assert set(record["cpu_seconds"]) == parts
            if Peak().mib is not None:
                assert set(record["peak_memory"]) == parts
                assert min(record["peak_memory"].values()) > 50  # MiB: torch alone has more


def test_the_leaderboard_at_the_end_has_measured_beside_published_rows(finished):
    _, shown, told = finished
    for line in (
        "sim: measured on phantom-tiny", "intraop: measured on phantom-tiny",
        "published on AdaptOR 2021, not comparable", "81.94", "Profile: smoke", "folds f2, f3, f4",
    ):  # fmt: skip
        assert line in shown
    for method in METHODS:
        assert method in shown
    folds = re.compile(r"  F1 [\d.-]+  P .*  S .* s$")
    finished = [line for line in told.splitlines() if folds.search(line)]
    assert len(finished) == 6, "a lasting line for each fold"
    assert {line.rpartition(" intraop ")[1] for line in finished[:2]} == {" intraop "}, (
        "what trains a translator comes first"
    )
    assert "[1/6] improved_heatmap intraop fold 1: CycleGAN" in told.splitlines()


def test_its_predictions_are_a_valid_submission_and_score_the_same(finished, phantom_cache):
    out, *_ = finished
    (data,) = phantom_cache.iterdir()
    for domain in ("sim", "intraop"):
        directory = out / "phantom-tiny" / "improved_heatmap" / domain / "fold_1"
        report = json.loads(invoke("validate", directory / "predictions", "--format", "json")[0])
        assert report["valid"]
        assert report["frames"] == {"sim": 8, "intraop": 6}[domain]
        stored = json.loads((directory / "score.json").read_text())["frames"]
        evaluated, _ = invoke("evaluate", directory / "predictions", data, "--format", "json")
        by_surgery = {s["surgery"]: s["counts"] for s in json.loads(evaluated)["surgeries"]}
        for surgery in json.loads((directory / "run.json").read_text())["validation"]:
            mine = [f for f in stored if f["frame"].startswith(f"{surgery}/")]
            tp = sum(len(f["pairs"]) for f in mine)
            assert by_surgery[surgery] == {
                "tp": tp,
                "fp": sum(f["predictions"] for f in mine) - tp,
                "fn": sum(f["labels"] for f in mine) - tp,
            }


def test_an_ablation_of_the_decoding_does_not_train_again(finished):
    out, *_ = finished
    # stern and improved_heatmap on two domains; no_cutting adds nothing.
    assert [len(artefacts(out, k)) for k in ("network", "heatmaps", "translator")] == [4, 4, 1]
    first, second = (
        (out / "phantom-tiny" / m / "sim/fold_1/network.safetensors").read_bytes()
        for m in METHODS[1:]
    )
    assert first == second
    # What was found trained has cost what making it has cost.
    for domain in ("sim", "intraop"):
        parent, ablation = (
            json.loads((out / "phantom-tiny" / m / domain / "fold_1/run.json").read_text())
            for m in METHODS[1:]
        )
        for key in ("cpu_seconds", "peak_memory"):
            assert ablation.get(key) == parent.get(key)


def keys_of(out):
    """What every trained artefact depends on."""
    found = [json.loads(p.read_text()) for p in out.glob("*/artefacts/*/key.json")]
    return [key for key in found if "train" in key]


def test_the_translator_and_the_network_saw_training_surgeries_only(finished):
    out, *_ = finished
    learnt = keys_of(out)
    assert len(learnt) == 5
    for key in learnt:
        reported = {"sim": {"aicm9", "aicm10"}, "intraop": {"aicm14"}}[key["domain"]]
        assert key["train"] and not reported & {*key["train"], *key.get("selection", ())}


def test_the_same_command_again_keeps_everything(finished):
    out, shown, _ = finished
    before = stamps(out)
    again, told = run(None, out, "--fold", 1, methods=METHODS)
    assert told.count("already finished, kept") == 6
    assert "improved_heatmap/no_cutting intraop fold 1: already finished, kept" in told
    assert again == shown
    assert stamps(out) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seed", "7"], "seed 0, now 7"),
        (["--set", "training.rate=0.5"], f"training.rate {RATE:g}, now 0.5"),
        (["--set", "training.crop=[32, 32]"], "training.crop [64, 64], now [32, 32]"),
    ],
)
def test_other_settings_into_the_same_folder_are_refused_before_anything_runs(
    finished, arguments, says
):
    out, *_ = finished
    before = stamps(out)
    _, told = run(None, out, "--fold", 1, "--fold", 2, *arguments, code=1)
    assert says in told
    assert "stern/sim/fold_1" in told and "stern/intraop/fold_1" in told, "all of them at once"
    assert "--restart" in told
    assert stamps(out) == before


# --- smaller jobs -------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_predictions_and_another_seed_others(small, tmp_path):
    arguments = ("--domain", "intraop", "--fold", 2)
    for name in ("a", "b"):
        run(small, tmp_path / name, *arguments, "--seed", 3, methods=("improved_heatmap",))
    for name, seed in (("c", 3), ("d", 4)):
        run(small, tmp_path / name, *arguments, "--seed", seed)

    def predictions(name):
        return {k: v for k, v in files(tmp_path / name).items() if "/predictions/" in k}

    def weights(name):
        return next(
            (tmp_path / name).glob("*/artefacts/network-*/network.safetensors")
        ).read_bytes()

    assert predictions("a")
    assert predictions("a") == predictions("b")
    assert weights("a") == weights("b")
    assert weights("c") != weights("d")


def test_a_surgery_that_is_held_back_for_selection_is_one_of_training_and_not_trained_on(
    small, tmp_path
):
    out = tmp_path / "runs"
    held_back = ("--set", "training.choose=held_back", "--set", "training.selections=1")
    run(small, out, "--domain", "intraop", "--fold", 2, *held_back)
    (path,) = out.rglob("run.json")
    record, (key,) = json.loads(path.read_text()), keys_of(out)
    assert len(record["selection"]) == 1 and key["selection"] == record["selection"]
    assert not set(record["selection"]) & {*record["validation"], *key["train"]}
    assert {*record["selection"], *key["train"]} == set(record["train"])


def test_a_restart_runs_again_and_gives_the_same(small, tmp_path):
    out = tmp_path / "runs"
    arguments = ("--domain", "sim", "--fold", 1)
    run(small, out, *arguments)
    before, times = files(out), stamps(out)
    _, told = run(small, out, *arguments, "--restart")
    assert "already finished" not in told
    assert partials(out) == []
    after = files(out)
    assert before.keys() == after.keys()
    for name, content in after.items():
        timed = name.endswith(("run.json", "manifest.json", "cost.json"))
        assert timed or content == before[name]
        assert (out / name).stat().st_mtime_ns > times[out / name]


def test_changed_data_are_not_mixed_with_old_results(small, tmp_path):
    data = shutil.copytree(small, tmp_path / "small")
    run(data, tmp_path / "runs", "--domain", "sim", "--fold", 1)
    label = next(data.glob("aicm3/*/point_labels/*.json"))
    label.write_text(json.dumps({**json.loads(label.read_text()), "points": []}))
    _, told = run(data, tmp_path / "runs", "--domain", "sim", "--fold", 1, code=1)
    assert "dataset " in told


def test_any_folder_gets_leave_one_surgery_out(make_dataset, tmp_path):
    data = make_dataset(surgeries=("p1", "p2"), frames=1)
    shown, _ = run(data, tmp_path / "runs", methods=("improved_heatmap",))
    assert "leave-one-surgery-out" in shown
    for fold in (1, 2):
        record = json.loads(
            (tmp_path / f"runs/dataset/improved_heatmap/intraop/fold_{fold}/run.json").read_text()
        )
        assert record["selection"] == []
        assert any("trained without them (translate=cyclegan)" in n for n in record["notes"])


def test_groups_of_surgeries(small, tmp_path):
    run(small, tmp_path / "runs", "--domain", "intraop", "--folds", 2, "--fold", 2)
    (path,) = (tmp_path / "runs").rglob("run.json")
    record = json.loads(path.read_text())
    assert record["fold_plan"]["name"] == "2-balanced"
    assert len(record["validation"]) == 2


def test_the_embedded_phantom_is_drawn_once_and_by_profile(monkeypatch, beside, tmp_path, capsys):
    drawn = []

    def draw(root, profile, seeds, **_):
        drawn.append((profile, seeds))
        root.mkdir(parents=True)
        return root

    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(tmp_path / "cache"))
    beside(cached_phantom, "write_phantom", draw)
    places = [cached_phantom(p, Progress(live=False)) for p in ("mini", "mini", "tiny", "board")]
    assert drawn == [("mini", (101,)), ("tiny", (101,)), ("board", (101, 102, 103))]
    assert places[0] == places[1] != places[2]
    assert all(p.is_relative_to(tmp_path / "cache") for p in places)
    assert capsys.readouterr().err.count("once") == 3


def test_a_phantom_that_cannot_be_finished_is_not_taken_for_one(beside, tmp_path):
    beside(write_phantom, "write_points", full_disk)
    with pytest.raises(WriteError, match="the disk is full"):
        write_phantom(tmp_path / "cache" / "phantom", "tiny", workers=1)
    assert files(tmp_path) == {}
    assert not (tmp_path / "cache" / "phantom").exists()


# --- interrupted, killed, out of space ----------------------------------------------------------


def failing_at(monkeypatch, number, failure):
    """Detector.fit raises ``failure`` at its ``number``-th call, after doing its work."""
    calls, real = [], Detector.fit

    def wrapped(self, task):
        calls.append(task.domain)
        real(self, task)
        if len(calls) == number:
            raise failure

    monkeypatch.setattr(Detector, "fit", wrapped)


def test_control_c_keeps_what_was_finished_and_the_next_call_goes_on(small, tmp_path, monkeypatch):
    out = tmp_path / "runs"
    with monkeypatch.context() as patch:
        failing_at(patch, 2, KeyboardInterrupt())
        _, told = run(small, out, "--domain", "sim", code=130)
    assert told.strip().splitlines()[-1].startswith("interrupted; nothing was left half-written")
    assert "Traceback" not in told
    folds = out / "small" / "stern" / "sim"
    assert [p.name for p in folds.iterdir()] == ["fold_1"]
    assert partials(out) == []
    before = stamps(folds / "fold_1")
    networks = artefacts(out, "network")
    assert len(networks) == 2, "fold 2 had been trained, only not written"
    shown, told = run(small, out, "--domain", "sim")
    assert told.count("already finished, kept") == 1
    assert sorted(p.name for p in folds.iterdir()) == ["fold_1", "fold_2", "fold_3"]
    assert stamps(folds / "fold_1") == before
    assert set(networks) < set(artefacts(out, "network"))
    assert "3" in shown


def test_control_c_in_the_middle_of_training(small, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("torch.Tensor.backward", interrupted)
    _, told = run(small, tmp_path / "runs", "--domain", "sim", code=130)
    assert "interrupted" in told
    assert files(tmp_path / "runs") == {}
    assert partials(tmp_path / "runs") == []


def test_what_a_killed_process_left_is_removed_by_the_next(small, tmp_path):
    out = tmp_path / "runs"
    leftovers = [
        out / "small" / "stern" / "sim" / ".partial-0123456789abcdef" / "predictions" / "aicm1",
        out / "small" / "artefacts" / ".partial-fedcba9876543210",
    ]
    for leftover in leftovers:
        leftover.mkdir(parents=True)
        (leftover / "half.json").write_text("{")
    assert "no finished run" in invoke("leaderboard", out, code=1)[1], "they are not results"
    run(small, out, "--domain", "sim", "--fold", 1)
    assert partials(out) == []
    assert (out / "small/stern/sim/fold_1/run.json").is_file()


def test_a_damaged_run_is_named(small, tmp_path):
    out = tmp_path / "runs"
    run(small, out, "--domain", "sim", "--fold", 1)
    (out / "small/stern/sim/fold_1/run.json").write_text("{")
    _, told = run(small, out, "--domain", "sim", "--fold", 1, code=1)
    assert "fold_1" in told and "run.json is missing or damaged" in told
    run(small, out, "--domain", "sim", "--fold", 1, "--restart")


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere.json")


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("adaptor_bench.harness.outputs.write_points", ["heatmaps", "network"]),
        ("adaptor_bench.harness.job.write_json", ["heatmaps", "network"]),
        ("adaptor_bench.train.heatmaps.as_stored", ["network"]),
        ("adaptor_bench.train.weights.write_weights", []),
        ("adaptor_bench.artefacts.write_json", []),
    ],
)
def test_a_full_disk_is_one_clear_line_and_nothing_half_written(
    small, tmp_path, monkeypatch, target, kept
):
    out = tmp_path / "runs"
    with monkeypatch.context() as patch:
        patch.setattr(target, full_disk)
        _, told = run(small, out, "--domain", "sim", "--fold", 1, code=1)
    _, _, error = told.rpartition("error: ")
    assert error.startswith("somewhere.json: the disk is full (")
    assert len(error.strip().splitlines()) <= 2
    assert "failed" not in told, "no fault of the method's"
    assert partials(out) == []
    assert not list(out.rglob("run.json"))
    assert [k for k in ("heatmaps", "network") if artefacts(out, k)] == kept
    run(small, out, "--domain", "sim", "--fold", 1)


# --- bad input ----------------------------------------------------------------------------------


def spoil(root, what):
    video = next(iter(sorted((root / "case_2").iterdir())))
    if what == "corrupt PNG":
        path = video / "images" / "000001.png"
        path.write_bytes(path.read_bytes()[:100])
    elif what == "label outside":
        path = video / "point_labels" / "000000.json"
        path.write_text(json.dumps({"points": [{"x": 5, "y": 400}]}))
    else:
        path = video / "point_labels" / "000000.json"
        path.unlink()
    return path


@pytest.mark.parametrize("what", ["corrupt PNG", "label outside", "missing label"])
def test_bad_frames_are_named_before_anything_is_trained(make_dataset, tmp_path, what):
    data = make_dataset()
    path = spoil(data, what)
    shown, told = run(data, tmp_path / "runs", code=1)
    assert shown == ""
    assert str(path) in told
    assert "nothing more was done" in told
    assert "Repair or remove" in told
    assert "Traceback" not in told
    assert not (tmp_path / "runs").exists()


def test_all_bad_frames_of_all_domains_at_once(small, tmp_path):
    data = shutil.copytree(small, tmp_path / "small")
    spoilt = [next(data.glob(f"{s}/*/images/*.png")) for s in ("aicm2", "aicm12")]
    for path in spoilt:
        path.write_bytes(b"")
    _, told = run(data, tmp_path / "runs", code=1)
    assert all(str(path) in told for path in spoilt)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--data", "/nowhere/at/all"], 1, ["/nowhere/at/all", "no such folder"]),
        (["--data", "{empty}"], 1, ["{empty}", "no frames found", "point_labels"]),
        (
            ["--method", "improved_heatmp"],
            2,
            ["'improved_heatmp'", "Did you mean 'improved_heatmap'"],
        ),
        (["--fold", "9"], 2, ["no fold 9", "1, 2, 3"]),
        (["--folds", "7"], 2, ["--folds 7 is not possible", "2 to 3"]),
        (["--domain", "simm"], 2, ["'simm'"]),
        (["--domain", "sim"], 2, ["no frames of domain 'sim'"]),
        (["--set", "steps"], 2, ["key=value"]),
        (["--set", "training.stepz=3"], 2, ["stepz", "'training.steps'"]),
        (["--set", "training.steps=many"], 2, ["'training.steps' must be a whole number"]),
        (["--set", "network=resnet"], 2, ["'network' must be one of", "'resnext_unet'"]),
        (["--device", "toaster"], 2, ["'toaster'", "--device"]),
        (["--profile", "papr"], 2, ["papr"]),
        (["--methods-from", "/nowhere"], 1, ["/nowhere"]),
        (["--seed", "one"], 2, ["--seed"]),
    ],
    ids=lambda value: " ".join(value)[:24] if isinstance(value, list) else None,
)
def test_bad_arguments(make_dataset, tmp_path, arguments, code, says):
    (tmp_path / "empty").mkdir()
    fill = lambda text: text.replace("{empty}", str(tmp_path / "empty"))  # noqa: E731
    data = [] if "--data" in arguments else ["--data", make_dataset()]
    shown, told = invoke(
        "run", "--method", "stern", "--profile", "smoke", "--out", tmp_path / "runs",
        *data, *map(fill, arguments), code=code,
    )  # fmt: skip
    assert shown == ""
    for text in map(fill, says):
        assert text in told
    assert "Traceback" not in told
    assert not list((tmp_path / "runs").rglob("*.json"))


def test_an_unknown_command_is_answered_with_what_was_meant():
    _, told = invoke("leaderbord", code=2)
    assert "'leaderboard'" in told


def test_too_little_memory_is_no_bug_of_ours(make_dataset, tmp_path, beside):
    def full(*_):
        raise MemoryError

    beside(Bench, "run_fold", full)
    _, told = run(make_dataset(), tmp_path / "runs", code=1)
    assert "error: not enough memory" in told and "internal" not in told


def test_a_bug_of_ours_is_an_internal_error_without_traceback_unless_asked(
    make_dataset, tmp_path, beside
):
    def bug(*_):
        raise RuntimeError("a bug")

    data = make_dataset()
    beside(Bench, "run_fold", bug)
    _, told = run(data, tmp_path / "runs", code=3)
    assert "\ninternal error: RuntimeError: a bug\n" in told
    assert "Traceback" not in told
    with pytest.raises(RuntimeError, match="a bug"):
        main(["--debug", "run", "--method", "stern", "--data", str(data), "--profile", "smoke",
              "--out", str(tmp_path / "runs")])  # fmt: skip
    assert files(tmp_path / "runs") == {}


def test_exit_codes_and_silence_of_the_real_process(make_dataset, tmp_path):
    """One process as a user starts it, with both streams piped."""
    data = make_dataset(frames=1)

    def start(folder):
        return subprocess.run(
            [sys.executable, "-m", "adaptor_bench", "run", "--method", "stern", "--fold", "1",
             "--data", str(folder), "--profile", "smoke", "--out", "runs", "--format", "json"],
            capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    found = start(tmp_path / "nowhere")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith(f"error: {tmp_path / 'nowhere'}: no such folder")
    assert "Traceback" not in found.stderr
    found = start(data)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout), "stdout is nothing but the table"
    told = found.stderr.splitlines()
    assert [line.partition("  F1")[0] for line in told if not line.startswith("warning")] == [
        "reading frames",
        "[1/1] stern intraop fold 1",
        "[1/1] stern intraop fold 1: network",
        "[1/1] stern intraop fold 1: heatmaps",
        "[1/1] stern intraop fold 1: decoding",
        "stern intraop fold 1",
    ], "plain lines when not a terminal, and nothing of the libraries"
    assert (tmp_path / "runs/dataset/stern/intraop/fold_1/run.json").is_file()


def test_a_domain_of_ones_own_name(make_dataset, tmp_path):
    data = make_dataset()
    (data / "dataset.toml").write_text(
        '[domains]\ncase_1 = "lab"\ncase_2 = "lab"\ncase_3 = "lab"\n'
    )
    run(data, tmp_path / "runs", "--domain", "lab", "--fold", 1)
    assert (tmp_path / "runs/dataset/stern/lab/fold_1/run.json").is_file()
