"""``bench verify``: score entries of leaderboards again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from adaptor_bench.cli import completion
from adaptor_bench.cli.options import EXISTING, board_data, formats, option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message


@click.command(name="verify")
@click.argument("board", shell_complete=completion.board)
@click.argument("entries", nargs=-1, shell_complete=completion.entries)
@board_data
@option(
    "--predictions",
    type=EXISTING,
    help="What was submitted as the one entry that is named, a folder or an archive; or a folder "
    "of packed predictions.  [default: the leaderboard's own]",
)
@formats("text", "json")
@click.pass_context
def command(
    context: click.Context,
    board: str,
    entries: tuple[str, ...],
    data: Path | None,
    predictions: Path | None,
    format_: str,
) -> None:
    """Score the ENTRIES (default: all) of BOARD again from their predictions; print what differs.

    Exit code 0 when every entry was scored again with the same result, else 1.
    """
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.entries.entry import find_board, read_board, read_entries
    from adaptor_bench.entries.verify import (
        as_submitted,
        data_of_board,
        frames_of_board,
        verify_entry,
    )
    from adaptor_bench.errors import UsageError, plural, suggest
    from adaptor_bench.progress import Progress

    definition = read_board(find_board(board))
    known = {entry.id: entry for entry in read_entries(definition)}
    for name in entries:
        if name not in known:
            raise UsageError(f"there is no entry {name!r}", hint=suggest(name, known))
    if predictions and as_submitted(predictions) and len(entries) != 1:
        raise UsageError(f"{predictions}: predictions of which entry?", hint="Name one entry.")
    dataset = index_dataset(data_of_board(definition, data))
    frames, notes = frames_of_board(dataset, definition, Progress())
    for line in notes:
        message(f"note: {line}: drawn on another kind of processor?")
    verdicts = [
        verify_entry(known[name], definition, frames, predictions) for name in entries or known
    ]
    passed = sum(v.verified for v in verdicts)
    if format_ == "json":
        show(json.dumps([v.to_json() for v in verdicts], indent=1))
    else:
        for verdict in verdicts:
            show(verdict)
        show(f"{passed} of {plural(len(verdicts), 'entry', 'entries')} verified")
    if passed < len(verdicts):
        context.exit(1)
