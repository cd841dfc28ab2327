"""A choice among what is registered: asked for when it is needed, so that help starts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

__all__ = ["Registered"]


class Registered(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.4
    """As :class:`click.Choice`, of the names that ``names`` gives at that moment."""

    name = "choice"

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def _choice(self) -> click.Choice[str]:
        return click.Choice(list(self._names()))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return self._choice().convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        names = "|".join(self._names())
        return f"{{{names}}}" if param.param_type_name == "argument" else f"[{names}]"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return self._choice().shell_complete(ctx, param, incomplete)
