"""Trained things, keyed by the hash of everything they depend on.

Two methods that agree up to a stage find each other's artefact and share it: an ablation that
changes the decoding does not train again. An artefact is a directory; it is complete or absent.
A manifest in it names the size and hash of every file, so that a damaged one is noticed and made
again. One that another process is making is waited for.

What takes long may keep, beside the artefact it makes, a savepoint to go on from when it is
interrupted: ``NAME.savepoint``, which goes when the artefact is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import atomic_directory, claimed, forget_claim, write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, TrainingError
from adaptor_bench.progress import message

MANIFEST = "manifest.json"


class ArtefactBusy(BaseException):
    """Another process is making the artefact, and this one has other work. Like an interruption it
    is no error, and passes through what handles errors."""


class ArtefactStore:
    """A directory of artefacts. With ``fresh`` only what was made since it was opened is reused.

    ``patient``: what another process is making is waited for; else :class:`ArtefactBusy` is raised.
    """

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root = root
        earlier = root.iterdir() if fresh and root.is_dir() else ()
        self._old = {path.name: path.stat().st_ino for path in earlier}
        self._sound: set[Path] = set()
        self.patient = True

    def get(self, kind: str, key: dict[str, Any], build: Callable[[Path], None]) -> Path:
        """The directory of the artefact ``kind`` with this ``key``; ``build`` fills a new one.

        ``key`` must name all that the artefact depends on, in JSON values. It is kept beside the
        artefact as ``key.json``.
        """
        final = self.find(kind, key)
        if self._usable(final):
            self._forget_savepoint(final)
            forget_claim(final)  # of whoever was killed between making it and tidying up
            return final

        def busy() -> None:
            if not self.patient:
                raise ArtefactBusy(final)
            message(f"{final.name}: another process is making it; waiting")

        with claimed(final, busy):
            if self._usable(final, tell=message):
                return final
            with atomic_directory(final, replace=True) as directory:
                try:
                    build(directory)
                except TrainingError:  # it would end in the same way again
                    self._forget_savepoint(final)
                    raise
                write_json(directory / "key.json", key)
                files = {
                    path.relative_to(directory).as_posix(): {
                        "bytes": path.stat().st_size,
                        "sha256": _sha256(path),
                    }
                    for path in sorted(directory.rglob("*"))
                    if path.is_file()
                }
                write_json(directory / MANIFEST, {"files": files})
            self._sound.add(final)
            self._forget_savepoint(final)
        return final

    def savepoint(self, kind: str, key: dict[str, Any]) -> Path:
        """Where what builds the artefact may keep how far it is. A ``fresh`` store removes what was
        kept there before it was opened. To be called by ``build`` only."""
        place = _savepoint_of(self.find(kind, key))
        with suppress(FileNotFoundError):
            if self._old.pop(place.name, None) == place.lstat().st_ino:
                place.unlink()
        return place

    def find(self, kind: str, key: dict[str, Any]) -> Path:
        """Where the artefact is or would be."""
        text = json.dumps(key, sort_keys=True, allow_nan=False)
        return self.root / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def _forget_savepoint(self, final: Path) -> None:
        with suppress(OSError):
            _savepoint_of(final).unlink()

    def _usable(self, final: Path, tell: Callable[[str], None] = lambda _: None) -> bool:
        """Whether the artefact is there as it was made; ``tell`` is told what is wrong with it."""
        if not final.is_dir() or self._old.get(final.name) == final.stat().st_ino:
            return False
        damage = _damage(final, content=final not in self._sound)
        if damage:
            tell(f"{final}: {damage}; making it again")
            return False
        self._sound.add(final)
        return True


def _savepoint_of(final: Path) -> Path:
    return final.with_name(f"{final.name}.savepoint")


def _damage(directory: Path, *, content: bool) -> str | None:
    """The first thing wrong with an artefact. Sizes are always compared, ``content`` on demand:
    once per process is enough, for hashing gigabytes takes seconds."""
    try:
        files = read_json(directory / MANIFEST)["files"].items()
        expected = [(directory / name, int(f["bytes"]), str(f["sha256"])) for name, f in files]
    except (InputError, ValueError, KeyError, TypeError, AttributeError):
        if not (directory / MANIFEST).exists():
            return "it does not say what belongs to it (made by an earlier version, or damaged)"
        return f"{MANIFEST} is damaged"
    for path, size, sha256 in expected:
        try:
            if path.stat().st_size != size:
                return f"{path.name} is damaged ({path.stat().st_size} bytes instead of {size})"
            if content and _sha256(path) != sha256:
                return f"{path.name} is damaged (its content is not what was written)"
        except OSError as error:
            return f"{path.name} cannot be read ({error.strerror})"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
