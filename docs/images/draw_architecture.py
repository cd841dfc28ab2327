"""The picture of the data flow: ``python docs/images/draw_architecture.py`` writes it."""

# ruff: noqa: E501

from __future__ import annotations

from html import escape
from pathlib import Path

HERE = Path(__file__).parent
INK, GREY, BLUE, GREEN, SAND, PINK = (
    "#1f2933",
    "#61707d",
    "#dcebfa",
    "#dff3e4",
    "#fbf1d9",
    "#f7e3ea",
)
WIDTH, HEIGHT, BOX, HIGH = 1120, 452, 148, 96

# key: column, row, colour, title, lines of text, folders
BOXES = {
    "phantom": (0, 0, SAND, "phantom", ["drawn frames,", "both domains"], "phantom/"),
    "data": (0, 1, BLUE, "dataset", ["frames, labels,", "folds by surgery"], "data/"),
    "run": (1, 1, GREEN, "run a method", ["learn from the training", "surgeries, predict"], "harness/"),
    "json": (2, 1, "white", "predictions", ["one JSON a frame,", "validated"], "submission/"),
    "teams": (2, 0, SAND, "submissions", ["of other teams:", "folder, zip or tar"], ""),
    "score": (3, 1, BLUE, "match and count", ["predictions and labels:", "TP, FP, FN, pairs"], "matching/ scoring/"),
    "results": (4, 1, BLUE, "results", ["a Result each, ranked", "on a Board"], "results/"),
    "papers": (4, 0, SAND, "published", ["papers, entries", "of leaderboards"], "entries/"),
    "report": (5, 0, PINK, "tables, cards", ["text, Markdown, LaTeX,", "HTML, CSV, JSON"], "report/"),
    "figures": (5, 1, PINK, "figures", ["frames, heatmaps,", "curves, forests"], "figures/"),
    "site": (5, 2, PINK, "site", ["boards, cards,", "a gallery of frames"], "site/"),
    "audit": (3, 2, "white", "audit", ["what would another", "rule have said?"], "audit/"),
    "platforms": (4, 2, "white", "platforms", ["the same scoring on", "challenge servers"], "platforms/"),
}  # fmt: skip
ARROWS = [
    ("phantom", "data"), ("data", "run"), ("run", "json"), ("teams", "json"), ("json", "score"),
    ("score", "results"), ("papers", "results"), ("results", "report"), ("results", "figures"),
    ("results", "site"), ("score", "audit"), ("score", "platforms"),
]  # fmt: skip
STAGES = ("translate", "target", "network", "loss", "decode")


def place(key: str) -> tuple[float, float]:
    column, row = BOXES[key][:2]
    return 20 + column * (BOX + 38.4), 20 + row * (HIGH + 44)


def text(x: float, y: float, words: str, size: int, fill: str, more: str = "") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" {more}>{escape(words)}</text>'
    )


def box(key: str) -> str:
    _, _, colour, title, lines, folders = BOXES[key]
    x, y = place(key)
    middle = x + BOX / 2
    dashed = ' stroke-dasharray="5 4"' if colour == "white" and key != "json" else ""
    parts = [
        f'<rect x="{x:g}" y="{y:g}" width="{BOX}" height="{HIGH}" rx="8" fill="{colour}" '
        f'stroke="{INK}" stroke-width="1.2"{dashed}/>',
        text(middle, y + 23, title, 15, INK, 'font-weight="600"'),
        *(text(middle, y + 43 + 16 * n, line, 12, INK) for n, line in enumerate(lines)),
        text(middle, y + 85, folders, 12, GREY, 'font-family="ui-monospace, monospace"'),
    ]
    return "\n".join(parts)


def arrow(start: str, end: str) -> str:
    (x, y), (u, v) = place(start), place(end)
    if x == u:  # down a column
        path = f"M{x + BOX / 2:g},{y + HIGH} V{v - 3:g}"
    elif y == v:
        path = f"M{x + BOX:g},{y + HIGH / 2:g} H{u - 3:g}"
    else:
        turn = u - 19.2
        path = f"M{x + BOX:g},{y + HIGH / 2:g} H{turn:g} V{v + HIGH / 2:g} H{u - 3:g}"
    return (
        f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.6" marker-end="url(#tip)"/>'
    )


def stages() -> str:
    """The five parts of a heatmap detector, below the box that runs it."""
    x, y = place("run")
    left, top, width = 20, y + HIGH + 44, 3 * BOX + 2 * 38.4
    parts = [
        f'<path d="M{x + BOX / 2:g},{top:g} V{y + HIGH + 3:g}" stroke="{INK}" stroke-width="1.6" '
        'marker-end="url(#tip)"/>',
        f'<rect x="{left}" y="{top:g}" width="{width:g}" height="{HIGH}" rx="8" fill="{GREEN}" '
        f'stroke="{INK}" stroke-width="1.2"/>',
        text(left + width / 2, top + 22, "a heatmap detector is five exchangeable stages", 14, INK,
             'font-weight="600"'),
        text(left + width / 2, top + 85, "stages/ composed in train/, a method a file in baselines/",
             12, GREY, 'font-family="ui-monospace, monospace"'),
    ]  # fmt: skip
    each = (width - 24) / len(STAGES)
    for n, name in enumerate(STAGES):
        at = left + 12 + n * each
        parts.append(
            f'<rect x="{at + 8:g}" y="{top + 33:g}" width="{each - 16:g}" height="30" rx="15" '
            f'fill="white" stroke="{INK}"/>'
        )
        parts.append(text(at + each / 2, top + 53, name, 13, INK))
        if n:
            parts.append(
                f'<path d="M{at - 7:g},{top + 48:g} H{at + 5:g}" stroke="{INK}" stroke-width="1.4" '
                'marker-end="url(#tip)"/>'
            )
    return "\n".join(parts)


def picture() -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" '
            'text-anchor="middle" role="img">',
            "<title>From a dataset to a leaderboard: the flow of data through adaptor_bench</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="6" '
            f'markerHeight="6" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{INK}"/></marker></defs>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="white"/>',
            *(arrow(*ends) for ends in ARROWS),
            *(box(key) for key in BOXES),
            stages(),
            text(WIDTH / 2, HEIGHT - 12, "Every arrow is a file on disk or a value in memory that the "
                 "step before made; nothing flows back.", 12, GREY),
            "</svg>\n",
        ]
    )  # fmt: skip


if __name__ == "__main__":
    (HERE / "architecture.svg").write_text(picture(), "utf-8")
