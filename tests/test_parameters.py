"""A value that cannot work is wrong usage, told by method and parameter before anything is done."""

from __future__ import annotations

import json
import math

import pytest
from commands import invoke
from hypothesis import given
from hypothesis import strategies as st

from adaptor_bench.errors import UsageError
from adaptor_bench.methodspec import PROFILES
from adaptor_bench.parameters import Number, OneOf, Parameter, of_dataclass, written
from adaptor_bench.registry import discover, parse_setting
from adaptor_bench.stages.registry import shipped
from adaptor_bench.values import readable

pytestmark = pytest.mark.quick

METHODS = discover().methods
HUGE = "1" + "0" * 400


def refusal(method, profile="quick", **settings):
    with pytest.raises(UsageError) as error:
        METHODS[method].resolve(profile, settings)
    assert error.value.exit_code == 2
    return error.value.message


@pytest.mark.parametrize(
    "setting",
    [
        "training.batch=0", "training.batch=-1", f"training.batch={HUGE}", "training.steps=-3",
        "training.steps=0", "training.epochs=0", "training.selections=0",
        "training.norm_batches=-1", "input_size=[0, 0]", "input_size=[7, 7]",
        "input_size=[-512, 288]", "input_size=[1000000, 1000000]", "training.crop=[-1, 0]",
        "target.sigma=0", "target.sigma=-2.5", "target.sigma=nan", "target.sigma=inf",
        "target.sigma=none", f"target.sigma={HUGE}", "training.rate=0", "training.rate=-1e-3",
        "training.rate=nan", "training.beta2=1", "training.beta2=-0.1",
        "decode.threshold=1.5", "decode.threshold=nan",
        "decode.threshold=peaks", "network=resnet", "network=3", "network=none", "loss=focus",
        "target.combine=sum",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["stern", "improved_heatmap"])
def test_out_of_range_is_told_before_anything_is_drawn(method, setting, tmp_path, monkeypatch):
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(tmp_path / "cache"))
    shown, told = invoke(
        "run", "--method", method, "--profile", "smoke", "--set", setting,
        "--out", tmp_path / "runs", code=2,
    )  # fmt: skip
    assert shown == ""
    key = setting.partition("=")[0]
    assert told.startswith(f"error: method {method!r}: parameter {key!r} must be ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("augment.rotation", 181), ("training.optimiser", "sgd"), ("training.weight_decay", -0.1),
        ("training.warmup", 1.1), ("decode.floor", -0.1), ("decode.opening_radius", -1),
        ("decode.opening_radius", 101), ("decode.cut_factor", 0), ("translate.width", 0),
        ("translate.width", 257), ("translate.blocks", -1), ("translate.layers", 0),
        ("translate.layers", 7), ("translate.batch", 0), ("translate.epochs", 0),
        ("translate.steps", -1), ("translate.rate", 0), ("translate.identity", -1),
        ("translate.identity", math.nan),
    ],
)  # fmt: skip
def test_parameters_of_the_improved_method(key, value):
    assert f"'improved_heatmap': parameter {key!r} must be" in refusal(
        "improved_heatmap", **{key: value}
    )


def test_every_parameter_that_is_a_number_or_a_name_has_a_range():
    for spec in METHODS.values():
        if spec.ablates:
            continue
        for key, default in spec.schema.defaults.items():
            wrong = {str: "no such word", bool: 3}.get(type(default), math.nan)
            if isinstance(default, int | tuple) and not isinstance(default, bool):
                wrong = -1 if isinstance(default, int) else (-1, -1)
            assert repr(key) in refusal(spec.name, "paper", **{key: wrong})


def test_every_part_says_what_its_parameters_may_be():
    for part in shipped().values():
        for parameter in of_dataclass(part).values():
            assert parameter.rule or isinstance(parameter.default, bool)


def test_all_wrong_values_are_told_at_once():
    wrong = {"training.batch": 0, "training.steps": -1, "loss": "focus"}
    told = refusal("stern", **wrong)
    assert told.count("method 'stern': parameter") == 3


def test_a_value_can_be_typed_as_it_is_printed():
    method = METHODS["improved_heatmap"]
    paper = method.resolve("paper")
    for key, value in paper.items():
        for text in {written(value), str(value)}:
            assert method.resolve("paper", {key: parse_setting(f"{key}={text}")[1]}) == paper


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["loss=mse", "loss = mse"], ["--set gives 'loss' twice"]),
        (["training.steps=0"], ["must be a whole number from 1 to 10000000, or none, got 0"]),
        (["input_size=8"], ["must be like 512x288, each a whole number"]),
        (["augment.contrast=2"], [" to ", "each a number"]),
        (["translate.rate=1e-3"], ["'stern' has no", "only improved_heatmap can have it"]),
        (["no_such_thing_at_all=1"], ["has no parameter", "`bench methods --parameters` lists"]),
        (["seed=1"], ["has no parameter 'seed'", "an option of its own: --seed"]),
        (["fold=1"], ["has no parameter 'fold'", "an option of its own: --fold"]),
        (["network=none"], ["'network' must be one of"]),
    ],
)  # fmt: skip
def test_what_was_set_wrongly_is_told_in_words_that_can_be_typed(settings, says, tmp_path):
    chosen = [word for setting in settings for word in ("--set", setting)]
    methods = ["--method", "stern", "--method", "improved_heatmap"]
    _, told = invoke("run", *methods, *chosen, "--out", tmp_path / "runs", code=2)
    assert all(text in told for text in says)
    assert told.count("small_unet") <= 1 and len(told.splitlines()) <= 3
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--seed=-1", "--seed=4294967296", "--folds=1", "--folds=0",
                                    "--fold=0"])  # fmt: skip
def test_numbers_of_the_command_itself(option, make_dataset, tmp_path):
    _, told = invoke(
        "run", "--method", "stern", "--profile", "smoke", "--data", make_dataset(), option,
        "--out", tmp_path / "runs", code=2,
    )  # fmt: skip
    assert option.partition("=")[0] in told
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        "data phantom OUT --seed=-1", "data phantom OUT --workers=0",
        "data phantom OUT --label-noise=-1", "data phantom OUT --label-noise=nan",
        "data phantom OUT --label-noise=inf", "data phantom OUT --label-drop=2",
        "data phantom OUT --label-drop=nan", "card OUT --level=nan", "card OUT --resamples=0",
        "compare a b --level=nan", "compare a b --seed=-1",
    ],
)  # fmt: skip
def test_numbers_of_other_commands(arguments, tmp_path):
    words = arguments.replace("OUT", str(tmp_path / "out")).split()
    _, told = invoke(*words, code=2)
    assert words[-1].partition("=")[0] in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "becomes"), [("none", None), (None, None), (0, 0.0), (0.5, 0.5), (1, 1.0)]
)
def test_a_threshold_is_otsus_or_a_number(value, becomes):
    for method in ("improved_heatmap", "improved_heatmap/no_cutting"):
        found = METHODS[method].resolve("quick", {"decode.threshold": value})
        assert found["decode.threshold"] == becomes
        assert METHODS[method].build(found).decode.threshold == becomes


def test_a_part_that_is_exchanged_comes_with_its_own_parameters():
    method = METHODS["improved_heatmap"]
    found = method.resolve("quick", {"decode.threshold": 0.4, "decode": "peaks"})
    assert {k: v for k, v in found.items() if k.startswith("decode")} == {
        "decode": "peaks", "decode.threshold": 0.4, "decode.distance": 4.0, "decode.blur": 0.6,
        "decode.refine": "quadratic",
    }  # fmt: skip
    made = method.build(found)
    assert (made.decode.threshold, made.select) == (
        0.4,
        method.build(method.resolve("quick")).select,
    )
    assert found["select.blur"] == 2.0, "the network is selected as before, and shared"
    changes = method.profile_changes(found)
    assert changes["decode"] == ["otsu", "peaks"] and changes["decode.blur"] == [None, 0.6]
    told = refusal("improved_heatmap", **{"decode": "peaks", "decode.cut": False})
    assert "has no parameter 'decode.cut'" in told
    assert method.resolve("quick", {"decode": "otsu"}) == method.resolve("quick")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("threshold", "'decode.threshold'"), ("sigma", "'target.sigma'"),
        ("cut", "'decode.cut'"), ("opening_radius", "'decode.opening_radius'"),
        ("otsu_floor", "'decode.floor'"), ("rate", "'training.rate'"),
        ("steps", "'training.steps'"), ("crop", "'training.crop'"),
        ("rotation", "'augment.rotation'"), ("combine", "'target.combine'"),
        ("gan_width", "'translate.width'"), ("gan_rate", "'translate.rate'"),
        ("cyclegan", "'translate=cyclegan'"), ("pretrained", "network=resnext_unet"),
    ],
)  # fmt: skip
def test_a_name_without_its_stage_is_answered_with_the_whole_name(old, new):
    with pytest.raises(UsageError, match=f"has no parameter {old!r}") as error:
        METHODS["improved_heatmap"].resolve("quick", {old: 1})
    assert new in error.value.hint


# --- what does not go together -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "settings", "says"),
    [
        ("stern", {"training.crop": (513, 64)},
         "'training.crop' is 513x64, expected none (whole frames) or sides from 8 to 512, the"),
        ("stern", {"training.crop": (64, 0)},
         "like 256x144, each a whole number from 8 to 4096, or none"),
        ("stern", {"input_size": (64, 64)}, "'training.crop' is 192x128"),
        ("improved_heatmap", {"translate.crop": (600, 64)}, "'translate.crop' is 600x64"),
        ("improved_heatmap", {"training.batch": 1, "training.crop": (16, 16)},
         "'training.batch' is 1, and a training window"),
        ("stern", {"training.batch": 1, "input_size": (16, 16), "training.crop": "none"},
         "batch norm needs two"),
        ("stern", {"augment.contrast": (1.5, 0.3)}, "'augment': contrast goes from 1.5 to 0.3"),
        ("stern", {"network.pretrained": True}, "has no parameter 'network.pretrained'"),
        ("improved_heatmap/no_cyclegan", {"training.translated_share": 1.0},
         "with 'translate=none' no frame is translated: nothing would be left to train on"),
        ("improved_heatmap", {"translate.layers": 6},
         "'translate.layers' is 6, which needs windows of"),
    ],
)  # fmt: skip
def test_values_that_do_not_go_together_are_refused(method, settings, says):
    assert says in refusal(method, **settings)


def test_what_is_switched_off_is_not_looked_at():
    settings = {"translate": "none", "input_size": (128, 72)}
    METHODS["improved_heatmap"].resolve("paper", settings)
    METHODS["improved_heatmap/no_cyclegan"].resolve("paper", {"input_size": (128, 72)})
    with pytest.raises(UsageError):
        METHODS["improved_heatmap"].resolve("paper", {"input_size": (128, 72)})


# --- a method of one's own -----------------------------------------------------------------------


OWN = """
from typing import Annotated
from adaptor_bench.method import Card
from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.registry import method

Half = Annotated[float, Number(0, 0.5, above=True)]

def ordered(values):
    if values["low"] > values["high"]:
        yield "'low' is above 'high'"

@method("own", card=Card("Own"), relations=[ordered])
def build(*, low: Half = 0.1, high: Half = 0.4, n: Annotated[int, Number(1)] = 2,
          kind: Annotated[str, OneOf("a", "b")] = "a", free: float = 1.0):
    return None

build.variant("narrow", ablates="width", high=0.2)
"""


@pytest.mark.parametrize("first", ["", "from __future__ import annotations\n"])
def test_a_method_of_ones_own_declares_its_ranges(first, tmp_path):
    (tmp_path / "own.py").write_text(first + OWN)
    own = discover([tmp_path]).get("own")
    assert own.resolve("paper", {"low": 0.4, "n": 10**6})["n"] == 10**6
    for settings, says in (
        ({"low": 0}, "'low' must be a number above 0 up to 0.5, got 0"),
        ({"n": 0}, "'n' must be a whole number of at least 1, got 0"),
        ({"kind": "c"}, "'kind' must be one of a, b, got 'c'"),
        ({"free": math.inf}, "'free' must be a number, got inf"),
        ({"low": 0.3, "high": 0.2}, "method 'own': 'low' is above 'high'"),
    ):
        with pytest.raises(UsageError) as error:
            own.resolve("paper", settings)
        assert says in error.value.message


@pytest.mark.parametrize(
    ("old", "new"), [("n: Annotated[int, Number(1)] = 2", "n: Annotated[int, Number(1)] = 0"),
                     ("high=0.2)", "high=0.05)")],
)  # fmt: skip
def test_defaults_and_ablations_are_held_to_them(old, new, tmp_path):
    assert old in OWN
    (tmp_path / "own.py").write_text(OWN.replace(old, new))
    assert "UsageError" in discover([tmp_path]).unavailable[str(tmp_path / "own.py")]


@given(
    st.sampled_from([0.0, 0.5, 1.0]) | st.floats(),
    st.floats(0, 1), st.floats(1, 9), st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_number_is_kept_exactly_if_it_is_in_the_range(value, low, high, above, below):
    rule = Number(low, high, above, below=below)
    enough = low < value or (value == low and not above)
    if enough and (value < high or (value == high and not below)):
        assert Parameter(0.5, 0.5, rule).fit(value) == value
    else:
        with pytest.raises(ValueError, match="a number"):
            Parameter(0.5, 0.5, rule).fit(value)


def test_a_range_in_words():
    shown = {str(Number(0, 1, above, below=below)) for above in (0, 1) for below in (0, 1)}
    assert shown == {
        "from 0 to 1", "above 0 up to 1", "of at least 0 and below 1", "above 0 below 1"
    }  # fmt: skip


def test_words():
    word = Parameter("a", "a", OneOf("a", "b"))
    assert word.fit("b") == "b"
    for wrong in ("c", 3, None, ["a"]):
        with pytest.raises(ValueError, match="one of a, b"):
            word.fit(wrong)
    assert Parameter("otsu", "otsu", Number(0, 1, words=("otsu",))).fit(1) == 1.0


def test_what_is_shipped_resolves_in_every_profile():
    for spec in METHODS.values():
        for profile in PROFILES:
            json.dumps(spec.resolve(profile), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "read"),
    [(1 / 3, "1/3"), (0.3333, "0.3333"), (2e-5, "2e-05"), (1.23456789, "1.23457"),
     ([512, 288], "512x288"), ((0.8, 1.2), "0.8 to 1.2"), (None, "none"), (True, "true")],
)  # fmt: skip
def test_values_are_shown_without_digits_that_say_nothing(value, read):
    assert readable(value) == read
