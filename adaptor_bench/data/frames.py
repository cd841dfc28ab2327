"""Index a dataset folder into frames. No pixels are read here.

Layout: ``<root>/<surgery>/<video>/images/<stem>.png`` with labels in
``<root>/<surgery>/<video>/point_labels/<stem>.json``; a level of domain folders (``sim/``,
``intraop/``) above the surgeries is accepted too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_file
from adaptor_bench.data.folds import load_manifest
from adaptor_bench.errors import InputError, UsageError, suggest

__all__ = ["DOMAINS", "Dataset", "Frame", "in_order", "index_dataset"]

DOMAINS = ("sim", "intraop")


@dataclass(frozen=True, order=True)
class Frame:
    """One frame of a video. Identified by (surgery, video, stem), never by position in a list."""

    surgery: str
    video: str
    stem: str
    image: Path = field(compare=False)
    label: Path = field(compare=False)

    @property
    def key(self) -> str:
        """``surgery/video/stem``, the frame's name in score files and messages."""
        return f"{self.surgery}/{self.video}/{self.stem}"

    def prediction_path(self, root: Path) -> Path:
        """Where the prediction for this frame stands below ``root`` (challenge layout)."""
        return root / self.surgery / self.video / "point_labels" / f"{self.stem}.json"


@dataclass(frozen=True)
class Dataset:
    """A dataset folder: its name, what kind it is, and its frames by domain, sorted.

    ``kind`` is ``phantom`` (drawn, says so in ``dataset.toml``), ``adaptor2021`` (the real data,
    recognised by surgery ids and frames per surgery) or ``folder`` (anything else).
    """

    root: Path
    name: str
    kind: str
    frames: dict[str, tuple[Frame, ...]]

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


def in_order(domains: Iterable[str]) -> list[str]:
    """Domains as tables show them: sim, intraop, then others by name."""
    return sorted(domains, key=lambda d: (DOMAINS.index(d) if d in DOMAINS else len(DOMAINS), d))


def index_dataset(root: Path) -> Dataset:
    """Find every frame below ``root``.

    A stem counts as a frame when it has an image or a label; what is missing is reported by
    :mod:`adaptor_bench.data.check`. Raises InputError when the folder does not exist or holds no
    frame.
    """
    if not root.is_dir():
        raise InputError(
            f"{root}: no such folder", hint="Give the folder that holds the surgery folders."
        )
    description = _description(root)
    frames: dict[str, list[Frame]] = {}
    for domain, surgery in _surgeries(root, description):
        for video in _folders(surgery):
            images, labels = video / "images", video / "point_labels"
            stems = {p.stem for p in images.glob("*.png")} | {p.stem for p in labels.glob("*.json")}
            frames.setdefault(domain, []).extend(
                Frame(
                    surgery.name, video.name, stem, images / f"{stem}.png", labels / f"{stem}.json"
                )
                for stem in stems
            )
    found = {
        domain: tuple(sorted(frames[domain], key=_natural_key))
        for domain in (*DOMAINS, *sorted(set(frames) - set(DOMAINS)))
        if frames.get(domain)
    }
    if not found:
        raise InputError(
            f"{root}: no frames found",
            hint="Expected <surgery>/<video>/images/*.png and <surgery>/<video>/point_labels/"
            "*.json, with or without a level of domain folders (sim/, intraop/) above.",
        )
    kind = description.get("kind") or _recognise(found)
    default_name = "adaptor2021" if kind == "adaptor2021" else root.resolve().name
    return Dataset(root, str(description.get("name") or default_name), str(kind), found)


def _description(root: Path) -> dict[str, Any]:
    """The optional ``dataset.toml``: name, kind, and a table ``[domains]`` surgery -> domain."""
    path = root / "dataset.toml"
    if not path.exists():
        return {}
    try:
        import tomllib

        description = tomllib.loads(read_file(path, 1 << 20).decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as TOML: {error}") from error
    name = description.get("name")
    plain = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
    if name is not None and not (isinstance(name, str) and re.fullmatch(plain, name)):
        raise InputError(f"{path}: name must be a plain word, found {name!r}")
    kind = description.get("kind", "folder")
    if kind not in ("phantom", "folder"):
        # adaptor2021 is recognised by what is there, never believed.
        raise InputError(f"{path}: kind must be 'phantom' or 'folder', found {kind!r}")
    domains = description.get("domains", {})
    if not isinstance(domains, dict):
        raise InputError(f"{path}: domains must be a table of surgery = domain")
    for surgery, domain in domains.items():
        if not isinstance(domain, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", domain):
            raise InputError(f"{path}: the domain of {surgery!r} must be a plain word")
    return description


def _surgeries(root: Path, description: dict[str, Any]) -> list[tuple[str, Path]]:
    """Pairs (domain, surgery folder)."""
    known = {
        surgery: domain
        for domain, table in load_manifest()["domains"].items()
        for surgery in table["frames"]
    }
    known |= description.get("domains", {})
    pairs = []
    for folder in _folders(root):
        if folder.name in DOMAINS:
            pairs += [(folder.name, surgery) for surgery in _folders(folder)]
        else:
            pairs.append((known.get(folder.name, "intraop"), folder))
    return pairs


def _folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def _natural_key(frame: Frame) -> tuple[Any, ...]:
    """aicm2 before aicm10."""
    digits = "".join(c for c in frame.surgery if c.isdigit())
    prefix = frame.surgery.rstrip("0123456789")
    return prefix, int(digits) if digits else -1, frame.surgery, frame.video, frame.stem


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
