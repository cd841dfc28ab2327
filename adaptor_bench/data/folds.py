"""Folds by surgery: the published manifest, or leave-one-surgery-out, or K balanced groups.

No surgery is ever in both train and validation. The inner split, used for model selection, is
taken from a fold's *training* surgeries; the reported fold never takes part in a choice.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError, UsageError

MANIFEST = "adaptor2021-v1"


@dataclass(frozen=True)
class Fold:
    """Fold ``number`` (from 1): the surgeries trained on and the surgeries it is reported on."""

    number: int
    train: tuple[str, ...]
    validation: tuple[str, ...]


@dataclass(frozen=True)
class FoldPlan:
    """All folds of one domain. ``sha256`` identifies the exact membership."""

    name: str
    domain: str
    folds: tuple[Fold, ...]

    @property
    def sha256(self) -> str:
        """Hash of the membership, written into every result."""
        membership = [[f.number, sorted(f.train), sorted(f.validation)] for f in self.folds]
        return hashlib.sha256(json.dumps([self.domain, membership]).encode()).hexdigest()

    def fold(self, number: int) -> Fold:
        """Fold by number. Raises UsageError naming the folds there are."""
        for fold in self.folds:
            if fold.number == number:
                return fold
        numbers = ", ".join(str(f.number) for f in self.folds)
        raise UsageError(
            f"there is no fold {number} in domain {self.domain!r} ({self.name})",
            hint=f"Folds of {self.domain}: {numbers}.",
        )


@cache
def load_manifest(name: str = MANIFEST) -> dict[str, Any]:
    """A fold manifest shipped with the package: frames per surgery and validation groups."""
    text = (Path(__file__).parent / "manifests" / f"{name}.json").read_text("utf-8")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def plan_folds(surgeries: dict[str, int], domain: str, groups: int | None = None) -> FoldPlan:
    """The folds of one domain, from its ``surgeries`` (id -> number of frames).

    The manifest applies when the ids are exactly the challenge's for this domain and ``groups``
    is not given; otherwise every surgery is one fold, or ``groups`` folds are balanced by frame
    count. Raises InputError with fewer than two surgeries, UsageError for impossible ``groups``.
    """
    manifest = load_manifest()["domains"].get(domain)
    if groups is None and manifest and set(surgeries) == set(manifest["frames"]):
        return _plan(MANIFEST, domain, surgeries, manifest["folds"])
    if len(surgeries) < 2:
        raise InputError(
            f"domain {domain!r} has {len(surgeries)} surgery: folds by surgery need at least two",
            hint="Put the frames of different surgeries (patients) into folders of their own.",
        )
    if groups is None:
        return _plan("leave-one-surgery-out", domain, surgeries, [[s] for s in surgeries])
    if not 2 <= groups <= len(surgeries):
        raise UsageError(
            f"--folds {groups} is not possible with {len(surgeries)} surgeries in {domain!r}",
            hint=f"Choose a number from 2 to {len(surgeries)}.",
        )
    return _plan(f"{groups}-balanced", domain, surgeries, _balanced(surgeries, groups))


def inner_split(surgeries: dict[str, int], train: tuple[str, ...]) -> tuple[str, ...]:
    """The training surgeries held back for model selection, at most one.

    ``train`` are those that have labels: on others nothing can be chosen. The smallest of them is
    taken (ties: the first name), so that the least is lost to training. Empty when there are
    fewer than three: too few to hold one back.
    """
    if len(train) < 3:
        return ()
    return (min(train, key=lambda s: (surgeries[s], s)),)


def _plan(name: str, domain: str, surgeries: dict[str, int], groups: list[list[str]]) -> FoldPlan:
    folds = tuple(
        Fold(
            number=k,
            train=tuple(s for s in surgeries if s not in group),
            validation=tuple(s for s in surgeries if s in group),
        )
        for k, group in enumerate(groups, start=1)
    )
    return FoldPlan(name, domain, folds)


def _balanced(surgeries: dict[str, int], groups: int) -> list[list[str]]:
    """Largest surgery first into the lightest group: within one surgery of balanced."""
    bins: list[list[str]] = [[] for _ in range(groups)]
    for surgery in sorted(surgeries, key=lambda s: (-surgeries[s], s)):
        lightest = min(bins, key=lambda group: sum(surgeries[s] for s in group))
        lightest.append(surgery)
    return bins
