"""``bench paper``: the tables and figures of the paper, from published numbers and finished runs.

A lazy group like ``bench`` itself: the tables do not wait for what draws the figures.
"""

from __future__ import annotations

import click

from adaptor_bench.cli import LazyGroup

# The tables, and the line shown by --help; figures are found where they are defined.
TABLES = {
    "table1": "Frames and labels of every fold and domain.",
    "table2": "Results on the simulator frames.",
    "table3": "Results on the intraoperative frames.",
    "ablation": "Methods beside their ablations, with the differences.",
}


class _PaperGroup(LazyGroup):
    def about(self) -> dict[str, str]:
        from adaptor_bench.cli.paper.figures import drawn_figures

        return TABLES | {name: figure.title for name, figure in drawn_figures().items()}

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in TABLES:
            from adaptor_bench.cli.paper.tables import TABLES as commands

            return commands[name]
        from adaptor_bench.cli.paper.figures import drawn_figures, figure_command

        figure = drawn_figures().get(name)
        return figure_command(figure) if figure else None


@click.group("paper", cls=_PaperGroup)
def command() -> None:
    """Tables and figures for a paper: published numbers and measured ones, apart and labelled."""
