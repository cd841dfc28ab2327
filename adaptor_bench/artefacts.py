"""Trained things, keyed by the hash of everything they depend on.

Two methods that agree up to a stage find each other's artefact and share it: an ablation that
changes the decoding does not train again. An artefact is a directory; it is complete or absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import atomic_directory, write_json

__all__ = ["ArtefactStore"]


class ArtefactStore:
    """A directory of artefacts. With ``fresh`` only what this store built itself is reused."""

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root = root
        self.fresh = fresh
        self._built: set[Path] = set()

    def get(self, kind: str, key: dict[str, Any], build: Callable[[Path], None]) -> Path:
        """The directory of the artefact ``kind`` with this ``key``; ``build`` fills a new one.

        ``key`` must name all that the artefact depends on, in JSON values. It is kept beside the
        artefact as ``key.json``.
        """
        text = json.dumps(key, sort_keys=True, allow_nan=False)
        final = self.root / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        if final in self._built or (final.is_dir() and not self.fresh):
            return final
        try:
            with atomic_directory(final, replace=self.fresh) as directory:
                build(directory)
                write_json(directory / "key.json", key)
        except FileExistsError:
            pass  # another process finished the same artefact first
        self._built.add(final)
        return final
