"""The tests see nothing of where they are started: neither files nor home nor variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import python
from finished_runs import put_method

TESTS = Path(__file__).parent
# They use defaults: ./runs, the cache, the width of a terminal, matplotlib's settings.
SENSITIVE = (
    "test_compare.py::test_what_cannot_be_compared_is_said",
    "test_isolation.py::test_a_test_is_in_an_empty_folder_and_at_home_in_another",
    "test_leaderboard.py",
    "test_figures.py::test_curves_are_means_over_folds",
)


def test_a_test_is_in_an_empty_folder_and_at_home_in_another(tmp_path):
    assert Path.cwd() == tmp_path and not list(tmp_path.iterdir())
    assert not Path.home().is_relative_to(TESTS.parent)
    assert Path(os.environ["ADAPTOR_BENCH_CACHE"]).is_relative_to(Path.home())
    # Commands set variables of their own; these they do not.
    assert not {"COLUMNS", "FORCE_COLOR", "MPLBACKEND", "SOURCE_DATE_EPOCH"} & set(os.environ)


def test_tests_pass_wherever_they_are_started(tmp_path):
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    for method, skill in (("good", 0.9), ("poor", 0.4)):
        put_method(checkout / "runs", method, skill)
    (checkout / "dataset.toml").write_text("name = ")
    (checkout / "matplotlibrc").write_text("figure.dpi: many\n")
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text("figure.dpi: many\n")
    (home / ".cache").mkdir()
    (home / ".cache" / "adaptor_bench").write_text("not a folder")
    odd = {
        "HOME": str(home),
        "ADAPTOR_BENCH_CACHE": str(home / ".cache" / "adaptor_bench"),
        "COLUMNS": "20",
        "FORCE_COLOR": "1",
        "LANG": "C",
        "LC_ALL": "C",
        "MPLBACKEND": "nonsense",
        "OMP_NUM_THREADS": "1",
        "SOURCE_DATE_EPOCH": "soon",
        "TERM": "dumb",
    }
    python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", TESTS.parent, "-c",
           TESTS.parent / "pyproject.toml", *(TESTS / name for name in SENSITIVE), cwd=checkout,
           env=odd)  # fmt: skip


@pytest.mark.parametrize(
    "how", ["import selenium", "run([executable, '-c', 'import selenium'], check=True)"]
)
def test_a_quick_test_can_neither_train_nor_start_a_browser(tmp_path, how):
    (tmp_path / "test_one.py").write_text(
        "import pytest\nfrom subprocess import run\nfrom sys import executable\n"
        f"@pytest.mark.quick\ndef test_one():\n    {how}\n"
    )
    pytest_one = ("-m", "pytest", "-q", "-p", "conftest", "test_one.py", "-m")
    where = {"cwd": tmp_path, "env": {"PYTHONPATH": str(TESTS)}}
    shown, told = python(*pytest_one, "quick", code=1, **where)
    assert "a quick test needs selenium" in shown + told
    python(*pytest_one, "not slow", **where)
