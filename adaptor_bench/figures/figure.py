"""What a figure is, and where figures come from: one module each, found by being there.

A module in this folder, or an installed one that the entry points ``adaptor_bench.figures`` name,
brings a figure as its ``FIGURE``. `bench paper NAME` draws it, and if ``page`` says so the site.
"""

from __future__ import annotations

import base64
import io
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from adaptor_bench import figures
from adaptor_bench.errors import UsageError
from adaptor_bench.figures import canvas
from adaptor_bench.figures.boards import BoardView, complete_boards
from adaptor_bench.report.markup import Markup
from adaptor_bench.report.table import Table

_ENTRY_POINTS = "adaptor_bench.figures"


@dataclass(frozen=True)
class Panel:
    """A figure on a page: its heading, its ``picture``, what stands below; ``legend`` of samples
    and names; ``table`` has its numbers, folded away below its title (on paper if ``prints``)."""

    heading: str
    picture: Markup
    caption: str
    legend: tuple[tuple[Markup, str], ...] = ()
    table: Table | None = None
    prints: bool = False


@dataclass(frozen=True)
class Figure:
    """``draw`` makes it for paper: of complete boards (:class:`BoardView`), which the options that
    it ``needs`` choose; with ``of_runs`` of folders of runs and these options. With ``of_boards``
    leaderboards may be given among the runs: it needs neither frames nor predictions.

    ``page`` is that of the site it stands on, if any: by ``panel``, which makes it of a board and
    the name of a result to stand first (or ""), or returns None; without one as ``draw`` has it.
    """

    name: str
    title: str
    draw: Callable[..., canvas.Drawing] | None = None
    needs: tuple[str, ...] = ("domain",)
    of_runs: bool = False
    of_boards: bool = False
    page: Literal["board", "ranking", "method", ""] = ""
    panel: Callable[[BoardView, str], Panel | None] | None = None

    def on_paper(
        self, roots: Sequence[Path], *, domain: str = "all", data: Path | None = None, **given: Any
    ) -> canvas.Drawing:
        """Drawn of finished runs below ``roots`` (or of leaderboards), by the options it needs."""
        assert self.draw is not None
        options = {"domain": domain, "data": data} | given
        if self.of_runs:
            return self.draw(roots, **{key: options[key] for key in self.needs})
        frames = "data" in self.needs
        return self.draw(
            complete_boards(roots, domain, data, frames=frames, entries=self.of_boards)
        )

    def on_page(self, view: BoardView, first: str = "") -> Panel | None:
        """As the site shows it; None where there is nothing to show."""
        if self.panel is not None:
            return self.panel(view, first)
        if self.draw is None or not view.complete or first:
            return None
        stream = io.BytesIO()
        canvas.write(self.draw([view]), stream, "svg")
        drawn = base64.b64encode(stream.getvalue()).decode()
        picture = Markup('<img class="drawn" alt="{}" src="data:image/svg+xml;base64,{}">')
        title = self.title.rstrip(".")
        return Panel(title, picture.format(f"{title}, {view.board.domain}", drawn), "")


def all_figures() -> dict[str, Figure]:
    """Every figure by name. Raises UsageError for a module that cannot be imported."""
    from importlib.metadata import entry_points

    modules = sorted(module.name for module in pkgutil.iter_modules(figures.__path__))
    known: dict[str, Figure] = {}
    for name in modules:
        known |= _brought_by(partial(import_module, f"{figures.__name__}.{name}"), name)
    for entry in entry_points(group=_ENTRY_POINTS):
        known |= _brought_by(entry.load, entry.value)
    return known


def _brought_by(load: Callable[[], Any], name: str) -> dict[str, Figure]:
    try:
        module = load()
    except Exception as error:
        raise UsageError(f"figure {name}: cannot be loaded ({error})") from error
    figure = getattr(module, "FIGURE", None)
    return {figure.name: figure} if isinstance(figure, Figure) else {}
