"""Ends of threads by classical means."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from commands import invoke, invoke_json
from frame_files import write_frame

from baselines.ridge_ends import line_ends, ridges


def drawn(ends, grey, background=120, size=(512, 288)):
    """Threads of 4 px that come from beyond the frame's lower border and end at ``ends``."""
    image = np.full((*size[::-1], 3), background, np.uint8)
    for x, y in ends:
        cv2.line(image, (int(x), int(y)), (int(x) + 30, size[1] + 20), (grey,) * 3, 4, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 0.8)


@pytest.mark.parametrize("grey", [30, 230])
def test_bright_and_dark_threads_end_where_they_were_drawn_to(grey):
    ends = np.array([(60, 60), (200, 40), (340, 90)])
    points, lengths = line_ends(ridges(drawn(ends, grey)), 0.4)
    long = points[lengths > 40]
    assert len(long) == 3  # where a thread leaves the frame is no end
    away = np.hypot(*(long[:, None] - ends[None]).transpose(2, 0, 1))
    assert away.min(axis=0).max() <= 5  # a line begins where the ridge is full


def test_nothing_is_found_where_nothing_is():
    points, lengths = line_ends(ridges(drawn([], 0)), 0.4)
    assert points.shape == (0, 2) and lengths.shape == (0,)


def test_it_learns_level_and_length_and_finds_unseen_threads(tmp_path):
    rng = np.random.default_rng(0)
    for surgery in "abc":
        for number in range(2):
            x = np.arange(4) * 110 + rng.integers(30, 60)
            points = np.column_stack([x, rng.integers(30, 200, 4)]).astype(float)
            image = drawn(points, int(rng.choice([40, 220])))
            write_frame(tmp_path / "data", surgery, f"{number:06d}", points, size=(512, 288))
            path = tmp_path / "data" / surgery / "video_1" / "images" / f"{number:06d}.png"
            cv2.imwrite(str(path), image)
    asked = "--method", "ridge_ends", "--data", tmp_path / "data", "--out", tmp_path / "runs"
    invoke("run", *asked, "--device", "cpu", "--profile", "smoke")
    (row,) = (r for r in invoke_json("leaderboard", tmp_path / "runs") if r["source"] == "measured")
    assert row["f1"]["mean"] > 80 and row["rank"] == 1
    (run,) = (tmp_path / "runs").rglob("ridge_ends/*/fold_1")
    invoke("predict", run, "--input", tmp_path / "data", "--output", tmp_path / "again")
    for path in (run / "predictions").rglob("*.json"):
        again = tmp_path / "again" / path.relative_to(run / "predictions")
        assert again.read_bytes() == path.read_bytes()
