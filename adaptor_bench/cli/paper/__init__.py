"""``bench paper``: the tables and figures of the paper, from published numbers and finished runs.

A lazy group like ``bench`` itself: the tables do not wait for what draws the figures.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

__all__ = ["command"]

# name -> module, the dict of commands in it, and the line shown by --help.
COMMANDS = {
    "table1": ("tables", "TABLES", "Frames and labels of every fold and domain."),
    "table2": ("tables", "TABLES", "Results on the simulator frames."),
    "table3": ("tables", "TABLES", "Results on the intraoperative frames."),
    "ablation": ("tables", "TABLES", "Methods beside their ablations, with the differences."),
    "figure4": ("figures", "FIGURES", "The predicted heatmap on its frame."),
    "figure5": ("figures", "FIGURES", "The steps of post-processing side by side."),
    "figure6": ("figures", "FIGURES", "Hits, false alarms and misses, both domains."),
    "radius": ("figures", "FIGURES", "F1 against the matching radius."),
    "scatter": ("figures", "FIGURES", "Precision against sensitivity with iso-F1 lines."),
    "forest": ("figures", "FIGURES", "Results surgery by surgery."),
    "translated": ("figures", "FIGURES", "Translated frames beside their source."),
}


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, commands, _ = COMMANDS[name]
        found: dict[str, click.Command] = getattr(import_module(f"{__name__}.{module}"), commands)
        return found[name]

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from adaptor_bench.errors import suggest

            context.fail(f"No such command {args[0]!r}. {suggest(args[0], COMMANDS)}")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=_LazyGroup)
def command() -> None:
    """Tables and figures for a paper: published numbers and measured ones, apart and labelled."""
