"""The score of one fold as it stands in ``score.json``: settings, and per frame what was matched.

Only counts and pairs are stored. Ratios, means and ranks are derived whenever a table is drawn,
so that no stored number can disagree with the pairs it came from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_text
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.metrics import Counts

SCHEMA = 1
_DIGITS = 4  # of a stored distance: 1/10000 px
_LIMIT = 512 << 20  # bytes of a score.json: 100,000 frames have a tenth of it


@dataclass(frozen=True)
class FrameScore:
    """One frame: how many points on either side, and which were paired.

    ``pairs`` holds (prediction index, label index, distance in pixels), indices as in the files.
    ``missing`` marks a frame that has labels but no prediction file.
    """

    key: str
    predictions: int
    labels: int
    pairs: tuple[tuple[int, int, float], ...] = ()
    missing: bool = False

    @property
    def surgery(self) -> str:
        """The first part of the key."""
        return self.key.split("/", 1)[0]

    @property
    def counts(self) -> Counts:
        """TP, FP and FN of this frame."""
        tp = len(self.pairs)
        return Counts(tp, self.predictions - tp, self.labels - tp)

    def to_json(self) -> dict[str, Any]:
        """The frame's entry in ``score.json``."""
        entry: dict[str, Any] = {
            "frame": self.key,
            "predictions": self.predictions,
            "labels": self.labels,
            "pairs": [[i, j, round(d, _DIGITS)] for i, j, d in self.pairs],
        }
        return entry | {"missing": True} if self.missing else entry


@dataclass(frozen=True)
class FoldScore:
    """All labelled frames of a fold, and the predictions nothing was labelled for.

    ``unknown`` lists the files (relative to the prediction folder) that were not scored.
    """

    settings: MatchSettings
    frames: tuple[FrameScore, ...]
    unknown: tuple[str, ...] = ()

    @property
    def scored(self) -> tuple[FrameScore, ...]:
        """The frames that count: all of them, or those with a prediction under ``skip``."""
        if self.settings.missing != "skip":
            return self.frames
        return tuple(frame for frame in self.frames if not frame.missing)

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys of the labelled frames without a prediction file."""
        return tuple(frame.key for frame in self.frames if frame.missing)

    @property
    def labels(self) -> int:
        """Labelled points of all frames, whether they count or not."""
        return sum(frame.labels for frame in self.frames)

    @property
    def counts(self) -> Counts:
        """Pooled over all scored frames."""
        return sum(self.surgeries().values(), Counts())

    def surgeries(self) -> dict[str, Counts]:
        """Pooled counts of every surgery, in the order of the frames."""
        counts: dict[str, list[int]] = {}
        for frame in self.scored:
            of_surgery = counts.setdefault(frame.surgery, [0, 0, 0])
            of_surgery[0] += len(frame.pairs)
            of_surgery[1] += frame.predictions
            of_surgery[2] += frame.labels
        return {name: Counts(tp, p - tp, q - tp) for name, (tp, p, q) in counts.items()}

    def to_json(self) -> dict[str, Any]:
        """The document of ``score.json``."""
        return {
            "schema": SCHEMA,
            "matching": self.settings.to_json(),
            "unknown": list(self.unknown),
            "frames": [frame.to_json() for frame in self.frames],
        }

    @classmethod
    def from_json(cls, document: Any, where: str = "score.json") -> FoldScore:
        """Inverse of :meth:`to_json`. Raises InputError naming ``where`` and every bad frame."""
        try:
            if document["schema"] != SCHEMA:
                raise InputError(f"{where}: schema {document['schema']!r}, expected {SCHEMA}")
            settings = MatchSettings.from_json(document["matching"])
            unknown = tuple(str(path) for path in document["unknown"])
            entries = list(document["frames"])
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise InputError(f"{where}: not a score file: {error!r}") from error
        frames, problems, seen = [], [], set()
        for i, entry in enumerate(entries):
            try:
                frame = _frame(entry, settings)
                if frame.key in seen:
                    raise ValueError(f"{frame.key} is listed twice")
            except (KeyError, TypeError, ValueError) as error:
                problems.append(f"/frames/{i}: {type(error).__name__}: {error}")
            else:
                seen.add(frame.key)
                frames.append(frame)
        if problems:
            raise InputError.collect(f"{where}: not a valid score file:", problems)
        return cls(settings, tuple(frames), unknown)

    def save(self, path: Path) -> None:
        """Write ``score.json``, one frame a line, so that two scores can be compared by eye."""
        document = self.to_json()
        frames = ",\n".join(f"  {json.dumps(f, allow_nan=False)}" for f in document.pop("frames"))
        head = json.dumps(document, indent=1, allow_nan=False).removesuffix("\n}")
        write_text(path, f'{head},\n "frames": [\n{frames}\n ]\n}}\n')

    @classmethod
    def load(cls, path: Path) -> FoldScore:
        """Read ``score.json``. Raises InputError when it is missing or malformed."""
        return cls.from_json(read_json(path, _LIMIT), str(path))


def _frame(entry: dict[str, Any], settings: MatchSettings) -> FrameScore:
    key = entry["frame"]
    if not isinstance(key, str) or key.count("/") != 2:
        raise ValueError(f"frame {key!r} is not surgery/video/stem")
    predictions, labels = _count(entry["predictions"]), _count(entry["labels"])
    missing = entry.get("missing", False)
    if not isinstance(missing, bool) or (missing and predictions):
        raise ValueError("missing must be true or false, and true only without predictions")
    pairs = tuple((_count(i), _count(j), float(d)) for i, j, d in entry["pairs"])
    for side, size in ((0, predictions), (1, labels)):
        used = [pair[side] for pair in pairs]
        if len(set(used)) != len(used) or any(index >= size for index in used):
            raise ValueError("a pair uses a point twice, or one that does not exist")
    if not all(0 <= d <= settings.radius + 10**-_DIGITS for _, _, d in pairs):
        raise ValueError(f"a pair is further apart than the radius {settings.radius:g}")
    return FrameScore(key, predictions, labels, pairs, missing)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a whole number from 0")
    return value
