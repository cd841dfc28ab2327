"""``bench verify``: score entries of leaderboards again."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli.output import show
from adaptor_bench.progress import message


@click.command(name="verify")
@click.argument("board")
@click.argument("entries", nargs=-1)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The leaderboard's data.  [default: its phantom, drawn]")  # fmt: skip
@click.option(
    "--predictions",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where packed predictions are.  [default: the leaderboard's own folder]",
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text",
              show_default=True)  # fmt: skip
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
    import json

    from adaptor_bench.cli.submit import _phantom
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.entries.entry import find_board, read_board, read_entries
    from adaptor_bench.entries.verify import frames_of_board, verify_entry
    from adaptor_bench.errors import UsageError, suggest
    from adaptor_bench.progress import Progress

    definition = read_board(find_board(board))
    known = {entry.id: entry for entry in read_entries(definition)}
    for name in entries:
        if name not in known:
            raise UsageError(f"there is no entry {name!r}", hint=suggest(name, known))
    dataset = index_dataset(data or _phantom(definition))
    frames, notes = frames_of_board(dataset, definition, Progress())
    for line in notes:
        message(f"note: {line}: drawn on another kind of processor?")
    verdicts = [
        verify_entry(known[name], definition, frames, predictions) for name in entries or known
    ]
    if format_ == "json":
        document = [
            {
                "entry": v.entry,
                "verified": v.verified,
                "frames": v.frames,
                "differences": list(v.differences),
                "obstacle": v.obstacle or None,
                "claims": list(v.claims),
            }
            for v in verdicts
        ]
        show(json.dumps(document, indent=1))
    else:
        for v in verdicts:
            if v.obstacle:
                show(f"{v.entry}: not verified: {v.obstacle}")
            elif v.differences:
                show(f"{v.entry}: DIFFERS")
            else:
                show(f"{v.entry}: verified, {v.frames} frames scored again")
            for line in v.differences:
                show(f"  {line}")
            for line in v.claims:
                show(f"  claim: {line}")
        passed = sum(v.verified for v in verdicts)
        show(f"{passed} of {len(verdicts)} entries verified")
    if not all(v.verified for v in verdicts):
        context.exit(1)
