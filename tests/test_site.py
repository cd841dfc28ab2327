"""The static site: the numbers of the boards again, the same bytes again, nothing from outside."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import tempfile
from html.parser import HTMLParser

import numpy as np
import pytest
from commands import invoke
from finished_runs import SURGERIES, put_fold, put_method
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from site_world import FRAMES, NASTY, put_predictions, write_world

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.labels import read_points
from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.figures.folds import FoldLine, fold_plot
from adaptor_bench.figures.radius import line_plot
from adaptor_bench.figures.svg import SERIES, dash, marker, name_room
from adaptor_bench.names import terminal
from adaptor_bench.progress import Progress
from adaptor_bench.report.markup import Markup, embedded_json, web_address
from adaptor_bench.results.load import load_results
from adaptor_bench.results.sources import scored_entries
from adaptor_bench.scoring.scorefile import FrameScore
from adaptor_bench.site.album import write_album
from adaptor_bench.site.gallery import _of_surgery, _shares, disagreement, mean_error
from adaptor_bench.site.pictures import frame_picture, heatmap_picture


class Page(HTMLParser):
    """What a test asks of a page: elements with attributes, text, rows of tables."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.rows, self._cell, self.text = [], [], None, ""
        self._raw = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""
        if tag in ("script", "style"):
            self._raw = tag

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append(" ".join(self._cell.split()).replace("\u2013", "-"))
            self._cell = None
        if tag == self._raw:
            self._raw = None

    def handle_data(self, data):
        if self._raw is None:
            self.text += data
        if self._cell is not None:
            self._cell += data


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("world"))


def build(world, out, *options, code=0):
    return invoke("report", world / "runs", "--data", world / "data", "--out", out, *options,
                  code=code)  # fmt: skip


def report(out, *options, code=0):
    """What is told of the site that is made in ``out``."""
    return invoke("report", *options, "--out", out, code=code)[1]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "site"


@pytest.fixture
def copied(world, tmp_path):
    """The world, to be changed."""
    return shutil.copytree(world, tmp_path / "world")


@pytest.fixture(scope="module")
def site(world, tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "site"
    build(world, out)
    return out


def page_of(site, name="index"):
    return Page((site / f"{name}.html").read_text("utf-8"))


def words_of(site, name="index"):
    return " ".join(page_of(site, name).text.split())


def rows_of(site):
    """Name to row of every measured result on the front page."""
    found, place = {}, 1
    for row in page_of(site).rows:
        if "Rank" in row and "Method" in row:
            place = row.index("Method")  # behind the tier, if there is one
        elif len(row) > 8:
            found[row[place]] = row
    return found


def gallery_of(site):
    text = (site / "gallery.html").read_text("utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found.group(1))


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.quick
def test_more_methods_than_colours_differ_in_mark_and_dash():
    assert len({re.sub("translate.*?>", "", str(marker(k, 0, 0))) for k in range(32)}) == 32
    assert len({(k % SERIES, dash(k)) for k in range(64)}) == 64


def test_the_board_shows_what_the_leaderboard_prints(world, site):
    shown, _ = invoke("leaderboard", world / "runs", "--domain", "intraop", "--format", "json")
    rows = {r["method"]: r for r in json.loads(shown) if r["source"] == "measured"}
    page = page_of(site)
    heading = next(row for row in page.rows if "F1 interval" in row)
    for method, expected in rows.items():
        (row,) = [row for row in page.rows if len(row) == len(heading) and method in row]
        cells = dict(zip(heading, row, strict=True))
        assert cells["Rank"] == str(expected["rank"] or "-")
        assert cells["Tier"] == str(expected["tier"] or "-")
        for metric in ("precision", "sensitivity", "f1"):
            mean, std = expected[metric]["mean"], expected[metric]["std"]
            text = "-" if mean is None else f"{mean:.2f} ± {std:.2f}"
            assert cells["F1" if metric == "f1" else metric.title()] == text
        for fold in ("f1", "f2", "f3", "f4"):
            value = expected["f1"]["folds"].get(fold)
            assert cells[f"F1 {fold}"] == ("-" if value is None else f"{value:.2f}")
    assert "3/4" in page.text and "hence no mean and no rank" in page.text


def test_the_ranking_card_is_that_of_the_command(world, site):
    shown, _ = invoke("card", world / "runs", "--format", "json")
    (card,) = json.loads(shown)
    page = (site / "ranking.html").read_text("utf-8")
    text = " ".join(Page(page).text.split())
    for sentence in card["sentences"]:
        assert sentence in text
    low, high = (100 * v for v in card["intervals"]["alpha"]["f1"][1:])
    assert f"{low:.2f} to {high:.2f}" in page_of(site).text


def test_the_curve_passes_through_the_boards_number(world, site):
    shown, _ = invoke("leaderboard", world / "runs", "--domain", "intraop", "--format", "json")
    f1 = {r["method"]: r["f1"]["mean"] for r in json.loads(shown) if r["source"] == "measured"}
    page = page_of(site)
    heading = next(row for row in page.rows if row[0] == "Radius, px")
    (at_six,) = [r for r in page.rows if r[0] == "6" and len(r) == len(heading)]
    values = dict(zip(heading, at_six, strict=True))
    assert values["alpha"] == f"{f1['alpha']:.2f}"
    assert values["beta"] == f"{f1['beta']:.2f}"
    assert "gamma" not in values  # incomplete: no mean, no curve


def test_method_pages_list_folds_and_parameters(site):
    page = page_of(site, "method-alpha")
    assert len([row for row in page.rows if row[:3:2] == ["f1", "aicm14"]]) == 2  # two seeds
    assert ["lr", "0.001", "0.001"] in page.rows
    assert "not registered here" in page.text


def test_method_pages_show_what_evaluating_the_predictions_gives(world, site):
    for method in ("beta", "gamma"):
        page = Page((site / f"method-{method}.html").read_text("utf-8"))
        for fold, surgery in enumerate(SURGERIES, start=1):
            run = world / "runs" / "seed0" / "data" / method / "intraop" / f"fold_{fold}"
            if not run.is_dir():
                continue
            shown, _ = invoke("evaluate", run / "predictions", world / "data", "--missing", "skip",
                              "--format", "json")  # fmt: skip
            found = json.loads(shown)
            counts = [str(found["counts"][key]) for key in ("tp", "fp", "fn")]
            ratios = [f"{100 * found['metrics'][key]:.2f}"
                      for key in ("precision", "sensitivity")]  # fmt: skip
            f1, expected = f"{100 * found['metrics']['f1']:.2f}", [str(FRAMES), *counts, *ratios]
            assert [f"f{fold}", f1, surgery, "0", *expected] in page.rows
            assert [surgery, f1, *expected] in page.rows


def test_a_registered_method_brings_its_citation(world, tmp_path):
    for fold in range(1, 5):
        put_predictions(world, tmp_path / "runs", "stern", fold, 1.0, 0.8)
    invoke("report", tmp_path / "runs", "--out", tmp_path / "site", "--frames", 0)
    page = page_of(tmp_path / "site", "method-stern")
    assert "Heatmap-based 2D Landmark Detection" in page.text
    assert not (tmp_path / "site" / "ranking.html").exists()  # nobody to compare with


def test_notes_tell_rows_of_one_method_apart_as_the_board_does(tmp_path):
    for profile, folds in (("quick", (1, 2, 3, 4)), ("paper", (1, 2, 3))):
        put_method(tmp_path / profile, "alpha", 0.5, folds=folds, profile=profile)
    invoke("report", tmp_path / "quick", tmp_path / "paper", "--out", tmp_path / "site")
    page = page_of(tmp_path / "site")
    (row,) = [row for row in page.rows if "3/4" in row]
    assert f"{row[1]}: fold f4 missing" in page.text and row[1] == "alpha [paper]"


# --- bytes and files ------------------------------------------------------------------------------


def test_the_same_runs_give_the_same_bytes(world, site, tmp_path):
    build(world, tmp_path / "again")
    names = sorted(p.relative_to(site) for p in site.rglob("*") if p.is_file())
    assert names == sorted(
        p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file()
    )
    for name in names:
        assert (site / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_an_earlier_site_is_replaced_and_foreign_files_are_not(world, tmp_path):
    out = tmp_path / "site"
    build(world, out)
    assert (out / "frames" / "0001.webp").is_file()
    build(world, out, "--no-images")
    assert not (out / "frames").exists()
    (out / "thesis.txt").write_text("years of work")
    _, told = build(world, out, code=2)
    assert "thesis.txt" in told and (out / "thesis.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("")
    _, told = build(world, tmp_path / "file", code=2)
    assert "is not a folder" in told


def test_the_folder_one_stands_in_is_not_moved_away(world, tmp_path, monkeypatch):
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    for out in (".", "..", "../below", tmp_path / "here"):
        _, told = build(world, out, code=2)
        assert "is the current folder or a parent of it" in told
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "here", tmp_path / "here" / "below"]


def test_a_failure_leaves_the_earlier_site_as_it_was(copied, tmp_path, out):
    build(copied, out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    for broken in ("000001", "000002"):
        (copied / "data" / "aicm13" / "V" / "images" / f"{broken}.png").write_bytes(b"no image")
    _, told = build(copied, out, code=1)
    assert "000001.png" in told and "000002.png" in told and "--no-images" in told
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["site", "world"]
    build(copied, out, "--no-images")


PREDICTIONS = "runs/seed0/data/beta/intraop/fold_2/predictions/aicm13/V/point_labels"
LABELS = "data/aicm13/V/point_labels"


def change_points(folder, change):
    path = folder / "000001.json"
    document = json.loads(path.read_text())
    document["points"] = change(document["points"])
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("with_data", [True, False])
def test_unreadable_predictions_are_all_named(copied, out, with_data):
    (copied / PREDICTIONS / "000001.json").write_text("{")
    other = copied / PREDICTIONS.replace("beta", "gamma") / "000002.json"
    other.write_text('{"points": 1}')
    told = report(out, copied / "runs", *["--data", copied / "data"] * with_data, code=1)
    assert "beta/intraop/fold_2" in told and "000001.json: not readable" in told
    assert "gamma/intraop/fold_2" in told and "000002.json: key 'points'" in told
    assert not out.exists()


@pytest.mark.parametrize(
    ("folder", "change", "with_data", "where"),
    [
        (PREDICTIONS, lambda p: p[:1], False, "beta/intraop/fold_2: "),
        (PREDICTIONS, lambda p: p[:1], True, "beta/intraop/fold_2: "),
        (PREDICTIONS, lambda p: p[::-1], True, "beta/intraop/fold_2: "),
        (LABELS, lambda p: p[:-1], True, "not the frames these runs were scored on"),
    ],
    ids=["fewer, no data", "fewer", "another order", "fewer labels"],
)
def test_points_that_changed_after_scoring_are_not_drawn(
    copied, out, folder, change, with_data, where
):
    change_points(copied / folder, change)
    told = report(out, copied / "runs", *["--data", copied / "data"] * with_data, code=1)
    assert where in told and "aicm13/V/000001" in told and "its score file says" in told
    assert not out.exists()


def test_labels_that_changed_are_noticed_without_predictions_too(copied, out):
    for folder in list(copied.rglob("predictions")):
        shutil.rmtree(folder)
    change_points(copied / LABELS, lambda p: p[:1])
    assert "aicm13/V/000001: 1 labels, its score file says 6" in build(copied, out, code=1)[1]


# --- nothing from outside, nothing that runs but our own ------------------------------------------


def check_is_closed(site):
    for path in site.glob("*.html"):
        page = Page(path.read_text("utf-8"))
        policy = next(a["content"] for t, a in page.elements if "http-equiv" in a)
        assert "default-src 'none'" in policy and "unsafe" not in policy
        for tag, attributes in page.elements:
            assert "style" not in attributes, "the policy forbids it"
            assert not [name for name in attributes if name.startswith("on")]
            for key in ("src", "href", "action", "poster", "srcset"):
                address = attributes.get(key)
                if address is None or address.startswith(("#", "data:,")):
                    continue
                if tag == "a" and address.startswith("https://"):
                    continue  # a citation: followed by the reader, never by the page
                name = address.partition("#")[0]
                if tag == "image":
                    assert re.fullmatch(r"failures/[0-9]+\.webp", name) and (site / name).is_file()
                    continue
                assert re.fullmatch(r"[a-z0-9-]+\.html", name), (path.name, tag, address)
                assert (site / name).is_file()


def test_pages_load_nothing_and_link_to_each_other(site):
    check_is_closed(site)
    document = gallery_of(site)
    for frame in document["frames"]:
        assert (site / frame["image"]).is_file()
        assert all((site / m["heat"]).is_file() for m in frame["methods"] if m["heat"])


def test_names_that_are_markup_stay_text(tmp_path):
    write_world(tmp_path, nasty=True)
    build(tmp_path, tmp_path / "site", "--title", NASTY)
    check_is_closed(tmp_path / "site")
    for path in (tmp_path / "site").glob("*.html"):
        text = path.read_text("utf-8")
        assert "<script>alert" not in text
        assert NASTY in Page(text).text


def test_names_of_frames_and_methods_may_be_anything(tmp_path):
    names = ("..", NASTY.replace("/", "|"), 'q"#%41?&', "no \udc80 utf-8", "{{ 7 * 7 }}", "\u202e")
    for fold in range(1, 5):
        frames = [(f"{SURGERIES[fold - 1]}/{name}/{name}", 2, 1, 1) for name in names]
        where = put_fold(tmp_path / "runs", "m", fold, frames)
        changes = {"method": f"../{names[1]}\udc80", "device": NASTY,
                   "versions": {NASTY: NASTY}, "notes": [NASTY], "parameters": {NASTY: NASTY},
                   "profile_changes": {NASTY: [NASTY, 1]}}  # fmt: skip
        record = json.loads((where / "run.json").read_text()) | changes
        (where / "run.json").write_text(json.dumps(record))
    invoke("report", tmp_path / "runs", "--out", tmp_path / "site")
    check_is_closed(tmp_path / "site")
    for path in (tmp_path / "site").glob("*.html"):
        assert "<script>alert" not in path.read_text("utf-8")
    shown = {frame["stem"] for frame in gallery_of(tmp_path / "site")["frames"]}
    assert shown == {terminal(name) for name in names}
    index = page_of(tmp_path / "site").text
    assert NASTY in index
    assert sorted(p.name for p in tmp_path.iterdir()) == ["runs", "site"]


def test_addresses_become_links_only_if_they_are_of_the_web():
    assert web_address("https://doi.org/10.1/x") == "https://doi.org/10.1/x"
    for bad in ("javascript:alert(1)", "data:text/html,x", "", "https://a b", " https://a"):
        assert web_address(bad) is None


def shown(value):
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    return terminal(value) if isinstance(value, str) else value


@given(st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x, max_size=3)))
def test_embedded_data_comes_back_and_cannot_end_its_element(value):
    text = embedded_json(value)
    assert json.loads(text) == shown(value)
    assert not set("<>&") & set(text)


def test_attributes_and_text_are_escaped():
    assert Markup('<p title="{}">{}{}</p>').format('"<', "a<\x1bb", Markup("<b>&amp;</b>")) == (
        '<p title="&quot;&lt;">a&lt;\\x1bb<b>&amp;</b></p>'
    )
    assert Markup("").join(["&", Markup("&amp;")]) == "&amp;&amp;"


# --- gallery --------------------------------------------------------------------------------------


def test_the_gallery_holds_the_points_and_pairs_of_the_runs(world, site):
    document = gallery_of(site)
    assert [m["name"] for m in document["methods"]] == ["alpha", "beta", "gamma"]
    assert len(document["frames"]) == 4 * FRAMES
    for frame in document["frames"]:
        label = world / "data" / frame["surgery"] / "V" / "point_labels" / f"{frame['stem']}.json"
        labels = read_points(label).points
        assert np.allclose(np.reshape(frame["labels"], (-1, 2)), labels, atol=0.06)
        for method in frame["methods"]:
            points = np.reshape(method["p"], (-1, 2))
            pairs = np.reshape(method["t"], (-1, 2)).astype(int)
            assert method["tp"] == len(pairs)
            assert method["fp"] == len(points) - len(pairs)
            assert method["fn"] == len(labels) - len(pairs)
            far = np.linalg.norm(points[pairs[:, 0]] - labels[pairs[:, 1]], axis=1)
            assert (far <= 6.1).all()
            assert bool(method["heat"]) == (method["method"] == 0)
    # gamma was not run on the fold of aicm11.
    without = {f["surgery"] for f in document["frames"] if len(f["methods"]) == 2}
    assert without == {"aicm11"}


def test_without_the_dataset_frames_are_drawn_as_far_as_known(world, tmp_path):
    _, told = invoke("report", world / "runs", "--out", tmp_path / "site")
    assert "(0 pictures" in told
    document = gallery_of(tmp_path / "site")
    assert all(f["labels"] is None and f["image"] is None for f in document["frames"])
    page = page_of(tmp_path / "site")
    assert "The dataset is not available" in page.text
    assert not any(row[0] == "Radius, px" for row in page.rows if row)


def test_runs_without_prediction_files_still_make_a_site(tmp_path):
    put_method(tmp_path / "runs", "alpha", 0.9)
    put_method(tmp_path / "runs", "beta", 0.5, rng=1)
    invoke("report", tmp_path / "runs", "--out", tmp_path / "site")
    frames = gallery_of(tmp_path / "site")["frames"]
    assert all(m["p"] is None for f in frames for m in f["methods"])


def test_no_gallery_when_none_is_wanted(world, tmp_path):
    build(world, tmp_path / "site", "--frames", 0)
    assert not (tmp_path / "site" / "gallery.html").exists()
    assert "gallery.html" not in (tmp_path / "site" / "index.html").read_text("utf-8")


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 120))
def test_shares_are_full_fair_and_possible(sizes, number):
    shares = _shares(sizes, number)
    assert sum(shares) == min(number, sum(sizes))
    assert all(share <= size for share, size in zip(shares, sizes, strict=True))
    for (a, size), (b, _) in itertools.permutations(list(zip(shares, sizes, strict=True)), 2):
        assert b - a <= 1 or a == size  # fewer than others only where there are no more


def frame_score(key, labels, pairs, predictions):
    return FrameScore(key, predictions, labels, tuple((i, j, 0.0) for i, j in pairs))


@given(st.lists(st.tuples(st.sets(st.integers(0, 5)), st.integers(0, 4)), max_size=5))
def test_disagreement_against_counting_by_hand(methods):
    scores = [
        frame_score("a/b/c", 6, list(enumerate(sorted(found))), len(found) + false)
        for found, false in methods
    ]
    expected = 0
    if len(methods) > 1:
        for label in range(6):
            hits = sum(label in found for found, _ in methods)
            expected += 0 < hits < len(methods)
        false = [f for _, f in methods]
        expected += max(false) - min(false)
    assert disagreement(scores) == expected
    if methods:
        errors = [6 - len(found) + false for found, false in methods]
        assert mean_error(scores) == pytest.approx(np.mean(errors))
    else:
        assert mean_error(scores) == 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.data())
def test_half_of_a_surgerys_frames_are_those_that_differ_most(false, data):
    class Frame:
        def __init__(self, number):
            self.number = number
            self.scores = {
                0: frame_score("a/b/c", 1, [(0, 0)], 1),
                1: frame_score("a/b/c", 1, [(0, 0)], 1 + false[number]),
            }

    share = data.draw(st.integers(0, len(false)))
    chosen = [f.number for f in _of_surgery([Frame(i) for i in range(len(false))], share)]
    assert len(chosen) == share == len(set(chosen)) and chosen == sorted(chosen)
    most = sorted(range(len(false)), key=lambda i: (-false[i], i))[: (share + 1) // 2]
    assert set(most) <= set(chosen)


# --- pictures and plots ---------------------------------------------------------------------------


def open_webp(content, tmp_path):
    (tmp_path / "x.webp").write_bytes(content)
    return Image.open(tmp_path / "x.webp")


def test_pictures_keep_small_frames_and_reduce_large_ones(tmp_path):
    for size, expected in (((512, 288), (512, 288)), ((1920, 1080), (640, 360))):
        Image.new("RGB", size, (200, 30, 30)).save(tmp_path / "x.png")
        picture = open_webp(frame_picture(tmp_path / "x.png"), tmp_path)
        assert picture.size == expected
        assert (
            np.abs(np.asarray(picture.convert("RGB"))[5, 5].astype(int) - (200, 30, 30)).max() < 9
        )


def test_heatmaps_are_as_opaque_as_they_are_high(tmp_path):
    heatmap = np.zeros((20, 40), np.uint16)
    heatmap[:, 20:] = 65535
    alpha = np.asarray(open_webp(heatmap_picture(heatmap), tmp_path).convert("RGBA"))[..., 3]
    assert alpha[:, :17].max() < 20 and alpha[:, 23:].min() > 235


def test_a_site_of_200_frames_stays_under_ten_megabytes(phantom_cache):
    sizes = [len(frame_picture(path)) for path in sorted(phantom_cache.rglob("images/*.png"))]
    assert 200 * np.mean(sizes) < 7e6  # which leaves as much for pages and heatmaps


def sizes_of(site, folder):
    return sum(path.stat().st_size for path in (site / folder).iterdir())


def test_pictures_and_heatmaps_become_smaller_where_they_take_too_much(
    world, site, tmp_path, beside
):
    limits = {f: 0.9 * sizes_of(site, f) for f in ("frames", "heatmaps")}
    beside(write_album, "_PICTURES", limits["frames"])
    beside(write_album, "_HEATMAPS", limits["heatmaps"])
    build(world, tmp_path / "site")
    for folder, limit in limits.items():
        assert sizes_of(tmp_path / "site", folder) <= limit
        names = [sorted(p.name for p in (s / folder).iterdir()) for s in (site, tmp_path / "site")]
        assert names[0] == names[1]


def test_a_reduced_heatmap_keeps_its_peaks(tmp_path):
    heatmap = np.zeros((21, 41), np.uint16)
    heatmap[20, 40] = 65535
    picture = open_webp(heatmap_picture(heatmap, 4), tmp_path)
    assert picture.size == (11, 6)
    assert np.asarray(picture.convert("RGBA"))[5, 10, 3] > 200


def test_plots_skip_what_does_not_exist_and_cut_at_the_axis():
    nan = float("nan")
    curve = line_plot((1, 2, 3), {0: (nan, 50.0, 60.0)}, title="t", mark=2)
    assert len(re.search(r'points="([^"]*)"', curve).group(1).split()) == 2
    assert "nan" not in curve
    folds = fold_plot([FoldLine("a", 3, [nan, 50.0], None),
                       FoldLine("b" * 90, 11, [1.0], 50.0, -20.0, 120.0)], title="t")  # fmt: skip
    assert "nan" not in folds and "…" in folds and f"s{11 % SERIES}" in folds
    width = float(re.search(r'viewBox="0 0 (\d+)', folds).group(1))
    drawn = [float(x) for x in re.findall(r'(?:x1|x2|cx)="(-?[\d.]+)"', folds)]
    assert min(drawn) >= 0 and max(drawn) <= width


# --- entries of a leaderboard ---------------------------------------------------------------------


def submit(board, source, method, team, *options):
    invoke("submit", source, "--board", board, "--method", method, "--team", team, *options)


@pytest.fixture(scope="module")
def leaderboard(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards") / "small"
    for method, team, create in (
        ("alpha", "adaptor_bench", ["--create", "Small"]),
        ("beta", "Team B", []),
    ):
        submit(folder, world / "runs", method, team, "--reference", f"Paper of {method}",
               "--claim", "intraop:f1=99.5", "--data", world / "data", *create)  # fmt: skip
    return folder


@pytest.fixture
def board(leaderboard, tmp_path):
    """A copy to be changed."""
    return shutil.copytree(leaderboard, tmp_path / "small")


@pytest.fixture
def data(world):
    return "--data", world / "data"


@pytest.fixture
def delta(world, tmp_path):
    """A method that is not on the leaderboard: its runs, and its predictions in one folder."""
    for fold in range(1, 5):
        where = put_predictions(world, tmp_path / "delta", "delta", fold, 2.0, 0.7)
        shutil.copytree(where / "predictions", tmp_path / "team", dirs_exist_ok=True)
    return tmp_path / "delta", tmp_path / "team"


def test_entries_make_the_site_that_their_runs_make(site, leaderboard, data, out):
    report(out, "--board", leaderboard, *data, "--public")

    def numbers(site, name):
        heading = next(row for row in page_of(site).rows if "F1 interval" in row)
        cells = zip(heading, rows_of(site)[name], strict=True)
        unlike = ("Rank", "Tier", "Method", "Team", "Profile")
        return [c for head, c in cells if head not in unlike and "claimed" not in head]

    def of_alpha(site):
        return {(f["id"], m["tp"], m["fp"], m["fn"], *m["p"]) for f in gallery_of(site)["frames"]
                for m in f["methods"] if m["method"] == 0}  # fmt: skip

    assert numbers(out, "alpha (adaptor_bench)") == numbers(site, "alpha")
    assert numbers(out, "beta (Team B)") == numbers(site, "beta")
    assert of_alpha(out) == of_alpha(site)
    card = page_of(out, "method-beta-team-b").text
    assert "Paper of beta" in card and "F1 99.50" in card and "Team B" in card


def test_entries_become_the_runs_they_were_without_a_file(world, leaderboard, data, monkeypatch):
    board, dataset = read_board(leaderboard), index_dataset(world / "data")
    for opens in ("mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, opens, lambda *_, **__: pytest.fail("wrote a file"))
    found, _ = scored_entries(board, read_entries(board), dataset, Progress(live=False))
    real = {r.method: r for r in load_results(world / "runs") if r.method in ("alpha", "beta")}
    assert {r.method for r in found} == set(real)
    for result in found:
        other = real[result.method]
        assert result.parameters == other.parameters
        for mine, its in zip(result.fold_results, other.fold_results, strict=True):
            assert mine.validation == its.validation and mine.surgeries == its.surgeries
            assert mine.score == its.score
            assert mine.points().keys() == its.points().keys()
            for key, points in its.points().items():
                np.testing.assert_array_equal(mine.points()[key], points)
    invoke("card", "--board", leaderboard)


def test_private_labels_stay_private(world, leaderboard, data, out):
    """Neither labels, nor which points found one, nor how many a frame has, in any file."""
    told = report(out, "--board", leaderboard, *data)
    assert "left out: frames of data: labels are not public" in told
    assert "0 gallery frames" in told
    texts = [p.read_text("utf-8", "replace") for p in out.rglob("*") if p.is_file()]
    for frame in index_dataset(world / "data").domain("intraop"):
        assert not any(frame.key in text or f"{frame.video}/{frame.stem}" in text for text in texts)
        for x, y in read_points(frame.label).points:
            pair = re.compile(rf"(?<![\d.]){x:g}(?:\.0)?[\s,\"':a-z]+{y:g}(?![\d])")
            assert not any(pair.search(text) for text in texts)
    assert not {p.suffix for p in out.rglob("*.*")} & {".webp", ".png"}
    assert not any("Worst frames" in text for text in texts)
    # Runs on the same data beside it change nothing; for runs alone everything is shown.
    report(out, world / "runs", "--board", leaderboard, *data)
    assert not (out / "gallery.html").exists()
    report(out, world / "runs", *data)
    assert f"{x:g}.0,{y:g}.0" in (out / "gallery.html").read_text("utf-8")
    assert "Worst frames" in (out / "method-beta.html").read_text("utf-8")


def test_the_command_line_and_the_site_have_one_ranking_card(
    world, board, data, delta, tmp_path, out
):
    """Also of predictions that came without a word on how they were made: they are ranked, too."""
    runs, predictions = delta
    for fold in range(1, 5):
        put_predictions(world, tmp_path / "paper", "alpha", fold, 4.0, 0.5, profile="paper")
    submit(board, predictions, "delta", "Team D", *data)
    sources = (runs, tmp_path / "paper", world / "runs", "--board", board)
    (card,) = json.loads(invoke("card", *sources, "--format", "json")[0])
    report(out, *sources, *data, "--public")
    methods = {"alpha [quick]", "alpha [paper]", "beta", "delta"}
    entries = {"alpha (adaptor_bench)": "alpha [quick]", "beta (Team B)": "beta",
               "delta (Team D)": "delta"}  # fmt: skip
    assert set(card["intervals"]) == methods
    assert "corrected for 6 comparisons" in " ".join(card["sentences"])
    for name, other in entries.items():
        assert f"{name} is left out: same as {other}." in card["sentences"]
    same = gallery_of(out)["boards"][0]["same"]
    assert sorted(same) == [f"{name} is the same as {other}." for name, other in entries.items()]
    told = "The profiles differ (paper, quick and submitted): this compares them, too."
    assert told in card["sentences"]
    page = words_of(out, "ranking")
    assert all(sentence in page for sentence in card["sentences"])
    assert methods | {f"{n}, same as {o}" for n, o in entries.items()} <= rows_of(out).keys()


def test_runs_and_entries_share_a_board_and_are_compared(leaderboard, data, delta, out):
    runs, _ = delta
    report(out, runs, "--board", leaderboard, *data)
    assert {"alpha (adaptor_bench)", "beta (Team B)", "delta"} <= rows_of(out).keys()
    shown, _ = invoke("compare", "delta", "beta (Team B)", "--runs", runs, "--board", leaderboard)
    assert "delta against beta (Team B): data, intraop" in shown
    assert "of 4 folds" in " ".join(shown.split())


def test_a_folder_without_runs_does_not_hide_a_method_of_its_name(
    leaderboard, data, tmp_path, monkeypatch
):
    """Whoever submitted predictions often has them in a folder called as the method is."""
    monkeypatch.chdir(tmp_path)
    for name in ("alpha (adaptor_bench)", "gamma"):
        (tmp_path / name).mkdir()
    beside = ("--board", leaderboard)
    shown, _ = invoke("compare", "alpha (adaptor_bench)", "beta (Team B)", *beside)
    assert "alpha (adaptor_bench) against beta (Team B)" in shown
    _, told = invoke("compare", "gamma", "beta (Team B)", *beside, code=1)
    assert "gamma: no finished run found" in told and "Known: alpha (adaptor_bench)" in told


def test_the_site_says_what_the_leaderboard_says_of_its_entries(world, board, data, delta, out):
    """Borrowed points, missing frames and what was not published are named on the front page."""
    _, part = delta
    borrowed = ("--identical-to", "team-b-beta", *data)
    submit(board, world / "runs", "beta", "C", "--id", "twin", "--note", "By courtesy of B.",
           *borrowed)  # fmt: skip
    submit(board, world / "runs", "beta", "C", "--id", "secret", "--without-predictions",
           *borrowed)  # fmt: skip
    min(part.rglob("*.json")).unlink()
    submit(board, part, "delta", "D", *data, "--incomplete")
    told = report(out, "--board", board, *data)
    assert "curves and frames of secret of small: its predictions were not published" in told
    page = words_of(out)
    assert "beta (C) [twin]: By courtesy of B." in page
    first, *others = "beta (C) [secret]", "beta (C) [twin]", "beta (Team B)"
    assert {first, *(f"{other}, same as {first}" for other in others)} <= rows_of(out).keys()
    assert "delta (D): 1 labelled frame had no prediction." in page
    assert "curves and frames of secret of small" in page


def test_plots_leave_room_for_capitals():
    assert name_room(["WUERZBURG"]) > name_room(["wuerzburg"])
    assert name_room(["\u65e5\u672c\u8a9e"]) > name_room(["abc"])


def test_an_entry_that_does_not_score_as_it_says_is_refused(board, data, out):
    entry = board / "alpha.json"
    document = json.loads(entry.read_text())
    document["measured"]["intraop"]["0"]["surgeries"]["aicm13"]["tp"] += 1
    entry.write_text(json.dumps(document))
    told = report(out, "--board", board, *data, code=1)
    assert "alpha: intraop, seed 0: aicm13" in told and "bench verify" in told
    assert not out.exists()


def test_namesakes_are_told_apart(world, board, data, out):
    """Two entries of one team and method; an entry and the runs it came from."""
    submit(board, world / "runs", "beta", "Team B", "--id", "second", *data)
    report(out, "--board", board, *data)
    first, second = "beta (Team B) [second]", "beta (Team B) [team-b-beta]"
    assert {first, f"{second}, same as {first}"} <= rows_of(out).keys()

    for name in ("alpha", "second"):
        (board / f"{name}.json").unlink()  # one team with one entry is left
    report(out, world / "runs", "--board", board, *data)
    rows = rows_of(out)
    assert {"alpha", "beta", "beta (Team B), same as beta"} <= rows.keys()
    entry = rows["beta (Team B), same as beta"]
    numbers = [cell for cell in rows["beta"] if "±" in cell]
    assert entry[0] == "-" and [cell for cell in entry if "±" in cell] == numbers
    assert len(numbers) == 3
    shown, _ = invoke("card", world / "runs", "--board", board, "--format", "json")
    assert set(json.loads(shown)[0]["intervals"]) == {"alpha", "beta"}


def change_datasets(runs, **changes):
    for path in runs.rglob("run.json"):
        document = json.loads(path.read_text())
        document["dataset"] |= changes
        path.write_text(json.dumps(document))


@pytest.mark.parametrize("teams", [("A", "B"), ("A", "A")], ids=["two teams", "one team"])
def test_entries_of_two_leaderboards_are_not_mixed_up(world, copied, tmp_path, out, teams):
    """Two teams have a page each; one team has a page with what it says on both."""
    (copied / "data").rename(copied / "other")
    change_datasets(copied / "runs", name="other")
    sources = (("one", world, world / "data", 81), ("two", copied, copied / "other", 82))
    options = []
    for (name, root, data, claim), team in zip(sources, teams, strict=True):
        submit(tmp_path / name, root / "runs" / "seed0", "beta", team, "--claim",
               f"intraop:f1={claim}", "--reference", f"Paper {name}", "--create", name,
               "--data", world / "data")  # fmt: skip
        options += ["--board", tmp_path / name, "--data", data]
    report(out, *options)
    if teams[0] == teams[1]:
        text = page_of(out, "method-beta").text
        assert "Claim (one)" in text and "Claim (two)" in text
        assert "F1 81.00" in text and "F1 82.00" in text and "Paper one; Paper two" in text
    else:
        a, b = (page_of(out, f"method-beta-{team}").text for team in "ab")
        assert "Paper one" in a and "Paper two" not in a
        assert "Paper two" in b and "Paper one" not in b


def test_errors_name_the_leaderboard_not_a_folder_that_is_gone(copied, leaderboard, data, out):
    change_datasets(copied / "runs", fingerprint="ef" * 32)
    told = report(out, copied / "runs", "--board", leaderboard, *data, code=1)
    assert "dataset fingerprint" in told
    assert "leaderboard small: " in told and "adaptor_bench-" not in told


# --- wrong usage ----------------------------------------------------------------------------------


def test_errors_are_plain(world, leaderboard, tmp_path, out):
    (tmp_path / "empty").mkdir()
    other = shutil.copytree(world / "data", tmp_path / "other")
    for options, code, told in (
        ([tmp_path / "empty"], 1, "no finished run found"),
        ([tmp_path / "nowhere"], 1, "no such folder"),
        ([world / "runs", "--data", world / "nowhere"], 1, "no such folder"),
        (["--board", "nobody"], 2, "nobody"),
        (["--board", leaderboard], 2, "Give --data"),
        ([world / "runs", "--data", other], 2, "dataset 'other', which none of the results use"),
        ([world / "runs", "--frames", "-1"], 2, "--frames"),
    ):
        assert told in report(out, *options, code=code)
    assert not out.exists()


def test_methods_whose_frames_differ_have_no_card_but_a_reason(world, tmp_path, out):
    for fold in range(1, 5):
        for method, keep in (("alpha", 0.9), ("beta", 0.5)):
            where = put_predictions(world, tmp_path / "runs", method, fold, 1.0, keep)
            score = json.loads((where / "score.json").read_text())
            score["matching"]["missing"] = "skip"
            if method == "beta":
                score["frames"] = score["frames"][1:]
            (where / "score.json").write_text(json.dumps(score))
    report(out, tmp_path / "runs")
    page = page_of(out).text
    assert "No intervals and no ranking card" in page and "such as in aicm1" in page
    assert not (out / "ranking.html").exists()


def test_surgeries_of_the_world_are_those_of_the_folds(site):
    assert {f["surgery"] for f in gallery_of(site)["frames"]} == set(SURGERIES)
