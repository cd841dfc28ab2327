"""The options that several commands have in common, each declared once."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from adaptor_bench.cli import completion

if TYPE_CHECKING:
    from adaptor_bench.matching.settings import MatchSettings

Command = Callable[..., Any]

PROSE_FORMATS = ("text", "markdown", "html", "latex", "json")  # of cards and comparisons
TABLE_FORMATS = ("text", "markdown", "latex", "html", "csv", "json")

PATH = click.Path(path_type=Path)
EXISTING = click.Path(exists=True, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


class FiniteRange(click.FloatRange):
    """A range of numbers without nan and infinity; nan is in every range of click's."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Registered(click.Choice):  # type: ignore[type-arg]  # no generic before click 8.4
    """A choice of the names that ``source``, a module of the package and what stands in it, gives
    when they are needed: a list of what is registered loads nothing before."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.case_sensitive = True

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        module, _, name = self._source.partition(":")
        names = getattr(import_module(f"adaptor_bench.{module}"), name)
        return tuple(names() if callable(names) else names)


class Shard(click.ParamType):  # type: ignore[type-arg]  # as above
    """``i/n``, i from 1 to n."""

    name = "i/n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        number, slash, of = str(value).partition("/")
        if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            self.fail(f"{value!r} is not i/n with i from 1 to n, such as 2/8.", param, ctx)
        return int(number), int(of)


def option(*names: str, **how: Any) -> Callable[[Command], Command]:
    """As :func:`click.option`; a default is shown."""
    shown = how.get("default") is not None and not how.get("is_flag")
    return click.option(*names, **{"show_default": shown, **how})


def formats(*names: str, **how: Any) -> Callable[[Command], Command]:
    """``--format``, the first of ``names`` by default; the command is given ``format_``."""
    return option("--format", "format_", type=click.Choice(names), default=names[0], **how)


def several(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Some options as one, shown in this order."""

    def add(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return add


domain = option("--domain", default="all", help="sim, intraop, .. or all.")
device = option("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
workers = option(
    "--workers",
    type=click.IntRange(1, 64),
    envvar="ADAPTOR_BENCH_WORKERS",
    help="Processes that train folds at the same time; the results are the same.  [default: 2 "
    "where there are two cores; 1 beside a GPU and for smoke]",
)
threads = option(
    "--threads",
    type=click.IntRange(1, 256),
    help="CPU threads of each; results depend on them in their last bits.  [default: 1, beside a "
    "GPU torch's own]",
)
frame_memory = option(
    "--frame-memory",
    type=click.IntRange(0, 1 << 20),
    default=512,  # data.pixels.MOST, which is not loaded for a list of options
    envvar="ADAPTOR_BENCH_FRAME_MEMORY",
    help="MiB of pixels that are kept, divided among the workers; other frames are read again when "
    "they are needed. The results are the same.",
)
seed = option("--seed", type=click.IntRange(0), default=0)
metrics = Registered("scoring.metrics:METRICS")
methods_from = option(
    "--methods-from",
    type=PATH,
    multiple=True,
    help="A folder with more method files, whose code is run; repeatable.",
)
ddof = option(
    "--ddof",
    type=click.IntRange(0, 1),
    default=0,
    help="Measured spread over folds: 0 population standard deviation, as published; 1 sample.",
)
results_data = option(
    "--data",
    type=PATH,
    multiple=True,
    help="Dataset of the results, where it is needed; an embedded phantom needs none. Repeatable.",
)
board_data = option(
    "--data",
    type=EXISTING_FOLDER,
    help="The leaderboard's data.  [default: its phantom, drawn if needed]",
)


def boards(text: str) -> Callable[[Command], Command]:
    """``--board`` and what it is for; the command is given ``boards``."""
    return option(
        "--board",
        "boards",
        multiple=True,
        help=f"{text}: its name, its folder, or all; repeatable.",
        shell_complete=completion.several_boards,
    )


def roots_of(runs: tuple[Path, ...], folders: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    """RUNS, or the folder ``runs`` where neither they nor leaderboards are given."""
    return runs or (() if folders else (Path("runs"),))


_RULES = Registered("matching.rules:ranked_rules")


class _RuleOption(click.Option):
    @property
    def help(self) -> str | None:
        """What the rules say of themselves, loaded when somebody asks."""
        from adaptor_bench.matching.rules import rule_named

        rules = (f" {name}: {rule_named(name).definition}." for name in _RULES.choices)
        return f"How predicted points are paired with labelled ones.{''.join(rules)}"

    @help.setter
    def help(self, given: str | None) -> None:
        """Click sets it; here there is nothing to keep."""


#: ``--matching``, ``--radius``, ``--strict`` and ``--missing``; see :func:`settings_of`.
pairing_options = several(
    option("--matching", cls=_RuleOption, type=_RULES, default="hungarian"),
    option(
        "--radius",
        type=float,
        default=6.0,
        help="In pixels of the frame as stored; 6 px is meant for 512x288 frames.",
    ),
    option("--strict", is_flag=True, help="A pair must be closer than the radius (<, not <=)."),
)
matching_options = several(
    pairing_options,
    option(
        "--missing",
        type=click.Choice(["empty", "skip", "error"]),
        default="empty",
        help="A labelled frame without a prediction: all its labels are missed, or it is left out, "
        "or nothing is scored.",
    ),
)
#: Of tables of points.
pixel_size = option(
    "--pixel-size",
    type=FiniteRange(0, min_open=True),
    help="What one px is in a table in other units, such as micron.",
)
#: Of every interval, and of what is called different.
level = option("--level", type=FiniteRange(0.5, 0.999), default=0.95, help="Of the intervals.")


def settings_of(
    matching: str, radius: float, strict: bool, missing: str = "empty"
) -> MatchSettings:
    """What was asked for. Raises UsageError for a radius that is none."""
    from adaptor_bench.matching.settings import MatchSettings

    return MatchSettings(matching, radius, False if strict else None, missing)


def asked(context: click.Context) -> bool:
    """Whether any of the matching options was given, be it as its default."""
    return any(
        context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        for name in ("matching", "radius", "strict", "missing")
    )
