"""Finding methods, their parameters, and a method of one's own from end to end."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import commands
import numpy as np
import pytest
from commands import invoke
from frame_files import write_frame

from adaptor_bench import container
from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import BenchError, InputError, UsageError
from adaptor_bench.method import Card
from adaptor_bench.methodspec import PROFILES, MethodSpec
from adaptor_bench.registry import discover, parse_setting
from adaptor_bench.stages.registry import stage

GUIDE = Path(__file__).parent.parent / "baselines" / "README.md"
DOCUMENTATION = Path(__file__).parent.parent / "docs" / "methods.md"

HEAD = """
from adaptor_bench.method import Card
from adaptor_bench.registry import method
"""
SIMPLE = (
    HEAD
    + """
@method({name!r}, card=Card("A title"), profiles={{"quick": {{"rate": 2}}}})
def build(*, rate=1.0, size=(4, 2), cut=True, kind="a", n=1):
    return dict(rate=rate, size=size, cut=cut, kind=kind, n=n)

build.variant("no_cut", ablates="cutting", cut=False, rate=3.0)
"""
)


def example() -> str:
    """The method that `baselines/README.md` tells people to copy."""
    code, *_ = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    return code


@pytest.fixture
def folder(tmp_path):
    """A folder of method files; call it with file name and content."""
    root = tmp_path / "mine"
    root.mkdir()

    def put(name, content):
        (root / name).write_text(content)
        return root

    return put


# --- discovery --------------------------------------------------------------------------------


def test_the_methods_that_are_shipped():
    registry = discover()
    assert not registry.unavailable
    assert {
        "stern",
        "improved_heatmap",
        "improved_heatmap/no_cyclegan",
        "improved_heatmap/no_cutting",
    } <= set(registry.methods)
    for spec in registry.methods.values():
        assert spec.card.title
        assert bool(spec.ablates) == ("/" in spec.name)
        for profile in PROFILES:
            json.dumps(spec.resolve(profile))


def test_an_ablation_changes_one_thing_of_its_parent():
    methods = discover().methods
    for name, changed in {
        "no_cyclegan": {"translate": "none"},
        "no_cutting": {"decode.cut": False},
        "no_opening": {"decode.opening_radius": 0},
    }.items():
        for profile in PROFILES:
            parent = methods["improved_heatmap"].resolve(profile)
            expected = parent | changed
            if name == "no_cyclegan":
                expected = {k: v for k, v in expected.items() if not k.startswith("translate.")}
            assert methods[f"improved_heatmap/{name}"].resolve(profile) == expected


def test_paper_is_the_defaults():
    for spec in discover().methods.values():
        if not spec.ablates:
            assert spec.resolve("paper") == spec.schema.defaults
        assert spec.profile_changes(spec.resolve("paper")) == {}


def test_folders_of_ones_own(folder):
    registry = discover([folder("a.py", SIMPLE.format(name="mine"))])
    assert {"mine", "mine/no_cut", "stern"} <= set(registry.methods)
    assert registry.get("mine").origin.endswith("a.py")
    assert discover().methods.keys() == registry.methods.keys() - {"mine", "mine/no_cut"}
    with pytest.raises(InputError, match="no such folder of methods"):
        discover([Path("/nowhere")])


def test_a_name_given_twice_names_both_files(folder):
    folder("a.py", SIMPLE.format(name="mine"))
    root = folder("b.py", SIMPLE.format(name="mine"))
    with pytest.raises(BenchError, match="'mine' is registered twice") as error:
        discover([root])
    assert str(root / "a.py") in error.value.message
    assert str(root / "b.py") in error.value.message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("import a_library_nobody_has", "ModuleNotFoundError: No module named 'a_library_nobody"),
        ("def broken(:", "SyntaxError"),
        (SIMPLE.format(name="half") + "\nraise RuntimeError('late')", "RuntimeError: late"),
        (HEAD + "@method('p', card=Card('t'))\ndef b(rate=1): ...", "'rate' must be keyword-only"),
        (HEAD + "@method('p', card=Card('t'))\ndef b(*, rate): ...", "keyword-only with a default"),
        (
            HEAD + "@method('p', card=Card('t'), profiles={'quick': {'rat': 1}})\n"
            "def b(*, rate=1): ...",
            "has no parameter 'rat'",
        ),
        (
            HEAD + "@method('p', card=Card('t'), profiles={'quik': {}})\ndef b(*, rate=1): ...",
            "unknown profile 'quik'",
        ),
    ],
)  # fmt: skip
def test_a_broken_file_is_listed_and_takes_nobody_down(folder, content, reason):
    folder("a.py", content)
    root = folder("b.py", SIMPLE.format(name="mine"))
    registry = discover([root])
    assert {"mine", "stern"} <= set(registry.methods)
    assert "half" not in registry.methods
    (found,) = registry.unavailable.values()
    assert reason in found
    assert str(root / "a.py") in registry.unavailable
    with pytest.raises(UsageError, match=r"unknown method 'p'.*a\.py could not be loaded"):
        registry.get("p")


@pytest.mark.parametrize(
    "name", ["../out", "/tmp/out", "a/../../b", "", "a//b", ".hid", "a b", "é"]
)
def test_a_name_that_is_no_word_is_refused(folder, tmp_path, name):
    """It becomes a folder: one of these would write beside, or above, where results go."""
    root = folder("a.py", SIMPLE.format(name=name))
    (reason,) = discover([root]).unavailable.values()
    assert f"the name {name!r} is not made of letters" in reason
    run = ("run", "--methods-from", root, "--method", name, "--out", tmp_path / "runs")
    _, told = invoke(*run, code=2)
    assert len(told.splitlines()) <= 2 and "could not be loaded" in told
    assert not (tmp_path / "runs").exists()


def test_names_of_ablations_and_parts_are_words_too(folder):
    root = folder("a.py", SIMPLE.format(name="mine").replace("no_cut", "../up"))
    assert "the name 'mine/../up' is not" in discover([root]).unavailable[str(root / "a.py")]
    for name in ("../up", "a/b", ""):
        with pytest.raises(TypeError, match="the name"):
            stage("decode", name)


def test_files_that_start_with_an_underscore_or_a_dot_are_not_methods(folder):
    root = folder("_draft.py", "raise RuntimeError")
    folder("._draft.py", "\0")  # beside every file that macOS copies to a foreign disk
    assert not discover([root]).unavailable


def test_an_unknown_method_is_answered_with_what_was_meant():
    with pytest.raises(UsageError, match="unknown method 'improved_heatmp'") as error:
        discover().get("improved_heatmp")
    assert "Did you mean 'improved_heatmap'" in str(error.value.hint)
    assert "--methods-from DIR" in str(error.value.hint)


def test_every_parameter_and_ablation_is_explained():
    explained = set(re.findall(r"`([\w/.]+)`", DOCUMENTATION.read_text("utf-8")))
    for spec in discover().methods.values():
        assert spec.name in explained
        assert set(spec.schema.defaults) <= explained


# --- parameters -------------------------------------------------------------------------------


@pytest.fixture
def spec(folder) -> MethodSpec:
    return discover([folder("a.py", SIMPLE.format(name="mine"))]).get("mine")


def test_defaults_profile_ablation_and_the_user_in_this_order(spec, folder):
    ablation = discover([folder("a.py", SIMPLE.format(name="mine"))]).get("mine/no_cut")
    assert spec.resolve("paper")["rate"] == 1.0
    assert spec.resolve("quick")["rate"] == 2.0
    assert ablation.resolve("quick") == spec.resolve("quick") | {"rate": 3.0, "cut": False}
    assert ablation.resolve("quick", {"rate": 4.0, "cut": True})["rate"] == 4.0
    assert ablation.resolve("quick", {"rate": 4.0, "cut": True})["cut"] is True


def test_what_changed_against_the_paper(spec):
    assert spec.profile_changes(spec.resolve("quick", {"kind": "b"})) == {
        "rate": [1.0, 2.0],
        "kind": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("key", "value", "becomes"),
    [
        ("rate", 3, 3.0),
        ("size", [8, 6], (8, 6)),
        ("size", "8x6", (8, 6)),
        ("size", "8,6", (8, 6)),
        ("size", "(8, 6)", (8, 6)),
        ("cut", False, False),
        ("cut", "False", False),
        ("cut", "ON", True),
        ("cut", "no", False),
        ("kind", "b", "b"),
        ("n", 7, 7),
    ],
)
def test_values_take_the_type_of_their_default(spec, key, value, becomes):
    found = spec.resolve("paper", {key: value})[key]
    assert found == becomes
    assert type(found) is type(becomes)


@pytest.mark.parametrize(
    ("key", "value"),
    [("rate", "fast"), ("rate", True), ("size", [8]), ("size", [8, 6.5]), ("size", 8),
     ("size", "8x6x4"), ("size", "8 to b"), ("cut", 1), ("cut", "maybe"),
     ("kind", 3), ("n", 2.0), ("n", True)],
)  # fmt: skip
def test_values_of_another_type_are_refused(spec, key, value):
    with pytest.raises(UsageError, match=f"parameter '{key}' must be (like|a|true)\\b"):
        spec.resolve("paper", {key: value})


def test_unknown_parameters_and_profiles(spec):
    with pytest.raises(UsageError, match="'mine' has no parameter 'rates'") as error:
        spec.resolve("paper", {"rates": 1.0})
    assert "'rate'" in str(error.value.hint)
    with pytest.raises(UsageError, match="unknown profile 'papr'"):
        spec.resolve("papr")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steps=12", ("steps", 12)),
        ("rate=1e-3", ("rate", 0.001)),
        ("rate = 0.5", ("rate", 0.5)),
        ("cut=false", ("cut", False)),
        ("size=[256, 144]", ("size", (256, 144))),
        ("network=small_unet", ("network", "small_unet")),
        ('network="a=b"', ("network", "a=b")),
        ("network=a=b", ("network", "a=b")),
    ],
)
def test_settings_from_the_command_line(text, expected):
    key, value = parse_setting(text)
    assert (key, tuple(value) if isinstance(value, list) else value) == expected


@pytest.mark.parametrize("text", ["steps", "=3", " = 3"])
def test_settings_that_are_none(text):
    with pytest.raises(UsageError, match="not of the form key=value"):
        parse_setting(text)


# --- a method of one's own, end to end ---------------------------------------------------------


run = partial(commands.invoke, "run")


def test_the_example_of_the_guide_runs_as_it_is_printed(folder, make_dataset, tmp_path):
    mine = folder("bright_spots.py", example())
    data = make_dataset(frames=3)
    shown, _ = run(
        "--methods-from", mine, "--method", "bright_spots", "--method", "bright_spots/no_learning",
        "--data", data, "--profile", "smoke", "--out", tmp_path / "runs", "--format", "json",
    )  # fmt: skip
    rows = {row["method"]: row for row in json.loads(shown) if row["source"] == "measured"}
    assert set(rows) == {"bright_spots", "bright_spots/no_learning"}
    assert rows["bright_spots"]["f1"]["mean"] > 70, "bright squares are found by their brightness"
    assert len(rows["bright_spots"]["f1"]["folds"]) == 3
    for fold in (1, 2, 3):
        directory = tmp_path / "runs" / "dataset" / "bright_spots" / "intraop" / f"fold_{fold}"
        assert {p.name for p in directory.iterdir()} == {
            "run.json",
            "score.json",
            "predictions",
            "level.txt",
        }
        record = json.loads((directory / "run.json").read_text())
        assert record["validation"] == [f"case_{fold}"]
        assert record["parameters"] == {"cell": 32, "quantile": 0.1}
        assert record["profile_changes"] == {"cell": [16, 32]}
        files = sorted(p.name for p in (directory / "predictions").rglob("*.json"))
        assert files == ["000000.json", "000001.json", "000002.json"]
    kept = directory / "predictions/case_3/video_1/point_labels/000000.json"
    found = read_points(kept)
    assert len(found.scores) == len(found.points) > 0
    for arguments in (["predict"], ["translate", "--to", "sim"]):
        given = [*arguments, directory, "--input", data, "--output", tmp_path / "none"]
        _, told = commands.invoke(*given, code=2)
        assert f"{directory}: unknown method 'bright_spots" in told
        assert "A run made with --methods-from needs the same --methods-from here." in told
    again = tmp_path / "again"
    arguments = [directory, "--input", data, "--output", again, "--methods-from", mine]
    commands.invoke("predict", *arguments)
    assert len(list(again.rglob("*.json"))) == 9
    copy = again / kept.relative_to(directory / "predictions")
    assert copy.read_bytes() == kept.read_bytes(), "a loaded method predicts as the run did"
    arguments = ["--input", data, "--output", tmp_path / "out", "--model", directory]
    arguments = ["landmark_detection", *arguments, "--methods-from", mine]
    assert container.main([str(a) for a in arguments]) == 0
    assert len(list((tmp_path / "out").rglob("*.json"))) == 9


def test_bench_methods_lists_it_with_its_parameters(folder):
    mine = folder("bright_spots.py", example())
    folder("broken.py", "import a_library_nobody_has")
    document = commands.invoke_json("methods", "--methods-from", mine)
    (row,) = [r for r in document["methods"] if r["method"] == "bright_spots/no_learning"]
    assert row["ablates"] == "learnt brightness"
    assert row["parameters"]["smoke"] == {"cell": 32, "quantile": 0.0}
    assert row["parameters"]["paper"] == {"cell": 16, "quantile": 0.0}
    assert list(document["unavailable"]) == [str(mine / "broken.py")]
    shown, told = commands.invoke("methods", "--methods-from", mine, "--parameters")
    assert re.search(r"cell\s+32\s+16\s+16\s+from 1 to 512", shown) and "broken.py" in told
    run = ["run", "--methods-from", mine, "--method", "bright_spots", "--out", mine / "runs"]
    _, told = commands.invoke(*run, "--set", "cell=0", code=2)
    assert "'cell' must be a whole number from 1 to 512, got 0" in told
    assert not (mine / "runs").exists()


SPY = (
    HEAD
    + """
import json
import numpy as np
from adaptor_bench.method import Prediction

class Spy:
    input_size = (64, 36)

    def other_domains(self, domain, available):
        return tuple(ask(domain, available))

    def fit(self, task):
        names = lambda frames: sorted({f.frame.surgery for f in frames})
        self.seen = {
            "train": names(task.train),
            "selection": names(task.selection),
            "others": {d: names(o.frames) for d, o in task.others.items()},
            "shapes": sorted({f.image.shape for f in task.train}),
            "sizes": sorted({f.size for f in task.train}),
            "peak": max(f.points[:, 0].max() for f in task.train),
        }

    def predict(self, frames, task):
        self.seen["predict"] = sorted({f.key.split("/")[0] for f in frames})
        self.seen["attributes"] = sorted(vars(frames[0]))
        self.seen["pixels"] = [n for n in dir(frames[0].pixels) if not n.startswith("_")]
        for frame in frames:
            assert frame.image.shape == (36, 64, 3) and frame.size == (512, 288)
            yield Prediction(np.array([[1.0, 2.0]]))

    def save(self, directory):
        (directory / "seen.json").write_text(json.dumps(self.seen))

@method("spy", card=Card("Spy"))
def build(*, greedy: bool = False):
    global ask
    ask = (lambda domain, available: available) if greedy else (
        lambda domain, available: [d for d in available if d != domain])
    return Spy()
"""
)


@pytest.fixture
def two_domains(tmp_path):
    root = tmp_path / "data"
    for surgery in ("aicm1", "aicm2", "aicm3", "aicm4", "aicm11", "aicm12", "aicm13", "aicm14"):
        write_frame(root, surgery, "000000", [(400, 100), (30, 40)])
    return root


def test_what_fit_is_given_never_holds_the_reported_surgeries(folder, two_domains, tmp_path):
    mine, out = folder("spy.py", SPY), tmp_path / "runs"
    run(
        "--methods-from",
        mine,
        "--method",
        "spy",
        "--data",
        two_domains,
        "--profile",
        "smoke",
        "--out",
        out,
    )
    records = sorted(out.rglob("seen.json"))
    assert len(records) == 8
    for path in records:
        seen = json.loads(path.read_text())
        record = json.loads((path.parent / "run.json").read_text())
        reported = set(record["validation"])
        learnt = {
            *seen["train"],
            *seen["selection"],
            *(s for o in seen["others"].values() for s in o),
        }
        assert reported and not reported & learnt
        assert set(seen["predict"]) == reported
        assert seen["attributes"] == ["key", "pixels", "size"], "there are no labels"
        assert seen["pixels"] == ["image", "size", "store"], "nor is a path in sight"
        assert not set(seen["train"]) & set(seen["selection"])
        assert len(seen["selection"]) == 1
        assert {*seen["train"], *seen["selection"]} == set(record["train"])
        assert list(seen["others"]) == [{"sim": "intraop", "intraop": "sim"}[record["domain"]]]
        assert seen["shapes"] == [[36, 64, 3]]
        assert seen["sizes"] == [[512, 288]]
        assert seen["peak"] == 400, "points stay in px of the frame as stored"
        saved = next((path.parent / "predictions").rglob("*.json"))
        np.testing.assert_array_equal(read_points(saved).points, [[1, 2]])


def test_a_method_that_asks_for_its_own_domain_does_not_get_it(folder, two_domains, tmp_path):
    mine, out = folder("spy.py", SPY), tmp_path / "runs"
    code, _, told = commands.outcome(
        "run", "--methods-from", mine, "--method", "spy", "--set", "greedy=true", "--data",
        two_domains, "--domain", "sim", "--profile", "smoke", "--out", out,
    )  # fmt: skip
    for path in out.rglob("seen.json"):
        assert "sim" not in json.loads(path.read_text())["others"]
    assert code in (0, 1, 2), told


def test_a_card_needs_only_a_title():
    assert Card("t") == Card(title="t", paper="", url="", licence="")
