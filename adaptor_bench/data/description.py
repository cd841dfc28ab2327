"""What the optional ``dataset.toml`` at the root of a dataset says about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_file
from adaptor_bench.data.folds import load_manifest, own_name
from adaptor_bench.data.layout import composed
from adaptor_bench.errors import InputError

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_WORD = r"[A-Za-z0-9_-]+"


@dataclass(frozen=True)
class Description:
    """``name`` and ``kind`` of the dataset (None: not said), and of its surgeries, by id in NFC,
    the ``domains`` and the ``cohorts``. ``document`` is all of the file."""

    path: Path
    name: str | None = None
    kind: str | None = None
    domains: Mapping[str, str] = field(default_factory=dict)
    cohorts: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)

    def domain_of(self, surgery: str) -> str:
        """As the file says, else as the challenge has it, else ``intraop``."""
        name = composed(surgery)
        if name in self.domains:
            return self.domains[name]
        own = own_name(name, self.cohorts.get(name, ""))
        found = (d for d, x in load_manifest()["domains"].items() if own in x["frames"])
        return next(found, "intraop")

    def cohorts_of(self, surgeries: Iterable[str]) -> dict[str, str]:
        """The cohort of every surgery; empty where there are none. Raises InputError for surgeries
        without one."""
        if not self.cohorts:
            return {}
        without = sorted(name for name in surgeries if name not in self.cohorts)
        if without:
            raise InputError.collect(
                f"{self.path}: [cohorts] does not name these surgeries:",
                without,
                hint='One line a surgery: "surgery" = "cohort".',
            )
        return {name: self.cohorts[name] for name in surgeries}


def read_description(root: Path) -> Description:
    """What ``<root>/dataset.toml`` says; nothing where there is none. Raises InputError."""
    path = root / "dataset.toml"
    if not path.exists() and not path.is_symlink():
        return Description(path)
    try:
        import tomllib

        found = tomllib.loads(read_file(path, 1 << 20).decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as TOML: {error}") from error
    name = found.get("name")
    if name is not None and not (isinstance(name, str) and re.fullmatch(_NAME, name)):
        raise InputError(f"{path}: name must be a plain word, found {name!r}")
    kind = found.get("kind", "folder")
    if kind not in ("phantom", "folder"):
        # adaptor2021 is recognised by what is there, never believed.
        raise InputError(f"{path}: kind must be 'phantom' or 'folder', found {kind!r}")
    domains = _words(path, found, "domain")
    for surgery, domain in domains.items():
        if domain == "all":
            raise InputError(
                f"{path}: the domain of {surgery!r} cannot be 'all', which is every one"
            )
    cohorts = _words(path, found, "cohort")
    return Description(path, name, found.get("kind"), domains, cohorts, found)


def _words(path: Path, found: Mapping[str, Any], what: str) -> dict[str, str]:
    """The table ``[<what>s]``: surgery = plain word."""
    table = found.get(f"{what}s", {})
    if not isinstance(table, dict):
        raise InputError(f"{path}: {what}s must be a table of surgery = {what}")
    for surgery, word in table.items():
        if not isinstance(word, str) or not re.fullmatch(_WORD, word):
            raise InputError(f"{path}: the {what} of {surgery!r} must be a plain word")
    return {composed(surgery): word for surgery, word in table.items()}
