"""An exported network, and ``config.json``: what a program has to know to use it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import adaptor_bench
from adaptor_bench.data.sizes import Size, reference_size
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.methodspec import MethodSpec
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.stages.registry import mark_of
from adaptor_bench.train.detector import Detector


@dataclass(frozen=True)
class Exported:
    """A network that was written to ``model``: whose it is, and for which frames.

    ``record`` is the ``run.json`` of ``run``; ``frame_size`` is that of the frames, ``size`` that
    of the network's image, both (width, height).
    """

    run: Path
    record: dict[str, Any]
    spec: MethodSpec
    method: Detector
    frame_size: Size
    size: Size
    form: str
    model: Path

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the method, with the threshold that was chosen in training."""
        threshold = getattr(self.method.decoder, "threshold", None)
        chosen = {} if threshold is None else {"decode.threshold": threshold}
        return {**self.record["parameters"], **chosen}

    @property
    def measured(self) -> tuple[dict[str, Counts], MatchSettings]:
        """Counts of what was held out, by surgery, or by domain for weights that come with the
        package; nothing where it was not scored. Raises InputError."""
        if (self.run / "score.json").is_file():
            score = FoldScore.load(self.run / "score.json")
            return score.surgeries(), score.settings
        known, matching = self.record.get("measured", {}), self.record.get("matching")
        try:
            counts = {name: Counts(m["tp"], m["fp"], m["fn"]) for name, m in known.items()}
            return counts, MatchSettings.from_json(matching) if matching else MatchSettings()
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise InputError(f"{self.run}: what it reached is damaged: {error!r}") from error

    def configuration(self) -> dict[str, Any]:
        """``config.json``: all that a program needs to use the network, and where it is from."""
        (width, height), reference = self.size, reference_size(self.frame_size)
        channels, stride = self.method.target.channels, self.method.target.stride
        content = self.model.read_bytes()
        about = {
            key: self.record[key]
            for key in (
                "domain",
                "fold",
                "seed",
                "profile",
                "dataset",
                "train",
                "validation",
                "others",
                "notes",
            )
            if key in self.record
        }
        counts, matching = self.measured
        return {
            "schema": 1,
            "format": self.form,
            "made_by": f"adaptor_bench {adaptor_bench.__version__}",
            "method": self.spec.name,
            "parameters": self.parameters,
            "file": {
                "name": self.model.name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            },
            "opset": _opset(self.model) if self.form == "onnx" else None,
            "input": {
                "name": "image",
                "shape": ["batch", 3, height, width],
                "type": "float32",
                "range": [0, 1],
                "channels": "RGB",
            },
            "output": {
                "name": "heatmap",
                "shape": ["batch", channels, -(-height // stride), -(-width // stride)],
                "type": "float32",
                "range": [0, 1],
            },
            "decoder": _decoder(self.method),
            "frames": {
                "size": list(self.frame_size),
                "to_input": f"resized to {width}x{height}, each pixel the mean of what it covers",
                "points_in": list(reference),
                "to_frame": "x_frame = (x + 0.5) * width_frame / width_points - 0.5, and y alike; "
                "width_points, height_points = points_in",
            },
            "radius": matching.radius,
            "matching": matching.to_json(),
            "trained_on": about,
            "measured": {name: of.to_json() for name, of in counts.items()},
        }


def _opset(model: Path) -> int:
    import onnx

    return int(onnx.load(model).opset_import[0].version)


def _decoder(method: Detector) -> dict[str, Any]:
    decoder = method.decoder
    mark = mark_of(decoder)
    name = mark.name if mark else type(decoder).__name__
    settings: list[str] = [f.name for f in fields(decoder)] if is_dataclass(decoder) else []
    return {"name": name, **{key: getattr(decoder, key) for key in settings}}
