"""A table of values from elsewhere: a row for each task, case and algorithm, as challengeR has it.

Which metric the values are of, nobody says; they are ranked, never recomputed.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adaptor_bench.bounded import read_file
from adaptor_bench.data.layout import natural_order
from adaptor_bench.errors import InputError, suggest
from adaptor_bench.names import refusal

COLUMNS = {"task": "task", "case": "case", "algorithm": "algorithm", "value": "value", "unit": ""}
"""What a table has, and what its column is called. ``task`` may be absent (all is one task),
``unit`` is absent unless named: every case is a unit."""
_LONGEST = 200
_MISSING = ("", "na", "nan", "null", "none")
_Cells = dict[tuple[str, str, str], float]


@dataclass(frozen=True)
class Gaps:
    """What to do about a value that is missing: ``value`` stands for it, or ``drop`` leaves its
    case out for all algorithms, or, by default, it is an error."""

    value: float | None = None
    drop: bool = False


@dataclass(frozen=True)
class ValueTask:
    """One task, nothing missing. ``values`` maps an algorithm to its values, one a unit of
    ``units``: the mean over the unit's cases, ``cases`` in all. ``missing`` maps an algorithm to
    how many values it lacked, ``dropped`` are the cases left out for that."""

    name: str
    values: Mapping[str, tuple[float, ...]]
    units: tuple[str, ...]
    cases: int
    unit: str = ""
    missing: Mapping[str, int] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def read_values(
    path: Path, columns: Mapping[str, str] | None = None, gaps: Gaps | None = None
) -> list[ValueTask]:
    """The tasks of the CSV at ``path``, separated by comma, semicolon or tab.

    ``columns`` renames those of :data:`COLUMNS`. Raises InputError for a column that is not there,
    and with all rows that are duplicates or no numbers, all values that are missing (unless
    ``gaps`` says what to do), and tasks with a single algorithm.
    """
    names = COLUMNS | dict(columns or {})
    cells, units = _read(path, names, dict(columns or {}))
    return [
        _task(path, task, cells, units, names["unit"], gaps or Gaps())
        for task in dict.fromkeys(task for task, _, _ in cells)
    ]


def _read(
    path: Path, names: Mapping[str, str], given: Mapping[str, str]
) -> tuple[_Cells, dict[tuple[str, str], str]]:
    """The values by task, case and algorithm (NaN: missing), and the units by task and case."""
    try:
        text = read_file(path).decode("utf-8-sig")
        first = text.partition("\n")[0]
        separator = max(",;\t", key=first.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header = [name.strip() for name in next(rows, [])]
        found = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not readable as a table: {error}") from error
    place = _places(path, header, names, given)
    cells: _Cells = {}
    units: dict[tuple[str, str], str] = {}
    problems: list[str] = []
    commas = 0
    for line, row in found:
        if len(row) != len(header):
            problems.append(f"line {line}: {len(row)} cells under {len(header)} headings")
            commas += separator == "," and len(row) == len(header) + 1
            continue
        of = {what: row[at].strip() for what, at in place.items()}
        of.setdefault("task", "")
        key = (of["task"], of["case"], of["algorithm"])
        blank = [w for w in place if w not in ("value", "task") and (refusal(of[w], _LONGEST))]
        if blank:
            problems.append(f"line {line}: {blank[0]} {refusal(of[blank[0]], _LONGEST)}")
        elif key in cells:
            problems.append(f"line {line}: a second value of {_said(key)}")
        elif (value := _number(of["value"])) is None:
            problems.append(f"line {line}: {of['value'][:40]!r} is not a finite number")
            commas += re.fullmatch(r"[+-]?\d*,\d+", of["value"]) is not None
        else:
            cells[key] = value
        unit = of.get("unit", of["case"])
        if units.setdefault(key[:2], unit) != unit:
            problems.append(
                f"line {line}: case {of['case']!r} is of {unit!r} and of {units[key[:2]]!r}"
            )
    if problems:
        hint = "Numbers have a decimal point: 0.5, not 0,5." if commas else None
        raise InputError.collect(f"{path}: rows that cannot be used:", problems, hint=hint)
    if not cells:
        raise InputError(f"{path}: no values in it")
    return cells, units


def _places(
    path: Path, header: list[str], names: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, int]:
    """Where the columns are. The task's may be absent where nobody named it."""
    place, lacking = {}, []
    for what, name in names.items():
        if not name:
            continue
        if header.count(name) == 1:
            place[what] = header.index(name)
        elif what != "task" or what in given or name in header:
            lacking.append(name)
    if lacking:
        hint = suggest(lacking[0], [name for name in header if name])
        raise InputError(
            f"{path}: not exactly one column called {', '.join(map(repr, lacking))}",
            hint=f"--column {next(w for w, n in names.items() if n == lacking[0])}=NAME says what "
            f"it is called. {hint}",
        )
    return place


def _number(text: str) -> float | None:
    """NaN for what is missing, None for what is no finite number."""
    if text.lower() in _MISSING:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _said(key: tuple[str, str, str]) -> str:
    task, case, algorithm = key
    return f"{algorithm!r} in case {case!r}" + (f" of task {task!r}" if task else "")


def _task(
    path: Path,
    task: str,
    cells: _Cells,
    units: Mapping[tuple[str, str], str],
    unit: str,
    gaps: Gaps,
) -> ValueTask:
    where = f"{path}{f', task {task!r}' if task else ''}"
    mine = {(case, algorithm): v for (t, case, algorithm), v in cells.items() if t == task}
    cases = natural_order(dict.fromkeys(case for case, _ in mine))
    algorithms = list(dict.fromkeys(algorithm for _, algorithm in mine))
    if len(algorithms) < 2:
        raise InputError(f"{where}: only {algorithms[0]!r} is in it; there is nothing to rank")
    lacking = [
        (case, a) for case in cases for a in algorithms if math.isnan(mine.get((case, a), math.nan))
    ]
    dropped: tuple[str, ...] = ()
    if lacking and gaps.drop:
        dropped = tuple(dict.fromkeys(case for case, _ in lacking))
        cases = [case for case in cases if case not in set(dropped)]
        if not cases:
            raise InputError(f"{where}: in every case a value is missing; nothing is left")
    elif lacking and gaps.value is not None:
        mine |= dict.fromkeys(lacking, gaps.value)
    elif lacking:
        raise InputError.collect(
            f"{where}: values are missing, and means over different cases do not compare:",
            [f"{algorithm!r} has none in case {case!r}" for case, algorithm in lacking],
            hint="--na NUMBER counts them as the worst value there is; --na drop leaves these "
            "cases out for all.",
        )
    groups: dict[str, list[str]] = {}
    for case in cases:
        groups.setdefault(units[task, case], []).append(case)
    values = {
        a: tuple(sum(mine[case, a] for case in of) / len(of) for of in groups.values())
        for a in algorithms
    }
    missing = Counter(algorithm for _, algorithm in lacking)
    return ValueTask(task, values, tuple(groups), len(cases), unit, missing, dropped)
