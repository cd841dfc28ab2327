"""Write the folder an organiser uploads: templates filled in, the scoring code, the labels.

The scoring code is a copy of the parts of this package that validate and score, because the
platforms run a bundle without a network. Templates are plain files with ``$name`` placeholders.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template

import adaptor_bench
from adaptor_bench.atomic import atomic_directory
from adaptor_bench.bounded import read_file
from adaptor_bench.data.labels import read_points
from adaptor_bench.data.stated import size_beside
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.evaluate.pointfiles import find_point_files
from adaptor_bench.evaluate.scorefile import MatchSettings
from adaptor_bench.resources import bundled, own_files

__all__ = ["IMAGE", "PLATFORMS", "write_bundle"]

PLATFORMS = ("grand-challenge", "codabench", "synapse", "evalai")
IMAGE = f"adaptor-scoring:{adaptor_bench.__version__}"
_IMAGE_NAME = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,200}")
_SCORING = (  # what validating and scoring needs of the package, and nothing of the rest
    "__init__.py",
    "errors.py",
    "atomic.py",
    "bounded.py",
    "locks.py",
    "names.py",
    "progress.py",
    "resources.py",
    "room.py",
    "data/__init__.py",
    "data/labels.py",
    "data/columns.py",
    "data/frames.py",
    "data/folds.py",
    "data/foreign.py",
    "data/images.py",
    "data/layout.py",
    "data/sizes.py",
    "data/stated.py",
    "data/manifests",
    "evaluate",
    "matching",
    "platforms",
    "submission",
)
_FILLED_IN = {"", ".cwl", ".html", ".json", ".md", ".py", ".sh", ".txt", ".yaml"}  # "": Dockerfile
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(
    platform: str,
    out: Path,
    settings: MatchSettings,
    labels: Path | None = None,
    image: str = IMAGE,
) -> list[str]:
    """Write the bundle of ``platform`` to the new folder ``out``; the files in it, sorted.

    ``labels`` (a folder) is packed the way the platform hands it to the scoring; without it the
    README says where it belongs. ``image`` is the name of the container image, where one is
    named. The same input gives the same bytes. Raises UsageError when ``out`` exists or the
    platform does not, InputError for unusable labels.
    """
    if platform not in PLATFORMS:
        raise UsageError(f"there is no platform {platform!r}")
    if not _IMAGE_NAME.fullmatch(image):
        raise UsageError(f"{image!r} is not the name of a container image")
    if out.exists():
        raise UsageError(f"{out}: is there already", hint="Name a folder that does not exist.")
    if labels is not None:
        _require_labels(labels)
    with atomic_directory(out) as folder:
        _fill_templates(bundled("submissions") / "platforms" / platform, folder, settings, image)
        for program in _programs(platform, folder):
            _copy_scoring(program / "vendor")
            text = json.dumps(settings.to_json(), indent=1) + "\n"
            (program / "settings.json").write_text(text, encoding="utf-8")
        if labels is not None:
            _add_labels(platform, folder, labels)
        if platform == "codabench":
            _zip(folder, folder / "bundle.zip")
        if platform == "evalai":
            _zip(folder / "evaluation_script", folder / "evaluation_script.zip")
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _programs(platform: str, folder: Path) -> list[Path]:
    """Folders that hold entry points, each with a copy of the scoring code."""
    return {
        "grand-challenge": [folder],
        "codabench": [folder / "scoring_program"],
        "synapse": [folder],
        "evalai": [folder / "evaluation_script"],
    }[platform]


def _fill_templates(templates: Path, folder: Path, settings: MatchSettings, image: str) -> None:
    values = {
        "version": adaptor_bench.__version__,
        "matching": settings.describe(),
        "docker_image": image,
    }
    for path in own_files(templates):
        target = folder / path.relative_to(templates)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix not in _FILLED_IN:
            shutil.copyfile(path, target)
            continue
        html = target.suffix == ".html"
        filled = {key: escape(value) if html else value for key, value in values.items()}
        # safe_substitute leaves the $ of shell scripts alone
        text = Template(path.read_text("utf-8")).safe_substitute(filled)
        target.write_text(text, encoding="utf-8", newline="\n")
        if target.suffix == ".sh":
            target.chmod(0o755)


def _copy_scoring(vendor: Path) -> None:
    package = Path(adaptor_bench.__file__).parent
    for name in _SCORING:
        source = package / name
        for path in own_files(source) if source.is_dir() else [source]:
            # Content alone, not modes: the installation may be one that nobody can write to.
            target = vendor / "adaptor_bench" / path.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _require_labels(labels: Path) -> None:
    files = find_point_files(labels)
    files.require_unique()
    if not files.frames:
        raise InputError(f"{labels}: no label files found")


def _add_labels(platform: str, folder: Path, labels: Path) -> None:
    if platform == "grand-challenge":
        _tar(labels, folder / "ground_truth.tar.gz")
    elif platform == "codabench":
        for name, content in _label_files(labels):
            target = folder / "reference_data" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    elif platform == "synapse":
        (folder / "groundtruth").mkdir(exist_ok=True)
        _zip(labels, folder / "groundtruth" / "groundtruth.zip", labels_only=True)
    else:
        (folder / "annotations").mkdir(exist_ok=True)
        _zip(labels, folder / "annotations" / "labels.zip", labels_only=True)


def _label_files(labels: Path) -> Iterator[tuple[str, bytes]]:
    """Names below the folder and contents of the label files, sorted.

    Images are left out, so a label that does not state the size of its frame is given it.
    """
    found = find_point_files(labels)
    folders: dict[Path, dict[str, list[Path]]] = {}
    for path in sorted(found.frames.values()):
        content = read_file(path)
        size = size_beside(Path(path), folders) if read_points(path).size is None else None
        if size is not None:
            stated = {"imageWidth": size[0], "imageHeight": size[1]}
            content = json.dumps(json.loads(content) | stated).encode()
        yield found.relative(path), content


def _zip(folder: Path, target: Path, labels_only: bool = False) -> None:
    """All files of ``folder``, or its labels, at the root of a zip; no time stamps."""
    files = [p for p in folder.rglob("*") if p.is_file() and p != target]
    named = ((p.relative_to(folder).as_posix(), p.read_bytes()) for p in files)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_label_files(folder) if labels_only else named):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            runs = not labels_only and os.access(folder / name, os.X_OK)
            info.external_attr = (0o755 if runs else 0o644) << 16
            archive.writestr(info, content)


def _tar(labels: Path, target: Path) -> None:
    with (
        target.open("wb") as stream,
        gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, content in _label_files(labels):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
