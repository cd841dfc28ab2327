"""Every command that reads runs says in a plain line that one is damaged, and which."""

from __future__ import annotations

import json
import shutil

import pytest
from commands import invoke
from finished_runs import put_method

from adaptor_bench.results.runs import Run
from adaptor_bench.train.heatmaps import StoredHeatmaps

DAMAGES = {
    "empty": b"",
    "a list": b"[]",
    "null": b"null",
    "an empty object": b"{}",
    "deep": b"[" * 100_000,
    "deep in place": b'{"schema": 1, "matching": ' + b"[" * 900 + b"]" * 900 + b"}",
    "binary": bytes(range(256)),
    "long": b'{"method": "' + b"a" * 100_000,
    "huge number": b'{"schema": 1' + b"0" * 400 + b"}",
    "wrong kinds": json.dumps(
        {"schema": 1, "matching": [], "unknown": 3, "frames": {}, "method": None, "parameters": []}
    ).encode(),
    "another schema": b'{"schema": 99, "parameters": {}, "method": "stern"}',
}
COMMANDS = {
    "leaderboard": "leaderboard {out}",
    "card": "card {out}",
    "compare": "compare one two --runs {out}",
    "table3": "paper table3 {out}",
    "ablation": "paper ablation {out}",
    "radius": "paper radius {out} --out {new}.svg --data {out}",
    "forest": "paper forest {out} --out {new}.svg",
    "pareto": "paper pareto {out} --out {new}.svg",
    "report": "report {out} --out {new}",
    "submit": "submit {out} --board {board} --team T --method one",
    "predict": "predict {fold} --input {out} --output {new}",
    "translate": "translate {fold} --input {out} --output {new} --to sim",
}
# submit scores again
READ = {"": ["run.json", "score.json"]} | {
    c: ["run.json"] for c in ("predict", "translate", "submit")
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "runs"
    for name, skill in (("one", 0.8), ("one/part", 0.6), ("two", 0.5)):
        put_method(out, name, skill, rng=int(10 * skill))
    return out


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("name", "command"),
    [(name, command) for command in COMMANDS for name in READ.get(command, READ[""])],
)
def test_a_damaged_file_is_a_plain_message(finished, tmp_path, name, command, damage):
    out = shutil.copytree(finished, tmp_path / "runs")
    fold = out / "phantom-x" / "one" / "intraop" / "fold_2"
    (fold / name).write_bytes(DAMAGES[damage])
    words = COMMANDS[command].format(out=out, fold=fold, new=tmp_path / "new", board="phantom-mini")
    _, told = invoke(*words.split(), code=1)
    assert "fold_2" in told
    assert name in told or "not a finished run" in told
    assert len(told) < 2000
    assert "Traceback" not in told
    assert sorted(p.name for p in tmp_path.iterdir()) == ["runs"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_gallery_does_without_heatmaps_that_are_damaged(finished, tmp_path, damage):
    out = shutil.copytree(finished, tmp_path / "runs")
    fold = out / "phantom-x" / "one" / "intraop" / "fold_2"
    run = Run.load(fold)
    maps = StoredHeatmaps()
    (fold / "training.json").write_bytes(DAMAGES[damage])
    store = out / "phantom-x" / "artefacts" / "heatmaps-0123"
    store.mkdir(parents=True)
    (store / "key.json").write_bytes(DAMAGES[damage])
    (store / "heatmaps.npy").write_bytes(DAMAGES[damage])
    assert maps.find(fold, [frame.key for frame in run.score().frames]) is None
    assert maps.read(store, 0, 6) is None


def test_several_damaged_runs_are_told_at_once(finished, tmp_path):
    out = shutil.copytree(finished, tmp_path / "runs")
    folds = sorted((out / "phantom-x" / "two" / "intraop").iterdir())
    for fold, content in zip(folds, DAMAGES.values(), strict=False):
        (fold / "run.json").write_bytes(content)
    _, told = invoke("leaderboard", out, code=1)
    assert all(str(fold / "run.json") in told for fold in folds)
