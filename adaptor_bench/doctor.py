"""Whether this machine and this installation are fit to run, and what would be slow.

Every check is looked at, whatever the others say. Nothing is installed, changed or sent; one small
file is written, and removed, in each folder that is to be written to.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import adaptor_bench
from adaptor_bench.extras import EXTRAS
from adaptor_bench.harness.workers import cores
from adaptor_bench.phantom.default import cache_directory
from adaptor_bench.resources import bundled
from adaptor_bench.train.gpu import certainly_cpu

OK, SLOW, WRONG = "ok", "slow", "wrong"
_PYTHON = (3, 11)
_ROOM = 2_000_000_000  # bytes: the default job writes some hundred million
_BROUGHT = {"skimage": "scikit-image", "segmentation_models_pytorch": "segmentation-models-pytorch"}


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found (``state`` is ok, slow or wrong), and what to do."""

    name: str
    state: str
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``bench doctor --format json`` lists it."""
        return asdict(self)


def examine(out: Path) -> list[Check]:
    """All checks; results would be written to ``out``."""
    return [
        _python(),
        *_package(),
        *_extras(),
        *_torch(),
        *_processor(),
        _writable("cache", cache_directory()),
        _writable("results", out),
    ]


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < _PYTHON:
        return Check("python", WRONG, found, "Install Python 3.11 or later.")
    return Check("python", OK, found)


def _package() -> Iterator[Check]:
    place = Path(adaptor_bench.__file__).parent
    try:
        bundled("baselines")
        yield Check("adaptor_bench", OK, f"{adaptor_bench.__version__} ({place})")
    except adaptor_bench.BenchError as error:
        yield Check("adaptor_bench", WRONG, error.message, error.hint or "")
    needed = [r for r in requires("adaptor-bench") or () if "extra ==" not in r] if _known() else []
    names = [r.partition(">")[0].partition(";")[0].strip() for r in needed]
    absent = [name for name in names if not _version(name)]
    listed = ", ".join(f"{name} {_version(name)}" for name in names if name not in absent)
    if absent:
        yield Check("libraries", WRONG, f"missing: {', '.join(absent)}", "Install it again.")
    else:
        yield Check("libraries", OK, listed or "not known: it is not installed by pip")


def _extras() -> Iterator[Check]:
    for extra, libraries in EXTRAS.items():
        names = [_BROUGHT.get(library, library) for library in libraries]
        absent = [n for n, lib in zip(names, libraries, strict=True) if find_spec(lib) is None]
        if not absent:
            listed = ", ".join(f"{name} {_version(name)}" for name in names)
            yield Check(f"extra {extra}", OK, listed)
        elif names[0] not in absent:  # the others may have come with something else
            remedy = f'pip install "adaptor-bench[{extra}]"'
            yield Check(f"extra {extra}", WRONG, f"incomplete: no {', '.join(absent)}", remedy)
        else:
            yield Check(f"extra {extra}", OK, "not installed")


def _torch() -> Iterator[Check]:
    if find_spec("torch") is None:
        remedy = 'To train or predict: pip install "adaptor-bench[train]"'
        yield Check("torch", OK, "not installed: judging, scoring and tables work", remedy)
        return
    try:
        from adaptor_bench.train.device import computing, has_bfloat16, resolve_device

        device = resolve_device("auto")
        bfloat16 = has_bfloat16(device)
        with computing(device) as threads:
            yield Check("device", OK, f"{device}, threads of a training: {threads}")
    except Exception as error:  # whatever a broken installation raises
        said = str(error).partition("\n")[0]
        yield Check("torch", WRONG, f"cannot be used: {type(error).__name__}: {said}",
                    "Install torch and torchvision again, of one release.")  # fmt: skip
        return
    if device == "cpu" and not certainly_cpu("auto"):
        remedy = "If there is a GPU, install its driver, or the torch that was built for it."
        yield Check("gpu", SLOW, "a GPU may be there, and torch does not see it", remedy)
    elif device == "cpu":
        yield Check("gpu", SLOW, "none: profile quick is the default, profile paper takes days")
    else:
        yield Check("gpu", OK, device)
    if bfloat16:
        yield Check("bfloat16", OK, f"the {device} has instructions for it")
    else:
        told = f"the {device} has no instructions for it: networks compute in float32"
        yield Check("bfloat16", SLOW, told)


def _processor() -> Iterator[Check]:
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    number, flags = cores(), _flags()
    known = [flag for flag in wanted if flag in flags]
    found = f"{platform.machine()}, cores: {number}"
    if flags:
        found += f", instructions: {', '.join(known) or 'none of ' + ', '.join(wanted)}"
    slow = bool(flags) and "avx2" not in flags
    yield Check("processor", SLOW if slow or number < 2 else OK, found)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    busy = load > 1.5 * number
    remedy = "Other programs compute here: a run takes longer by as much." if busy else ""
    yield Check("load", SLOW if busy else OK, f"{load:.1f} for {number} cores", remedy)
    if os.environ.get("OMP_WAIT_POLICY", "").upper() == "ACTIVE":
        yield Check("OMP_WAIT_POLICY", SLOW, "ACTIVE: threads that wait keep a core busy",
                    "Unset the variable.")  # fmt: skip


def _writable(name: str, folder: Path) -> Check:
    """Whether files can be written into a folder, or into what it would be made in."""
    there = next((p for p in (folder, *folder.absolute().parents) if p.exists()), folder)
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".doctor-") as file:
            file.write(b"x")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        remedy = "Choose another place: " + (
            "set ADAPTOR_BENCH_CACHE." if name == "cache" else "--out."
        )
        said = error.strerror or error
        return Check(f"{name} folder", WRONG, f"{folder}: cannot be written to ({said})", remedy)
    found = f"{folder}: {free / 1e9:.1f} GB free"
    if free < _ROOM:
        return Check(f"{name} folder", WRONG, found, f"Make room: {_ROOM / 1e9:.0f} GB at least.")
    return Check(f"{name} folder", OK, found)


def _known() -> bool:
    return bool(_version("adaptor-bench"))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _flags() -> set[str]:
    """The processor's instructions where the system lists them."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return set()
    lines = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    return set(next(lines, "").partition(":")[2].split())
