"""Method files as a stranger writes them: small, without torch, and wrong where a test wants it."""

from __future__ import annotations

from pathlib import Path

from commands import invoke
from frame_files import SIZE, write_frame

METHOD = """
import json
import numpy as np
from adaptor_bench.method import Card, Method, Prediction
from adaptor_bench.registry import method

X = 100.0

class Point:
    input_size = None

    def other_domains(self, domain, available):
        return ()

    def fit(self, task):
        self.task = task

    def predict(self, frames, task):
        return self.predict_frames(frames, task.device)

    def predict_frames(self, frames, device):
        for frame in frames:
            yield Prediction(np.array([[X, 100.0]]), None)

    def save(self, directory):
        (directory / "x.txt").write_text(str(X))

    def load(self, directory):
        pass

@method("point", card=Card(title="Point"))
def build(*, k: int = 1) -> Method:
    return Point()
"""


def put_method(folder: Path, *changes: tuple[str, str], name: str = "point") -> Path:
    """Write ``<folder>/<name>.py`` with texts replaced; returns the folder."""
    text = METHOD
    for old, new in (*changes, ('"point"', f'"{name}"')):
        assert old in text, old
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    return folder


def run_mine(
    folder: Path, *arguments, methods=("point",), surgeries=tuple("abc"), size=SIZE, code=0
) -> tuple[str, str]:
    """``bench run`` of methods in ``folder/mine`` on one frame a surgery, with a label at
    (100, 100), into ``folder/runs``; stdout and stderr."""
    data = folder / ("data" if size == SIZE else "{}x{}".format(*size))
    if not data.exists():
        for surgery in surgeries:
            write_frame(data, surgery, "000000", [(100, 100)], size=size)
    chosen = [a for method in methods for a in ("--method", method)]
    return invoke(
        "run", *chosen, "--methods-from", folder / "mine", "--data", data, "--out",
        folder / "runs", "--profile", "smoke", *arguments, code=code,
    )  # fmt: skip
