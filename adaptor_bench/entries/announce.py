"""What a leaderboard tells those who take part, for the platform that does the scoring."""

from __future__ import annotations

from pathlib import Path

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.entries.entry import find_board, read_board
from adaptor_bench.entries.verify import frames_of_board
from adaptor_bench.errors import UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.platforms.platform import Announcement


def announced(
    board: str, labels: Path | None, asked: MatchSettings | None
) -> tuple[MatchSettings, Announcement]:
    """The matching of a leaderboard, and its title, description, rules, dates and contact.

    ``board`` is its name or folder. Raises UsageError where ``asked`` is another matching, and
    InputError where ``labels`` are not the labels of the board.
    """
    found = read_board(find_board(board))
    if asked not in (None, found.settings):
        raise UsageError(
            f"{board} is matched otherwise: {found.settings.describe()}",
            hint="Leave --matching, --radius, --strict and --missing out.",
        )
    if labels is not None:
        frames_of_board(index_dataset(labels), found)
    texts = found.about | ({"rules": tuple(found.about["rules"])} if "rules" in found.about else {})
    return found.settings, Announcement(found.title, **texts)
