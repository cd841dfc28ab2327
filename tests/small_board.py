"""A small board of a folder of frames, predictions for it, and runs on it."""

from __future__ import annotations

import json

import commands
import numpy as np
from finished_runs import put_fold
from PIL import Image

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.folds import plan_folds
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.labels import write_points
from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.evaluate.score import score
from adaptor_bench.report.entry_tables import board_rows

__all__ = ["SURGERIES", "finished", "invoke", "predict", "put_board", "put_data", "rows", "submit",
           "submit_runs"]  # fmt: skip


def invoke(*arguments, code=0):
    return "".join(commands.invoke(*arguments, code=code))


SURGERIES = ("case_1", "case_2", "case_3")


def put_data(root):
    """Three surgeries, two frames each, three labels a frame; one domain."""
    for s in SURGERIES:
        for k in range(2):
            labels = np.array([[50, 50], [100, 100], [200, 150]]) + k
            place = root / s / "v"
            write_points(place / "point_labels" / f"{k}.json", labels, folder=s, subfolder="v",
                         image=f"{k}.png", size=(512, 288))  # fmt: skip
            (place / "images").mkdir(exist_ok=True)
            Image.fromarray(np.full((288, 512, 3), 40 * k, np.uint8)).save(
                place / "images" / f"{k}.png"
            )
    return root


def predict(root, data, shift, surgeries=SURGERIES, extra=()):
    """The labels moved by ``shift`` px, and ``extra`` points."""
    for s in surgeries:
        for k in range(2):
            points = np.array([[50, 50], [100, 100], [200, 150], *extra]) + k + (shift, 0)
            write_points(root / s / "v" / "point_labels" / f"{k}.json", points, folder=s,
                         subfolder="v", image=f"{k}.png")  # fmt: skip
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
    return {r["method"]: r for r in board_rows(found, read_entries(found), "intraop")}


def finished(out, data, board, fingerprint, shift=0):
    """Runs of all folds of the board, predicted on frames of ``fingerprint``."""
    definition = read_board(board)
    plan = dict(zip(("name", "sha256"), definition.plans["intraop"], strict=True))
    dataset = index_dataset(data)
    for fold, surgeries in definition.folds["intraop"].items():
        where = put_fold(
            out, "net", fold, [], folds=[1, 2, 3], fold_plan=plan, validation=list(surgeries),
            dataset={"name": "data", "kind": "folder", "fingerprint": fingerprint},
        )  # fmt: skip
        predict(where / "predictions", data, shift, surgeries)
        frames = [f for f in dataset.domain("intraop") if f.surgery in surgeries]
        score(where / "predictions", frames).save(where / "score.json")
    return out


def submit_runs(runs, board, *more, code=0):
    return invoke("submit", runs, "--board", board, "--team", "Team", *more, code=code)
