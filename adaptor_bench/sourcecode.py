"""What program made a result: a hash of a file's code and of all that it imports.

Found by reading, not by running: the imports of a file, of what these import, and so on, as far
as it is source of this package, of the file's own folder or of a folder that Python searches.
Installed libraries count by their version. Comments, docstrings and layout play no part. What is
loaded under a name that is put together at run time, or read from a data file, is not seen.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError

_PACKAGE = Path(__file__).parent
# They carry results and settings about, and make none: a better message must not void a result.
CARRIERS = frozenset(
    {_PACKAGE.name}
    | {
        f"{_PACKAGE.name}.{name}"
        for name in ("artefacts", "atomic", "bounded", "errors", "harness", "harness.provenance",
                     "locks", "methodspec", "names", "parameters", "progress", "registry",
                     "resources", "sourcecode", "stages.composition", "stages.registry", "stopping",
                     "values")
    }
)  # fmt: skip
_provided = cache(packages_distributions)  # top-level module to its distributions
_INSTALLED = {"site-packages", "dist-packages"}


@dataclass(frozen=True)
class Source:
    """``modules``: dotted name to hash of its code; ``outside``: what else they import."""

    modules: dict[str, str]
    outside: frozenset[str]

    @property
    def sha256(self) -> str:
        """One hash of all modules."""
        text = "\n".join(f"{name} {self.modules[name]}" for name in sorted(self.modules))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def libraries(self) -> dict[str, str]:
        """The installed distributions that provide what is imported from outside, and versions."""
        provided = _provided()
        return {
            name.replace("_", "-").lower(): version(name)
            for name in sorted({d for module in self.outside for d in provided.get(module, ())})
        }


def source_of(*starts: Path | str, without: Collection[str] = ()) -> Source:
    """The code of ``starts`` (files, or dotted names in this package) and of all they import.

    ``without`` are dotted names at which the search stops. Raises InputError for a file that
    cannot be read.
    """
    modules: dict[str, str] = {}
    outside: set[str] = set()
    todo = [
        start if isinstance(start, Path) else file
        for start in starts
        for file in ([start] if isinstance(start, Path) else _files(start, _PACKAGE.parent))
    ]
    while todo:
        path = todo.pop()
        name, top = _placed(path)
        if name in modules or name in without or name in CARRIERS:
            continue
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror}), so its results could not be "
                "told from those of another version",
                hint="Code of a notebook's cell has to be in a file: %%writefile, methods_from.",
            ) from error
        modules[name], imports = _read(content, name, path.name == "__init__.py")
        for imported in imports:
            first = imported.partition(".")[0]
            # Beside an installed package lie those of others, which are named by their version.
            ours = first == name.partition(".")[0] or not _INSTALLED & set(top.parts)
            files = _files(imported, top) if ours else []
            if not files and first not in sys.stdlib_module_names:
                root = _searched(first)
                if root is None:
                    outside.add(first)
                else:
                    files = _files(imported, root)
            todo += files
    return Source(dict(sorted(modules.items())), frozenset(outside))


def _placed(path: Path) -> tuple[str, Path]:
    """The dotted name of a file, and the folder that its outermost package lies in."""
    top = path.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    parts = path.relative_to(top).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts), top


def _files(name: str, root: Path) -> list[Path]:
    """The files that importing ``name`` runs, if it lies below ``root``; a name inside a module
    stands for the module."""
    files = []
    folder = root
    for part in name.split("."):
        package, module = folder / part / "__init__.py", folder / f"{part}.py"
        if package.is_file():
            files.append(package)
        elif module.is_file():
            return [*files, module]
        folder /= part
        if not folder.is_dir():
            break
    return files


@cache
def _searched(name: str) -> Path | None:
    """The folder in which Python finds the source of top-level ``name``; None: not ours to read."""
    if name == _PACKAGE.name:
        return _PACKAGE.parent
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())
    place = Path(places[0]) if places else Path(spec.origin or "")
    return None if _INSTALLED & set(place.parts) else place.parent


@lru_cache(maxsize=1000)
def _read(content: bytes, name: str, package: bool) -> tuple[str, tuple[str, ...]]:
    """Hash of a module's code, and all names it might import."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return hashlib.sha256(content).hexdigest()[:12], ()
    here = name if package else name.rpartition(".")[0]
    return hashlib.sha256(_canonical(tree).encode()).hexdigest()[:12], tuple(
        sorted(set(_imports(tree, here)))
    )


def _canonical(node: Any) -> str:
    """The syntax tree as text, the same under all versions of Python; docstrings left out."""
    if isinstance(node, list):
        return ",".join(_canonical(item) for item in node if not _is_remark(item))
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = [
        f"{field}={_canonical(value)}"
        for field, value in ast.iter_fields(node)
        if value is not None and value != [] and field not in ("ctx", "kind", "type_comment")
    ]
    return f"{type(node).__name__}({';'.join(parts)})"


def _is_remark(node: Any) -> bool:
    """A string that stands alone."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(tree: ast.AST, here: str) -> Iterator[str]:
    """Dotted names that are imported anywhere in the tree, but for type checkers only."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = here.split(".") if here else []
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join([*parts, *([base] if base else [])])
            for alias in node.names:
                yield f"{base}.{alias.name}" if base else alias.name
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (
                a.value
                for a in node.args[:1]
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)
