"""What TAB offers, asked of click as the three shells ask it."""

from __future__ import annotations

import pytest
from click.shell_completion import BashComplete, get_completion_class
from commands import python
from finished_runs import put_method

from adaptor_bench.cli import COMMANDS, bench
from adaptor_bench.harness.shipped import shipped_weights


def offered(*words, incomplete=""):
    """The words that are offered after ``bench WORDS``."""
    shell = BashComplete(bench, {}, "bench", "_BENCH_COMPLETE")
    return [item.value for item in shell.get_completions([*map(str, words)], incomplete)]


def test_commands_and_options():
    assert set(offered()) == set(COMMANDS)
    assert offered(incomplete="lead") == ["leaderboard"]
    assert "--logger" in offered("run", incomplete="--lo")
    assert offered("run", "--logger", incomplete="t") == ["tensorboard", "trackio"]
    assert offered("run", "--profile") == ["smoke", "quick", "paper"]


def test_methods():
    found = offered("run", "--method", incomplete="improved")
    assert found[0] == "improved_heatmap"
    assert "improved_heatmap/no_cutting" in found
    assert offered("run", "--method", "stern", "--method", incomplete="ridge_e") == ["ridge_ends"]
    assert offered("curve", incomplete="ster") == ["stern"]


def test_methods_of_a_folder_of_ones_own(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from adaptor_bench.registry import method\nfrom adaptor_bench.method import Card\n"
        "@method('mine_own', card=Card(title='Mine'))\ndef make():\n    pass\n"
    )
    words = ("run", "--methods-from", tmp_path, "--method")
    assert offered(*words, incomplete="mine") == ["mine_own"]


def test_folds_are_those_of_the_domain():
    assert offered("run", "--fold") == ["1", "2", "3", "4", "5"]
    assert offered("run", "--domain", "intraop", "--fold") == ["1", "2", "3", "4"]


def test_boards():
    assert "phantom-mini" in offered("report", "--board")
    assert offered("report", "--board", incomplete="al") == ["all"]
    assert offered("verify", incomplete="mine/") == ["mine/"]  # then the shell lists folders


def test_entries_methods_to_compare_and_findings():
    assert "unet_peaks" in "".join(offered("verify", "phantom-mini"))
    assert offered("board", "withdraw", "phantom-mini") == offered("verify", "phantom-mini")
    assert offered("verify", "absent") == []
    assert offered("compare", "stern", incomplete="unet_p")[0] == "unet_peaks"
    assert offered("compare", "stern", incomplete="A.z") == ["A.z"]
    assert offered("explain", incomplete="format-f") == ["format-foreign"]


def test_parameters_and_their_words():
    words = ("run", "--method", "improved_heatmap", "--set")
    assert "decode.opening=" in [*offered(*words, incomplete="decode."), "decode.opening="]
    assert "target.sigma=" in offered(*words, incomplete="target.s")
    assert {"decode=otsu", "decode=peaks"} <= set(offered(*words, incomplete="decode="))
    assert offered(*words, incomplete="training.bfloat16=") == [
        "training.bfloat16=true",
        "training.bfloat16=false",
    ]


def test_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put_method(tmp_path / "runs", "alpha", 0.5, folds=(1, 2))
    folds = [f"runs/phantom-x/alpha/intraop/fold_{k}" for k in (1, 2)]
    assert offered("translate") == folds
    assert offered("predict") == [*folds, *shipped_weights()]
    assert offered("predict", incomplete="runs/ph") == folds
    assert offered("predict", incomplete="else") == ["else"]  # then the shell lists folders


def test_nothing_is_offered_and_nothing_raised_where_something_is_wrong(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0")
    assert offered("run", "--methods-from", tmp_path, "--method", incomplete="x") == []
    assert offered("run", "--methods-from", tmp_path / "absent", "--method") == []
    assert offered("run", "--data", tmp_path, "--fold") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_given_its_script_and_its_words(shell):
    kind = get_completion_class(shell)
    assert "_BENCH_COMPLETE" in kind(bench, {}, "bench", "_BENCH_COMPLETE").source()
    words = {
        "COMP_WORDS": "bench run --method ster",
        "COMP_CWORD": "3" if shell != "fish" else "ster",
    }
    shown, told = python(
        "-m", "adaptor_bench", env={"_BENCH_COMPLETE": f"{shell}_complete", **words}
    )
    assert "stern" in shown.replace("\n", " ").replace(",", " ").replace("\t", " ").split()
    assert told == ""
