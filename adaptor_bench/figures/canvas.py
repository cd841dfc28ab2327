"""Matplotlib without its global state: same figure, same bytes, text that stays text."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeAlias, TypeVar

from adaptor_bench.atomic import complete_file
from adaptor_bench.extras import require
from adaptor_bench.names import printable, terminal

P = ParamSpec("P")
T = TypeVar("T")
Look = dict[str, Any]
# Matplotlib's classes of these names, which is loaded only when something is drawn.
Axes: TypeAlias = Any
Drawing: TypeAlias = Any

FORMATS = ("pdf", "svg", "png")
# Okabe and Ito's palette: told apart by readers with colour blindness, too.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#8c8c8c")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (5, 5)))

_SMALL = 6.5  # points, of captions
_CAPTION = "caption"  # label of the text that is one
_STYLE: Any = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.4,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "svg.hashsalt": "adaptor_bench",
}


def require_matplotlib() -> None:
    """Raises UsageError where matplotlib is missing or cannot be loaded."""
    require("figures", "figures", load=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Letters that the font lacks become boxes; a warning with a line of source helps nobody."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def drawing(function: Callable[P, T]) -> Callable[P, T]:
    """Draw in this module's style, whatever the user's settings. Raises UsageError without
    matplotlib."""

    @wraps(function)
    def styled(*arguments: P.args, **options: P.kwargs) -> T:
        require_matplotlib()
        import matplotlib as mpl

        with mpl.rc_context(), _quiet():
            mpl.rcdefaults()
            mpl.rcParams.update(_STYLE)
            return function(*arguments, **options)

    return styled


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Drawing, list[list[Axes]]]:
    """A figure of ``width`` x ``height`` inches and its axes [row][column]."""
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
    figure.set_layout_engine("constrained", h_pad=0.06, w_pad=0.05)
    return figure, [list(row) for row in figure.subplots(rows, columns, squeeze=False, **options)]


def looks(methods: Iterable[str]) -> dict[str, Look]:
    """Colour, marker and line style of every method, by name: the same in every panel, and not
    two alike among 64."""
    series = len(_COLOURS)
    return {
        method: {
            "color": _COLOURS[i % series],
            "marker": _MARKERS[(i + i // series) % series],
            "ls": _LINES[(i + i // series) % series],
        }
        for i, method in enumerate(sorted(set(methods)))
    }


def legend(figure: Drawing, handles: Sequence[Any], columns: int = 2) -> None:
    """One legend above all panels: it hides nothing. Circles among ``handles`` are round in it."""
    from matplotlib.legend_handler import HandlerPatch
    from matplotlib.patches import Circle

    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=columns,
        borderaxespad=0.2,
        handler_map={Circle: HandlerPatch(patch_func=_round)},
    )


def _round(*, xdescent: float, ydescent: float, width: float, height: float, **_: Any) -> Any:
    from matplotlib.patches import Circle

    return Circle((width / 2 - xdescent / 2, height / 2 - ydescent / 2), 0.55 * height)


def frame_axes(axes: Axes, image: Any, title: str = "") -> None:
    """Show a frame (H, W, 3) or (H, W), pixel centres at integers, without ticks."""
    axes.imshow(image, cmap="gray", interpolation="nearest")
    axes.autoscale(False)  # marks at the border must not make the frame smaller
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, loc="left", pad=3)


def caption(figure: Drawing, lines: Sequence[str]) -> None:
    """Small lines below everything: what is shown, of which data, how it was chosen."""
    # Hinting makes small letters of a coarse PNG up to a twentieth wider than they are.
    width = 0.93 * figure.get_figwidth() * 72
    filled = [_filled(printable(line), width) for line in lines if line]
    below = "\n".join(filled)
    text = figure.supxlabel(below, fontsize=_SMALL, color="#444444", x=0.01, ha="left")
    text.set_label(_CAPTION)


def without_caption(figure: Drawing) -> str:
    """Take the caption off a figure, whose panels get its room; returns what it said, or ""."""
    import matplotlib.text

    said = ""
    for text in figure.findobj(matplotlib.text.Text):
        if text.get_label() == _CAPTION:
            said = " ".join(text.get_text().split())
            text.set_text("")
            text.set_in_layout(False)
    return said


def text_width(words: str, size: float) -> float:
    """Points that ``words`` take at a ``size`` in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=_STYLE["font.family"], size=size)
    return float(text_to_path.get_text_width_height_descent(words, font, False)[0])


def _filled(line: str, width: float) -> str:
    """``line`` broken between words where it would be wider than ``width`` points."""
    rows = [""]
    for word in line.split():
        longer = f"{rows[-1]} {word}".lstrip()
        if rows[-1] and text_width(longer, _SMALL) > width:
            rows.append(word)
        else:
            rows[-1] = longer
    return "\n".join(rows)


def save(figure: Drawing, path: Path, dpi: int = 200) -> None:
    """Write ``path`` (.pdf, .svg or .png), replacing it in one step."""
    with complete_file(path) as temporary:
        write(figure, temporary, path.suffix.removeprefix(".").lower(), dpi)


def write(figure: Drawing, to: Path | IO[bytes], kind: str, dpi: int = 200) -> None:
    """Write ``to`` a file or stream, as ``kind`` says. The same figure has the same bytes."""
    import matplotlib as mpl
    import matplotlib.text

    metadata: dict[str, Any] = {  # no date, no version
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
    }[kind]
    for text in figure.findobj(mpl.text.Text):  # a name is neither a formula nor a command
        text.set_text(terminal(text.get_text()))
        text.set_parse_math(False)
    with mpl.rc_context(_STYLE), _quiet():
        figure.savefig(to, format=kind, dpi=dpi, metadata=metadata)
