"""Croissant metadata: what catalogues of datasets, and loaders of machine learning, read.

``croissant.json`` (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) describes two
tables that are written beside it. In these, frames are ``domain/surgery/video/stem`` and paths
begin with ``./``: no cell is a formula to a spreadsheet, whatever a surgery is called.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_json, write_text
from adaptor_bench.bounded import open_file
from adaptor_bench.data.croissant_terms import (
    CONTEXT,
    VERSION,
    column,
    file_set,
    pictures,
    record_set,
    reference,
    tables_of_splits,
)
from adaptor_bench.data.description import read_description
from adaptor_bench.data.folds import FoldPlan
from adaptor_bench.data.formats.format import PointFile
from adaptor_bench.data.frames import Dataset, Frame, index_dataset
from adaptor_bench.data.images import image_size
from adaptor_bench.data.labels import read_all
from adaptor_bench.data.layout import DESCRIPTIONS as FILES
from adaptor_bench.errors import InputError, UsageError

FRAMES = ("frame", "image", "label", "width", "height", "landmarks", "image_sha256", "label_sha256")
LANDMARKS = ("frame", "x", "y")
_FORMATS = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
            "tif": "image/tiff", "tiff": "image/tiff", "bmp": "image/bmp"}  # fmt: skip
_LOADED = ("image/png", "image/jpeg", "image/tiff")  # what mlcroissant decodes
_PHANTOM = {
    "description": "Drawn endoscopic frames of mitral valve repair with the points where sutures "
    "enter and leave the tissue, in two domains, in the layout and the folds of the AdaptOR 2021 "
    "challenge.",
    "license": "MIT",
    "creator": "the adaptor_bench authors",
    "cite": "@misc{adaptor_bench, author = {the adaptor\\_bench authors}, title = "
    "{adaptor\\_bench: benchmark and challenge evaluation for detectors of a varying number of "
    "landmarks}}",
}


@dataclass(frozen=True)
class Said:
    """What no folder says of itself: ``license`` is an SPDX identifier or a URL, ``cite`` a
    citation (BibTeX for preference), ``published`` a date, ``version`` MAJOR.MINOR.PATCH, ``url``
    the page of the dataset. Empty: not said."""

    description: str = ""
    license: str = ""
    creator: str = ""
    cite: str = ""
    url: str = ""
    version: str = ""
    published: date | None = None


def write_croissant(
    root: Path, said: Said | None = None, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write :data:`FILES` into the dataset folder ``root`` and return the path of the first.

    What the phantom is needs not be said. Raises UsageError for whatever else is missing, and
    InputError listing every image or label that cannot be read.
    """
    dataset = index_dataset(root)
    drawn = read_description(root).document if dataset.kind == "phantom" else {}
    said = _complete(said or Said(), dataset, drawn)
    frames = [(d, frame) for d, of_domain in dataset.frames.items() for frame in of_domain]
    labels = read_all([frame.label for _, frame in frames], "label file")
    rows = _rows(root, frames, labels, progress or (lambda done, total: None))
    names = [_name(domain, frame) for domain, frame in frames]
    points = [
        (name, repr(float(x)), repr(float(y)))
        for name, file in zip(names, labels, strict=True)
        for x, y in file.points
    ]
    document, *tables = (root / name for name in FILES)
    texts = [_csv(FRAMES, rows), _csv(LANDMARKS, points)]
    for path, text in zip(tables, texts, strict=True):
        write_text(path, text)
    # Last: it has the hashes of the two.
    write_json(document, _document(dataset, drawn, said, texts))
    return document


def _complete(said: Said, dataset: Dataset, drawn: Mapping[str, Any]) -> Said:
    """With what is known of the phantom, and what may be taken for granted."""
    values = {f.name: getattr(said, f.name) for f in fields(said)}
    if dataset.kind == "phantom":
        values = _PHANTOM | {k: v for k, v in values.items() if v}
        values.setdefault("version", f"{drawn.get('generator_version', 1)}.0.0")
    if lacking := [f"--{name}" for name in _PHANTOM if not values.get(name)]:
        raise UsageError(
            f"{dataset.root}: a description that others can use needs {', '.join(lacking)}",
            hint="Who made the data, under which licence, is in no folder: say it.",
        )
    values["published"] = values.get("published") or date.today()
    values["version"] = values.get("version") or "1.0.0"
    return Said(**values)


def _name(domain: str, frame: Frame) -> str:
    return "/".join((domain, *frame.written))


def _rows(
    root: Path,
    frames: Sequence[tuple[str, Frame]],
    labels: Sequence[PointFile],
    progress: Callable[[int, int], None],
) -> list[tuple[Any, ...]]:
    """The table of frames. Raises InputError with every image that cannot be read, or is not of
    the size that its label says."""
    rows, problems = [], []
    for n, ((domain, frame), label) in enumerate(zip(frames, labels, strict=True), start=1):
        try:
            size = image_size(frame.image)
            if label.size not in (None, size):
                raise InputError(f"{frame.label}: its size is not that of {frame.image.name}")
            files = (frame.image, frame.label)
            places = (f"./{path.relative_to(root).as_posix()}" for path in files)
            hashes = map(_sha256, files)
            name = _name(domain, frame)
            rows.append((name, *places, *size, len(label.points), *hashes))
        except InputError as error:
            problems.append(error.message)
        if n % 64 == 0 or n == len(frames):
            progress(n, len(frames))
    if problems:
        raise InputError.collect(f"{root}: frames that cannot be described:", problems)
    return rows


def _sha256(path: Path) -> str:
    with os.fdopen(open_file(path), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def _document(
    dataset: Dataset, drawn: Mapping[str, Any], said: Said, texts: Sequence[str]
) -> dict[str, Any]:
    of = [frame for frames in dataset.frames.values() for frame in frames]
    endings = sorted({frame.image.suffix[1:] for frame in of})
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": dataset.name,
        "description": said.description,
        "license": said.license if "://" in said.license else _spdx(said.license),
        "creator": {"@type": "sc:Organization", "name": said.creator},
        "datePublished": str(said.published),
        "version": said.version,
        "citeAs": said.cite,
        "keywords": ["landmark detection", *dataset.frames],
    }
    if said.url:
        found["url"] = said.url
    found |= _how_drawn(drawn) if dataset.kind == "phantom" else {}
    found["distribution"] = [
        *(
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{len(text.encode())} B",
                "encodingFormat": "text/csv",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            for name, text in zip(FILES[1:], texts, strict=True)
        ),
        *(file_set(f"images-{e}", f"*/images/*.{e}", _FORMATS[e.lower()]) for e in endings),
        file_set("labels", "*/point_labels/*.json", "application/json"),
    ]
    images = [pictures(e) for e in endings if _FORMATS[e.lower()] in _LOADED]
    found["recordSet"] = [_frames(), _landmarks(), *images, *tables_of_splits(_plans(dataset))]
    return found


def _plans(dataset: Dataset) -> dict[str, FoldPlan]:
    """The folds of every domain that has any."""
    plans = {}
    for domain in dataset.frames:
        with suppress(InputError):
            plans[domain] = dataset.fold_plan(domain)
    return plans


def _spdx(identifier: str) -> str:
    return f"https://spdx.org/licenses/{identifier}.html"


def _frames() -> dict[str, Any]:
    """Names are taken from the frame's: a reader of CSV makes the number 1 of a surgery 001."""
    table = FILES[1]
    path = r"^\./(.*)$"
    parts = {
        "domain": ("^([^/]*)/", "Domain, such as sim or intraop."),
        "surgery": ("^[^/]*/([^/]*)/", "The surgery: the unit that folds are made of."),
        "video": ("^(?:[^/]*/){2}([^/]*)/", "The video within the surgery."),
    }
    return record_set(
        "frames",
        "Every frame, its files and their hashes.",
        [
            column("frames", "frame", "sc:Text", table, "domain/surgery/video/stem."),
            *(
                column("frames", name, "sc:Text", table, what, of="frame", regex=regex)
                for name, (regex, what) in parts.items()
            ),
            column("frames", "image", "sc:Text", table, "Path of the image.", regex=path),
            column("frames", "label", "sc:Text", table, "Path of the label.", regex=path),
            column("frames", "width", "sc:Integer", table, "Of the image, in px."),
            column("frames", "height", "sc:Integer", table, "Of the image, in px."),
            column("frames", "landmarks", "sc:Integer", table, "How many; may be 0."),
            column("frames", "image_sha256", "sc:Text", table, "Of the image."),
            column("frames", "label_sha256", "sc:Text", table, "Of the label."),
        ],
        key="frame",
    )


def _landmarks() -> dict[str, Any]:
    table = FILES[2]
    frame = column("landmarks", "frame", "sc:Text", table, "The frame it is in.")
    return record_set(
        "landmarks",
        "Every labelled landmark. A frame has any number of them, in no order.",
        [
            frame | reference("frames/frame"),
            column("landmarks", "x", "sc:Float", table, "To the right, in px; 0: the centre of the "
                   "first pixel."),
            column("landmarks", "y", "sc:Float", table, "Down, in px; 0: the centre of the first "
                   "pixel."),
        ],
    )  # fmt: skip


def _how_drawn(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Responsible-AI fields of the phantom, from its dataset.toml."""
    options = drawn.get("options", {})
    seeds = drawn.get("seeds", [drawn.get("seed", 0)])
    noise, drop = options.get("label_noise_px", 0), options.get("label_drop", 0)
    return {
        "rai:dataCollection": "Drawn by a program (phantom of adaptor_bench, version "
        f"{drawn.get('generator_version')}, profile {drawn.get('profile')}, seeds "
        f"{', '.join(map(str, seeds))}, {', '.join(f'{k} {v}' for k, v in options.items())}). No "
        "camera and no patient took part.",
        "rai:dataCollectionType": "Synthetic: procedurally drawn",
        "rai:dataAnnotationProtocol": "The labels are where the program drew the points, to 0.01 "
        f"px, with noise of {noise} px (standard deviation) and {drop} of them left out. Nobody "
        "annotated.",
        "rai:machineAnnotationTools": "phantom of adaptor_bench",
        "rai:personalSensitiveInformation": "None: nobody was filmed.",
        "rai:dataUseCases": "Developing and comparing detectors and their evaluation.",
        "rai:dataLimitations": str(drawn.get("note", "")),
    }
