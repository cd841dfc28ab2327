"""Load, draw, write: the whole site, or nothing of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import adaptor_bench
from adaptor_bench.atomic import atomic_directory, write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, UsageError, plural
from adaptor_bench.figures.boards import BoardView, view_boards
from adaptor_bench.figures.figure import all_figures
from adaptor_bench.progress import Progress
from adaptor_bench.registry import Registry
from adaptor_bench.report.markup import embedded_json, encodable
from adaptor_bench.results.board import boards_of
from adaptor_bench.results.load import Loaded
from adaptor_bench.results.published import load_published
from adaptor_bench.results.result import Result
from adaptor_bench.results.sources import published_results
from adaptor_bench.site.album import RULE, write_album
from adaptor_bench.site.boards import board_page, panels, provenance, with_definitions
from adaptor_bench.site.failures import Failures, write_failures
from adaptor_bench.site.gallery import choose, shown_seed
from adaptor_bench.site.methods import method_page
from adaptor_bench.site.pages import page

MANIFEST = "site.json"
RANKING = "ranking.html"
_SCHEMA = 1


def build_site(
    out: Path,
    loaded: Loaded,
    title: str,
    registry: Registry,
    progress: Progress,
    *,
    frames: int,
    images: bool,
    heatmaps: bool,
    public: bool,
) -> tuple[str, tuple[str, ...]]:
    """Write the site of what was ``loaded`` into ``out``, replacing a site that stands there.

    The gallery shows so many ``frames``, those of other leaderboards than the phantom's only if
    ``public``, for their labels would be known from then on, and those of private labels never.
    The same runs, dataset and versions give the same bytes.

    Returns what was written, and what was left out and why, in words. Raises InputError for data
    that are not those of the results.
    """
    about = {result.kind for result in loaded.results} | {b.kind for b in loaded.leaderboards}
    # The phantom stands in for AdaptOR; about other data its papers say nothing.
    printed = published_results(load_published()) if about != {"folder"} else []
    boards = with_definitions(boards_of([*loaded.results, *printed]), loaded.leaderboards)
    boards += loaded.printed
    views = _anchored(view_boards(boards, loaded.datasets, progress))
    for view in views.values():
        _ = view.curves  # refuses data that are not those of the results
    private = loaded.secret if public else loaded.private | loaded.secret
    with atomic_directory(out, replace=True) as root:
        # Points that were found give labels away as labels do, and counts of a frame their number.
        shown_openly = {a: v for a, v in views.items() if v.board.dataset not in private}
        chosen = choose(shown_openly, frames)
        album = write_album(shown_openly, chosen, root, progress, images=images, heatmaps=heatmaps)
        failures: Failures = {}
        if frames:
            ids = {frame["id"] for frame in album["frames"]}
            failures = write_failures(shown_openly, root, progress, images=images, gallery=ids)
        texts = _pages(views, loaded.left_out, album, failures, title, registry)
        for name, text in texts.items():
            (root / name).write_bytes(encodable(text).encode())
        files = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
        manifest = {
            "schema": _SCHEMA,
            "made_by": f"adaptor_bench {adaptor_bench.__version__}",
            "files": files,
        }
        write_json(root / MANIFEST, manifest)
        size = sum(p.stat().st_size for p in root.rglob("*") if p.is_file())
    kinds = Counter(file.partition("/")[0] for file in files)
    written = (
        f"{plural(len(texts), 'page')}, {plural(len(album['frames']), 'gallery frame')} "
        f"({plural(kinds['frames'], 'picture')}, {plural(kinds['heatmaps'], 'heatmap')}), "
        f"{size / 1e6:.1f} MB"
    )
    unseen = [f"frames of {name}: labels are not public" for name in sorted(private) if frames]
    return written, (*loaded.left_out, *unseen)


def _anchored(views: Iterable[BoardView]) -> dict[str, BoardView]:
    """Every board by its id in the pages."""
    anchored: dict[str, BoardView] = {}
    for view in views:
        board = view.board
        anchored[_unused(_slug(f"{board.dataset}-{board.domain}-{board.kind}"), anchored)] = view
    return anchored


def _pages(
    views: Mapping[str, BoardView],
    left_out: Sequence[str],
    album: Mapping[str, Any],
    failures: Failures,
    title: str,
    registry: Registry,
) -> dict[str, str]:
    """File name to text of every page."""
    figures = tuple(all_figures().values())
    measured = [view for view in views.values() if view.board.measured]
    methods: dict[str, dict[str, Result]] = {}
    for anchor, view in views.items():
        for result in view.board.measured:
            methods.setdefault(result.name, {})[anchor] = result
    files: dict[str, str] = {}
    for name in methods:
        files[name] = _unused(f"method-{_slug(name)}", files.values())
    files = {name: f"{file}.html" for name, file in files.items()}
    sections = [(a, v, panels(v, figures, "ranking")) for a, v in views.items() if v.card]
    shown = len(album["frames"])
    shared = {
        "title": title,
        "folds": sum(len(r.fold_results) for view in measured for r in view.board.measured),
        "has_gallery": bool(shown),
        "has_ranking": bool(sections),
    }
    of_methods = {
        files[name]: method_page(results, views, registry, figures, failures)
        for name, results in methods.items()
    }
    front = {
        "boards": [board_page(view, anchor, files, figures) for anchor, view in views.items()],
        "datasets": list(dict.fromkeys(view.board.dataset for view in measured)),
        "domains": list(dict.fromkeys(view.board.domain for view in measured)),
        "left_out": left_out,
        "methods": of_methods,
        "gallery_count": shown,
        "provenance": [provenance(view) for view in measured],
    }
    texts = {"index.html": page("index.html", "index.html", shared | front)}
    for file, content in of_methods.items():
        texts[file] = page("method.html", file, shared | content)
    if sections:
        texts[RANKING] = page("ranking.html", RANKING, shared | {"sections": sections})
    if shown:
        seeds = {shown_seed(r) for view in measured for r in view.board.competitors}
        content = {
            "data": embedded_json(album),
            "count": shown,
            "rule": RULE,
            "seeds": ", ".join(map(str, sorted(seeds))),
        }
        texts["gallery.html"] = page("gallery.html", "gallery.html", shared | content)
    return texts


def _slug(text: str) -> str:
    """Letters, digits and hyphens only: safe as a file name, an id and a link."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "unnamed"


def _unused(name: str, taken: Collection[str]) -> str:
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(candidate for candidate in names if candidate not in taken)


def refuse_foreign(out: Path) -> None:
    """Only what an earlier ``bench report`` wrote may be replaced. Raises UsageError."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out}: is not a folder", hint="Choose a new folder for --out.")
    here = Path.cwd()
    if out.resolve() in (here, *here.parents):
        # A site is replaced by renaming folders, and that would move this one away.
        raise UsageError(
            f"{out}: is the current folder or a parent of it",
            hint="Choose another folder for --out.",
        )
    if not out.exists() or not any(out.iterdir()):
        return
    try:
        written = {MANIFEST, *read_json(out / MANIFEST)["files"]}
    except (InputError, KeyError, TypeError):
        written = set()
    there = [p.relative_to(out).as_posix() for p in sorted(out.rglob("*")) if not p.is_dir()]
    foreign = [name for name in there if name not in written]
    if foreign:
        raise UsageError(
            f"{out}: holds files that do not belong to an earlier site, such as {foreign[0]}",
            hint="Choose a new folder for --out.",
        )
