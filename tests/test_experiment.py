"""Experiments in TOML files: what they say is what the command line would, which wins."""

from __future__ import annotations

import json

import click
from commands import invoke, outcome

from adaptor_bench.api import running
from adaptor_bench.cli import bench
from adaptor_bench.harness import executors

WHOLE = """
method = ["stern", "improved_heatmap/no_cutting"]
domain = "intraop"
fold = [1, 3]
profile = "smoke"
seed = 7
out = "elsewhere"
radius = 8
strict = true
logger = "csv"
executor = "slurm"

[set]
input_size = [128, 72]
"training.steps" = 5
decode = "peaks"
[set.target]
sigma = 2.5

[slurm]
partition = "gpu"
time = 480
"""


def asked(monkeypatch, *words):
    """What ``bench run WORDS`` asks for, without running it; and what it tells an executor."""
    seen = {}

    class Stop(Exception):
        pass

    def prepare(**request):
        seen.update(request)
        raise click.UsageError("stopped here")

    def named(name, settings):
        seen.update(executor=name, slurm=settings)

    monkeypatch.setattr(running, "prepare", prepare)
    monkeypatch.setattr(executors, "executor_named", named)
    code, _, told = outcome("run", *words)
    assert "stopped here" in told, told
    assert code == 2
    return seen


def test_a_file_says_what_the_command_line_would(tmp_path, monkeypatch):
    path = tmp_path / "exp.toml"
    path.write_text(WHOLE)
    of_file = asked(monkeypatch, path)
    line = (
        "--method stern --method improved_heatmap/no_cutting --domain intraop --fold 1 --fold 3 "
        "--profile smoke --seed 7 --out elsewhere --radius 8 --strict --logger csv "
        "--executor slurm --slurm partition=gpu --slurm time=480 --set input_size=[128,72] "
        "--set training.steps=5 --set decode=peaks --set target.sigma=2.5"
    )
    assert of_file == asked(monkeypatch, *line.split())
    assert of_file["settings"]["target.sigma"] == 2.5
    assert of_file["folds"] == (1, 3)
    assert of_file["loggers"] == ("csv",)


def test_what_the_command_line_says_wins_parameter_by_parameter(tmp_path, monkeypatch):
    path = tmp_path / "exp.toml"
    path.write_text(WHOLE)
    words = ("--fold", "2", "--seed", "1", "--set", "decode=otsu", "--method", "unet_peaks")
    seen = asked(monkeypatch, path, *words)
    assert (seen["folds"], seen["seed"], seen["methods"]) == ((2,), 1, ("unet_peaks",))
    assert seen["settings"]["decode"] == "otsu"
    assert seen["settings"]["target.sigma"] == 2.5
    assert seen["domain"] == "intraop"


def test_all_mistakes_are_told_at_once_with_their_keys(tmp_path):
    path = tmp_path / "exp.toml"
    path.write_text(
        'methd = "stern"\nfold = [1, "x"]\nseed = true\nprofile = "fast"\nstrict = "yes"\n'
        'set = 3\nout = ["a"]\nshard = "3/2"\ndomain = 1979-05-27\n'
    )
    code, shown, told = outcome("run", path)
    assert (code, shown) == (2, "")
    lines = told.splitlines()
    for said in (
        "methd: there is no option --methd. Did you mean 'method'", "fold: 'x' is not a valid",
        "seed: True is not text or a number", "profile: 'fast' is not one of",
        "strict: 'yes' is not true or false", "set: 3 is not a table", "out: ['a'] is not text",
        "shard: '3/2' is not i/n", "domain: datetime.date",
    ):  # fmt: skip
        assert any(said in line for line in lines), (said, told)


def test_a_file_that_is_no_toml_is_told(tmp_path):
    path = tmp_path / "exp.toml"
    path.write_text("method = [")
    code, _, told = outcome("run", path)
    assert code == 1
    assert f"{path}: not readable as TOML" in told
    assert outcome("run", tmp_path / "absent.toml")[0] == 2
    path.write_text("seed = 1")
    assert "Missing option '--method'" in outcome("run", path)[2]


def test_every_option_of_run_has_a_key(tmp_path):
    command = bench.get_command(click.Context(bench), "run")
    keys = {o.removeprefix("--") for p in command.params for o in p.opts if o.startswith("--")}
    path = tmp_path / "exp.toml"
    path.write_text("\n".join(f'"{key}" = [[]]' for key in keys))
    told = outcome("run", path)[2]
    assert "there is no option" not in told
    assert all(f"{key}: " in told for key in keys)


def test_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "exp.toml"
    path.write_text('method = "template"\nprofile = "smoke"\ndomain = "intraop"\nfold = 1\n')
    shown, _ = invoke("run", path, "--format", "json")
    assert any(row["method"] == "template" for row in json.loads(shown))
    assert (tmp_path / "runs/phantom-tiny/template/intraop/fold_1/score.json").is_file()
