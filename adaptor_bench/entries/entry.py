"""One entry of a leaderboard, and the leaderboard it stands on, as files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.entries.documents import read_document, write_document
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.resources import bundled
from adaptor_bench.scoring.metrics import Counts

SCHEMA = 1
BOARD = "board.json"
RENDERED = "table.json"  # rendered from the entries, not one of them
ABOUT = {
    "description": "About",
    "rules": "Rule",
    "opens": "Opens",
    "closes": "Closes",
    "contact": "Contact",
    "submit": "How to submit",
}
"""What an organiser may say of a board, in this order, and what tables call it. ``rules`` are
several; dates are YYYY-MM-DD."""


@dataclass(frozen=True)
class Leaderboard:
    """What all entries share. ``folds`` maps domain to fold to surgeries; ``plans`` domain to
    (name, sha256); ``fingerprints`` domain to the hash of the frames, pixels and all (of a board
    made from labels alone that of the labels); ``labels`` domain to the hash of the labels alone,
    which is all that scores depend on; ``version`` is that of the generator that drew a phantom,
    where it is recorded; ``cohorts`` domain to fold to the cohort of all its surgeries, where there
    are several. ``about`` is what the organiser says of it (see :data:`ABOUT`); with ``private``
    nothing that is published shows a label; ``withdrawn`` are entries that were taken back;
    ``primary`` names the metric that ranks, where the board says it."""

    folder: Path
    id: str
    title: str
    dataset: str
    kind: str
    embedded: str | None
    settings: MatchSettings
    folds: dict[str, dict[int, tuple[str, ...]]]
    plans: dict[str, tuple[str, str]]
    fingerprints: dict[str, str]
    notes: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    version: int | None = None
    cohorts: dict[str, dict[int, str]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    private: bool = False
    withdrawn: tuple[dict[str, str], ...] = ()
    primary: str = ""

    def of_labels_alone(self, domain: str) -> bool:
        """Whether it was made without images: then labels are all that data are held to."""
        return self.fingerprints[domain] == self.labels.get(domain)

    def surgeries(self, domain: str) -> list[str]:
        """All surgeries a domain is reported on."""
        return [s for surgeries in self.folds[domain].values() for s in surgeries]

    def to_json(self) -> dict[str, Any]:
        """The document of ``board.json``."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "title": self.title,
            **({"about": self.about} if self.about else {}),
            "dataset": {
                "name": self.dataset,
                "kind": self.kind,
                "embedded": self.embedded,
                **({} if self.version is None else {"version": self.version}),
                **({"private": True} if self.private else {}),
            },
            **({"primary": self.primary} if self.primary else {}),
            "matching": self.settings.to_json(),
            "domains": {
                domain: {
                    "fingerprint": self.fingerprints[domain],
                    **({"labels": self.labels[domain]} if domain in self.labels else {}),
                    "fold_plan": dict(zip(("name", "sha256"), self.plans[domain], strict=True)),
                    "folds": {str(k): list(s) for k, s in sorted(self.folds[domain].items())},
                    **(
                        {"cohorts": {str(k): c for k, c in sorted(of.items())}}
                        if (of := self.cohorts.get(domain))
                        else {}
                    ),
                }
                for domain in self.folds
            },
            "notes": list(self.notes),
            **({"withdrawn": list(self.withdrawn)} if self.withdrawn else {}),
        }


@dataclass(frozen=True)
class SeedCounts:
    """What was counted for one seed on one domain: per surgery; frames scored, and missing."""

    frames: int
    missing: int
    sha256: str
    surgeries: dict[str, Counts]


@dataclass(frozen=True)
class Entry:
    """One file. ``claim`` maps domain to metric to percent; ``measured`` domain to seed."""

    id: str
    board: str
    team: str
    method: str
    title: str
    date: str | None = None
    reference: str | None = None
    url: str | None = None
    claim: dict[str, dict[str, float]] = field(default_factory=dict)
    measured: dict[str, dict[int, SeedCounts]] = field(default_factory=dict)
    predictions: str | None = None
    setup: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of the file: the fields in their order, as JSON has them."""
        document: dict[str, Any] = json.loads(json.dumps({"schema": SCHEMA, **asdict(self)}))
        return document


def boards(root: Path | None = None) -> dict[str, Path]:
    """Name to folder of all leaderboards below ``root`` (the package's own by default)."""
    root = root or bundled("leaderboards")
    return {path.parent.name: path.parent for path in sorted(root.glob(f"[!.]*/{BOARD}"))}


def find_board(given: str, root: Path | None = None) -> Path:
    """The folder of a board given by name or as a folder. Raises UsageError."""
    known = boards(root)
    if given in known:
        return known[given]
    if (Path(given) / BOARD).is_file():
        return Path(given)
    raise UsageError(f"there is no leaderboard {given!r}", hint=suggest(given, known))


def find_boards(given: Iterable[str], root: Path | None = None) -> tuple[Path, ...]:
    """Folders of several boards; ``all`` stands for those below ``root``. Raises UsageError."""
    found = [
        folder
        for name in given
        for folder in (boards(root).values() if name == "all" else [find_board(name, root)])
    ]
    return tuple(dict.fromkeys(found))


def read_board(folder: Path) -> Leaderboard:
    """Read ``board.json``. Raises InputError listing everything that is wrong with it."""
    document = read_document(folder / BOARD, "board")
    found = []
    if document["id"] != folder.resolve().name:
        found.append(f"/id: is {document['id']!r}, the folder is {folder.resolve().name!r}")
    for domain, described in document["domains"].items():
        listed = [s for surgeries in described["folds"].values() for s in surgeries]
        twice = sorted({s for s in listed if listed.count(s) > 1})
        found += [f"/domains/{domain}/folds: {s!r} is in several folds" for s in twice]
    if found:
        raise InputError.collect(f"{folder / BOARD}: not a leaderboard:", found)
    domains = document["domains"]
    return Leaderboard(
        folder,
        document["id"],
        document["title"],
        document["dataset"]["name"],
        document["dataset"]["kind"],
        document["dataset"]["embedded"],
        MatchSettings.from_json(document["matching"]),
        {d: {int(k): tuple(s) for k, s in x["folds"].items()} for d, x in domains.items()},
        {d: (x["fold_plan"]["name"], x["fold_plan"]["sha256"]) for d, x in domains.items()},
        {d: x["fingerprint"] for d, x in domains.items()},
        tuple(document["notes"]),
        {d: x["labels"] for d, x in domains.items() if "labels" in x},
        document["dataset"].get("version"),
        {
            d: {int(k): name for k, name in x["cohorts"].items()}
            for d, x in domains.items()
            if "cohorts" in x
        },
        {key: document["about"][key] for key in ABOUT if key in document.get("about", {})},
        document["dataset"].get("private", False),
        tuple(document.get("withdrawn", ())),
        document.get("primary", ""),
    )


def read_entry(path: Path, board: Leaderboard) -> Entry:
    """Read one entry of ``board``. Raises InputError listing everything that is wrong with it."""
    document = read_document(path, "entry")
    found = []
    if document["id"] != path.stem:
        found.append(f"/id: is {document['id']!r}, the file is {path.name}")
    if document["board"] != board.id:
        found.append(f"/board: is {document['board']!r}, the leaderboard is {board.id!r}")
    for domain, seeds in document["measured"].items():
        if domain not in board.folds:
            found.append(f"/measured/{domain}: the leaderboard has no such domain")
            continue
        known = set(board.surgeries(domain))
        for seed, counted in seeds.items():
            at = f"/measured/{domain}/{seed}"
            strange = sorted(set(counted["surgeries"]) - known)
            found += [f"{at}/surgeries/{s}: the leaderboard has no such surgery" for s in strange]
            if counted["missing"] > counted["frames"]:
                found.append(f"{at}/missing: more than frames")
    costs = (document["setup"] or {}).get("cost", {})
    found += [
        f"{at}/{domain}: nothing was measured there"
        for at, told in (("/claim", document["claim"]), ("/setup/cost", costs))
        for domain in told
        if domain not in document["measured"]
    ]
    if found:
        raise InputError.collect(f"{path}: not an entry:", found)
    document["measured"] = {
        domain: {
            int(seed): SeedCounts(
                counted["frames"],
                counted["missing"],
                counted["sha256"],
                {s: Counts(**c) for s, c in counted["surgeries"].items()},
            )
            for seed, counted in seeds.items()
        }
        for domain, seeds in document["measured"].items()
    }
    document["notes"] = tuple(document["notes"])
    del document["schema"]
    return Entry(**document)


def read_entries(board: Leaderboard) -> list[Entry]:
    """All entries of a board by id. Raises InputError naming every file that is malformed."""
    entries, found = [], []
    # A hidden file is one that is being written, or was when its writer was killed.
    for path in sorted(board.folder.glob("[!.]*.json")):
        if path.name in (BOARD, RENDERED):
            continue
        try:
            entries.append(read_entry(path, board))
        except InputError as error:
            found.append(error.message)
    if found:
        raise InputError.collect(f"{board.folder}: malformed entries:", found)
    return entries


def write_entry(entry: Entry, board: Leaderboard, *, exclusive: bool = False) -> Path:
    """Write the entry's file, small and the same for the same entry; returns its path.

    Raises InputError for what would not be an entry, UsageError with ``exclusive`` when another
    submission was faster.
    """
    taken = UsageError(
        f"the leaderboard {board.id!r} already has an entry {entry.id!r}",
        hint="Use another --id, or --replace if it is yours.",
    )
    path = board.folder / f"{entry.id}.json"
    return write_document(path, entry.to_json(), "entry", exclusive, taken)


def write_board(board: Leaderboard, *, exclusive: bool = False) -> Path:
    """Write ``board.json``; returns its path. Raises UsageError with ``exclusive`` when there is
    one."""
    taken = UsageError(
        f"{board.folder}: a leaderboard is already there",
        hint="Submit to it, or name another folder.",
    )
    return write_document(board.folder / BOARD, board.to_json(), "board", exclusive, taken)
