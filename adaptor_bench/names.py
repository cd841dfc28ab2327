"""What strangers wrote, safe to show: names, notes and paths, for every medium in one place.

A name from a file, an archive or a form may hold what moves the cursor, turns the direction of
reading, opens a tag, or is a formula to a spreadsheet. LaTeX has :func:`report.latex`.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

_BLANKS = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")  # letters without ink
_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
_UNSAFE = re.compile(  # control characters but tab and line feed; format characters; surrogates
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST = 100  # characters


def printable(text: str) -> str:
    """A stranger's text on one line, safe for any terminal, XML or JSON.

    Control characters, line separators, direction overrides and lone surrogates (bytes of a file
    name that are not UTF-8) become escapes such as ``\\x1b``. Applying it twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def terminal(text: str) -> str:
    """Lines of output, with what could steer a terminal escaped as :func:`printable` does."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], text)


def html(text: str) -> str:
    """For HTML, in text and in attributes."""
    return escape(terminal(text))


def markdown(text: str) -> str:
    """For a line of Markdown or a cell: no tag, no emphasis, no code, no link, no new cell."""
    text = re.sub(r"([\\|*`])", r"\\\1", " ".join(text.split()))
    text = re.sub(r"&(?=#?\w+;)", "&amp;", printable(text).replace("](", "]\\("))
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)


def csv_cell(text: str) -> str:
    """For a cell of a table of data: what a spreadsheet would take for a formula begins with an
    apostrophe. A number stays one."""
    text = printable(text)
    if text.lstrip()[:1] not in _FORMULA or not text.strip():
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def refusal(text: str, limit: int) -> str:
    """Why ``text`` cannot be the name of anything, or "": blank, too long, with characters that
    cannot be seen, break the line, or turn the direction of reading."""
    if not text.translate(_BLANKS).strip():
        return "is blank"
    if len(text) > limit:
        return f"has {len(text):,} characters, {limit} are allowed"
    unseen = sorted({c for c in text if not c.isprintable() or ord(c) in _BLANKS})
    if unseen:
        listed = ", ".join(f"U+{ord(c):04X}" for c in unseen[:5])
        return f"has characters that cannot be seen ({listed}): {text[:80]!r}"
    return ""


def unusable(name: str) -> str:
    """Why ``name`` cannot be that of a method or a part, or "": it becomes a folder, an argument
    and a word of tables. Slashes join the names of a method and of its ablation."""
    if len(name) > _LONGEST:
        return f"has {len(name):,} characters, {_LONGEST} are allowed"
    if all(map(_WORD.fullmatch, name.split("/"))):
        return ""
    return "is not made of letters, digits, '_', '-' and '.', beginning with one of the first three"


def alike(text: str) -> str:
    """Equal for names that readers would take for the same: case, accents, width, punctuation."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in plain if c.isalnum())
