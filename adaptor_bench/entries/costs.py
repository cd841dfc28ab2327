"""What training costs, measured once more for the entries of a leaderboard, all on one machine.

An entry states what its own runs have cost, on whatever machine they ran. Such seconds differ by
the machine as much as by the method; to compare methods, some folds of each are trained anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adaptor_bench.entries.documents import check_document
from adaptor_bench.entries.entry import Entry, Leaderboard, read_entries, write_entry
from adaptor_bench.errors import InputError, plural
from adaptor_bench.names import printable
from adaptor_bench.resources import refuse_installed
from adaptor_bench.results.cost import COST_MACHINE, cost_of_run, cost_to_json, kind_of_machine
from adaptor_bench.results.result import fold_names
from adaptor_bench.results.runs import Run
from adaptor_bench.values import readable

_LONGEST = 80  # characters of a value in a message
_HEADLINE = "the costs of these runs cannot be compared:"
_HINT = (
    "Train with what the entries were made with: `bench run --profile P`, and --folds, --radius, "
    "--set and --methods-from where they had them."
)


def remeasure(board: Leaderboard, runs: Sequence[Run]) -> tuple[list[Entry], list[str]]:
    """Write the entries of ``board`` with the costs of ``runs``; returns them, and what is left.
    Nothing is written unless all can be.

    Raises as :func:`measured_again`, and InputError for an installed leaderboard.
    """
    refuse_installed(board.folder)
    again, left = measured_again(board, read_entries(board), runs)
    for entry in again:
        check_document(board.folder / f"{entry.id}.json", entry.to_json(), "entry")
    for entry in again:
        write_entry(entry, board)
    return again, left


def measured_again(
    board: Leaderboard, entries: Sequence[Entry], runs: Sequence[Run]
) -> tuple[list[Entry], list[str]]:
    """``entries`` with the cost of ``runs`` in place of their own; and, in words, the entries
    without a run and the methods without an entry.

    A run is an entry's if it is of its method, with its profile and with its parameters as far as
    both have them. Raises InputError listing all that makes costs incomparable: runs of other folds
    than the board's, of several kinds of machines, without a cost, of different folds for
    different entries, of a method with entries none of which has their parameters.
    """
    if problems := [*_unfit(board, runs), *_machines(runs)]:
        raise InputError.collect(_HEADLINE, problems)
    again, left = [], []
    other: dict[str, list[str]] = {}
    folds: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        of_method = [run for run in runs if run.method == entry.method and entry.setup]
        own = [run for run in of_method if not _differing(entry, run)]
        if not own:
            told = [f"{entry.id}: {_in_words(_differing(entry, run))}" for run in of_method[:1]]
            other.setdefault(entry.method, []).extend(told)
            left += told or [f"{entry.id}: no run of it"]
            continue
        found: dict[str, dict[str, Any]] = {}
        for domain in entry.measured:
            here = {run.fold: run for run in own if run.domain == domain}
            folds[entry.id, domain] = sorted(here)
            if len(here) < sum(run.domain == domain for run in own):
                problems.append(f"{entry.id}, {domain}: several runs of one fold")
            costs = {fold: cost for fold, run in here.items() if (cost := cost_of_run(run))}
            problems += [f"{here[k].path}: tells no cost" for k in here.keys() - costs.keys()]
            # Cost does not depend on the seed: that of one stands for all.
            found[domain] = {str(min(entry.measured[domain])): cost_to_json(costs)}
        setup = (entry.setup or {}) | {"cost": found, COST_MACHINE: _machine(own[0])}
        again.append(replace(entry, setup=setup))
    matched = {entry.method for entry in again}
    problems += [told for method in other for told in other[method] if method not in matched]
    problems += _unequal(folds)
    if problems:
        raise InputError.collect(_HEADLINE, problems, hint=_HINT)
    methods = sorted({run.method for run in runs} - {entry.method for entry in entries})
    left += [f"{method}: no entry of this method" for method in methods]
    if not again:
        raise InputError.collect(f"no entry of {board.id!r} is of these runs:", left, hint=_HINT)
    return again, left


def _unfit(board: Leaderboard, runs: Sequence[Run]) -> Iterator[str]:
    """Runs that are not of a fold of the board, by the domain that they are of."""
    strange: dict[str, list[Run]] = {}
    for run in runs:
        _, plan = board.plans.get(run.domain, ("", ""))
        surgeries = board.folds.get(run.domain, {}).get(run.fold)
        if run.fold_plan["sha256"] != plan or run.validation != surgeries:
            strange.setdefault(run.domain, []).append(run)
    for domain, of_domain in strange.items():
        yield (
            f"{plural(len(of_domain), 'run')} on {printable(domain)} of other folds than the "
            f"leaderboard's: {of_domain[0].path}"
        )


def _machines(runs: Sequence[Run]) -> Iterator[str]:
    """Every kind of machine that the runs are of, where they are of several."""
    silent = [run for run in runs if not (run.versions.get("machine") and run.threads)]
    if silent:
        yield f"{plural(len(silent), 'run')} without a machine and its threads: {silent[0].path}"
    kinds: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        kinds.setdefault(tuple(_machine(run).values()), []).append(run)
    for of_kind in kinds.values() if len(kinds) > 1 else ():
        told = printable(kind_of_machine(_machine(of_kind[0])))[:_LONGEST]
        yield f"{plural(len(of_kind), 'run')} on {told}: {of_kind[0].path}"


def _machine(run: Run) -> dict[str, str]:
    """What seconds depend on, beside the method, as far as a run knows it."""
    devices = f"{run.devices} x " if (run.devices or 1) > 1 else ""
    return {
        "machine": str(run.versions.get("machine")),
        "torch": str(run.versions.get("torch", "none")),
        "device": f"{devices}{run.device}",
        "threads": str(run.threads),
    }


def _differing(entry: Entry, run: Run) -> dict[str, tuple[Any, Any]]:
    """Parameter to its value in the entry and in the run, where both have it and they differ."""
    setup = entry.setup or {}
    stated = setup.get("parameters", {}) | {"profile": setup.get("profile")}
    used = run.parameters | {"profile": run.profile}
    return {key: (stated[key], used[key]) for key in stated.keys() & used.keys()
            if stated[key] != used[key]}  # fmt: skip


def _in_words(differing: dict[str, tuple[Any, Any]]) -> str:
    parts = [
        f"{key} is {printable(readable(stated))[:_LONGEST]}, {printable(readable(used))[:_LONGEST]}"
        " in the run"
        for key, (stated, used) in sorted(differing.items())
    ]
    return "; ".join(parts)


def _unequal(folds: dict[tuple[str, str], list[int]]) -> Iterator[str]:
    for domain in dict.fromkeys(domain for _, domain in folds):
        of_domain = {id_: here for (id_, where), here in folds.items() if where == domain}
        if len({tuple(here) for here in of_domain.values()}) > 1 or not all(of_domain.values()):
            for id_, here in of_domain.items():
                yield f"{id_}, {domain}: {', '.join(fold_names(here)) or 'no run'}"
