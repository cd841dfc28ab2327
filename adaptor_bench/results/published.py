"""Published results, one reviewable JSON file each in ``leaderboards/published/``. All in percent.

A file says what was printed, where, and on which frames. Where printed numbers do not agree with
one another the file says so: :func:`recompute` finds every such disagreement, and a test holds
the list in the file against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError
from adaptor_bench.resources import bundled
from adaptor_bench.schemas import problems, schema
from adaptor_bench.scoring.aggregate import Aggregate
from adaptor_bench.scoring.metrics import METRICS

PROTOCOLS = {
    "cross-validation": "folds by surgery as in Yao et al. 2021 (adaptor2021-v1)",
    "cross-validation-other-frames": "cross-validation on the authors' own frames and folds",
    "single-split": "one 80/20 split, not by surgery",
    "hidden-test": "hidden test set of the challenge",
    "random-split": "crops split at random, so that parts of one place are on both sides",
}


@dataclass(frozen=True)
class PublishedMetric:
    """As printed, percent. ``ddof`` is None where it is not known, ``folds`` where not printed."""

    folds: dict[str, float] | None
    mean: float
    std: float | None
    ddof: int | None


@dataclass(frozen=True)
class Discrepancy:
    """A printed number that does not follow from the others: ``field`` of ``metric``."""

    metric: str
    field: str
    printed: float
    recomputed: float

    def describe(self) -> str:
        """One sentence for a footnote, without its full stop."""
        title = METRICS[self.metric].title
        if self.field == "harmonic_mean":
            source = "the harmonic mean of the printed precision and sensitivity is"
            return f"{title} is printed as {self.printed:.2f}, {source} {self.recomputed:.2f}"
        what = f"{title} {'spread' if self.field == 'std' else self.field}"
        return f"{what} is printed as {self.printed:.2f}, recomputes to {self.recomputed:.2f}"


@dataclass(frozen=True)
class PublishedResult:
    """One method on one domain. Fields are the keys of the JSON file."""

    id: str
    method: str
    reproduced_by: str | None
    domain: str
    paper: str
    doi: str | None
    arxiv: str | None
    protocol: str
    split: str
    in_default_table: bool
    source: dict[str, str]
    metrics: dict[str, PublishedMetric]
    discrepancies: tuple[Discrepancy, ...]
    notes: tuple[str, ...]

    @property
    def printed_in(self) -> str:
        """Document and place."""
        return f"{self.source['document']}, {self.source['place']}"

    def aggregate(self, key: str) -> Aggregate:
        """One metric as printed, in 0..1; nothing but dashes where it is not printed."""
        metric = self.metrics.get(key)
        if metric is None:
            return Aggregate({}, None, None, 0, 0)
        folds = {int(name[1:]): value / 100 for name, value in (metric.folds or {}).items()}
        std = None if metric.std is None else metric.std / 100
        return Aggregate(folds, metric.mean / 100, std, len(folds), metric.ddof or 0)

    @classmethod
    def from_json(cls, document: Any, where: str) -> PublishedResult:
        """Raises InputError naming ``where`` and all that the schema forbids."""
        wrong = problems(document, schema("published"))
        if not wrong:
            metrics = {*document["metrics"], *(d["metric"] for d in document["discrepancies"])}
            wrong = [f"/metrics/{key}: there is no such metric" for key in metrics - set(METRICS)]
        if wrong:
            raise InputError(f"{where}: {'; '.join(wrong)}")
        values = {key: document[key] for key in document.keys() - {"schema", "unit"}}
        values["metrics"] = {k: PublishedMetric(**m) for k, m in document["metrics"].items()}
        values["discrepancies"] = tuple(Discrepancy(**d) for d in document["discrepancies"])
        return cls(**values | {"notes": tuple(document["notes"])})


def load_published(folder: Path | None = None) -> list[PublishedResult]:
    """All published results on AdaptOR 2021, or those in ``folder`` (none if it is not there),
    sorted by id. Raises InputError listing every malformed file."""
    folder = folder or bundled("leaderboards") / "published"
    results, malformed = [], []
    for path in sorted(folder.glob("[!.]*.json")):
        try:
            result = PublishedResult.from_json(read_json(path), path.name)
            if result.id != path.stem:
                raise InputError(f"{path.name}: id is {result.id!r}, not the file's name")
            results.append(result)
        except InputError as error:
            malformed.append(error.message)
    if malformed:
        raise InputError.collect(f"{folder}: malformed published results:", malformed)
    return results


def recompute(result: PublishedResult) -> tuple[Discrepancy, ...]:
    """What does not follow from the printed numbers, beyond half a unit of the last digit.

    Mean and spread are recomputed from the fold values; F1, where no fold values are printed,
    as the harmonic mean of precision and sensitivity.
    """
    found: list[tuple[str, str, float, float]] = []
    for key, metric in result.metrics.items():
        if metric.folds:
            values = list(metric.folds.values())
            found.append((key, "mean", metric.mean, float(np.mean(values))))
            if metric.std is not None:
                again = float(np.std(values, ddof=metric.ddof or 0))
                found.append((key, "std", metric.std, again))
    f1 = result.metrics.get("f1")
    parts = [result.metrics.get("precision"), result.metrics.get("sensitivity")]
    if f1 and not f1.folds and all(parts):
        p, s = (part.mean for part in parts if part)
        found.append(("f1", "harmonic_mean", f1.mean, 2 * p * s / (p + s)))
    # Two rounded inputs move a harmonic mean by up to one unit, hence the wider margin there.
    return tuple(
        Discrepancy(key, name, printed, round(value, 2))
        for key, name, printed, value in found
        if abs(printed - value) > (0.0101 if name == "harmonic_mean" else 0.00501)
    )
