"""A small board of a folder of frames, predictions for it, and runs on it."""

from __future__ import annotations

import json

import numpy as np
from commands import invoke_all as invoke
from finished_runs import put_predicted
from frame_files import put_points, write_frame

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.folds import plan_folds
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.report.rows import plain_rows
from adaptor_bench.results.board import leaderboard_boards

__all__ = ["SURGERIES", "finished", "invoke", "predict", "put_board", "put_data", "rows", "submit",
           "submit_runs"]  # fmt: skip


SURGERIES = ("case_1", "case_2", "case_3")
LABELS = np.array([[50, 50], [100, 100], [200, 150]])


def put_data(root):
    """Three surgeries, two frames each, three labels a frame; one domain."""
    for s in SURGERIES:
        for k in range(2):
            write_frame(root, s, f"{k}", LABELS + k, video="v")
    return root


def predict(root, data, shift, surgeries=SURGERIES, extra=()):
    """The labels moved by ``shift`` px, and ``extra`` points."""
    for s in surgeries:
        for k in range(2):
            points = np.array([*LABELS, *extra]) + k + (shift, 0)
            put_points(root, f"{s}/v/{k}", points)
    return root


def put_board(folder, data):
    """A board of that data, as an organiser would write it."""
    dataset = index_dataset(data)
    plan = plan_folds(dataset.surgeries("intraop"), "intraop")
    folder.mkdir()
    (folder / "board.json").write_text(json.dumps({
        "schema": 1, "id": "small", "title": "Small",
        "dataset": {"name": "data", "kind": "folder", "embedded": None},
        "matching": {"rule": "hungarian", "radius": 6, "inclusive": True, "missing": "empty"},
        "domains": {"intraop": {
            "fingerprint": load_frames(dataset, ["intraop"])["intraop"].fingerprint,
            "fold_plan": {"name": plan.name, "sha256": plan.sha256},
            "folds": {str(f.number): list(f.validation) for f in plan.folds}}},
        "notes": ["A note of the organiser."],
    }))  # fmt: skip
    return folder


def submit(predictions, board, data, *more, method="mine", code=0):
    return invoke("submit", predictions, "--board", board, "--team", "Team", "--method", method,
                  "--data", data, *more, code=code)  # fmt: skip


def rows(board):
    found = read_board(board)
    return {r["method"]: r for r in plain_rows(leaderboard_boards(found, read_entries(found)))}


def finished(out, data, board, fingerprint, shift=0, method="net"):
    """Runs of all folds of the board, predicted on frames of ``fingerprint``."""
    definition = read_board(board)
    plan = dict(zip(("name", "sha256"), definition.plans["intraop"], strict=True))
    for fold, surgeries in definition.folds["intraop"].items():
        put_predicted(
            out, method, fold, data,
            lambda frame: LABELS + int(frame.stem) + (shift, 0),
            folds=[1, 2, 3], fold_plan=plan, validation=list(surgeries),
            dataset={"name": "data", "kind": "folder", "fingerprint": fingerprint},
        )  # fmt: skip
    return out


def submit_runs(runs, board, *more, code=0):
    return invoke("submit", runs, "--board", board, "--team", "Team", *more, code=code)
