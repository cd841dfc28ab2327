"""Tables in LaTeX with booktabs rules. What is written compiles with pdflatex, whatever is in it.

A fragment needs ``booktabs`` and ``graphicx``; a table wider than the line is made to fit. Letters
with accents are written as commands; what pdflatex has no letter for stands as its code point.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby

from adaptor_bench.report.table import DASH, Column, Spread, Table

__all__ = ["document", "escape", "fragments"]

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
_HEAD = "% Needs \\usepackage{booktabs} and \\usepackage{graphicx}.\n"
_DOCUMENT = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[a4paper,margin=18mm]{geometry}
\usepackage{booktabs}
\usepackage{graphicx}
\pagestyle{empty}
\begin{document}
%s\end{document}
"""


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


def fragments(tables: Sequence[Table]) -> str:
    """One ``table`` environment each, to be included in a paper."""
    return _HEAD + "\n".join(_table(table) for table in tables)


def document(tables: Sequence[Table]) -> str:
    """A complete document that pdflatex compiles as it is."""
    return _DOCUMENT % "\n".join(_table(table) for table in tables)


def _escaped(character: str) -> str:
    if character in _CHARACTERS:
        return _CHARACTERS[character]
    if " " <= character <= "~":
        return character
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"(U+{ord(character):04X})"


def _table(table: Table) -> str:
    lines = [r"\begin{table}[!htbp]", r"\centering", r"\small", r"\setlength{\tabcolsep}{5pt}"]
    if table.title:
        lines.append(r"\setlength{\belowcaptionskip}{4pt}")
        lines.append(rf"\caption{{{escape(table.title)}}}")
    spec = "".join("l" if _spread(table, c) or c.align == "left" else "r" for c in table.shown)
    lines += [r"\sbox0{%", rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}", r"\toprule"]
    lines += _headings(table)
    rows = _rows(table)
    for group in table.groups():
        lines += [r"\midrule", *(rows[i] for i in group)]
    if not rows:
        lines.append(r"\midrule")
    lines += [r"\bottomrule", r"\end{tabular}}%"]
    # Only what is wider than the line is made smaller.
    lines.append(r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi")
    if table.notes:
        lines += [r"\par\medskip", r"\begin{minipage}{\linewidth}\footnotesize\raggedright"]
        lines.append(r"\setlength{\parskip}{2pt}")
        lines += [rf"{escape(note)}\par" for note in table.notes]
        lines.append(r"\end{minipage}")
    return "\n".join([*lines, r"\end{table}", ""])


def _headings(table: Table) -> list[str]:
    columns = table.shown
    above, rules, position = [], [], 1
    for over, run in groupby(columns, key=lambda c: c.over):
        n = len(list(run))
        above += [rf"\multicolumn{{{n}}}{{c}}{{{escape(over)}}}"] if over else [""] * n
        rules += [rf"\cmidrule(lr){{{position}-{position + n - 1}}}"] if over else []
        position += n
    titles = " & ".join(escape(c.title) for c in columns) + r" \\"
    return [" & ".join(above) + r" \\", "".join(rules), titles] if rules else [titles]


def _rows(table: Table) -> list[str]:
    columns = table.shown
    cells = table.cells()
    for j, column in enumerate(columns):
        shown = [row[j] for row in cells]
        texts = _lined_up(shown) if _spread(table, column) else [_cell(text) for text in shown]
        for i, text in enumerate(texts):
            cells[i][j] = rf"\textbf{{{text}}}" if (i, column.key) in table.best else text
    for group in table.groups():
        for i in group[1:]:
            cells[i] = ["" if c.group else t for c, t in zip(columns, cells[i], strict=True)]
    return [" & ".join(row) + r" \\" for row in cells]


def _spread(table: Table, column: Column) -> bool:
    return any(isinstance(row.get(column.key), Spread) for row in table.rows)


def _lined_up(shown: Sequence[str]) -> list[str]:
    """``mean ± std`` with invisible digits in front, so that the means stand below each other."""
    parts = [[part.strip() for part in text.split("±")] for text in shown]
    width = max((len(means[0]) for means in parts), default=0)
    texts = []
    for mean, *std in parts:
        missing = width - len(mean) if mean != DASH else 0
        room = rf"\phantom{{{'0' * missing}}}" if missing else ""
        texts.append(room + r" $\pm$ ".join(_cell(part) for part in (mean, *std)))
    return texts


def _cell(text: str) -> str:
    text = text.strip()
    if text == DASH:
        return "--"
    if text.startswith("-") and text[1:2].isdigit():
        return f"$-${escape(text[1:])}"
    if text.startswith("+") and text[1:2].isdigit():
        return f"$+${escape(text[1:])}"
    return escape(text)
