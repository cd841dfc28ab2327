"""Figures: what is drawn, that the same input gives the same bytes, plain errors."""

from __future__ import annotations

import base64
import re
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from commands import invoke_all as invoke
from finished_runs import RECORD, SURGERIES, put_method, put_predicted
from frame_files import put_points, write_frame

pytest.importorskip("matplotlib")

from adaptor_bench import figures
from adaptor_bench.cli.paper.figures import drawn_figures
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.figures.canvas import looks, save
from adaptor_bench.figures.figure4 import heatmap_on_frame
from adaptor_bench.figures.figure5 import decoding_steps
from adaptor_bench.figures.figure6 import detections
from adaptor_bench.figures.forest import forest
from adaptor_bench.figures.radius import radius_curves
from adaptor_bench.figures.scatter import precision_sensitivity
from adaptor_bench.figures.scored import FALSE, HIT, MISSED, read_scored, typical_frames
from adaptor_bench.figures.translated import translations
from adaptor_bench.results.runs import find_runs
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.stages.protocols import Decoded, Step

LABELS = np.array([[60, 60], [120, 80], [200, 150], [300, 200]], float)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Four surgeries of three frames, four labels each; a run that finds three and invents one."""
    root = tmp_path_factory.mktemp("world")
    for surgery, k in product(SURGERIES, range(3)):
        write_frame(root / "data", surgery, f"{k}", LABELS + k, video="V")
    for method, shift in (("one", 1.0), ("two", 5.0)):

        def points_of(frame, shift=shift):
            return np.vstack([LABELS[:3] + int(frame.stem) + (shift, 0), [[400, 40]]])

        for fold in range(1, 5):
            put_predicted(
                root / "runs", method, fold, root / "data", points_of, dataset=RECORD["dataset"]
            )
    return root


@pytest.fixture(scope="module")
def shot(world):
    run = next(run for run in find_runs([world / "runs"]) if run.fold == 1)
    return read_scored(run, index_dataset(world / "data"), typical_frames(run, 1))[0]


@pytest.fixture(scope="module")
def decoded():
    heatmap = np.zeros((288, 512), np.float32)
    heatmap[50:70, 50:70] = 0.9
    heatmap[100, 100] = 0.8
    binary = heatmap > 0.5
    opened = binary.copy()
    opened[100, 100] = False
    cut = opened.copy()
    cut[60, 50:70] = False
    steps = (
        Step("Threshold 0.500", binary),
        Step("Opening", opened),
        Step("Cutting", cut, "cut out"),
    )
    points = np.array([[60.0, 55.0], [60.0, 65.0]])
    return Decoded(points, np.full(2, 0.9), heatmap, steps)


def rings(axes):
    colours = [patch.get_edgecolor() for patch in axes.patches]
    names = {HIT: "hit", FALSE: "false", MISSED: "missed"}
    from matplotlib.colors import to_rgba

    return {
        name: sum(np.allclose(c, to_rgba(code)) for c in colours) for code, name in names.items()
    }


def test_every_point_has_one_ring_of_its_kind_and_size(shot):
    figure = detections([[shot]])
    (axes,) = figure.axes
    assert rings(axes) == {"hit": 3, "false": 1, "missed": 1}
    assert {patch.radius for patch in axes.patches} == {6.0}
    assert axes.get_title(loc="left") == "intraop, aicm14: TP 3, FP 1, FN 1"
    wide = detections([[replace(shot, radius=16.0)]])
    assert {patch.radius for patch in wide.axes[0].patches} == {16.0}
    centres = {tuple(np.round(p.center, 3)) for p in axes.patches}
    assert tuple(shot.labels[~shot.found][0]) in centres
    assert {tuple(p) for p in shot.predictions} <= centres


def test_the_steps_say_what_they_changed(shot, decoded):
    figure = decoding_steps(shot, decoded)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[2:5] == [
        "Threshold 0.500: 2 regions",
        "Opening: 1 region; 1 px removed (red)",
        "Cutting: 2 regions; 20 px cut out (orange)",
    ]
    removed = np.asarray(figure.axes[3].images[0].get_array())[100, 100]
    assert removed.tolist() == [220, 40, 40]


def test_a_step_that_the_method_leaves_out_is_said_to_be(shot, decoded):
    binary = decoded.steps[0].mask
    without = [decoded.steps[0], Step("No opening", binary), Step("No cutting", binary)]
    without = replace(decoded, steps=tuple(without))
    titles = [axes.get_title(loc="left") for axes in decoding_steps(shot, without).figure.axes]
    assert titles[3:5] == ["No opening: 2 regions", "No cutting: 2 regions"]


def test_the_heatmap_lies_on_the_frame(shot, decoded):
    figure = heatmap_on_frame(shot, decoded)
    frame, heat = figure.axes[0].images
    assert frame.get_extent() == heat.get_extent()
    assert np.asarray(heat.get_array()).max() == np.float32(0.9)
    drawn = [line.get_xydata()[0] for line in figure.axes[0].lines]
    assert np.allclose(drawn, np.repeat([*shot.labels, *shot.predictions], 2, axis=0))
    assert "Rings: the 4 labels. Crosses: the 4 predicted points." in said(figure)


def said(figure):
    return " ".join(figure.get_supxlabel().split())


def test_a_caption_can_be_left_off_and_is_printed(world, tmp_path):
    words = ("paper", "scatter", world / "runs", "--out")
    invoke(*words, tmp_path / "with.svg")
    told = invoke(*words, tmp_path / "without.svg", "--no-caption")
    phantom = "Phantom: numbers about the phantom, not AdaptOR results."
    assert phantom in told
    assert phantom in (tmp_path / "with.svg").read_text("utf-8")
    assert phantom not in (tmp_path / "without.svg").read_text("utf-8")


def test_methods_on_the_same_frames(world, tmp_path):
    words = ("paper", "figure6", world / "runs", "--data", world / "data", "--out")
    invoke(*words, tmp_path / "both.svg", "--method", "one", "--method", "two")
    text = (tmp_path / "both.svg").read_text("utf-8")
    frames = re.findall(r"(one|two), intraop, (\w+): TP \d", text)
    assert [f for m, f in frames if m == "one"] == [f for m, f in frames if m == "two"]
    assert len(frames) == 4
    put_predicted(
        tmp_path / "runs", "lone", 3, world / "data", lambda f: LABELS, dataset=RECORD["dataset"]
    )
    more = (tmp_path / "runs", "--method", "one", "--method", "lone")
    told = invoke(*words, tmp_path / "no.svg", *more, code=2)
    assert "lone: no finished run of intraop fold 1, seed 0, as one has" in told
    assert not (tmp_path / "no.svg").exists()


def test_the_legend_has_a_ring_for_what_was_missed(shot):
    from matplotlib.patches import Circle

    (legend,) = detections([[shot]]).legends
    assert "otimes" in legend.get_lines()[1].get_marker()  # a cross in a ring, as on the frames
    (ring,) = legend.get_patches()
    assert isinstance(ring, Circle) and ring.get_facecolor()[3] == 0


def test_curves_are_means_over_folds():
    values = np.array([[0.2, 0.4], [0.4, 0.8]])
    figure = radius_curves([1, 2], {"sim": {"m": values}}, [], 1.5)
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), [30, 60])
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.5 px"]


def test_a_fold_without_precision_leaves_no_mean():
    values = np.array([[0.5, 0.5], [0.5, np.nan]])
    figure = precision_sensitivity({"sim": {"m": values}}, [])
    mean = figure.axes[0].collections[-1].get_offsets()
    assert np.isnan(np.asarray(mean.data, float)).any() or mean.mask.any()

    words = " ".join(figure.get_supxlabel().split())
    assert "No mean, for a fold is 0/0: m on sim." in words


def test_captions_stay_on_the_page():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    names = ["improved_heatmap/no_cyclegan", "MMMM_WWWW/no_mmm"] * 3
    line = f"{', '.join(names)}. phantom-mini: intraop folds 1, 2, 3, 4; profile quick, seed 0."
    for figure in (
        radius_curves([1, 2], {"sim": {"m": np.ones((2, 2))}}, [line], 1.5),
        forest({"sim": {"m": [("s1", Interval(0.5, 0.4, 0.6))] * 2}}, [line]),
    ):
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        assert figure._supxlabel.get_window_extent().x1 <= figure.bbox.x1


def test_marks_at_the_border_leave_the_frame_its_size(shot):
    points = np.array([[0, 0], [511, 287], [600, 300]], float)
    outside = replace(shot, predictions=points, hit=np.zeros(3, bool))
    (axes,) = detections([[outside]]).axes
    assert axes.get_xlim() == (-0.5, 511.5)
    assert axes.get_ylim() == (287.5, -0.5)


def test_a_method_looks_the_same_in_every_panel():
    both = looks(["b", "a", "c", "a"])
    assert both == looks(["c", "b", "a"])
    many = looks(f"{k:02}" for k in range(64)).values()
    for drawn in ("marker", "ls"):
        assert len({(look["color"], look[drawn]) for look in many}) == 64
    rows = {
        d: {m: [("s1", Interval(0.5, 0.4, 0.6)), ("mean", Interval(0.5, 0.3, 0.7))] for m in order}
        for d, order in (("sim", "ab"), ("intraop", "ba"))
    }
    figure = forest(rows, [])
    faces = [
        [tuple(c.get_facecolor()[0]) for c in axes.collections if c.get_offsets().shape[0] == 2]
        for axes in figure.axes
    ]
    assert faces[0] == faces[1]


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_same_figure_has_the_same_bytes(shot, decoded, tmp_path, kind):
    figures = [
        lambda: heatmap_on_frame(shot, decoded),
        lambda: decoding_steps(shot, decoded),
        lambda: detections([[shot]]),
        lambda: radius_curves([1, 2], {"sim": {"m": np.ones((2, 2))}}, ["a line"], 1.5),
        lambda: translations(
            [("To", [("sim", [shot.image] * 2)]), ("Fro", [("real", [shot.image])])], ["a line"]
        ),
    ]
    for i, draw in enumerate(figures):
        paths = [tmp_path / f"{i}{n}.{kind}" for n in "ab"]
        for path in paths:
            save(draw(), path, dpi=60)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert paths[0].stat().st_size < 400_000
    if kind == "svg":
        assert "<text" in (tmp_path / "0a.svg").read_text("utf-8"), "text stays text"


def test_the_users_settings_change_nothing(shot, tmp_path):
    import matplotlib as mpl

    save(detections([[shot]]), tmp_path / "a.png", 50)
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9}):
        save(detections([[shot]]), tmp_path / "b.png", 50)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_typical_frames_are_chosen_by_rule(world):
    run = next(run for run in find_runs([world / "runs"]) if run.fold == 2)
    assert typical_frames(run, 2) == typical_frames(run, 2)
    assert typical_frames(run, 1, "aicm13/V/2") == ["aicm13/V/2"]
    with pytest.raises(UsageError, match="aicm13/V/9"):
        typical_frames(run, 1, "aicm13/V/9")


def test_other_data_are_refused(world, tmp_path):
    run = find_runs([world / "runs"])[0]
    key = typical_frames(run, 1)[0]
    put_points(tmp_path, key, LABELS[:2], size=(512, 288))
    with pytest.raises(InputError, match="2 labels, its score file says 4"):
        read_scored(run, index_dataset(tmp_path), [key])


@pytest.mark.parametrize("name", ["figure6", "radius"])
def test_figures_with_data_through_the_command_line(world, tmp_path, name):
    out = tmp_path / f"{name}.svg"
    invoke("paper", name, world / "runs", "--data", world / "data", "--out", out)
    text = out.read_text("utf-8")
    assert "Phantom: numbers about the phantom, not AdaptOR results." in text
    assert "one" in text


@pytest.mark.parametrize("name", ["scatter", "forest"])
def test_figures_of_counts_through_the_command_line(world, tmp_path, name):
    outs = [tmp_path / "deep" / f"{name}.{kind}" for kind in ("png", "pdf")]
    invoke("paper", name, world / "runs", *(x for out in outs for x in ("--out", out)))
    assert all(out.stat().st_size > 5_000 for out in outs)
    assert sorted(p.name for p in outs[0].parent.iterdir()) == [f"{name}.pdf", f"{name}.png"]


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_a_name_is_neither_a_formula_nor_a_command(tmp_path, kind):
    for skill, name in ((0.5, "$\\frac{x$"), (0.7, "\x1b]0;z\x07\u202e 网 $x_{$")):
        put_method(tmp_path / "runs", name, skill)
    for figure in ("scatter", "forest"):
        out = tmp_path / f"{figure}.{kind}"
        told = invoke("paper", figure, tmp_path / "runs", "--out", out)
        assert told == f"{out}\n"
        if kind == "svg":
            text = out.read_text("utf-8")
            assert "$\\frac{x$" in text
            assert "\\x1b]0;z\\x07\\u202e 网 $x_{$" in text


def test_plain_errors(world, tmp_path):
    told = invoke("paper", "scatter", world / "runs", "--out", tmp_path / "x.gif", code=2)
    assert "not one of .pdf, .svg, .png" in told
    told = invoke("paper", "figure6", world / "runs", "--out", tmp_path / "x.png", code=2)
    assert "Use --data DIR." in told
    told = invoke("paper", "figure6", world / "runs", "--method", "ones", "--out",
                  tmp_path / "x.png", code=2)  # fmt: skip
    assert "Did you mean 'one'" in told
    put_method(tmp_path / "part", "part", 0.5, folds=(1,))
    told = invoke("paper", "forest", tmp_path / "part", "--out", tmp_path / "x.png", code=1)
    assert "no method, floors aside, with all its folds" in told
    put_method(tmp_path / "bare", "bare", 0.5)
    told = invoke("paper", "radius", tmp_path / "bare", "--data", world / "data", "--out",
                  tmp_path / "x.png", code=1)  # fmt: skip
    assert "intraop: no method whose frames and predictions are there" in told
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("name", sorted(drawn_figures()))
def test_without_matplotlib_every_figure_says_how_to_get_it_before_it_does_anything(
    name, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    (tmp_path / "runs").mkdir()  # empty: whoever looked into it would say so
    told = invoke("paper", name, tmp_path / "runs", "--out", tmp_path / "x.png", code=2)
    assert told.startswith("error: figures need matplotlib, which is not installed\n")
    assert 'pip install "adaptor-bench[figures]"' in told
    assert not (tmp_path / "x.png").exists()


def test_the_guides_figure_in_one_file_is_drawn_on_paper_and_on_the_site(
    world, tmp_path, monkeypatch
):
    guide = (Path(__file__).parent.parent / "docs" / "extending.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?FIGURE = .*?)```", guide, re.S)
    (tmp_path / "brought").mkdir()
    (tmp_path / "brought" / "bars.py").write_text(code)
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(tmp_path / "brought")])
    out = tmp_path / "bars.svg"
    assert "Mean F1 of every method." in invoke("paper", "--help")
    invoke("paper", "bars", world / "runs", "--out", out)
    assert ">two</text>" in out.read_text("utf-8")
    invoke("report", world / "runs", "--frames", 0, "--out", tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    (drawn,) = re.findall(r'alt="Mean F1 of every method, intraop" src="[^,]*,([^"]*)"', page)
    assert ">two</text>" in base64.b64decode(drawn).decode()
    (tmp_path / "brought" / "bars.py").write_text("import nothing_of_this_name")
    monkeypatch.delitem(sys.modules, "adaptor_bench.figures.bars")
    assert "figure bars: cannot be loaded" in invoke("paper", "--help", code=2)


def test_an_installed_package_brings_a_figure(tmp_path, monkeypatch):
    package = tmp_path / "brought-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: brought\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[adaptor_bench.figures]\nmine = brought_figure\n")
    (tmp_path / "brought_figure.py").write_text(
        "from adaptor_bench.figures.figure import Figure\n"
        "FIGURE = Figure('mine', 'Brought along.', lambda views: None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert drawn_figures()["mine"].title == "Brought along."
