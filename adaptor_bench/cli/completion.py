"""What the shell offers when TAB is pressed: names of methods, boards, folds, runs, parameters.

Each is a ``shell_complete`` of click's. Nothing here may fail or print: what cannot be found out is
not offered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from adaptor_bench.methodspec import MethodSpec

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
_DEEPEST = 6  # folders between where one looks for runs and a run
_MOST = 200


def _offered(find: Callable[[click.Context, str], Iterable[tuple[str, str]]]) -> Complete:
    """The words (with a line of help each) that ``find`` gives and that begin as what was typed."""

    def complete(
        context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            found = [word for word in find(context, incomplete) if word[0].startswith(incomplete)]
        except Exception:  # a shell shows a traceback in the middle of what is being typed
            return []
        return [CompletionItem(word, help=about or None) for word, about in found]

    return complete


def _methods(context: click.Context) -> dict[str, MethodSpec]:
    from adaptor_bench.registry import discover

    return discover(tuple(map(Path, context.params.get("methods_from") or ()))).methods


def _method_names(context: click.Context, _: str) -> Iterator[tuple[str, str]]:
    for name, spec in _methods(context).items():
        yield name, f"without {spec.ablates}" if spec.ablates else spec.card.title


def _boards(context: click.Context, _: str) -> Iterator[tuple[str, str]]:
    from adaptor_bench.entries.entry import boards

    return ((name, "") for name in boards())


def _several_boards(context: click.Context, typed: str) -> Iterator[tuple[str, str]]:
    yield from _boards(context, typed)
    yield "all", "every leaderboard that comes with the package"


def _folds(context: click.Context, _: str) -> list[tuple[str, str]]:
    """Of the dataset where one is given, else of the standard plan, with what is validated on."""
    from adaptor_bench.data.folds import load_manifest

    data, domain = context.params.get("data"), context.params.get("domain") or "all"
    folds: dict[int, list[str]] = {}
    if data is not None and Path(data).is_dir():
        from adaptor_bench.data.frames import index_dataset

        dataset = index_dataset(Path(data))
        for name in dataset.frames:
            for fold in dataset.fold_plan(name, None).folds if domain in ("all", name) else ():
                folds.setdefault(fold.number, []).extend(fold.validation)
    else:
        for name, described in load_manifest()["domains"].items():
            listed = described["folds"] if domain in ("all", name) else ()
            for number, surgeries in enumerate(listed, 1):
                folds.setdefault(number, []).extend(surgeries)
    return [(str(number), " ".join(surgeries)) for number, surgeries in sorted(folds.items())]


def _parameters(context: click.Context, typed: str) -> Iterator[tuple[str, str]]:
    """``target.sigma=`` of the methods given, or of all; after the sign the values to choose from,
    if the rule names some."""
    known = _methods(context)
    specs = [known[name] for name in context.params.get("methods") or () if name in known]
    profile = context.params.get("profile") or "quick"
    key, sign, _ = typed.partition("=")
    offered: dict[str, str] = {}
    for spec in specs or known.values():
        for name, rule in spec.schema.parameters(spec.resolve(profile)).items():
            if not sign:
                offered.setdefault(f"{name}=", rule.may_be)
            elif name == key:
                words = list(rule.rule.words) if rule.rule else []
                words += ["true", "false"] * isinstance(rule.example, bool)
                words += ["none"] * rule.optional
                offered |= {f"{key}={word}": "" for word in words}
    yield from offered.items()


def _runs(context: click.Context, typed: str) -> Iterator[tuple[str, str]]:
    """Finished folds below the folder that is being typed, or below the current one."""
    folder = typed.rpartition("/")[0] or ("/" if typed.startswith("/") else ".")
    found = 0
    for place, folders, files in os.walk(folder):
        if "run.json" in files:
            yield os.path.normpath(place), ""
            found += 1
        inside = len(Path(place).relative_to(folder).parts)
        stop = "run.json" in files or "key.json" in files or inside >= _DEEPEST or found >= _MOST
        folders[:] = [] if stop else sorted(n for n in folders if not n.startswith("."))


def _runs_and_weights(context: click.Context, typed: str) -> Iterator[tuple[str, str]]:
    from adaptor_bench.harness.shipped import shipped_weights

    yield from _runs(context, typed)
    for name in shipped_weights():
        yield name, "weights that come with the package"


def _entries(context: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """Of the board that was typed before."""
    from adaptor_bench.entries.entry import find_board, read_board, read_entries

    for entry in read_entries(read_board(find_board(context.params["board"]))):
        yield entry.id, f"{entry.method} by {entry.team}"


def _codes(context: click.Context, _: str) -> Iterator[tuple[str, str]]:
    from adaptor_bench.submission.codes import CODES

    return ((code, found.title) for code, found in CODES.items())


def _or_path(names: Complete, kind: str = "dir") -> Complete:
    """Names; where none begins as what was typed, folders (or files) for the shell to find."""

    def complete(
        context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        found = names(context, parameter, incomplete)
        return found or [CompletionItem(incomplete, type=kind)]

    return complete


methods = _offered(_method_names)
method_or_path = _or_path(methods, "file")
board = _or_path(_offered(_boards))
several_boards = _or_path(_offered(_several_boards))
entries = _offered(_entries)
codes = _offered(_codes)
folds = _offered(_folds)
parameters = _offered(_parameters)
run = _or_path(_offered(_runs))
run_or_method = _or_path(_offered(_runs_and_weights))
