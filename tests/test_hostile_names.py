"""One hostile name in every place where a stranger may put one, through every command that says it.

Nothing that is printed may steer a terminal, and no name is a bug of ours (exit code 3).
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import invoke, outcome
from finished_runs import put_predicted
from frame_files import put_points, write_frame
from method_files import put_method

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.labels import read_points
from adaptor_bench.entries.entry import write_board
from adaptor_bench.entries.submit import board_from_runs
from adaptor_bench.harness.journal import Journal

NASTY = "=\x1b]0;pwned\x07\x9b2J\u202e<b>|`\u200b"
FORBIDDEN = set(map(chr, [*range(9), *range(11, 32), *range(127, 160)])) | set(
    "\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff"
)
SOFT = "=<b>|`"  # what cannot be seen is in no name of a dataset's frames
SURGERIES = [f"{SOFT}{k}" for k in range(1, 4)]
RUNS = {"profile": f"{NASTY}p", "parameters": {NASTY: NASTY}, "device": NASTY,
        "profile_changes": {NASTY: [NASTY, 1]}, "versions": {NASTY: NASTY}}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A dataset, predictions, runs of two methods, a board with two entries, a method file."""
    root = tmp_path_factory.mktemp("world")
    data = root / f"data{NASTY}"
    rng = np.random.default_rng(0)
    for surgery in SURGERIES:
        for k in range(2):
            write_frame(data, surgery, f"{SOFT}{k}", rng.uniform(30, 250, (6, 2)).round(1))
    for number, shift in enumerate((1, 4)):

        def points_of(frame, shift=shift):
            return read_points(frame.label).points + np.array([shift, 0])

        for fold, surgery in enumerate(SURGERIES, start=1):
            put_predicted(
                root / "runs", f"{NASTY}{number}", fold, data, points_of, folds=[1, 2, 3],
                title=f"{NASTY}t", validation=[surgery], train=SURGERIES, notes=[f"{NASTY}note"],
                **RUNS,
            )  # fmt: skip
        for frame in index_dataset(data).domain("intraop"):
            put_points(root / f"p{number}", "/".join(frame.written), points_of(frame))
    (dataset,) = (root / "runs").iterdir()
    journal = Journal(dataset)
    journal.plans([f"{NASTY}0/intraop/fold_1", f"{NASTY}/{NASTY}/fold_1"])
    journal.step(f"{NASTY}/{NASTY}/fold_1", NASTY, 0, 0)
    journal.fails(f"{NASTY}/{NASTY}/fold_1", NASTY)
    (root / "board").mkdir()
    write_board(board_from_runs([root / "runs"], root / "board", f"{NASTY}board"))
    for number in (0, 1):
        invoke("submit", root / f"p{number}", "--board", root / "board", "--team", "t",
               "--method", f"m{number}", "--data", data)  # fmt: skip
        path = root / "board" / f"t-m{number}.json"
        document = json.loads(path.read_text("utf-8")) | {
            "team": f"{NASTY}team", "method": f"{NASTY}{number}", "title": f"{NASTY}title",
            "reference": NASTY, "url": f"https://{NASTY}", "notes": [f"{NASTY}note"],
            "setup": RUNS | {"notes": [f"{NASTY}note"]},
        }  # fmt: skip
        path.write_text(json.dumps(document))
    write_frame(root / f"bad{NASTY}", NASTY, NASTY, [(10, 10)])
    put_method(root / "methods", ('title="Point"', f"title={NASTY!r}"))
    rows = [f"{SOFT}task,{SOFT}{case},{SOFT}{a},{case + a}" for case in (1, 2) for a in (1, 3)]
    (root / "table").write_text("\n".join(["task,case,algorithm,value", *rows]), "utf-8")
    (root / "p0" / f"{NASTY}.txt").write_text("x")
    (root / "p0" / SURGERIES[0] / f"{NASTY}.json").write_text("{")
    return root


COMMANDS = """
data info {data}
data info {data} --format json
data check {data}
data croissant {data} --description d --license {nasty} --creator c --cite c
data croissant {data} --description d --license MIT --creator {nasty} --cite c
data croissant {bad} --description d --license MIT --creator c --cite c
data check {bad}
data frames {nasty} {out}/f --every 1
data frames {board}/board.json {out}/f --points {nasty}
data info {bad}
evaluate {p1} {bad}
evaluate {bad} {data}
validate {bad} --reference {bad}
run --method point --methods-from {methods} --data {bad} --profile smoke --out {out}
board create --labels {data} --title {nasty} --out {out}/b
board create --labels {nasty} --title t --out {out}/b
board withdraw {board} {nasty} --reason r
board costs {board} {nasty}
board costs {nasty} {data}
board withdraw {nasty} t-m --reason {nasty}
submit {bad} --board {board} --team t --method m --data {data}
view {data} {nasty} --with napari
view {nasty} {p1} --with napari
view {data} {runs} --with fiftyone --domain {nasty}
methods --methods-from {methods}
methods --methods-from {methods} --format json
run --method point --methods-from {methods} --data {data} --profile smoke --out {out} --device cpu
run --method {nasty} --data {data}
check point --methods-from {methods} --device cpu
check {nasty}
curve point --methods-from {methods} --data {data}
curve {nasty} --data {data} --fold 1
curve stern --data {data} --profile smoke --budget 1 --fold 1 --out {out} --device cpu
paper curve {runs} --out {out}/curve.svg
predict {nasty} --input {data} --output {out}/p
predict {run} --input {data} --output {out}/p --device cpu
export {nasty} --format torchscript --out {out}/e
export {run} --format safetensors --out {out}/e
translate {run} --input {data} --output {out}/t --to {nasty}
validate {p0} --reference {data}
validate {p0} --format json
validate {p0} --format sarif
validate {p0} --format junit
explain {nasty}
evaluate {p1} {data}
evaluate {p1} {data} --analysis
evaluate {p0} {data} --format json
audit {p1} {data}
audit {p1} {data} --format json
adapter codabench --labels {data} --out {out}/codabench
adapter challenger-csv --labels {data} --entry {nasty}={p1} --out {out}/table.csv
status {runs}
status {runs} --format markdown
status {runs} --format csv
status {nasty}
leaderboard {runs}
leaderboard {runs} --format markdown
leaderboard {runs} --format latex
leaderboard {runs} --format html
leaderboard {runs} --format csv
leaderboard {runs} --format json
leaderboard --board {board}
leaderboard --board {board} --format markdown
leaderboard --board {board} --format latex
leaderboard --board {board} --format html
leaderboard --board {board} --format csv
leaderboard --board {board} --format json
leaderboard --board {board} --write
leaderboard --board {nasty}
submit {p1} --board {board} --team t --method m --data {data}
submit {p0} --board {board} --team t --method m --data {data}
submit {runs} --board {board} --team t --method {nasty} --data {data}
submit {runs} --board {board} --team t --data {data}
verify {board} --data {data}
verify {board} {nasty} --data {data}
verify {board} --data {data} --format json
compare {nasty}0 {nasty}1 --runs {runs}
compare {nasty}0 {nasty}1 --runs {runs} --format markdown
compare {nasty} x --runs {runs}
paper table1 --data {data}
paper table2 {runs}
paper table3 {runs} --format markdown
paper ablation {runs} --format csv
card {runs}
card --board {board} --format markdown
card --board {board} --format html
card --challenger {table}
card --challenger {table} --format markdown
card --challenger {table} --format html
card --challenger {table} --format latex
card --challenger {table} --column value={nasty}
report {runs} --board {board} --data {data} --out {out}/site --public
{nasty}
""".strip().splitlines()


@pytest.mark.parametrize("line", COMMANDS)
def test_no_command_prints_what_steers(world, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    (run,) = (world / "runs").glob(f"*/{NASTY}0/intraop/fold_1")
    places = {name: world / name for name in ("methods", "p0", "p1", "runs", "board", "table")}
    places |= {"data": world / f"data{NASTY}", "out": tmp_path / "out", "run": run, "nasty": NASTY,
               "bad": world / f"bad{NASTY}"}  # fmt: skip
    code, shown, told = outcome(*(part.format(**places) for part in line.split()))
    assert code in (0, 1, 2), told
    if line.startswith(
        (
            "status {runs}",
            "leaderboard {runs}",
            "leaderboard --board {board} --f",
            "card {runs}",
            "card --board",
            "data info {d",
        )
    ):
        assert code == 0, told
        assert "pwned" in shown
    assert not FORBIDDEN & set(shown + told), ascii(shown + told)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix in (".html", ".md", ".csv", ".tex"):
            assert not FORBIDDEN & set(path.read_text("utf-8")), path


def test_the_sweep_covers_every_command():
    from adaptor_bench.cli import COMMANDS as known

    silent = {"doctor", "conformance", "schema"}  # they read nothing but coordinates
    assert {line.split()[0] for line in COMMANDS} - {"{nasty}"} == known.keys() - silent


def test_the_rendered_tables_of_a_board_are_safe_too(world):
    invoke("leaderboard", "--board", world / "board", "--write")
    text = (world / "board" / "table.md").read_text("utf-8")
    assert not FORBIDDEN & set(text)
    assert "<b>" not in text
