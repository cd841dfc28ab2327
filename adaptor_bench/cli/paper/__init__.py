"""``bench paper``: the tables and figures of the paper, from published numbers and finished runs.

A lazy group like ``bench`` itself: the tables do not wait for what draws the figures.
"""

from __future__ import annotations

from typing import Any

import click

__all__ = ["command"]

# The tables, and the line shown by --help; figures are found where they are defined.
TABLES = {
    "table1": "Frames and labels of every fold and domain.",
    "table2": "Results on the simulator frames.",
    "table3": "Results on the intraoperative frames.",
    "ablation": "Methods beside their ablations, with the differences.",
}


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        from adaptor_bench.cli.paper.figures import drawn_figures

        return [*TABLES, *drawn_figures()]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in TABLES:
            from adaptor_bench.cli.paper.tables import TABLES as commands

            return commands[name]
        from adaptor_bench.cli.paper.figures import drawn_figures, figure_command

        figure = drawn_figures().get(name)
        return figure_command(figure) if figure else None

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            from adaptor_bench.errors import suggest

            hint = suggest(args[0], self.list_commands(context))
            context.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from adaptor_bench.cli.paper.figures import drawn_figures

        figures = [(name, figure.title) for name, figure in drawn_figures().items()]
        with formatter.section("Commands"):
            formatter.write_dl([*TABLES.items(), *figures])


@click.group(cls=_LazyGroup)
def command() -> None:
    """Tables and figures for a paper: published numbers and measured ones, apart and labelled."""
