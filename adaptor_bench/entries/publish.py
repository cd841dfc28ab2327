"""Put an entry on its leaderboard, or take it off, so that at every moment the leaderboard
reads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adaptor_bench.entries.documents import check_document
from adaptor_bench.entries.entry import (
    Entry,
    Leaderboard,
    read_entries,
    write_board,
    write_entry,
)
from adaptor_bench.entries.naming import require_own, require_place
from adaptor_bench.entries.packed import PACKED, Packed, pack
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.names import refusal
from adaptor_bench.resources import refuse_installed

_LONGEST_REASON = 1000


def publish(
    entry: Entry,
    packed: Packed,
    board: Leaderboard,
    *,
    keep: bool = True,
    overwrite: bool = False,
    chosen: bool = False,
    identical: Sequence[str] = (),
    new: bool = False,
) -> Path:
    """Write the entry and, with ``keep``, its predictions; returns the entry's path.

    ``new`` writes the board first, and takes it away again when the entry cannot be written. The
    file of predictions is named by its content: until the entry's file is there, or is exchanged,
    nothing that the board shows has changed.

    Raises UsageError when the id or the name is another's (see :func:`require_place`), InputError
    for predictions of another team, and for points that are the private labels themselves.
    """
    others = read_entries(board)
    require_place(entry, others, overwrite=overwrite, chosen=chosen)
    require_own(entry, others, identical)
    if board.private and keep:
        _refuse_labels(entry, board)
    if keep:
        hashes = [c.sha256 for seeds in entry.measured.values() for c in seeds.values()]
        name = hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]
        entry = replace(entry, predictions=f"predictions/{entry.id[:51]}-{name}{PACKED}")
    path = board.folder / f"{entry.id}.json"
    check_document(path, entry.to_json(), "entry")  # before anything is written
    made = write_board(board, exclusive=True) if new else None
    try:
        if entry.predictions:
            pack(board.folder / entry.predictions, packed)
        path = write_entry(entry, board, exclusive=not overwrite)
    except BaseException:
        _discard(board, entry.predictions)
        if made is not None:
            made.unlink(missing_ok=True)
        raise
    _discard(board, *(other.predictions for other in others if other.id == entry.id))
    return path


def _refuse_labels(entry: Entry, board: Leaderboard) -> None:
    shown = [
        domain
        for domain, seeds in entry.measured.items()
        if any(counted.sha256 == board.labels.get(domain) for counted in seeds.values())
    ]
    if shown:
        raise InputError(
            f"{', '.join(shown)}: these points are the leaderboard's own labels, which are private",
            hint="Use --without-predictions to enter their counts alone.",
        )


def withdraw(board: Leaderboard, id_: str, reason: str, date: str | None = None) -> Path:
    """Take the entry ``id_`` and its predictions off the board; its ``board.json``, whose path is
    returned, says so from then on, with the ``reason`` and the ``date`` (YYYY-MM-DD).

    Raises UsageError for an id that is none, or a reason that cannot be shown.
    """
    if told := refusal(reason, _LONGEST_REASON):
        raise UsageError(f"the reason {told}")
    refuse_installed(board.folder)
    entries = {entry.id: entry for entry in read_entries(board)}
    if id_ not in entries:
        raise UsageError(
            f"the leaderboard {board.id!r} has no entry {id_!r}", hint=suggest(id_, entries)
        )
    entry = entries[id_]
    told_of = {"id": entry.id, "team": entry.team, "method": entry.method}
    told_of |= ({"date": date} if date else {}) | {"reason": reason}
    path = write_board(replace(board, withdrawn=(*board.withdrawn, told_of)))
    (board.folder / f"{entry.id}.json").unlink()
    _discard(board, entry.predictions)
    return path


def _discard(board: Leaderboard, *files: str | None) -> None:
    """Remove ``files`` of predictions that no entry names."""
    for name in {*files} - {entry.predictions for entry in read_entries(board)} - {None}:
        (board.folder / str(name)).unlink(missing_ok=True)
