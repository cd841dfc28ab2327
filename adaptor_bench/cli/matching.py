"""The options that say what counts as found: the same words on every command that scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from adaptor_bench.matching.settings import MatchSettings

__all__ = ["Registered", "asked", "matching_options", "settings_of"]

_NAMES = ("matching", "radius", "strict", "missing")


class Registered(click.Choice[str]):
    """A name out of a registry, which is asked for its names no earlier than they are needed."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self.names = names
        self.case_sensitive = True

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        """All names there are by now."""
        return tuple(self.names())


def _ranked() -> tuple[str, ...]:
    from adaptor_bench.matching.rules import ranked_rules

    return ranked_rules()


class _RuleOption(click.Option):
    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from adaptor_bench.matching.rules import rule_named

        rules = (f" {name}: {rule_named(name).definition}." for name in _ranked())
        self.help = f"Which predicted point is which labelled one.{''.join(rules)}"
        return super().get_help_record(ctx)


def matching_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--matching``, ``--radius``, ``--strict`` and ``--missing``; see :func:`settings_of`."""
    for option in (
        click.option(
            "--missing",
            type=click.Choice(["empty", "skip", "error"]),
            default="empty",
            show_default=True,
            help="A labelled frame without a prediction: all its labels are missed, or it is left "
            "out, or nothing is scored.",
        ),
        click.option(
            "--strict", is_flag=True, help="A pair must be closer than the radius (<, not <=)."
        ),
        click.option(
            "--radius",
            type=float,
            default=6.0,
            show_default=True,
            help="In pixels of the frame as stored; 6 belong to 512x288 frames.",
        ),
        click.option(
            "--matching",
            cls=_RuleOption,
            type=Registered(_ranked),
            default="hungarian",
            show_default=True,
            help="Which predicted point is which labelled one.",
        ),
    ):
        command = option(command)
    return command


def settings_of(matching: str, radius: float, strict: bool, missing: str) -> MatchSettings:
    """What was asked for. Raises UsageError for a radius that is none."""
    from adaptor_bench.matching.settings import MatchSettings

    return MatchSettings(matching, radius, False if strict else None, missing)


def asked(context: click.Context) -> bool:
    """Whether any of these options was given, be it as its default."""
    from click.core import ParameterSource

    return any(context.get_parameter_source(n) is ParameterSource.COMMANDLINE for n in _NAMES)
