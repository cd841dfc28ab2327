"""The worst frames of a method, on its page: which they are, and what is drawn on them."""

from __future__ import annotations

import re

import pytest
from commands import invoke
from finished_runs import put_fold
from PIL import Image
from site_world import write_world

from adaptor_bench.results.load import load_results
from adaptor_bench.results.runs import find_runs
from adaptor_bench.site.failures import SHOWN, frame_marks, worst_frames


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def site(world, tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "site"
    invoke("report", world / "runs", "--data", world / "data", "--out", out, "--frames", 4)
    return out


def figures_of(site, method):
    page = (site / f"method-{method}.html").read_text("utf-8")
    return re.findall(r'<figure>(<svg class="frame".*?)</figure>', page, re.S)


def test_they_are_those_with_most_errors_of_every_video_one_first(tmp_path):
    frames = [
        ("aicm14/A/0", 1, 9, 1), ("aicm14/A/1", 1, 7, 1), ("aicm14/B/0", 5, 1, 2),
        ("aicm14/C/0", 5, 0, 0), ("aicm14/D/0", 0, 2, 1), ("aicm14/B/1", 6, 1, 2),
    ]  # fmt: skip
    put_fold(tmp_path, "m", 1, frames)
    (result,) = load_results(tmp_path)
    order = ["aicm14/A/0", "aicm14/D/0", "aicm14/B/0", "aicm14/A/1", "aicm14/B/1"]
    assert [frame.key for _, frame in worst_frames(result, 10)] == order  # C has no error
    assert [frame.key for _, frame in worst_frames(result, 2)] == order[:2]


def test_the_page_shows_what_was_counted(world, site):
    """Every label, point and miss is drawn once, and the caption has the numbers of the score."""
    scores = {
        frame.key: frame
        for run in find_runs([world / "runs" / "seed0"])
        if run.method == "beta"
        for frame in run.score().frames
    }
    shown = figures_of(site, "beta")
    assert len(shown) == SHOWN
    for figure in shown:
        said = re.search(r"(\w+) / (\w+) / (\w+): (\d+) found, (\d+) false, (\d+) missed", figure)
        counts = scores["/".join(said.groups()[:3])].counts
        assert tuple(map(int, said.groups()[3:])) == (counts.tp, counts.fp, counts.fn)
        assert figure.count('class="mark full ink-label"') == counts.tp + counts.fn
        assert figure.count('class="mark full ink-tp"') == counts.tp
        assert figure.count('class="mark ink-fp"') == counts.fp
        assert figure.count('class="mark fn ink-fn"') == counts.fn
        (picture,) = re.findall(r'href="(failures/\d+\.webp)"', figure)
        with Image.open(site / picture) as image:
            assert image.size == (512, 288)
    errors = [sum(map(int, re.search(r"(\d+) false, (\d+) missed", f).groups())) for f in shown]
    assert errors[:4] == sorted(errors[:4], reverse=True)  # one of each of the four videos
    assert len({re.search(r"aicm\d+", f).group() for f in shown[:4]}) == 4


def test_frames_of_the_gallery_are_linked_to_it(site):
    ids = set(re.findall(r'"id":"([^"]+)"', (site / "gallery.html").read_text("utf-8")))
    linked = {
        address
        for method in ("alpha", "beta", "gamma")
        for figure in figures_of(site, method)
        for address in re.findall(r'<a href="gallery\.html#([^"]+)"', figure)
    }
    assert linked and linked <= ids


def test_marks_stand_where_the_points_are():
    frame = {
        "labels": [10.0, 20.0, 30.0, 40.0],
        "methods": [{"p": [11.0, 20.0, 90.0, 5.0], "t": [0, 0]}],
    }
    drawn = "".join(frame_marks(frame, 6.0))
    assert 'x1="11.0" y1="20.0" x2="10.0" y2="20.0" class="mark ink-tp"' in drawn
    assert 'cx="30.0" cy="40.0" r="8.0" class="mark fn ink-fn"' in drawn
    assert "M86.8 1.8l6.4 6.4" in drawn


def test_no_frames_no_failures(world, tmp_path):
    for options in (["--frames", 0, "--data", world / "data"], []):  # unwanted; without a dataset
        invoke("report", world / "runs", "--out", tmp_path / "site", *options)
        assert "Worst frames" not in (tmp_path / "site" / "method-beta.html").read_text("utf-8")
        assert not (tmp_path / "site" / "failures").exists()


def test_the_card_says_what_is_reconstruction(tmp_path):
    for fold in range(1, 5):
        put_fold(tmp_path / "runs", "stern", fold, [("aicm14/V/0", 1, 1, 1)],
                 cpu_seconds={"network": 90.0, "translator": 10.0},
                 peak_memory={"network": 812})  # fmt: skip
    invoke("report", tmp_path / "runs", "--frames", 0, "--out", tmp_path / "site")
    page = (tmp_path / "site" / "method-stern.html").read_text("utf-8")
    assert "method section was not accessible to us" in page
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr>.*?</tr>", page, re.S)]
    assert ["network", "90.0", "812"] in rows
    assert ["all", "100.0", "812"] in rows
