"""Folds by surgery: the published manifest, or leave-one-surgery-out, or K balanced groups.

Where a dataset has cohorts (centres, or drawings of the phantom), folds are made within each and
numbered on, so that neither side of a fold has a surgery of another cohort.

No surgery is ever in both train and validation. The inner split, used for model selection, is
taken from a fold's *training* surgeries; the reported fold never takes part in a choice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError, UsageError

MANIFEST = "adaptor2021-v1"


@dataclass(frozen=True)
class Fold:
    """Fold ``number`` (from 1): the surgeries trained on and the surgeries it is reported on, all
    of one ``cohort`` (empty where the dataset has none)."""

    number: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    cohort: str = field(default="", repr=False)


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


def own_name(surgery: str, cohort: str) -> str:
    """What a surgery is called within its cohort: ``aicm1.101`` of cohort 101 is its aicm1."""
    return surgery.removesuffix(f".{cohort}") if cohort else surgery


def plan_folds(
    surgeries: dict[str, int],
    domain: str,
    groups: int | None = None,
    cohorts: Mapping[str, str] | None = None,
) -> FoldPlan:
    """The folds of one domain, from its ``surgeries`` (id -> number of frames).

    ``cohorts`` maps surgery to cohort; in each the manifest applies when the names within it are
    exactly the challenge's for this domain and ``groups`` is not given; otherwise every surgery is
    one fold, or ``groups`` folds are balanced by frame count. Cohorts are in the order in which
    ``surgeries`` has them.

    Raises InputError with fewer than two surgeries in a cohort, UsageError for impossible
    ``groups``.
    """
    by_cohort: dict[str, dict[str, int]] = {}
    for surgery, frames in surgeries.items():
        by_cohort.setdefault((cohorts or {}).get(surgery, ""), {})[surgery] = frames
    names: list[str] = []
    folds: list[Fold] = []
    for cohort, members in by_cohort.items() or [("", {})]:
        name, validated = _groups(members, domain, groups, cohort)
        names.append(name)
        folds += [
            Fold(
                number=number,
                train=tuple(s for s in members if s not in group),
                validation=tuple(s for s in members if s in group),
                cohort=cohort,
            )
            for number, group in enumerate(validated, start=len(folds) + 1)
        ]
    name = " and ".join(dict.fromkeys(names))
    if len(by_cohort) > 1:
        name += f" in each of {len(by_cohort)} cohorts"
    return FoldPlan(name, domain, tuple(folds))


def report_folds(
    surgeries: dict[str, int],
    domain: str,
    groups: int | None = None,
    cohorts: Mapping[str, str] | None = None,
) -> FoldPlan:
    """As :func:`plan_folds`, where nothing has to be trained: where a cohort has a single surgery
    every surgery is a fold, that one too."""
    of = {surgery: (cohorts or {}).get(surgery, "") for surgery in surgeries}
    if groups in (None, 1) and 1 in Counter(of.values()).values():
        numbered = enumerate(of.items(), start=1)
        folds = (Fold(n, (), (surgery,), cohort) for n, (surgery, cohort) in numbered)
        return FoldPlan("one-surgery-each", domain, tuple(folds))
    return plan_folds(surgeries, domain, groups, cohorts)


def inner_split(surgeries: dict[str, int], train: tuple[str, ...]) -> tuple[str, ...]:
    """The training surgeries held back for model selection, at most one.

    ``train`` are those that have labels: on others nothing can be chosen. The smallest of them is
    taken (ties: the first name), so that the least is lost to training. Empty when there are
    fewer than three: too few to hold one back.
    """
    if len(train) < 3:
        return ()
    return (min(train, key=lambda s: (surgeries[s], s)),)


def _groups(
    surgeries: dict[str, int], domain: str, groups: int | None, cohort: str
) -> tuple[str, list[list[str]]]:
    """What the rule is called, and the surgeries that each fold of one cohort is reported on."""
    manifest = load_manifest()["domains"].get(domain)
    own = {own_name(surgery, cohort): surgery for surgery in surgeries}
    if groups is None and manifest and set(own) == set(manifest["frames"]):
        return MANIFEST, [[own[name] for name in group] for group in manifest["folds"]]
    where = f"cohort {cohort!r} of domain {domain!r}" if cohort else f"domain {domain!r}"
    if len(surgeries) < 2:
        raise InputError(
            f"{where} has {len(surgeries)} surgery: folds by surgery need at least two",
            hint="Put the frames of different surgeries (patients) into folders of their own.",
        )
    if groups is None:
        return "leave-one-surgery-out", [[surgery] for surgery in surgeries]
    if not 2 <= groups <= len(surgeries):
        raise UsageError(
            f"--folds {groups} is not possible with {len(surgeries)} surgeries in {where}",
            hint=f"Choose a number from 2 to {len(surgeries)}.",
        )
    return f"{groups}-balanced", _balanced(surgeries, groups)


def _balanced(surgeries: dict[str, int], groups: int) -> list[list[str]]:
    """Largest surgery first into the lightest group: within one surgery of balanced."""
    bins: list[list[str]] = [[] for _ in range(groups)]
    for surgery in sorted(surgeries, key=lambda s: (-surgeries[s], s)):
        lightest = min(bins, key=lambda group: sum(surgeries[s] for s in group))
        lightest.append(surgery)
    return bins
