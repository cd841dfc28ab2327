"""The folder an organiser uploads: templates filled in, the scoring code, the labels.

The scoring code is a copy of the parts of this package that validate and score, because the
platforms run a bundle without a network. Templates are plain files with ``$name`` placeholders.
"""

from __future__ import annotations

import json
import re
import shutil
from abc import abstractmethod
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template
from typing import ClassVar

import adaptor_bench
from adaptor_bench.atomic import atomic_directory
from adaptor_bench.errors import UsageError, plural
from adaptor_bench.names import html, markdown
from adaptor_bench.platforms.packing import Files, label_files
from adaptor_bench.platforms.platform import Announcement, Order, Platform
from adaptor_bench.resources import bundled, own_files

IMAGE = f"adaptor-scoring:{adaptor_bench.__version__}"
SCORING = (
    "__init__.py",
    "errors.py",
    "atomic.py",
    "bounded.py",
    "locks.py",
    "names.py",
    "progress.py",
    "resources.py",
    "room.py",
    "data",
    "scoring",
    "matching",
    "platforms",
    "submission",
)
"""What validating and scoring needs of the package, and nothing of the rest."""
_IMAGE_NAME = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,200}")
_MARKED: dict[str, Callable[[str], str]] = {".html": html, ".md": markdown, ".yaml": json.dumps}
"""Files that say what participants are told, and how free text is written in them."""
_FILLED_IN = {"", ".cwl", ".html", ".json", ".md", ".py", ".sh", ".txt", ".yaml"}  # "": Dockerfile


class Bundle(Platform):
    """A platform that runs our scoring code: templates in ``submissions/platforms/<name>``.

    ``programs`` are the folders of the bundle that hold entry points; each gets a copy of the
    scoring code as ``vendor`` and the matching as ``settings.json``.
    """

    programs: ClassVar[tuple[str, ...]] = (".",)

    @abstractmethod
    def add_labels(self, folder: Path, labels: Files) -> None:
        """Put the labels where the platform's scoring finds them."""

    def placeholders(self) -> dict[str, str]:
        """What the templates name besides ``$version``, ``$matching`` and ``$docker_image``."""
        return {}

    def finish(self, folder: Path) -> None:
        """Add what needs everything else to be there."""

    def write(self, order: Order) -> str:
        """A new folder; the same input gives the same bytes."""
        if order.entries:
            raise UsageError("--entry is for challenger-csv only")
        image = IMAGE if order.image is None else order.image
        if not _IMAGE_NAME.fullmatch(image):
            raise UsageError(f"{image!r} is not the name of a container image")
        if order.out.exists():
            raise UsageError(
                f"{order.out}: already exists", hint="Name a folder that does not exist."
            )
        labels = None if order.labels is None else label_files(order.labels)
        values = {
            "version": adaptor_bench.__version__,
            "matching": order.settings.describe(),
            "docker_image": image,
            **self.placeholders(),
        }
        with atomic_directory(order.out) as folder:
            templates = bundled("submissions") / "platforms" / self.name
            _fill_templates(templates, folder, values, order.announcement)
            for program in self.programs:
                _copy_scoring(folder / program / "vendor")
                text = json.dumps(order.settings.to_json(), indent=1) + "\n"
                (folder / program / "settings.json").write_text(text, encoding="utf-8")
            if labels is not None:
                self.add_labels(folder, labels)
            self.finish(folder)
            number = sum(path.is_file() for path in folder.rglob("*"))
        return f"{order.out}: {plural(number, 'file')}; start with {order.out / 'README.md'}"


def _fill_templates(
    templates: Path, folder: Path, values: dict[str, str], announcement: Announcement
) -> None:
    if not templates.is_dir():
        raise UsageError(
            f"{templates}: there are no templates for the platform {templates.name!r}",
            hint="Put the files of its bundle there, README.md among them.",
        )
    for path in own_files(templates):
        target = folder / path.relative_to(templates)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix not in _FILLED_IN:
            shutil.copyfile(path, target)
            continue
        page = target.suffix == ".html"
        filled = {key: escape(value) if page else value for key, value in values.items()}
        if target.suffix in _MARKED:
            filled |= _announced(announcement, target.suffix)
        # safe_substitute leaves the $ of shell scripts alone
        text = Template(path.read_text("utf-8")).safe_substitute(filled)
        target.write_text(text, encoding="utf-8", newline="\n")
        if target.suffix == ".sh":
            target.chmod(0o755)


def _announced(announcement: Announcement, suffix: str) -> dict[str, str]:
    """``$title``, ``$description``, ``$rules``, ``$opens``, ``$closes`` and ``$participation``, as
    a file with this ending may hold them."""
    mark = _MARKED[suffix]
    item, paragraph = ("<li>{}</li>", "<p>{}</p>") if suffix == ".html" else ("- {}", "{}")
    how = (("How to submit", announcement.submit), ("Contact", announcement.contact))
    told = [paragraph.format(f"{what}: {mark(text)}") for what, text in how if text]
    return {
        "title": mark(announcement.title),
        "description": mark(announcement.description),
        "rules": "\n".join(item.format(mark(rule)) for rule in announcement.rules),
        "opens": announcement.first_day,
        "closes": announcement.last_day,
        "participation": "\n\n".join(told),
    }


def _copy_scoring(vendor: Path) -> None:
    package = Path(adaptor_bench.__file__).parent
    for name in SCORING:
        source = package / name
        for path in own_files(source) if source.is_dir() else [source]:
            # Content alone, not modes: the installation may be one that nobody can write to.
            target = vendor / "adaptor_bench" / path.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
