"""Index a dataset folder into frames. No pixels are read here.

Layout: ``<root>/<surgery>/<video>/images/<stem>.png`` (or .jpg, .tif, .bmp) with labels in
``<root>/<surgery>/<video>/point_labels/<stem>.json``; a level of domain folders (``sim/``,
``intraop/``) above the surgeries is accepted too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.data.description import Description, read_description
from adaptor_bench.data.folds import FoldPlan, load_manifest, own_name, plan_folds
from adaptor_bench.data.formats.known import foreign_hint
from adaptor_bench.data.layout import (
    DOMAINS,
    IMAGES,
    JUNK_FOLDERS,
    LABELS,
    NO_FRAMES,
    by_stem,
    composed,
    image_place,
    images_by_stem,
    label_place,
    passed_over,
    unwritable,
)
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.names import printable


class NoFramesError(InputError):
    """A folder that can be read, without a frame in the layout of a dataset."""


@dataclass(frozen=True, order=True)
class Frame:
    """One frame of a video. Identified by (surgery, video, stem), never by position in a list.

    The three are in Unicode form NFC, so that frames pair up however a file system writes them;
    ``written`` are they as the dataset spells them, for what is written out.
    """

    surgery: str
    video: str
    stem: str
    image: Path = field(compare=False)
    label: Path = field(compare=False)
    written: tuple[str, str, str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "written", (self.surgery, self.video, self.stem))
        for name in ("surgery", "video", "stem"):
            object.__setattr__(self, name, composed(getattr(self, name)))

    @property
    def key(self) -> str:
        """``surgery/video/stem``, the frame's name in score files and messages."""
        return f"{self.surgery}/{self.video}/{self.stem}"

    def prediction_path(self, root: Path) -> Path:
        """Where the prediction for this frame stands below ``root`` (challenge layout)."""
        surgery, video, stem = self.written
        return label_place(root / surgery / video, stem)


@dataclass(frozen=True)
class Dataset:
    """A dataset folder: its name, what kind it is, and its frames by domain, sorted.

    ``kind`` is ``phantom`` (drawn, says so in ``dataset.toml``), ``adaptor2021`` (the real data,
    recognised by surgery ids and frames per surgery) or ``folder`` (anything else).
    ``passed_over`` are folders that look like surgeries but whose names begin with . or __.
    ``cohorts`` maps every surgery to its cohort, or is empty: then all are one. Folds are made
    within a cohort, and nothing of one is ever trained on for another.
    """

    root: Path
    name: str
    kind: str
    frames: dict[str, tuple[Frame, ...]]
    passed_over: tuple[str, ...] = ()
    cohorts: Mapping[str, str] = field(default_factory=dict)

    def domain(self, domain: str) -> tuple[Frame, ...]:
        """The frames of one domain. Raises UsageError naming the domains there are."""
        if domain not in self.frames:
            raise UsageError(
                f"{self.root}: no frames of domain {domain!r}", hint=suggest(domain, self.frames)
            )
        return self.frames[domain]

    def surgeries(self, domain: str) -> dict[str, int]:
        """Frames per surgery of one domain, surgeries in natural order."""
        counts: dict[str, int] = {}
        for frame in self.domain(domain):
            counts[frame.surgery] = counts.get(frame.surgery, 0) + 1
        return counts

    def fold_plan(self, domain: str, groups: int | None = None) -> FoldPlan:
        """The folds of one domain; see :func:`folds.plan_folds` for the rest and what it raises."""
        return plan_folds(self.surgeries(domain), domain, groups, self.cohorts)

    def outside(self, cohort: str) -> set[str]:
        """The surgeries of all other cohorts, whatever their domain."""
        return {surgery for surgery, other in self.cohorts.items() if other != cohort}


def in_order(domains: Iterable[str]) -> list[str]:
    """Domains as tables show them: sim, intraop, then others by name."""
    return sorted(domains, key=lambda d: (DOMAINS.index(d) if d in DOMAINS else len(DOMAINS), d))


def index_dataset(root: Path) -> Dataset:
    """Find every frame below ``root``.

    A stem counts as a frame when it has an image or a label; what is missing is reported by
    :mod:`adaptor_bench.data.check`. Raises InputError when the folder does not exist or holds no
    frame, and with every name that cannot be written down or stands for two things.
    """
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "no such folder"
        raise InputError(f"{root}: {what}", hint="Name the folder that holds the frames.")
    description = read_description(root)
    frames: dict[str, list[Frame]] = {}
    names = _Names()
    for domain, surgery in _surgeries(root, description, names):
        for video in names.folders(surgery):
            frames.setdefault(domain, []).extend(_frames(surgery, video, names))
    if names.problems:
        raise InputError.collect(
            f"{root}: names that cannot be used:",
            names.problems,
            hint="Names are compared in Unicode form NFC, endings without regard to case.",
        )
    surgeries = {frame.surgery for of_domain in frames.values() for frame in of_domain}
    cohorts = description.cohorts_of(surgeries)
    found = {
        domain: tuple(sorted(frames[domain], key=lambda frame: _natural_key(frame, cohorts)))
        for domain in (*DOMAINS, *sorted(set(frames) - set(DOMAINS)))
        if frames.get(domain)
    }
    if not found:
        raise NoFramesError(f"{root}: no frames found", hint=_hint(root))
    kind = description.kind or _recognise(found)
    # The name becomes a folder of results, and hidden folders are skipped.
    default_name = "adaptor2021" if kind == "adaptor2021" else root.resolve().name.lstrip(".")
    name = str(description.name or composed(printable(default_name)) or "dataset")
    return Dataset(root, name, str(kind), found, tuple(names.passed_over), cohorts)


class _Names:
    """Goes through folders, and remembers what is to be said about the names in them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.passed_over: list[str] = []

    def folders(self, parent: Path) -> list[Path]:
        """The folders in ``parent`` that count, sorted."""
        found: dict[str, Path] = {}
        for path in sorted(p for p in parent.iterdir() if p.is_dir()):
            if passed_over(path.name, folder=True):
                if path.name.lower() not in JUNK_FOLDERS and _has_frames(path):
                    self.passed_over.append(str(path))
                continue
            self.require_writable(path)
            self.require_one([found.setdefault(composed(path.name), path), path])
        return list(found.values())

    def require_writable(self, path: Path) -> None:
        if unwritable(path.name):
            self.problems.append(
                f"{str(path)!r}: has control or invisible characters, or bytes that are not text, "
                "in its name"
            )

    def require_one(self, paths: list[Path]) -> None:
        """Names that are equal in NFC, or but for the case of the ending, are one name."""
        if len(set(paths)) > 1:
            self.problems.append(f"the same name twice: {', '.join(map(str, paths))}")


def _frames(surgery: Path, video: Path, names: _Names) -> Iterator[Frame]:
    images = images_by_stem(video / IMAGES)
    labels = by_stem(video / LABELS, (".json",))
    for stem in images.keys() | labels.keys():
        image, label = images.get(stem, []), labels.get(stem, [])
        for paths in (image, label):
            names.require_one(paths)
            for path in paths:
                names.require_writable(path)
        own = (image or label)[0].stem
        yield Frame(
            surgery.name,
            video.name,
            own,
            image[0] if image else image_place(video, own),
            label[0] if label else label_place(video, own),
        )


def _hint(root: Path) -> str:
    """What may be wrong with a folder in which no frame was found."""
    for place in ("*/*/images/*", "*/*/*/images/*"):
        for path in root.glob(place):
            if path.suffix.lower() in NO_FRAMES:
                return f"There is {path.relative_to(root)}: convert the images to PNG."
    return foreign_hint(
        root,
        "Expected <surgery>/<video>/images/*.png and <surgery>/<video>/point_labels/*.json, with "
        "or without a level of domain folders (sim/, intraop/) above.",
    )


def _has_frames(folder: Path) -> bool:
    return any((v / n).is_dir() for v in folder.iterdir() for n in (IMAGES, LABELS))


def _surgeries(root: Path, description: Description, names: _Names) -> list[tuple[str, Path]]:
    """Pairs (domain, surgery folder)."""
    pairs = []
    for folder in names.folders(root):
        if folder.name in DOMAINS:
            pairs += [(folder.name, surgery) for surgery in names.folders(folder)]
        else:
            pairs.append((description.domain_of(folder.name), folder))
    places: dict[tuple[str, str], list[Path]] = {}
    for domain, folder in pairs:  # a domain's folder may hold what stands beside it, too
        places.setdefault((domain, composed(folder.name)), []).append(folder)
    names.problems += [
        f"the same surgery twice in domain {domain}: {', '.join(map(str, folders))}"
        for (domain, _), folders in places.items()
        if len(folders) > 1
    ]
    return pairs


def _natural_key(frame: Frame, cohorts: Mapping[str, str]) -> tuple[Any, ...]:
    cohort = cohorts.get(frame.surgery, "")
    return *surgery_order(frame.surgery, cohort), frame.surgery, frame.video, frame.stem


def surgery_order(surgery: str, cohort: str = "") -> tuple[str, str, int]:
    """What surgeries are sorted by: cohort by cohort; aicm2 before aicm10."""
    name = own_name(surgery, cohort)
    digits = "".join(c for c in name if c.isdecimal())  # isdigit would take a ²
    return cohort, name.rstrip("0123456789"), int(digits) if digits else -1


def _recognise(frames: dict[str, tuple[Frame, ...]]) -> str:
    """``adaptor2021`` when every domain has the challenge's surgeries and frame counts."""
    manifest = load_manifest()["domains"]
    for domain, found in frames.items():
        counts: dict[str, int] = {}
        for frame in found:
            counts[frame.surgery] = counts.get(frame.surgery, 0) + 1
        if domain not in manifest or counts != manifest[domain]["frames"]:
            return "folder"
    return "adaptor2021"
