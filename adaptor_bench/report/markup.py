"""HTML in which every value is escaped: by templates, and by formats of :class:`Markup`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import markupsafe

from adaptor_bench.names import html, terminal

if TYPE_CHECKING:
    from jinja2 import Environment


class Markup(markupsafe.Markup):
    """Text that is markup already; what its ``format``, ``join`` and ``+`` add is escaped."""

    __slots__ = ()

    @classmethod
    def escape(cls, value: Any) -> Self:
        """``value`` as text of a page, if it is no markup itself."""
        return cls(value.__html__() if hasattr(value, "__html__") else html(str(value)))


@cache
def templates(*folders: Path) -> Environment:
    """Templates in ``folders`` and beside this module; what they print is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent / "templates"]),
        autoescape=True,
        finalize=lambda value: Markup.escape(value) if isinstance(value, str) else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["breakable"] = breakable
    return environment


def breakable(text: str) -> Markup:
    """``text`` that may go on in a new line behind a slash or an underscore, as a method's name."""
    return Markup(re.sub(r"(?<=[/_])(?=[^/_])", "<wbr>", html(text)))


def embedded_json(value: Any) -> Markup:
    """``value`` as JSON that cannot end the script element it stands in. NaN raises ValueError."""
    compact = json.dumps(_shown(value), allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    text = encodable(compact)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _shown(value: Any) -> Any:
    """The same with every text as a page may show it."""
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_shown(inner) for inner in value]
    return terminal(value) if isinstance(value, str) else value


def encodable(text: str) -> str:
    """``text``, question marks where a name of a file was not UTF-8 and no page could hold it."""
    return text.encode("utf-8", "replace").decode()


def web_address(text: str) -> str | None:
    """``text`` if it is a plain http(s) address, so that it may become a link; else None."""
    good = text.startswith(("https://", "http://")) and not any(c.isspace() for c in text)
    return text if good else None
