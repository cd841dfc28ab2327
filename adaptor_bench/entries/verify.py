"""Score every entry again from its predictions and say what differs from its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.data.check import DomainFrames, load_frames
from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.data.labels import read_all
from adaptor_bench.data.pixels import PixelStore
from adaptor_bench.entries.entry import Entry, Leaderboard, SeedCounts
from adaptor_bench.entries.packed import PACKED, Packed, Points, digest, read_folder, unpack
from adaptor_bench.errors import BenchError, InputError, UsageError, plural
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress
from adaptor_bench.results.sources import results_of_entries
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.reading import pair_batches, read_labels
from adaptor_bench.scoring.score import score_batches
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.submission.source import extracted


@dataclass(frozen=True)
class Verification:
    """Of one entry. ``differences``: what does not agree; ``obstacle``: why nothing could be
    scored again, else empty; ``claims``: claims that the measured numbers do not bear out."""

    entry: str
    differences: tuple[str, ...] = ()
    obstacle: str = ""
    claims: tuple[str, ...] = ()
    frames: int = 0

    @property
    def verified(self) -> bool:
        """Scored again, with the same result."""
        return not self.differences and not self.obstacle

    def to_json(self) -> dict[str, Any]:
        """The document of ``bench verify --format json``."""
        return {
            "entry": self.entry,
            "verified": self.verified,
            "frames": self.frames,
            "differences": list(self.differences),
            "obstacle": self.obstacle or None,
            "claims": list(self.claims),
        }

    def __str__(self) -> str:
        if self.obstacle:
            headline = f"not verified: {self.obstacle}"
        elif self.differences:
            headline = "DIFFERS"
        else:
            headline = f"verified, {plural(self.frames, 'frame')} scored again"
        claims = [f"claim: {line}" for line in self.claims]
        return "\n  ".join([f"{self.entry}: {headline}", *self.differences, *claims])


def data_of_board(board: Leaderboard, given: Path | None = None) -> Path:
    """The folder of the board's data: the one given, or its phantom, drawn if it is not there yet.

    Raises UsageError where there is neither, InputError for a phantom of another version.
    """
    from adaptor_bench.phantom.default import cached_phantom

    if given is None and board.embedded is None:
        raise UsageError(
            f"the data of the leaderboard {board.id!r} cannot be drawn, so nothing can be scored",
            hint="Use --data DIR; of a board made from labels alone they are the labels.",
        )
    return given or cached_phantom(str(board.embedded), Progress(), board.version)


def frames_of_board(
    dataset: Dataset, board: Leaderboard, progress: Progress | None = None
) -> tuple[dict[str, list[Frame]], list[str]]:
    """The frames behind each domain of the board, and what is to be known about them.

    A phantom that was drawn on another kind of processor may differ in the last bit of a pixel;
    scores depend on the labels alone. Where the board knows their hash it decides; where it does
    not, another fingerprint of a phantom is a note, for scoring again shows whether labels agree.
    Labels without images are enough where their hash is known.
    Raises InputError, naming every domain, when other data are not the board's.
    """
    problems: list[str] = []
    notes: list[str] = []
    found: dict[str, list[Frame]] = {}
    with (progress or Progress(live=False)).bar("check the data") as bar:
        for domain, fingerprint in board.fingerprints.items():
            if domain not in dataset.frames:
                problems.append(f"{domain}: no such frames")
                continue
            known = board.labels.get(domain)
            if known and (board.of_labels_alone(domain) or not has_images(dataset, domain)):
                found[domain] = [*dataset.frames[domain]]
                if (here := digest_of_labels(found[domain])) != known:
                    problems.append(
                        f"{domain}: labels {here[:12]}, the leaderboard's are {known[:12]}"
                    )
                continue
            # Only the hash is wanted: no image has to be kept.
            loaded = load_frames(dataset, [domain], progress=bar, store=PixelStore(0))[domain]
            if loaded.fingerprint != fingerprint:
                same = board.embedded if known is None else labels_digest(loaded) == known
                (notes if same else problems).append(
                    f"{domain}: fingerprint {loaded.fingerprint[:12]}, the leaderboard's is "
                    f"{fingerprint[:12]}"
                )
            found[domain] = [f.frame for f in loaded.frames]
    if problems:
        raise InputError.collect(
            f"{dataset.root}: not the data of the leaderboard {board.id!r}:", problems
        )
    return found, notes


def has_images(dataset: Dataset, domain: str) -> bool:
    """Whether there is a picture of any frame of the domain, or only labels."""
    return any(frame.image.is_file() for frame in dataset.frames[domain])


def digest_of_labels(frames: Sequence[Frame]) -> str:
    """As :func:`labels_digest`, of label files alone. Raises InputError naming all that cannot be
    read."""
    files = read_all([frame.label for frame in frames], "label file")
    return digest({frame.key: file.points for frame, file in zip(frames, files, strict=True)})


def labels_digest(loaded: DomainFrames) -> str:
    """SHA-256 of all labelled points of a domain, to 1/1000 px, and the names of its frames."""
    return digest({found.frame.key: found.points for found in loaded.frames})


def score_points(points: Points, frames: Sequence[Frame], settings: MatchSettings) -> FoldScore:
    """As ``bench evaluate`` would score them; a frame without an entry in ``points`` is missing.

    Raises InputError for unreadable labels.
    """
    return score_batches(
        pair_batches(points, [f.key for f in frames], read_labels(frames)), settings
    )


def differing_counts(
    before: Mapping[str, Counts], now: Mapping[str, Counts], told: tuple[str, str]
) -> list[str]:
    """Every surgery whose counts differ, with both; ``told`` says where either stands."""

    def text(counts: Counts | None) -> str:
        return "-" if counts is None else f"{counts.tp}/{counts.fp}/{counts.fn}"

    return [
        f"{surgery}: TP/FP/FN {text(before.get(surgery))} {told[0]}, {text(now.get(surgery))} "
        f"{told[1]}"
        for surgery in sorted(before.keys() | now.keys())
        if before.get(surgery) != now.get(surgery)
    ]


def as_submitted(given: Path) -> bool:
    """Whether ``given`` is what a team sent, and no folder of packed predictions."""
    return not given.is_dir() or not any(given.glob(f"*{PACKED}"))


def _predictions(
    entry: Entry, board: Leaderboard, frames: Mapping[str, Sequence[Frame]], given: Path | None
) -> Packed:
    if given is not None and as_submitted(given):
        with extracted(given) as folder:
            points = read_folder(folder)
        parts = {domain: [f.key for f in frames[domain] if f.key in points] for domain in frames}
        return {(domain, 0): {k: points[k] for k in keys} for domain, keys in parts.items() if keys}
    if entry.predictions is None and given is None:
        raise InputError("its predictions were not published")
    name = Path(entry.predictions).name if entry.predictions else f"{entry.id}{PACKED}"
    path = (given or board.folder / "predictions") / name
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    return unpack(path)


def verify_entry(
    entry: Entry, board: Leaderboard, frames: dict[str, list[Frame]], given: Path | None = None
) -> Verification:
    """Score ``entry`` again. ``given`` replaces the board's own folder of predictions; it may also
    be the folder or the archive that was submitted."""
    try:
        packed = _predictions(entry, board, frames, given)
    except BenchError as error:
        return Verification(entry.id, obstacle=error.message)
    differences: list[str] = []
    scored = 0
    for domain, seeds in entry.measured.items():
        for seed, stored in seeds.items():
            points = packed.pop((domain, seed), None)
            at = f"{domain}, seed {seed}"
            if points is None:
                differences.append(f"{at}: no predictions")
                continue
            differences += [f"{at}: {d}" for d in _differ(stored, points, frames[domain], board)]
            scored += stored.frames
    differences += [f"{d}, seed {s}: predictions that were not measured" for d, s in packed]
    return Verification(entry.id, tuple(differences), "", tuple(claims(entry, board)), scored)


def claims(entry: Entry, board: Leaderboard) -> list[str]:
    """Claims that differ from the measured means by more than rounding, and unfounded ones."""
    found = []
    for result in results_of_entries(board, [entry]):
        for key, value in entry.claim.get(result.domain, {}).items():
            mean = result.metrics[key].mean
            if mean is None or mean != mean:
                found.append(f"{result.domain}: {key} {value:.2f} claimed, none measured")
            elif not result.claim_holds(key):
                found.append(
                    f"{result.domain}: {key} {value:.2f} claimed, {100 * mean:.2f} measured"
                )
    return found


def _differ(
    stored: SeedCounts, points: Points, frames: Sequence[Frame], board: Leaderboard
) -> list[str]:
    found = []
    sha = digest(points)
    if sha != stored.sha256:
        found.append(f"predictions are not those measured (sha256 {sha[:12]}, "
                     f"{stored.sha256[:12]} stored)")  # fmt: skip
    known = {frame.key for frame in frames}
    strange = sorted(set(points) - known)
    if strange:
        found.append(f"{len(strange)} predicted frames are unknown, such as {strange[0]}")
    # A fold that was never run has no counts: only surgeries of the entry are scored again.
    wanted = [frame for frame in frames if frame.surgery in stored.surgeries]
    score = score_points(points, wanted, board.settings)
    found += differing_counts(stored.surgeries, score.surgeries(), ("stored", "scored again"))
    for what, old_number, new_number in (
        ("frames", stored.frames, len(score.scored)),
        ("missing frames", stored.missing, len(score.missing)),
    ):
        if old_number != new_number:
            found.append(f"{what}: {old_number} stored, {new_number} scored again")
    return found
