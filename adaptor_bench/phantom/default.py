"""The embedded dataset: the phantom, drawn once into the user's cache directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from adaptor_bench.atomic import claimed
from adaptor_bench.errors import InputError
from adaptor_bench.phantom import GENERATOR_VERSION, PROFILES, embedded_seeds, write_phantom
from adaptor_bench.progress import Progress, message


def cache_directory() -> Path:
    """``$ADAPTOR_BENCH_CACHE``, or the platform's place for what can be made again."""
    chosen = os.environ.get("ADAPTOR_BENCH_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    elif sys.platform == "darwin":
        base = Path("~/Library/Caches")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return base.expanduser() / "adaptor_bench"


def embedded_profile(name: str, kind: str) -> str | None:
    """The profile of the dataset ``name``, if it is a phantom that can be drawn on demand."""
    profile = name.removeprefix("phantom-")
    return profile if kind == "phantom" and name != profile and profile in PROFILES else None


def drawn_phantom(profile: str) -> Path | None:
    """The folder of the phantom ``profile`` as embedded; None where it has not been drawn yet."""
    root = _place(profile)
    return root if root.is_dir() else None


def _place(profile: str) -> Path:
    return cache_directory() / f"phantom-{profile}-v{GENERATOR_VERSION}"


def cached_phantom(profile: str, progress: Progress, version: int | None = None) -> Path:
    """The folder of the phantom ``profile`` as embedded (report seeds); drawn if not there yet.

    The folder's name carries the generator's version, so a newer generator draws anew. Raises
    InputError when ``version`` is that of another generator than this one.
    """
    if version not in (None, GENERATOR_VERSION):
        raise InputError(
            f"phantom-{profile}: made with version {version} of the phantom; this program draws "
            f"version {GENERATOR_VERSION}, so nothing can be scored again",
            hint="Use the release that it was made with, or give its data with --data DIR.",
        )
    root = _place(profile)
    if root.is_dir():
        return root
    with claimed(root, lambda: message(f"{root}: another process is drawing it; waiting")):
        if not root.is_dir():
            message(f"drawing the phantom dataset ({profile}) into {root}, once")
            with progress.bar("phantom") as bar:
                write_phantom(root, profile, seeds=embedded_seeds(profile), progress=bar)
    return root
