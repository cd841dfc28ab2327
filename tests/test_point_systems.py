"""Detectors that say of cells whether a point is there, and where: targets, losses, decoders."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch
from commands import invoke
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptor_bench.registry import discover
from adaptor_bench.stages.cells import REACH, anchors_of, from_cells, grid_of, to_cells
from adaptor_bench.stages.decoders.centres import Centres
from adaptor_bench.stages.decoders.flow_peaks import FlowPeaks, way_of
from adaptor_bench.stages.decoders.proposals import Proposals
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.losses.focal_offset import FocalOffset
from adaptor_bench.stages.losses.multiscale_flow import MultiscaleFlowLoss
from adaptor_bench.stages.losses.point_set import PointSet
from adaptor_bench.stages.maps import as_stored, from_stored
from adaptor_bench.stages.networks.multiscale_unet import MultiscaleUNet
from adaptor_bench.stages.networks.resnet_deconv import ResNetDeconv
from adaptor_bench.stages.networks.strided_unet import StridedUNet
from adaptor_bench.stages.networks.vgg_pyramid import VggPyramid
from adaptor_bench.stages.targets.centre_offset import CentreOffset
from adaptor_bench.stages.targets.multiscale_flow import MultiscaleFlow, coarser, flow_to_nearest
from adaptor_bench.stages.targets.point_cells import PointCells

FRAME = (512, 288)
METHODS = ("centre_offset", "spotiflow_style", "point_proposals")
sizes = st.tuples(st.integers(24, 90), st.integers(24, 90))


def scattered(size, stride, seed):
    """Points (N, 2) in a frame of ``size``, at most one in a cell of ``stride`` px."""
    rng = np.random.default_rng(seed)
    rows, columns = grid_of(size, stride)
    cells = rng.permutation(rows * columns)[: rng.integers(0, 1 + min(9, rows * columns))]
    corner = np.column_stack([cells % columns, cells // columns]) * stride - 0.5
    points = corner + rng.uniform(0.02, 0.98, (len(cells), 2)) * stride
    return points[np.all((points >= 0) & (points <= np.array(size) - 1), axis=1)]


def found_again(target, decode, points, size):
    """What ``decode`` finds in the maps of ``target`` as they are kept, ordered as ``points``."""
    maps = from_stored(as_stored(target.draw(points, size, FRAME)))
    found = decode.decode(maps, size)
    assert found.heatmap.shape == size[::-1] == found.steps[-1].mask.shape
    assert len(found.points) == len(points) == len(found.scores)
    away = np.abs(found.points[:, None] - points[None]).max(-1)
    return found.points[away.argmin(0)] if len(points) else found.points


# --- targets and decoders ---------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(size=sizes, stride=st.sampled_from([1, 2, 4, 8]), seed=st.integers(0, 10**6))
def test_a_centre_and_its_offset_are_the_point(size, stride, seed):
    points = scattered(size, stride, seed)
    again = found_again(
        CentreOffset(stride=stride, sigma=1.0), Centres(0.999, stride=stride), points, size
    )
    assert np.abs(again - points).max(initial=0) < 1e-3


@settings(max_examples=40, deadline=None)
@given(
    size=sizes,
    each=st.integers(1, 5),
    stride=st.sampled_from([1, 4, 8]),
    seed=st.integers(0, 10**6),
)
def test_points_in_cells_are_the_points(size, each, stride, seed):
    rng = np.random.default_rng(seed)
    points = scattered(size, stride, seed)
    beside = points + rng.uniform(-0.01, 0.01, points.shape)
    beside = beside[
        np.all(np.floor(to_cells(beside, stride)) == np.floor(to_cells(points, stride)), 1)
    ]
    points = np.concatenate([points, beside if each > 1 else beside[:0]]).clip(0)
    again = found_again(PointCells(each, stride), Proposals(stride=stride), points, size)
    assert np.abs(again - points).max(initial=0) < 0.03 + 1e-3  # one of a pair will do


@settings(max_examples=30, deadline=None)
@given(size=sizes, sigma=st.floats(0.8, 2), seed=st.integers(0, 10**6))
def test_peaks_and_their_flow_are_the_points(size, sigma, seed):
    points = scattered(size, 12, seed)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1) + 99 * np.eye(len(points))
    points = points[apart.min(1, initial=99) > 7]
    again = found_again(
        MultiscaleFlow(sigma=sigma), FlowPeaks(0.5, distance=3, sigma=sigma), points, size
    )
    assert np.abs(again - points).max(initial=0) < 1e-3


def test_what_a_grid_cannot_hold_is_lost():
    points = np.array([(9.0, 9.0), (9.5, 9.0), (10.0, 9.0), (-3.0, 4.0), (40.0, 4.0)])
    maps = CentreOffset(stride=4).draw(points, (32, 32), FRAME)
    assert (maps[0] == 1).sum() == 1
    assert maps[1, 2, 2] == pytest.approx((10.0 + 0.5) / 4 - 2)
    maps = PointCells(each=2, stride=8).draw(points, (32, 32), FRAME)
    assert maps[:2].sum() == 2 and maps.shape == (6, 4, 4)


@pytest.mark.parametrize("size", [(512, 288), (429, 343), (24, 25)])
def test_cells_end_where_the_frame_does(size):
    points = np.array([(0.0, 0.0), (size[0] - 1.0, size[1] - 1.0)])
    for stride in (1, 3, 4, 8):
        grid = grid_of(size, stride)
        assert np.allclose(from_cells(to_cells(points, stride), grid, stride, size), points)
        half = grid[0] * stride, grid[1] * stride  # of a frame of twice this size
        doubled = from_cells(to_cells(points, stride), grid, stride, (2 * half[1], 2 * half[0]))
        assert np.allclose(doubled, 2 * points + 0.5)


@pytest.mark.parametrize("each", range(1, 10))
def test_anchors_are_apart_and_in_their_cell(each):
    anchors = anchors_of(each)
    assert len(np.unique(anchors.round(5), axis=0)) == each
    assert ((anchors > 0) & (anchors < 1)).all()
    assert anchors.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.13)


def test_a_cell_that_a_neighbour_exceeds_is_no_centre():
    maps = np.full((3, 4, 5), 0.5, np.float32)
    maps[0] = 0.1
    maps[0, 1, 1], maps[0, 1, 2], maps[0, 3, 4] = 0.8, 0.7, 0.4
    found = Centres(0.3).decode(maps, (20, 16))
    assert found.scores.tolist() == pytest.approx([0.8, 0.4])
    assert found.points.tolist() == [[5.5, 5.5], [17.5, 13.5]]
    assert len(Centres(0.3, most=1).decode(maps, (20, 16)).points) == 1


def test_the_flow_is_a_direction_and_shows_the_way():
    points = np.array([(10.25, 7.5), (30.0, 20.0)])
    flow = flow_to_nearest(points, (40, 30), (1.5, 1.5))
    assert np.allclose((flow**2).sum(0), 1)
    at = np.array([(10, 7), (11, 8), (30, 20), (20, 3)])
    way = way_of(flow[:, at[:, 1], at[:, 0]], 1.5)
    assert np.allclose(at[:3] + way[:3], points[[0, 0, 1]])
    assert (way[3] == 0).all()  # farther than a neighbouring px: no refinement
    none = flow_to_nearest(np.empty((0, 2)), (4, 3), (1.0, 1.0))
    assert none.shape == (3, 3, 4) and (none[2] == -1).all() and not none[:2].any()
    assert (way_of(none.reshape(3, -1), 1.0) == 0).all()


def test_a_coarser_heatmap_keeps_the_height_of_a_point():
    heatmap = np.zeros((37, 50), np.float32)
    heatmap[21, 30] = 1
    for factor in (2, 4, 8):
        drawn = coarser(heatmap, factor)
        assert drawn.shape == heatmap.shape
        assert 0.95 < drawn.max() <= 1 and drawn[21, 30] == drawn.max()
        assert (drawn == drawn.max()).sum() == factor**2


# --- losses -----------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def some_logits(channels, grid=(5, 6), batch=2, seed=0):
    return np.random.default_rng(seed).normal(0, 1.5, (batch, channels, *grid))


def as_tensors(*arrays):
    return [torch.from_numpy(np.asarray(a, np.float64)) for a in arrays]


def test_focal_offset_is_what_is_printed():
    points = [np.array([(3.0, 4.0), (17.0, 9.0)]), np.empty((0, 2))]
    target = np.stack([CentreOffset().draw(p, (24, 20), FRAME) for p in points])
    logits = some_logits(3)
    heatmap = float(Focal()(*as_tensors(logits[:, :1], target[:, :1])))
    off = 0.0
    for b, row, column in np.argwhere(target[:, 0] == 1):
        off += np.abs(sigmoid(logits[b, 1:, row, column]) - target[b, 1:, row, column]).sum()
    assert float(FocalOffset(offset=0.7)(*as_tensors(logits, target))) == pytest.approx(
        heatmap + 0.7 * off / 3, rel=1e-6
    )


def test_the_loss_of_scales_and_flow_is_what_is_printed():
    points = [np.array([(3.0, 1.5)]), np.empty((0, 2))]
    target = np.stack([MultiscaleFlow(levels=2).draw(p, (6, 5), FRAME) for p in points])
    logits = some_logits(5) - 1
    p = sigmoid(logits[:, :2])
    entropy = -(target[:, :2] * np.log(p) + (1 - target[:, :2]) * np.log(1 - p))
    weight = 1 + 4 * ((target[:, 0] >= 0.01) | (logits[:, 0] >= 0.01))
    flow, wanted = 2 * sigmoid(logits[:, 2:]) - 1, 2 * target[:, 2:] - 1
    flow = flow / np.linalg.norm(flow, axis=1, keepdims=True)
    expected = (weight * entropy[:, 0]).mean() + entropy[:, 1].mean() / 4
    expected += (weight[:, None] * np.abs(flow - wanted)).mean()
    found = float(MultiscaleFlowLoss(positive=4.0)(*as_tensors(logits, target)))
    assert found == pytest.approx(expected, rel=1e-4)


def proposed(maps, each):
    """The places (K H W, 2) in cells that maps (3 K, H, W) propose, one by one."""
    _, height, width = maps.shape
    return np.array([
        (
            column + anchors_of(each)[k, 0] + REACH * (2 * maps[each + k, row, column] - 1),
            row + anchors_of(each)[k, 1] + REACH * (2 * maps[2 * each + k, row, column] - 1),
        )
        for k in range(each)
        for row in range(height)
        for column in range(width)
    ])  # fmt: skip


@pytest.mark.parametrize("each", [1, 2])
def test_the_loss_of_a_set_is_what_is_printed(each):
    points = [np.array([(3.0, 4.0), (17.0, 9.0), (14.0, 2.0)]), np.empty((0, 2))]
    target = np.stack([PointCells(each).draw(p, (24, 16), FRAME) for p in points])
    logits = some_logits(3 * each, (2, 3))
    confidence = sigmoid(logits[:, :each]).reshape(2, -1)
    places = proposed(sigmoid(logits[0]), each)
    wanted = to_cells(points[0], 8)
    # The cheapest of all assignments, tried one by one.
    cheapest = min(
        itertools.permutations(range(len(places)), len(wanted)),
        key=lambda chosen: sum(
            0.4 * np.linalg.norm(places[c] - wanted[n]) - confidence[0, c]
            for n, c in enumerate(chosen)
        ),
    )
    entropy = -0.5 * np.log(1 - confidence)
    entropy[0, list(cheapest)] = -np.log(confidence[0, list(cheapest)])
    apart = ((places[list(cheapest)] - wanted) ** 2).sum(1).mean()
    found = float(PointSet(distance=0.3)(*as_tensors(logits, target)))
    assert found == pytest.approx(entropy.mean() + 0.3 * apart, rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (FocalOffset(), CentreOffset()),
        (MultiscaleFlowLoss(), MultiscaleFlow()),
        (PointSet(), PointCells()),
    ],
)
@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_losses_are_finite_without_a_landmark_and_pull_the_right_way(loss, target, scale):
    drawn = target.draw(np.empty((0, 2)), (40, 24), FRAME)[None]
    logits = scale * torch.from_numpy(some_logits(*drawn.shape[1:2], drawn.shape[2:], 1))
    logits = logits.float().requires_grad_()
    value = loss(logits, torch.from_numpy(drawn))
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(logits.grad).all()
    assert (logits.grad[:, 0] >= 0).all()  # nothing is there: down
    points = np.array([(11.0, 9.0), (30.0, 17.0)])
    drawn = torch.from_numpy(target.draw(points, (40, 24), FRAME))[None]
    perfect = torch.logit(drawn, eps=1e-6)
    assert loss(perfect, drawn) < 0.3 * loss(0 * perfect, drawn)


# --- networks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "channels"),
    [
        (StridedUNet(width=2, stride=1), 3),
        (StridedUNet(width=2, stride=8), 12),
        (MultiscaleUNet(width=2, convolutions=2), 7),
        (ResNetDeconv(), 3),
        (VggPyramid(), 12),
    ],
    ids=lambda part: getattr(type(part), "__name__", ""),
)
def test_networks_take_any_size(network, channels):
    torch.manual_seed(0)
    built = network.build(channels).eval()
    for width, height in ((70, 33), (64, 32)):
        with torch.inference_mode():
            logits = built(torch.rand(1, 3, height, width))
        assert logits.shape == (1, channels, *grid_of((width, height), network.stride))
    assert logits[0, 0].mean() < -2  # "nothing here", before anything is learnt
    if not isinstance(network, MultiscaleUNet):
        assert logits[0, -1].abs().max() < 2  # and an offset is in the middle of what it can be


def test_a_coarse_heatmap_is_drawn_in_squares():
    with torch.inference_mode():
        logits = MultiscaleUNet(width=2, levels=3).build(6).eval()(torch.rand(1, 3, 16, 24))[0]
    for level in (1, 2):
        squares = logits[level].reshape(16 // 2**level, 2**level, -1, 2**level)
        assert (squares == squares[:, :1, :, :1]).all() and logits[level].std() > 0


# --- as methods -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "settings", "says"),
    [
        ("centre_offset", {"target.stride": 8}, "'network' draws maps 4 times smaller"),
        ("centre_offset", {"decode.stride": 8}, "'decode.stride' is 8 and has to be"),
        ("centre_offset", {"network.stride": 3, "target.stride": 3, "decode.stride": 3},
         "'network.stride' is 3, expected 1, 2, 4 or 8"),
        ("spotiflow_style", {"target.sigma": 1.5}, "'decode.sigma' is 2.0 and has to be that"),
        ("spotiflow_style", {"target.levels": 3}, "'network.levels' is 4 and has to be that"),
        ("unet_peaks", {"loss": "point_set"}, "'loss' is of a target with at least 3 maps"),
        ("unet_peaks", {"decode": "flow_peaks"}, "'decode' is of a target with at least 4 maps"),
    ],
)  # fmt: skip
def test_parts_that_read_other_maps_are_refused(method, settings, says):
    spec = discover().get(method)
    with pytest.raises(Exception, match="method") as error:
        spec.resolve("quick", settings)
    assert says in str(error.value)


def test_they_train_and_predict_through_the_command_line(make_dataset, tmp_path):
    data = make_dataset(surgeries=("case_1", "case_2"), size=(150, 90))
    asked = [part for name in METHODS for part in ("--method", name)]
    out = tmp_path / "runs"
    invoke("run", *asked, "--data", data, "--profile", "smoke", "--device", "cpu", "--out", out)
    for name in METHODS:
        run = out / "dataset" / name / "intraop" / "fold_1"
        record = json.loads((run / "run.json").read_text())
        assert record["profile_changes"]
        again = tmp_path / "again" / name
        invoke("predict", run, "--input", data, "--output", again, "--device", "cpu")
        files = sorted((run / "predictions").rglob("*.json"))
        assert files
        for path in files:
            copy = again / path.relative_to(run / "predictions")
            assert copy.read_bytes() == path.read_bytes()
