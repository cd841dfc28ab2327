"""Markup whose every value is escaped, and data that a page may carry inside itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from adaptor_bench.names import html as escape
from adaptor_bench.names import terminal

__all__ = ["Markup", "breakable", "element", "embedded_json", "encodable", "web_address"]


class Markup(str):
    """Text that is markup already. Templates print it as it is (``__html__``)."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def element(name: str, attributes: Mapping[str, str], *children: str) -> Markup:
    """An element; attribute values and children that are no Markup are escaped."""
    listed = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    inner = "".join(c if isinstance(c, Markup) else escape(c) for c in children)
    return Markup(f"<{name}{listed}>{inner}</{name}>")


def breakable(text: str) -> Markup:
    """``text`` that may go on in a new line behind a slash or an underscore, as a method's name."""
    return Markup(re.sub(r"(?<=[/_])(?=[^/_])", "<wbr>", escape(text)))


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
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return terminal(value) if isinstance(value, str) else value


def encodable(text: str) -> str:
    """``text``, question marks where a name of a file was not UTF-8 and no page could hold it."""
    return text.encode("utf-8", "replace").decode()


def web_address(text: str) -> str | None:
    """``text`` if it is a plain http(s) address, so that it may become a link; else None."""
    good = text.startswith(("https://", "http://")) and not any(c.isspace() for c in text)
    return text if good else None
