"""Gather, draw, write: the whole site, or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import adaptor_bench
from adaptor_bench.atomic import atomic_directory, write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.progress import Progress
from adaptor_bench.registry import Registry
from adaptor_bench.report.markup import embedded_json, encodable
from adaptor_bench.results.load import Loaded, load_scored
from adaptor_bench.site.album import RULE, Album, write_album
from adaptor_bench.site.boards import board_page, heading, provenance
from adaptor_bench.site.curves import Curve, board_curves
from adaptor_bench.site.gallery import choose
from adaptor_bench.site.gather import Section, Subject, gather
from adaptor_bench.site.methods import method_card, method_page
from adaptor_bench.site.pages import Pages
from adaptor_bench.site.ranking import PAGE as RANKING
from adaptor_bench.site.ranking import board_card, ranking_section

__all__ = ["SiteRequest", "SiteSummary", "build_site"]

MANIFEST = "site.json"
_SCHEMA = 1


@dataclass(frozen=True)
class SiteRequest:
    """What ``bench report`` was asked for. ``leaderboards``: their folders; ``data``: dataset
    folders for pictures and labels; ``frames``: how many the gallery shows; ``public``: those of
    leaderboards, too, whose labels would be known from then on."""

    roots: tuple[Path, ...]
    out: Path
    leaderboards: tuple[Path, ...] = ()
    data: tuple[Path, ...] = ()
    frames: int = 200
    images: bool = True
    heatmaps: bool = True
    title: str = "Landmark detection benchmark"
    ddof: int = 0
    public: bool = False


@dataclass(frozen=True)
class SiteSummary:
    """What was written: how many pages, gallery frames, pictures, heatmaps; bytes in all.
    ``left_out``: entries that could not be shown, and why."""

    pages: int
    frames: int
    pictures: int
    heatmaps: int
    size: int
    left_out: tuple[str, ...]


def build_site(request: SiteRequest, registry: Registry, progress: Progress) -> SiteSummary:
    """Write the site into ``request.out``, replacing a site that stands there.

    The same runs, dataset and versions give the same bytes. Raises InputError for runs, entries
    or a dataset that cannot be used, UsageError when ``out`` holds anything but an earlier site.
    """
    _refuse_foreign(request.out)
    loaded = load_scored(
        request.roots, request.leaderboards, request.data, progress, ddof=request.ddof
    )
    boards, subjects = gather(loaded.results, loaded.datasets, progress, ddof=request.ddof)
    curves = {board.anchor: board_curves(board, progress) for board in boards}
    with atomic_directory(request.out, replace=True) as root:
        private = frozenset() if request.public else loaded.private
        album = _album(boards, subjects, request, private, root, progress)
        texts = _pages(boards, subjects, loaded, album, curves, request, registry)
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
    shown = len(album.document["frames"])
    left_out = loaded.left_out
    if request.frames:
        left_out += tuple(f"frames of {name}: labels are not public" for name in sorted(private))
    return SiteSummary(len(texts), shown, album.pictures, album.heatmaps, size, left_out)


def _album(
    boards: Sequence[Section],
    subjects: Sequence[Subject],
    request: SiteRequest,
    private: frozenset[str],
    root: Path,
    progress: Progress,
) -> Album:
    # Points that were found give labels away as labels do, and counts of a frame their number.
    public = [b for b in boards if b.entries and b.board.dataset not in private]
    chosen = choose(public, request.frames)
    return write_album(
        boards,
        subjects,
        chosen,
        root,
        progress,
        images=request.images,
        heatmaps=request.heatmaps,
    )


def _pages(
    boards: Sequence[Section],
    subjects: Sequence[Subject],
    loaded: Loaded,
    album: Album,
    curves: Mapping[str, Mapping[int, Curve]],
    request: SiteRequest,
    registry: Registry,
) -> dict[str, str]:
    """File name to text of every page."""
    ranked = [(board, board_card(board)) for board in boards]
    sections = [ranking_section(b, card, heading(b)) for b, card in ranked if card is not None]
    count = len(album.document["frames"])
    pages = Pages(request.title, _folds(boards), gallery=bool(count), ranking=bool(sections))
    cards = [
        method_card(s, [e.result for b in boards for e in b.entries if e.subject is s], registry)
        for s in subjects
    ]
    front = {
        "summary": _summary(boards, subjects),
        "left_out": loaded.left_out,
        "boards": [board_page(board, curves[board.anchor], card) for board, card in ranked],
        "methods": cards,
        "gallery_count": count,
        "provenance": [p for p in map(provenance, boards) if p],
    }
    texts = {"index.html": pages.render("index.html", "index.html", front)}
    for subject, card in zip(subjects, cards, strict=True):
        content = method_page(subject, boards, curves) | {"card": card}
        texts[subject.page] = pages.render("method.html", subject.page, content)
    if sections:
        texts[RANKING] = pages.render("ranking.html", RANKING, {"sections": sections})
    if count:
        content = {
            "data": embedded_json(album.document),
            "count": count,
            "rule": RULE,
            "seeds": _shown_seeds(boards),
        }
        texts["gallery.html"] = pages.render(
            "gallery.html",
            "gallery.html",
            content,
            scripts=("gallery.js",),
            styles=("gallery.css",),
        )
    return texts


def _refuse_foreign(out: Path) -> None:
    """Only what an earlier ``bench report`` wrote may be replaced. Raises UsageError."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out}: is not a folder", hint="Give a new folder as --out.")
    here = Path.cwd()
    if out.resolve() in (here, *here.parents):
        # A site is replaced by renaming folders, and that would move this one away.
        raise UsageError(
            f"{out}: is the folder this command runs in, or above it",
            hint="Give another folder as --out.",
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
            f"{out}: holds files that are not of a site made before, as {foreign[0]}",
            hint="Give a new folder as --out.",
        )


def _folds(boards: Sequence[Section]) -> int:
    return sum(len(e.result.fold_results) for board in boards for e in board.entries)


def _shown_seeds(boards: Sequence[Section]) -> str:
    seeds = sorted({e.shown_seed for board in boards for e in board.entries})
    return ", ".join(str(seed) for seed in seeds)


def _summary(boards: Sequence[Section], subjects: Sequence[Subject]) -> str:
    measured = [board for board in boards if board.entries]
    datasets = ", ".join(dict.fromkeys(board.board.dataset for board in measured))
    domains = ", ".join(dict.fromkeys(board.board.domain for board in measured))
    several = "s" * (len(subjects) > 1)
    return (
        f"{len(subjects)} method{several} on {datasets} ({domains}), {_folds(boards)} finished "
        "folds. Rows of different datasets are never ranked together."
    )
