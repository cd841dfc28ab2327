"""Curves of trainings: written beside a run, read again, drawn on the page of a method."""

from __future__ import annotations

import json

import pytest
from commands import invoke
from site_world import write_world

from adaptor_bench.errors import InputError
from adaptor_bench.figures.training import curve_plot
from adaptor_bench.train.curves import FILE, read_curves, thinned, write_curves

HISTORY = {
    "artefact": "network-1",
    "loss": [[10, 0.9], [20, 0.5]],
    "selection": [{"step": 10, "f1": None}, {"step": 20, "f1": 0.25}],
}
TRANSLATOR = {"generator_loss": [[1, 3.5], [2, 3]], "discriminator_loss": [[2, 0.25]]}


def keep(folder, history=HISTORY, translator=TRANSLATOR):
    for name, document in (("training", history), ("translator_curves", translator)):
        (folder / f"{name}.json").write_text(json.dumps(document))


def test_curves_are_what_the_training_recorded(tmp_path):
    keep(tmp_path)
    write_curves(tmp_path)
    assert (tmp_path / FILE).read_text() == (
        "part,metric,step,value\n"
        "network,loss,10,0.9\nnetwork,loss,20,0.5\nnetwork,selection_f1,20,0.25\n"
        "translator,generator_loss,1,3.5\ntranslator,generator_loss,2,3\n"
        "translator,discriminator_loss,2,0.25\n"
    )
    assert read_curves(tmp_path) == {
        ("network", "loss"): [(10, 0.9), (20, 0.5)],
        ("network", "selection_f1"): [(20, 0.25)],
        ("translator", "generator_loss"): [(1, 3.5), (2, 3.0)],
        ("translator", "discriminator_loss"): [(2, 0.25)],
    }


def test_a_methods_own_file_is_left_alone(tmp_path):
    keep(tmp_path)
    own = "part,metric,step,value\nforest,oob_error,5,0.5\n"
    (tmp_path / FILE).write_text(own)
    write_curves(tmp_path)
    assert (tmp_path / FILE).read_text() == own
    assert read_curves(tmp_path) == {("forest", "oob_error"): [(5, 0.5)]}


@pytest.mark.parametrize("history", [[], {}, {"loss": "high"}, {"loss": [[1]], "selection": [7]}])
def test_nothing_is_written_of_files_that_hold_no_curves(tmp_path, history):
    keep(tmp_path, history, {"generator_loss": None})
    write_curves(tmp_path)
    assert not (tmp_path / FILE).exists()
    assert read_curves(tmp_path) == {}


@pytest.mark.parametrize(
    "row", ["network,loss,1", "network,loss,x,1", "network,loss,1,nan", ",loss,1,1", "a,b,1,2,3"]
)
def test_a_damaged_file_is_told_with_its_line(tmp_path, row):
    (tmp_path / FILE).write_text(f"part,metric,step,value\nnetwork,loss,1,1\n{row}\n")
    with pytest.raises(InputError, match=r"curves.csv: line 3"):
        read_curves(tmp_path)


def test_long_trainings_are_thinned_and_keep_their_end():
    kept = [step for step in range(1, 100_001) if thinned(step, 100_000)]
    assert len(kept) == 500
    assert kept[-1] == 100_000
    assert [step for step in range(1, 4) if thinned(step, 3)] == [1, 2, 3]


def test_the_page_of_a_method_draws_them_and_survives_a_damaged_one(tmp_path):
    root = write_world(tmp_path)
    folds = sorted((root / "runs" / "seed0" / "data" / "alpha").rglob("fold_*"))
    assert len(folds) == 4
    for number, fold in enumerate(folds):
        more = [[10, 0.9], [20, 0.5 + number / 10]]
        keep(fold, HISTORY | {"loss": more})
        write_curves(fold)
    (folds[3] / FILE).write_text("broken")
    site = tmp_path / "site"
    invoke("report", root / "runs", "--data", root / "data", "--out", site, "--frames", 0)
    page = (site / "method-alpha.html").read_text()
    assert "Training curves" in page
    assert "Thin: 3 of 8 trainings" in page  # one is damaged, those of the other seed have none
    assert page.count("line s0 thin") == 6  # loss, generators
    # What was measured once has no line.
    assert "network, selection F1: measured once, at step 20; 25.00 % in the mean." in page
    assert "translator, discriminator loss: measured once, at step 2; 0.25 in the mean." in page
    assert "0.700" in page  # the last loss of fold 3
    assert "Training curves" not in (site / "method-beta.html").read_text()


def test_trainings_of_different_lengths_share_an_axis_of_percent():
    lines = {0: [[(10, 1.0), (20, 0.5)], [(10, 1.0), (40, 0.5)]]}
    drawn = str(curve_plot(lines, title="t", axis="loss"))
    assert "percent of the steps" in drawn
    assert "percent of the steps" not in str(curve_plot({0: lines[0][:1]}, title="t", axis="loss"))
    assert "marker s0" in str(curve_plot({0: [[(1, 0.0)]]}, title="one point", axis="loss"))
