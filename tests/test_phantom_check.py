"""What is measured of the phantom, and what is said of it."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from commands import invoke_json

from adaptor_bench.audit import phantom_trained
from adaptor_bench.audit.aims import AIMS, Aim, Findings
from adaptor_bench.data.check import DomainFrames, LoadedFrame
from adaptor_bench.phantom.acceptance import centre_depths, mean_colour, nearest_neighbours
from adaptor_bench.progress import Progress
from adaptor_bench.scoring.metrics import Counts


def test_nearest_neighbours_are_those_of_the_same_frame():
    frames = [np.array([[0, 0], [3, 4], [3, 5]]), np.array([[9.0, 9.0]]), np.empty((0, 2))]
    assert sorted(nearest_neighbours(frames)) == [1, 1, 5]
    assert len(nearest_neighbours([])) == 0


def test_a_dark_centre_is_as_deep_as_it_is_drawn():
    image = np.full((40, 60, 3), 120, np.uint8)
    image[18:23, 28:33] = 70
    depths = centre_depths(image, np.array([[30.2, 19.8], [10, 10], [0, 39]]))
    assert depths.tolist() == [50, 0, 0]
    assert len(centre_depths(image, np.empty((0, 2)))) == 0


def test_colours_are_those_of_cielab():
    grey, red = np.full((4, 4, 3), 119, np.uint8), np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert mean_colour([grey]) == pytest.approx([50.0, 0, 0], abs=0.2)
    assert mean_colour([red]) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    assert mean_colour([grey, red])[0] == pytest.approx(51.6, abs=0.1)


def test_an_aim_is_met_by_the_mean_or_by_each():
    assert Aim("a", high=25).met([20, 29])
    assert not Aim("a", high=25, each=True).met([20, 29])
    assert not Aim("a", 8, 14).met([7.9])
    assert Aim("a", 8, 14, unit=" px").target == "8 to 14 px"
    assert Aim("a", low=97).target == "at least 97"
    assert Aim("a", high=25, unit=" %").show([20, 29]) == "24.5 (20.0 to 29.0) %"
    assert Aim("a").target == ""


def test_every_check_is_a_row_in_the_order_of_the_aims():
    found = Findings()
    found.add("seen", "sim", 3)
    found.add("yellow", "sim", -3, 1)
    found.add("yellow", "intraop", 3, 4)
    found.add("colour", "sim", 10)
    rows = [(r["check"], r["domain"], r["measured"], r["met"]) for r in found.rows]
    assert rows == [
        (AIMS["colour"].title, "sim", "10.0", "yes"),
        ("mean b* of a surgery", "sim", "-3.0 to 1.0", "no"),
        ("mean b* of a surgery", "intraop", "3.0 to 4.0", "yes"),
        ("seen", "sim", "3.0", None),
    ]


def test_the_command_measures_a_drawing(tmp_path):
    """Two surgeries a domain: all that is asked is measured, and perfect maps are perfect."""
    from adaptor_bench.phantom.dataset import draw_frames
    from adaptor_bench.phantom.options import STANDARD

    for surgery in ("aicm1", "aicm3", "aicm11", "aicm12"):
        draw_frames(tmp_path / "drawn", "tiny", 0, STANDARD, surgery, surgery, 0, 2)
    # So few frames are not what is asked for.
    (table,) = invoke_json("data", "phantom-check", tmp_path / "drawn", code=1)
    rows = {(row["check"], row["domain"]): row for row in table["rows"]}
    for key, aim in AIMS.items():
        if re.match("in_domain|away|share", key):  # of a trained detector
            continue
        domain = key.partition(" ")[2]
        for each in [domain] if domain else [None] if key == "speed" else ["sim", "intraop"]:
            assert math.isfinite(rows[aim.title, each]["mean"]), key
    assert rows[AIMS["peaks"].title, "sim"]["mean"] == 100
    assert rows["F1 of perfect maps, stern", "sim"]["n"] == 1


def test_trained_networks_are_asked_about_the_other_domain(monkeypatch):
    """A detector that finds the first of two labels in intraop, and both without a gap."""
    points = np.array([[20.0, 20.0], [40.0, 20.0]])

    def frames(surgery, shade):
        frame = SimpleNamespace(surgery=surgery, key=f"{surgery}/v/0")
        image = np.full((60, 80, 3), shade, np.uint8)
        return DomainFrames((LoadedFrame(frame, image, points, (80, 60), None),), surgery)

    class Finder:
        input_size = None

        def predict_frames(self, pixels, device):
            for frame in pixels:
                yield SimpleNamespace(points=points[: 1 if frame.image[0, 0, 0] > 50 else 2])

    def run(domain, tp):
        score = SimpleNamespace(counts=Counts(tp, 0, 2 - tp))
        data = {"fingerprint": "s" if domain == "sim" else "o"}
        return SimpleNamespace(
            method="unet_peaks", domain=domain, dataset=data, score=lambda: score, path=None
        )

    monkeypatch.setattr(
        phantom_trained, "find_runs", lambda _: [run("sim", 2), run("intraop", 2), run("sim", 1)]
    )
    monkeypatch.setattr(phantom_trained, "load_method", lambda *_: Finder())
    drawing = {"sim": frames("s", 0), "intraop": frames("o", 200)}
    found = Findings()
    bare = {"intraop": frames("o", 0)}
    phantom_trained.measure_trained(drawing, bare, [], None, found, Progress(live=False))
    values = {key: [round(v, 1) for v in of] for key, of in found.values.items()}
    assert values == {
        ("in_domain", "sim"): [100, 66.7],
        ("in_domain", "intraop"): [100],
        ("away_gap1", "intraop"): [66.7, 66.7],
        ("away_gap0", "intraop"): [100, 100],
        ("share_gap1", "intraop"): [66.7],
        ("share_gap0", "intraop"): [120.0],
    }
