"""Table 1: frames, and with a dataset also labelled points, of every fold and domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adaptor_bench.data.describe import describe_dataset
from adaptor_bench.data.folds import MANIFEST, load_manifest, plan_folds
from adaptor_bench.report.table import Column, Table, wrapped
from adaptor_bench.results.notes import PHANTOM
from adaptor_bench.results.result import REAL

_SPLITS = {"train": "Train", "validation": "Validation"}


def frame_tables(data: Path | None = None) -> list[Table]:
    """Frames by domain, split and fold: of ``data``, with its labelled points; else the manifest's.

    Raises InputError when ``data`` is no dataset or a label cannot be read.
    """
    if data is None:
        manifest = load_manifest()
        domains = {
            name: _domain(name, {"frames": content["frames"]})
            for name, content in manifest["domains"].items()
        }
        notes = [
            f"Counts and folds of the manifest {MANIFEST}: {manifest['source']}.",
            *_fold_notes(domains),
            "Yao et al. 2021 call the four intraoperative surgeries simulated; on the challenge's "
            "site they are patients.",
        ]
        return _tables("frames", "AdaptOR 2021, published folds", REAL, domains, notes)
    description = describe_dataset(data)
    name, kind = description["name"], description["kind"]
    domains = {}
    for domain, found in description["domains"].items():
        surgeries = found["surgeries"]
        cohorts = {s: counts["cohort"] for s, counts in surgeries.items() if "cohort" in counts}
        per = {
            what: {surgery: counts[what] for surgery, counts in surgeries.items()}
            for what in ("frames", "points")
        }
        domains[domain] = _domain(domain, per, cohorts) | {"reason": found.get("reason")}
    kind_notes = [PHANTOM] if kind == "phantom" else []
    about = name if name == kind else f"{name} ({kind})"
    return [
        *_tables("frames", about, name, domains, kind_notes),
        *_tables("points", about, name, domains, kind_notes + _fold_notes(domains)),
    ]


def _domain(
    domain: str, counts: Mapping[str, Mapping[str, int]], cohorts: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Totals, and per fold the sums over training and validation surgeries."""
    surgeries = dict(counts["frames"])
    found: dict[str, Any] = {
        "surgeries": len(surgeries),
        "totals": {what: sum(values.values()) for what, values in counts.items()},
        "plan": None,
        "folds": {},
    }
    if len(surgeries) < 2:
        return found
    plan = plan_folds(surgeries, domain, cohorts=cohorts)
    found["plan"] = plan.name
    for fold in plan.folds:
        members = {"train": fold.train, "validation": fold.validation}
        sums: dict[Any, Any] = {
            (what, split): sum(values[s] for s in names)
            for what, values in counts.items()
            for split, names in members.items()
        }
        found["folds"][f"f{fold.number}"] = sums | {"members": fold.validation}
    return found


def _tables(
    what: str, about: str, dataset: str, domains: Mapping[str, Any], notes: list[str]
) -> list[Table]:
    """One, or more where the folds do not fit beside one another; the notes below the last."""
    names = max((tuple(d["folds"]) for d in domains.values()), key=len, default=())
    tables = [_table(what, about, dataset, domains, part) for part in wrapped(names)]
    return [*tables[:-1], replace(tables[-1], notes=tuple(notes))]


def _table(
    what: str, about: str, dataset: str, domains: Mapping[str, Any], names: Sequence[str]
) -> Table:
    over = {"frames": "Number of frames", "points": "Number of labelled points"}[what]
    columns = (
        Column("domain", "Domain", role="label", show=str.capitalize, group=True),
        Column("split", "Split", role="label"),
        *(Column(name, name, "right", "metric", over=over) for name in names),
        Column("counted", "counted", data=True),
        Column("dataset", "dataset", data=True),
        Column("fold_plan", "fold_plan", data=True),
    )
    rows = [
        {
            "domain": domain,
            "split": title,
            "counted": what,
            "dataset": dataset,
            "fold_plan": found["plan"],
            **{name: found["folds"].get(name, {}).get((what, split)) for name in names},
        }
        for domain, found in domains.items()
        for split, title in _SPLITS.items()
    ]
    return Table(f"{over} in each fold: {about}", columns, rows, label="frames")


def _fold_notes(domains: Mapping[str, Any]) -> list[str]:
    notes = []
    for domain, found in domains.items():
        totals = " and ".join(
            f"{total} {'labelled points' if what == 'points' else what}"
            for what, total in found["totals"].items()
        )
        head = f"{domain}: {totals} of {found['surgeries']} surgeries"
        if not found["folds"]:
            notes.append(f"{head}; no folds: {found['reason']}.")
            continue
        members = "; ".join(
            f"{name} {', '.join(fold['members'])}" for name, fold in found["folds"].items()
        )
        notes.append(f"{head}; validated on ({found['plan']}): {members}.")
    return notes
