"""What results are called beside one another: the method, and what sets namesakes apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import chain, count
from typing import Any

from adaptor_bench.results.result import Result


def differing_in(results: Sequence[Result]) -> dict[str, list[Any]]:
    """What sets results of one method apart, with the value of each; nothing where all agree."""
    described: dict[str, list[Any]] = {
        "team": [r.team for r in results],
        "data": [r.dataset for r in results],
        "profile": [r.profile for r in results],
    }
    for key in sorted({key for r in results for key in r.parameters}):
        described[key] = [json.dumps(r.parameters.get(key), sort_keys=True) for r in results]
    described["code"] = [r.code or "not recorded" for r in results]
    return {what: values for what, values in described.items() if len(set(values)) > 1}


def name_results(results: Sequence[Result]) -> list[str]:
    """A name for each result; the same one has one name on all domains, and no two share one.

    The method; of an entry with its team, where there are several teams or a run of that name; of
    runs under one profile with the parameters, and the code, in which they differ; and in brackets
    the entry's id or the profile, where names would still be alike.
    """
    different = {r.identity: r for r in reversed(results)}
    several = len({r.team for r in results if r.entry}) > 1
    runs = [r for r in different.values() if not r.entry]
    names: dict[str, str] = {}
    for identity in dict.fromkeys(r.identity for r in results):
        result = different[identity]
        beside = several or any(r.method == result.method for r in runs)
        own = f" ({result.team})" * beside if result.entry else _settings(result, runs)
        names[identity] = result.method + own
    brackets: tuple[Callable[[Result], str], ...] = (
        lambda r: r.entry.id if r.entry else "",
        lambda r: r.profile or "",
    )
    for tell in brackets:
        for name in {n for n in names.values() if list(names.values()).count(n) > 1}:
            alike = {i: tell(different[i]) for i, n in names.items() if n == name}
            if len(set(alike.values())) > 1:
                names |= {identity: f"{name} [{told}]" for identity, told in alike.items()}
    taken: set[str] = set()
    for identity, name in names.items():
        unused = chain([name], (f"{name} {number}" for number in count(2)))
        names[identity] = next(n for n in unused if n not in taken)
        taken.add(names[identity])
    return [names[r.identity] for r in results]


def _settings(result: Result, runs: Sequence[Result]) -> str:
    """`` (rate=0.1)``: what sets it apart from runs of its method and profile."""
    alike = [r for r in runs if (r.method, r.profile) == (result.method, result.profile)]
    own = {what: values[alike.index(result)] for what, values in differing_in(alike).items()}
    told = [f"code {own[k]}" if k == "code" else f"{k}={own[k]}" for k in own if k != "data"]
    return f" ({', '.join(told)})" if told else ""
