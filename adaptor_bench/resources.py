"""What comes with the package: files, in the wheel or beside it in a checkout, and modules; and
modules from files anywhere."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from pkgutil import iter_modules
from types import CodeType, ModuleType

from adaptor_bench.errors import BenchError, UsageError

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """The directory ``name`` (``baselines``, ``leaderboards``, ``submissions``).

    An installed wheel carries it below ``adaptor_bench/_bundled``; a checkout has it beside the
    package. Raises BenchError when neither is there (a broken installation).
    """
    for candidate in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise BenchError(
        f"{_PACKAGE}: the folder {name!r} that belongs to adaptor_bench is missing",
        hint="Install the package again, or run it from a complete checkout.",
    )


def own_files(root: Path) -> list[Path]:
    """The files below a folder of the package, sorted, without what others leave among them.

    Installing compiles every ``.py`` into a ``__pycache__``, and desktops add hidden files; neither
    belongs to what is copied or read from there.
    """
    files = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        foreign = any(part == "__pycache__" or part.startswith(".") for part in inside)
        if not foreign and path.suffix != ".pyc" and path.is_file():
            files.append(path)
    return files


def refuse_installed(folder: Path) -> None:
    """Raise UsageError when ``folder`` is one that an installed package carries: the next
    installation would replace what is written there."""
    if _PACKAGE / "_bundled" in folder.resolve().parents:
        raise UsageError(
            f"{folder}: belongs to the installed package and cannot be written to",
            hint="Give the leaderboard's folder in a checkout, or a copy of it.",
        )


def modules_of(package: str) -> list[ModuleType]:
    """Import every module of ``package``, sorted by name: one that is there is found."""
    folders = import_module(package).__path__
    names = sorted(module.name for module in iter_modules(folders))
    return [import_module(f"{package}.{name}") for name in names]


class _AsItStands(SourceFileLoader):
    """Compiles a file anew. What Python keeps in ``__pycache__`` it takes for that of a file with
    the same size that was written within the same second."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def module_from(path: Path | str, name: str) -> ModuleType:
    """The module that a file is, under a dotted ``name``, from what stands in it now; whatever it
    raises is raised."""
    loader = _AsItStands(name, str(Path(path).absolute()))
    specification = spec_from_loader(name, loader)
    assert specification is not None
    module = sys.modules[name] = module_from_spec(specification)
    loader.exec_module(module)
    return module
