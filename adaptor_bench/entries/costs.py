"""What training costs, measured once more for the entries of a leaderboard, all on one machine.

An entry states what its own runs have cost, on whatever machine they ran. Such seconds differ by
the machine as much as by the method; to compare methods, some folds of each are trained anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adaptor_bench.entries.entry import Entry, Leaderboard, read_entries, write_entry
from adaptor_bench.errors import InputError
from adaptor_bench.resources import refuse_installed
from adaptor_bench.results.cost import COST_MACHINE, cost_of_run, cost_to_json
from adaptor_bench.results.result import fold_names
from adaptor_bench.results.runs import Run
from adaptor_bench.values import readable

_UNKNOWN = "not said"


def remeasure(board: Leaderboard, runs: Sequence[Run]) -> tuple[list[Entry], list[Entry]]:
    """Write the entries of ``board`` with the costs of ``runs``; returns them, and those without a
    run. Raises as :func:`measured_again`, and InputError for an installed leaderboard."""
    refuse_installed(board.folder)
    again, left = measured_again(board, read_entries(board), runs)
    for entry in again:
        write_entry(entry, board)
    return again, left


def measured_again(
    board: Leaderboard, entries: Sequence[Entry], runs: Sequence[Run]
) -> tuple[list[Entry], list[Entry]]:
    """``entries`` with the cost of ``runs`` in place of their own, and those without a run, as they
    are. A run is an entry's if it is of its method, with its profile and parameters.

    Raises InputError listing all that makes costs incomparable: runs of other data or folds than
    the board's, of several machines, without a cost, or of different folds for different entries.
    """
    problems = [*_unfit(board, runs)]
    again, left, folds = [], [], {}
    for entry in entries:
        of_method = [run for run in runs if run.method == entry.method]
        own = [run for run in of_method if not _differing(entry, run)]
        if not own:
            problems += [_other_setup(entry, run) for run in of_method[:1]]
            left.append(entry)
            continue
        found: dict[str, dict[str, Any]] = {}
        for domain in entry.measured:
            here = {run.fold: run for run in own if run.domain == domain}
            if len(here) < sum(run.domain == domain for run in own):
                problems.append(f"{entry.id}, {domain}: several runs of one fold")
            costs = {fold: cost for fold, run in here.items() if (cost := cost_of_run(run))}
            problems += [f"{here[k].path}: tells no cost" for k in here.keys() - costs.keys()]
            folds[entry.id, domain] = sorted(here)
            # The lowest seed stands for all: cost does not depend on it.
            found[domain] = {str(min(entry.measured[domain])): cost_to_json(costs)}
        setup = (entry.setup or {}) | {"cost": found, COST_MACHINE: _machine(own[0])}
        again.append(replace(entry, setup=setup))
    problems += _unequal(folds)
    if problems:
        raise InputError.collect("the costs of these runs cannot be compared:", problems)
    return again, left


def _unfit(board: Leaderboard, runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        plan = run.fold_plan["name"], run.fold_plan["sha256"]
        if run.dataset["name"] != board.dataset or board.plans.get(run.domain) != plan:
            yield f"{run.path}: not a fold of the leaderboard {board.id!r}"
    machines = {tuple(_machine(run).items()): run.path for run in runs}
    if len(machines) > 1:
        for machine, path in machines.items():
            yield f"{path}: {', '.join(f'{key} {value}' for key, value in machine)}"


def _machine(run: Run) -> dict[str, str]:
    """What seconds depend on, beside the method."""
    versions = {key: str(run.versions.get(key, _UNKNOWN)) for key in ("machine", "torch")}
    return versions | {"device": run.device, "threads": str(run.threads or _UNKNOWN)}


def _differing(entry: Entry, run: Run) -> list[str]:
    """The parameters of both that are not the same; one has those of a later version."""
    setup = entry.setup or {}
    told = setup.get("parameters", {})
    shared = [key for key in told if key in run.parameters and told[key] != run.parameters[key]]
    return shared + (["profile"] if setup.get("profile") != run.profile else [])


def _other_setup(entry: Entry, run: Run) -> str:
    setup = entry.setup or {}
    stated = setup.get("parameters", {}) | {"profile": setup.get("profile")}
    there = run.parameters | {"profile": run.profile}
    told = [
        f"{key} is {readable(stated[key])} there, {readable(there[key])} in the run"
        for key in _differing(entry, run)
    ]
    return f"{entry.id}: {'; '.join(told)}"


def _unequal(folds: dict[tuple[str, str], list[int]]) -> Iterator[str]:
    for domain in dict.fromkeys(domain for _, domain in folds):
        of_domain = {id_: here for (id_, where), here in folds.items() if where == domain}
        if len({tuple(here) for here in of_domain.values()}) > 1:
            for id_, here in of_domain.items():
                yield f"{id_}, {domain}: {', '.join(fold_names(here)) or 'no fold'}"
