"""Fuzz the validator: ``python tests/fuzz/fuzz_validate.py --minutes 10 --seed 0``.

Every input is made from the seed and its number, and judged in a child process that may use 1 GiB
of address space, has a time limit per input, and whose every write is watched: an audit hook sees
all files that Python opens for writing, makes, renames or removes, and anything outside the
child's temporary folder is a defect; so is anything that is left in it or changed beside it.
Prints a summary. Exit code 1 when there was a defect: a traceback, a hang, too much memory, a write
outside. The offending submission is saved below ``--save``.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzz.corpus import HEAVY, frame, make
from fuzz.probe import probe

MEMORY = 1 << 30
WRITES = {
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod",
    "os.chown", "os.truncate", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile",
    "os.mkfifo",
}  # fmt: skip
TWO_PATHS = {"os.rename", "os.link", "os.symlink", "shutil.move", "shutil.copyfile"}
FORBIDDEN = {
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.connect",
    "pickle.find_class", "shutil.unpack_archive", "ctypes.dlopen",
}  # fmt: skip


class Watch:
    """Reports what the code under test does to files outside ``allowed``."""

    def __init__(self, allowed: Path) -> None:
        self.allowed = allowed
        self.on = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        writes = event in WRITES
        if event == "open":
            _, mode, flags = arguments
            writes = bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
            writes = writes or any(letter in (mode or "") for letter in "wax+")
        if event in FORBIDDEN or (writes and not self._inside(event, arguments)):
            self.seen.append(f"{event} {arguments!r}"[:300])

    def _inside(self, event: str, arguments: tuple) -> bool:
        """All paths are in the temporary folder."""
        named = arguments[: 2 if event in TWO_PATHS else 1]
        paths = [Path(os.fsdecode(name)) for name in named if isinstance(name, str | bytes | Path)]
        if event in ("os.remove", "os.rmdir") and arguments[-1] != -1:
            # rmtree removes by bare names below folders it has opened itself.
            return all(path.name == str(path) for path in paths)
        return all(".." not in p.parts and p.is_relative_to(self.allowed) for p in paths)


def child(pipe: Connection, sandbox: Path, seed: int) -> None:
    """Judge the inputs whose numbers come through the pipe."""
    temporary = sandbox / "tmp"
    temporary.mkdir()
    tempfile.tempdir = os.fspath(temporary)
    os.chdir(sandbox)
    reference = sandbox / "reference"
    for key in ("aicm1/VID000_0/point_labels/000000", "aicm1/V/point_labels/000001"):
        path = reference / f"{key}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(frame(Random(len(key)), key)), "utf-8")
    seen = probe(reference, reference)  # what is imported lazily is imported now
    assert seen["valid"] == 1, seen
    watch = Watch(temporary)
    sys.addaudithook(watch)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while True:
        n = pipe.recv()
        if n is None:
            return
        place = sandbox / "input"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if isinstance(n, str):
            path, with_reference = place / "000000.json", False
            path.write_bytes(HEAVY[n]())
        else:
            rng = Random(f"{seed}/{n}")
            path = make(place, rng)
            with_reference = rng.random() < 0.3
        before = listing(sandbox)
        watch.on, watch.seen = True, []
        start = time.perf_counter()
        try:
            result: Counter[str] | str = probe(path, reference if with_reference else None)
        except BaseException:
            result = traceback.format_exc()
        seconds = time.perf_counter() - start
        watch.on = False
        if watch.seen:
            result = "wrote outside its folder: " + "; ".join(watch.seen)
        elif listing(sandbox) != before:
            result = "left something behind or changed its input"
        usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send(
            (result, seconds, usage, path.stat().st_size if path.is_file() else 0, path.suffix)
        )


def listing(root: Path) -> list[tuple[str, int, int]]:
    """Every path below ``root``, with size and time of change of what is no folder."""
    found = []
    for parent, folders, names in os.walk(root):
        found += [(f"{parent}/{name}", 0, 0) for name in folders]
        for name in names:
            status = Path(parent, name).lstat()
            found.append((f"{parent}/{name}", status.st_size, status.st_mtime_ns))
    return sorted(found)


class Worker:
    """A child and the sandbox it lives in; replaced when it had to be killed."""

    def __init__(self, seed: int) -> None:
        self.sandbox = Path(tempfile.mkdtemp(prefix="fuzz-")).resolve()
        self.pipe, theirs = mp.Pipe()
        context = mp.get_context("spawn")
        self.process = context.Process(target=child, args=(theirs, self.sandbox, seed), daemon=True)
        self.process.start()
        theirs.close()

    def judge(self, n: int | str, timeout: float) -> tuple:
        """What the child says, or why it says nothing."""
        self.pipe.send(n)
        try:
            if self.pipe.poll(timeout):
                return self.pipe.recv()
            return f"hang: no answer after {timeout:g} s", timeout, 0, 0, ""
        except EOFError:
            self.process.join()
            return f"the process died: {self.process.exitcode}", 0, 0, 0, ""

    def stop(self) -> None:
        if self.process.is_alive():
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        shutil.rmtree(self.sandbox, ignore_errors=True)


def _pipes(folder: str, names: list[str]) -> list[str]:
    """What cannot be copied."""
    return [name for name in names if Path(folder, name).is_fifo()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--count", type=int, default=0, help="stop after so many inputs")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds per input")
    parser.add_argument("--save", type=Path, default=Path("fuzz-defects"))
    parser.add_argument("--no-heavy", action="store_true", help="leave out the largest files")
    options = parser.parse_args()

    worker = Worker(options.seed)
    codes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    defects: list[str] = []
    slowest = (0.0, "none", 0)
    peak = heavy_peak = tried = 0
    inputs: list[int | str] = [] if options.no_heavy else [*HEAVY]
    number = options.first
    start = time.monotonic()
    end = start + 60 * options.minutes
    while time.monotonic() < end and (not options.count or tried < options.count):
        if inputs:
            n = inputs.pop(0)
        else:
            n, number = number, number + 1
        result, seconds, usage, size, suffix = worker.judge(n, options.timeout)
        tried += 1
        kinds[suffix or "folder or nameless"] += 1
        if isinstance(n, str):
            heavy_peak = max(heavy_peak, usage)
            print(f"  {n}: {seconds:.2f} s, {usage >> 10} MiB so far", flush=True)
        else:
            peak = max(peak, usage)
            slowest = max(slowest, (seconds, n, size))
        if isinstance(result, str):
            saved = options.save / f"seed{options.seed}-{n}".replace(" ", "-")
            shutil.rmtree(saved, ignore_errors=True)
            saved.mkdir(parents=True)
            if (worker.sandbox / "input").is_dir():
                shutil.copytree(
                    worker.sandbox / "input", saved / "input", symlinks=True, ignore=_pipes
                )
            (saved / "result.txt").write_text(result, "utf-8", "backslashreplace")
            defects.append(f"input {n}: {result.strip().splitlines()[-1]} (saved in {saved})")
            print(f"DEFECT {defects[-1]}", flush=True)
            if len(defects) >= 20:
                break
        else:
            codes.update(result)
        # A fresh process after the largest files, for a peak of the others by themselves.
        if isinstance(result, str) or (isinstance(n, str) and not inputs):
            worker.stop()
            worker = Worker(options.seed)
    worker.stop()
    minutes = (time.monotonic() - start) / 60
    print(f"{tried:,} inputs in {minutes:.1f} minutes, seed {options.seed}: {len(defects)} defects")
    print("kinds:", ", ".join(f"{kind} {n:,}" for kind, n in kinds.most_common()))
    print(f"slowest: {slowest[0]:.2f} s, input {slowest[1]} of {slowest[2]:,} bytes")
    print(f"peak memory: {peak >> 10} MiB, with the largest files {heavy_peak >> 10} MiB")
    for code, n in sorted(codes.items(), key=lambda item: -item[1]):
        print(f"  {n:>9,} {code}")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
