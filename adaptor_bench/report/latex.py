"""Tables in LaTeX with booktabs rules. What is written compiles with pdflatex, whatever is in it.

A fragment needs ``booktabs`` and ``graphicx``; a table wider than the line is made to fit. Letters
with accents are written as commands; what pdflatex has no letter for stands as its code point.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from adaptor_bench.report.markup import templates
from adaptor_bench.report.table import DASH, Table, TableCell

if TYPE_CHECKING:
    from jinja2 import Environment

_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c", "\u0331": "b",
}  # fmt: skip
_CHARACTERS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "&": r"\&", "%": r"\%",
    "#": r"\#", "$": r"\$", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "|": "$|$", '"': r"\textquotedblright{}", "`": r"\textasciigrave{}",
    # Behind the end of a row these two would be read as its options.
    "[": "{[}", "*": "{*}",
    "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$", "≠": r"$\neq$", "≈": r"$\approx$",
    "×": r"$\times$", "·": r"$\cdot$", "→": r"$\to$", "←": r"$\leftarrow$", "−": "$-$",
    "∞": r"$\infty$", "∈": r"$\in$", "°": r"$^\circ$", "²": "$^2$", "³": "$^3$",
    "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$", "δ": r"$\delta$", "Δ": r"$\Delta$",
    "ε": r"$\varepsilon$", "θ": r"$\theta$", "λ": r"$\lambda$", "μ": r"$\mu$", "µ": r"$\mu$",
    "π": r"$\pi$", "ρ": r"$\rho$", "σ": r"$\sigma$", "τ": r"$\tau$", "φ": r"$\varphi$",
    "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
    "…": r"\ldots{}", "\u00a0": "~", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}",
    "Ø": r"\O{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
    "§": r"\S{}", "©": r"\copyright{}",
}  # fmt: skip
_SIGNS = {"<=": "≤", ">=": "≥", "->": "→"}
_JOINED = "-,'"  # two of a kind in a row would be set as one other sign


class Tex(str):
    """Text that is LaTeX already; templates escape any other."""

    __slots__ = ()


def escape(text: str) -> str:
    """Plain ``text`` as LaTeX that prints it: no character keeps a special meaning.

    ``<=``, ``>=`` and ``->`` become the signs they stand for; white space becomes single spaces.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    for typed, sign in _SIGNS.items():
        text = text.replace(typed, sign)
    parts = []
    for before, character in zip(" " + text, text, strict=False):
        apart = "{}" if character == before and character in _JOINED else ""
        parts.append(apart + _escaped(character))
    return "".join(parts)


def typeset(cell: TableCell) -> Tex:
    """A cell: mean and spread with invisible digits in front, bold if it is the best."""
    text = r" $\pm$ ".join(_part(part) for part in cell.parts)
    if cell.room:
        text = rf"\phantom{{{'0' * cell.room}}}{text}"
    return Tex(rf"\textbf{{{text}}}" if cell.best else text)


def _part(text: str) -> str:
    if text == DASH:
        return "--"
    if text[:1] in ("-", "+") and text[1:2].isdigit():
        return f"${text[0]}${escape(text[1:])}"
    return escape(text)


def latex(tables: Sequence[Table], standalone: bool = False) -> str:
    """One ``table`` environment each, to be included in a paper, or a ``standalone`` document."""
    template = _templates().get_template("tables.tex")
    return template.render(tables=zip(tables, _labels(tables), strict=True), standalone=standalone)


def _labels(tables: Sequence[Table]) -> list[str]:
    """What ``\\ref`` calls each, ``tab:`` and words of it; the second of a name has a 2."""
    names: list[str] = []
    for table in tables:
        words = re.findall(r"[a-z0-9]+", (table.label or table.title).lower())
        name = "-".join(words)[:100].strip("-")
        same = sum(name == other.rpartition("--")[0] or name == other for other in names)
        names.append(f"{name}--{same + 1}" if same else name)
    return [Tex(f"tab:{name}") for name in names]


@cache
def _templates() -> Environment:
    """Those of pages, in marks that LaTeX does not use; what they print is escaped for it."""
    environment = templates().overlay(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        autoescape=False,
        finalize=lambda value: escape(value) if type(value) is str else value,
    )
    environment.filters["typeset"] = typeset
    return environment


def _escaped(character: str) -> str:
    if character in _CHARACTERS:
        return _CHARACTERS[character]
    if " " <= character <= "~":
        return character
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"(U+{ord(character):04X})"
