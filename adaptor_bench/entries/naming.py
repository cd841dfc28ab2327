"""Names on a leaderboard: fit to be shown, the ids made from them, and whose an entry is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from adaptor_bench.entries.entry import Entry
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.names import alike, printable, refusal

OURS = "adaptor_bench"
LENGTHS = {"team": 200, "method": 200, "title": 300, "reference": 1000, "url": 1000, "note": 2000}
"""Characters allowed, as in entry.schema.json."""
_RESERVED = ("board", "table")


def check_names(given: Iterable[tuple[str, str | None]]) -> None:
    """``given``: what is named (a key of ``LENGTHS``), and how. Raises UsageError listing all that
    cannot be shown: blank, too long, or with characters that nobody sees."""
    problems = [
        f"the {what} {told}"
        for what, text in given
        if text is not None and (told := refusal(text, LENGTHS[what]))
    ]
    if problems:
        raise UsageError("\n".join(problems), hint="Letters, digits, signs and spaces are fine.")


def entry_id(team: str, method: str, given: str | None = None) -> str:
    """``improved_heatmap/no_cutting`` -> ``improved_heatmap-no_cutting``, behind the team's name.

    Names of different teams may lead to one id: :func:`require_place` keeps them apart. Raises
    UsageError where nothing is left of a name.
    """
    parts = [given] if given is not None else [method] if team == OURS else [team, method]
    return "-".join(map(_slug, parts))[:64]


def board_id(title: str) -> str:
    """The name of a leaderboard's folder, from its title. Raises UsageError where nothing is left
    of it."""
    return _slug(title, "Name the folder with --out.")[:64].strip("-._")


def _slug(text: str, hint: str = "Choose one with --id.") -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    found = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")
    if not found:
        raise UsageError(
            f"{text!r} has no letter a-z or digit to make a file name from",
            hint=hint,
        )
    return found


def require_place(
    entry: Entry, others: Sequence[Entry], *, overwrite: bool = False, chosen: bool = False
) -> None:
    """Raise UsageError when the id is taken, or readers would take the names for another entry's.

    ``overwrite`` lets a team replace its own entry; ``chosen``: the id was given, not made.
    """
    if entry.id in _RESERVED:
        raise UsageError(f"{entry.id!r} is not the id of an entry", hint="Use another --id.")
    for other in others:
        there = f"{other.id!r} ({printable(other.method)} by {printable(other.team)})"
        own = other.team == entry.team
        same = own and other.method == entry.method
        if other.id == entry.id:
            if not overwrite:
                raise UsageError(
                    f"the leaderboard {entry.board!r} already has an entry {there}",
                    hint="Use another --id" + (", or --replace." if own else "."),
                )
            if not own:
                raise UsageError(
                    f"{there} is not an entry of {entry.team!r} and is not replaced",
                    hint="Use another --id.",
                )
            if not same and not chosen:
                raise UsageError(
                    f"{there} is an entry of another method than {entry.method!r}",
                    hint=f"Use another --id, or --id {other.id} to replace it anyway.",
                )
        elif not chosen and not same:
            pair = (other.method, entry.method) if own else (other.team, entry.team)
            if alike(pair[0]) == alike(pair[1]):
                raise UsageError(
                    f"{pair[1]!r} reads like {pair[0]!r} of the entry {there}",
                    hint="Write it the same way, or use --id if it is another one.",
                )


def require_own(entry: Entry, others: Sequence[Entry], known: Sequence[str]) -> None:
    """Raise InputError when the predictions are those of another team's entry.

    ``known`` are ids of entries that they may be identical to; tables say so. Raises UsageError for
    one that is no entry's.
    """
    ids = {other.id for other in others}
    for id_ in known:
        if id_ not in ids:
            raise UsageError(f"--identical-to: there is no entry {id_!r}", hint=suggest(id_, ids))
    alike = {other.id: domains for other in others if (domains := twins(entry, other))}
    problems = [
        f"{other.id} ({printable(other.method)} by {printable(other.team)}): "
        f"{', '.join(alike[other.id])}"
        for other in others
        if other.id in alike and other.id not in known
    ]
    if problems:
        needed = " ".join(f"--identical-to {id_}" for id_ in alike)
        raise InputError.collect(
            "these predictions are point for point those of another team:",
            problems,
            hint=f"Use {needed} to submit them anyway (the option may be repeated); the tables "
            "will say so.",
        )


def twins(entry: Entry, other: Entry) -> list[str]:
    """Domains on which entries of two teams hold the same points. Empty predictions are nobody's,
    and a team may enter methods that do not differ on a domain."""
    return [] if entry.team == other.team else _same_points(entry, other)


def own_twins(entry: Entry, others: Sequence[Entry]) -> list[str]:
    """Which other entries of the same team hold the same points, in words."""
    return [
        f"{', '.join(domains)}: point for point the same as {other.id} of this team; where they "
        "agree everywhere they are one competitor"
        for other in others
        if other.team == entry.team
        and other.id != entry.id
        and (domains := _same_points(entry, other))
    ]


def _same_points(entry: Entry, other: Entry) -> list[str]:
    found = []
    for domain, seeds in entry.measured.items():
        theirs = {counted.sha256 for counted in other.measured.get(domain, {}).values()}
        if any(
            counted.sha256 in theirs and any(c.tp + c.fp for c in counted.surgeries.values())
            for counted in seeds.values()
        ):
            found.append(domain)
    return found
