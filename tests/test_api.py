"""``import adaptor_bench as ab``: what a notebook has, lazily, with the command line's results."""

import ast
import doctest
import json
import runpy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from click.testing import CliRunner
from commands import python
from conftest import write_frame
from method_files import METHOD, put_method

import adaptor_bench as ab
from adaptor_bench.cli import bench
from adaptor_bench.errors import InputError, TrainingError, UsageError
from adaptor_bench.parameters import Number
from adaptor_bench.registry import Registry
from adaptor_bench.stages.registry import PROGRAM

PACKAGE = Path(ab.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(p.stem for p in (PACKAGE / "api").glob("*.py") if p.stem != "__init__")


@pytest.fixture(autouse=True)
def cache(phantom_cache, monkeypatch):
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))


@pytest.fixture
def folders(tmp_path):
    """Labels, and predictions that are one hit, one miss and one false point; as paths."""
    write_frame(tmp_path / "labels", "a", "000000", [(10, 10), (300, 200)])
    write_frame(tmp_path / "labels", "b", "000000", [(50, 50)])
    write_frame(tmp_path / "predictions", "a", "000000", [(12, 10), (100, 100)])
    return tmp_path / "predictions", tmp_path / "labels"


@pytest.mark.parametrize("name", ["adaptor_bench", *(f"adaptor_bench.api.{m}" for m in MODULES)])
def test_the_examples_in_the_docstrings_are_true(name):
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_examples_in_the_pages_are_true(page):
    failed, run = doctest.testfile(str(ROOT / page), module_relative=False)
    assert run and not failed


def test_the_picture_on_the_front_page_can_be_drawn():
    script = runpy.run_path(str(ROOT / "docs" / "images" / "draw_frames.py"))
    frame = ab.load_dataset("phantom-tiny").domain("sim")[0]
    axes = script["Figure"]().add_axes((0, 0, 1, 1))
    script["draw"](axes, frame, np.vstack([frame.points[1:], (511, 287)]))
    counts = f"{len(frame.points) - 1} hits, 1 missed, 1 false points"
    assert axes.get_title(loc="right") == counts
    words = {text.get_text() for text in axes.texts}
    assert words == {"hit", "missed", "false point"}
    (packed,) = (script["BOARD"] / "predictions").glob(f"{script['ENTRY']}-*.ndjson.gz")
    assert script["unpack"](packed)


def test_importing_it_loads_nothing_and_its_names_load_no_torch():
    code = (
        "import sys, adaptor_bench as ab; assert set(ab.__all__) <= set(dir(ab)); "
        "loaded = {m.partition('.')[0] for m in sys.modules}; "
        "print(sorted(loaded & {'numpy', 'scipy', 'click', 'torch', 'pandas', 'matplotlib'})); "
        "[getattr(ab, name) for name in ab.__all__]; "
        "loaded = {m.partition('.')[0] for m in sys.modules}; "
        "print(sorted(loaded & {'torch', 'pandas', 'matplotlib', 'lightning', 'skimage'}))"
    )
    shown, _ = python("-c", code)
    assert shown.split("\n")[:2] == ["[]", "[]"]


def test_what_type_checkers_see_is_what_is_there():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {}
    for node in checked.body:
        seen |= {alias.name: node.module for alias in node.names}
    assert sorted(seen) == sorted(ab.__all__)
    for name, module in seen.items():
        assert ab.__getattr__(name) is getattr(import_module(module), name)
        assert ab.__getattr__(name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        ab.evalute  # noqa: B018


def test_evaluate_is_a_function_whatever_was_imported_before():
    code = "import adaptor_bench.scoring.metrics as m, adaptor_bench as ab; m.METRICS; " \
        "print(ab.evaluate([[(1, 1)]], [[(1, 1)]]).counts.tp)"  # fmt: skip
    assert python("-c", code)[0] == "1\n"


# --- scoring -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path])
def test_folders_arrays_and_datasets_score_as_the_command_line_does(folders, kind):
    predictions, labels = folders
    expected = CliRunner().invoke(
        bench, ["evaluate", str(predictions), str(labels), "--format", "json"]
    )
    document = json.loads(expected.stdout)
    assert document.pop("domains")
    arrays = {"a/video_1/000000": np.array([(12, 10), (100, 100)])}
    data = ab.load_dataset(kind(labels))
    for one, other in (
        (kind(predictions), kind(labels)),
        (arrays, kind(labels)),
        (kind(predictions), data),
        (arrays, data.labels()),
    ):
        assert ab.evaluate(one, other).to_json() == document
    shown = str(ab.evaluate(kind(predictions), kind(labels)))
    assert "all, pooled" in shown and "33.33" in shown


def test_swapped_coordinates_are_told(tmp_path):
    points = [(400, 30), (350, 200), (40, 20), (300, 100)]
    for n in range(8):
        frame = [(x - 3 * n, y + 2 * n) for x, y in points]
        write_frame(tmp_path / "labels", "a", f"{n:06d}", frame)
        write_frame(tmp_path / "swapped", "a", f"{n:06d}", [(y, x) for x, y in frame])
    result = ab.evaluate(tmp_path / "swapped", tmp_path / "labels")
    assert "swapped" in result.warnings[0] and result.warnings[0] in str(result)


def test_settings_reach_the_score(folders):
    assert ab.evaluate(*folders).counts.to_json() == {"tp": 1, "fp": 1, "fn": 2}
    assert ab.evaluate(*folders, missing="skip").counts.fn == 1
    assert ab.evaluate(*folders, radius=2, inclusive=False).counts.tp == 0
    assert ab.match([(0, 0)], [(6, 0)]).tp == 1
    assert ab.match([(0, 0)], [(6, 0)], matching="nearest").tp == 0
    with pytest.raises(InputError, match="1 of 2 labelled frames have no"):
        ab.evaluate(*folders, missing="error")
    with pytest.raises(InputError, match="1 of 2 labelled frames have no"):
        ab.evaluate({"1": []}, {"1": [], "2": []}, missing="error")


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: ab.match([1, 2, 3], []), InputError, r"predictions: .*\(N, 2\)"),
        (lambda: ab.match([], [(1, float("nan"))]), InputError, "labels: coordinates"),
        (lambda: ab.match([], [("a", 1)]), InputError, "labels: could not convert"),
        (lambda: ab.match([], [], matching="hungary"), UsageError, "Did you mean 'hungarian'"),
        (lambda: ab.match([], [], radius=0), UsageError, "positive number"),
        (lambda: ab.evaluate([[]], [[], []]), InputError, "1 frames of predictions, but 2"),
        (lambda: ab.evaluate([], []), InputError, "no labelled frames"),
        (lambda: ab.evaluate({"x/1": []}, {"x/1": []}), InputError, "'x/1' is not surgery/"),
        (lambda: ab.evaluate({"x": [], "y": []}, {"z": []}), InputError, "none of the 2 predicted"),
        (lambda: ab.evaluate("nowhere", "nowhere"), UsageError, "nowhere: cannot be read"),
        (lambda: ab.evaluate([[(1,)], [(2, 2)], 3], [[]] * 3), InputError, "(?s)frame 0.*frame 2"),
        (lambda: ab.load_dataset("phantom-huge"), InputError, "phantom-huge: no such folder"),
        (lambda: ab.load_dataset("phantom-tny"), InputError, "Did you mean 'phantom-tiny'"),
        (lambda: ab.load_dataset(3), UsageError, "not 3"),
        (lambda: ab.load_results(None), UsageError, "not None"),
        (lambda: ab.load_results([]), UsageError, "nothing to load"),
        (lambda: ab.load_results("phantom-mini").frame(by="x"), UsageError, "'fold'.*'surgery'"),
        (lambda: ab.match([], [], radius="6"), UsageError, "positive number of pixels, not '6'"),
        (lambda: ab.evaluate([[]], [[]], radius="6"), UsageError, "of pixels, not '6'"),
        (lambda: ab.evaluate(None, None), UsageError, "predictions: .*not None"),
        (lambda: ab.match([(1, 2), (3,)], []), InputError, "two coordinates each"),
        (lambda: ab.load_dataset("phantom-tiny").surgery("aicm99"), UsageError, "Did you mean"),
        (lambda: ab.load_results(), UsageError, "runs: neither a folder nor the name"),
        (lambda: ab.run("sternn"), UsageError, "unknown method 'sternn'"),
        (lambda: ab.run("stern", profile="quick", set={"epochs": "x"}), UsageError, "epochs"),
    ],
)
def test_what_cannot_be_used_is_told_plainly(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_the_folder_of_a_run_is_not_its_predictions(folders, tmp_path):
    (tmp_path / "fold_1").mkdir()
    (tmp_path / "fold_1" / "run.json").write_text("{}")
    folders[0].rename(tmp_path / "fold_1" / "predictions")
    with pytest.raises(InputError, match="fold_1/predictions"):
        ab.evaluate(tmp_path / "fold_1", folders[1])
    with pytest.raises(InputError, match="fold_1/predictions"):
        ab.evaluate(tmp_path / "fold_1", ab.load_dataset(folders[1]))
    told = CliRunner().invoke(bench, ["evaluate", str(tmp_path / "fold_1"), str(folders[1])])
    assert isinstance(told.exception, InputError) or "fold_1/predictions" in told.output
    assert ab.evaluate(tmp_path / "fold_1" / "predictions", folders[1]).counts.tp == 1


def test_a_listing_shows_the_public_names_alone():
    assert {name for name in dir(ab) if not name.startswith("__")} == set(ab.__all__)


# --- running -------------------------------------------------------------------------------------


def test_a_dataset_is_a_sequence_of_frames_with_folds(folders):
    data = ab.load_dataset(folders[1])
    assert [frame.key for frame in data] == ["a/video_1/000000", "b/video_1/000000"]
    assert (data.kind, data.domains, len(data[1:]), len(data.surgery("b"))) == (
        "folder", ["intraop"], 1, 1,
    )  # fmt: skip
    assert [fold.validation for fold in data.folds("intraop")] == [("a",), ("b",)]
    table = data.frame()
    assert table["labels"].tolist() == [2, 1] and table["fold"].tolist() == [1, 2]


def test_a_run_from_python_is_a_run_of_the_command_line(folders, tmp_path):
    methods = put_method(tmp_path / "mine")
    assert "point" in ab.methods(methods)
    ran = ab.run("point", folders[1], out="here", methods_from=methods, profile="smoke", folds=2)
    arguments = ["run", "--method", "point", "--data", str(folders[1]), "--out", "there"]
    arguments += ["--methods-from", str(methods), "--profile", "smoke", "--fold", "2"]
    assert CliRunner().invoke(bench, arguments).exit_code == 0
    one, other = (Path(p) / "labels/point/intraop/fold_2/run.json" for p in ("here", "there"))
    documents = [json.loads(path.read_text("utf-8")) for path in (one, other)]
    for document in documents:
        for measured in ("seconds", "cpu_seconds", "peak_memory"):
            document.pop(measured, None)
    assert documents[0] == documents[1]
    (row,) = ran.frame().to_dict("records")
    assert (row["method"], row["fold"], row["seed"], row["fn"]) == ("point", 2, 0, 1)
    assert ab.load_results("here").frame().equals(ran.frame())


@pytest.mark.parametrize("by", ["fold", "surgery"])
def test_the_tidy_frame_has_the_counts_behind_the_leaderboard(by):
    results = ab.load_results("phantom-mini", published=True)
    frame = results.frame(by=by)
    measured = frame[frame["source"] == "measured"]
    counts = measured.groupby(["domain", "method", "seed", "fold"])[["tp", "fp", "fn"]].sum()
    f1 = 2 * counts["tp"] / (2 * counts["tp"] + counts["fp"] + counts["fn"])
    means = f1.groupby(["domain", "method", "fold"]).mean().groupby(["domain", "method"]).mean()
    table = json.loads((ROOT / "leaderboards/phantom-mini/table.json").read_text("utf-8"))
    assert len(means) == len(table) > 0
    for row in table:
        assert means[row["domain"], row["method"]] * 100 == pytest.approx(row["f1"]["mean"])
    ranking = results.ranking()
    ranked = ranking["rank"].fillna(0).tolist()[: len(table)]
    assert ranked == [row["rank"] or 0 for row in table]
    best = f"{table[0]['f1']['mean']:.2f}"
    assert "Yao et al." in " ".join(ranking["method"]) and best in str(results)


def test_a_failed_fold_is_an_error_and_the_others_are_kept(folders, tmp_path):
    broken = ("self.task = task", "1 / (task.train[0].frame.surgery == 'a')")
    methods = put_method(tmp_path / "mine", broken)
    with pytest.raises(TrainingError, match=r"1 of 2 .*:\n  point intraop fold 1: "):
        ab.run("point", folders[1], methods_from=methods, profile="smoke")
    assert {p.name for p in Path("runs").rglob("fold_*")} == {"fold_2", "fold_1.failed"}


def test_a_program_registers_methods_of_its_own(monkeypatch):
    monkeypatch.setattr("adaptor_bench.registry._program", registry := Registry())
    monkeypatch.setattr("adaptor_bench.registry._current", registry)
    for side in (3.0, 4.0):  # a cell that is run twice

        @ab.register("mine", card=ab.Card(title="Mine"))
        def build(*, side: float = side) -> None: ...

        assert ab.methods()["mine"].resolve("paper") == {"side": side}

    build.variant("small", ablates="size", side=1.0)
    assert ab.methods()["mine/small"].changes == {"side": 1.0}
    with pytest.raises(UsageError, match="'mine' is registered twice"):

        @ab.register("mine", card=ab.Card(title="Other"))
        def other(*, side: float = 1.0) -> None: ...


def test_code_that_is_in_no_file_is_refused(folders, monkeypatch):
    monkeypatch.setattr("adaptor_bench.registry._program", registry := Registry())
    monkeypatch.setattr("adaptor_bench.registry._current", registry)
    cell = METHOD.replace("from adaptor_bench.registry import method", "")
    cell = cell.replace("@method(", "@ab.register(")
    exec(compile(cell, "<ipython-input-1>", "exec"), {"ab": ab})
    with pytest.raises(InputError, match="has to be in a file"):
        ab.run("point", folders[1], profile="smoke")


def test_a_program_exchanges_a_part_for_one_of_its_own(monkeypatch):
    monkeypatch.setitem(PROGRAM, ("decode", "brightest"), None)  # and takes it away afterwards
    for default in (3, 4):  # a cell that is run twice

        @ab.stage("decode", "brightest")
        @dataclass(frozen=True)
        class Brightest:
            number: Annotated[int, Number(1, 9)] = default

            def decode(self, maps, size): ...

        method = ab.methods()["improved_heatmap"]
        assert method.resolve("smoke", {"decode": "brightest"})["decode.number"] == default
        assert method.resolve("smoke", {"decode": Brightest(number=7)})["decode.number"] == 7
    with pytest.raises(TypeError, match=r"decode=blind .* lacks decode"):
        ab.stage("decode", "blind")(dataclass(frozen=True)(type("Blind", (), {})))
