"""``bench`` in children of one process that has loaded everything, struck at a chosen moment.

A moment is an operation on a file below ``--out``, or the end of a step of a training; they come in
the same order in every run, so that a fault can be put anywhere, and at the same place again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILES = {
    "open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate",
}  # fmt: skip


@dataclass
class Call:
    """A command; ``signal`` is sent to it at moment number ``at``, or at the end of step number
    ``step`` of all trainings, both from 1. ``backwards``: folders list their files in the opposite
    order."""

    words: Sequence[str]
    at: int = 0
    step: int = 0
    signal: int = signal.SIGKILL
    backwards: bool = False


@dataclass
class End:
    """How a command ended: its exit code (negative: the signal), what it said, and how many moments
    it had."""

    code: int
    told: str
    moments: int


class Driver:
    """The process, which ends with the block of :func:`driver`."""

    def __init__(self, process: subprocess.Popen[str], scratch: Path) -> None:
        self.process = process
        self.scratch = scratch

    def __call__(self, *words: object, **more: int) -> End:
        """Run one command to its end."""
        return self.together(Call([str(w) for w in words], **more))[0]

    def itself(self, *words: object) -> None:
        """Run a command in the process itself, so that its children find all loaded."""
        assert self._asked([str(w) for w in words]) == 0

    def together(self, *calls: Call) -> list[End]:
        """Run commands at the same time."""
        codes = self._asked([asdict(c) for c in calls])
        ends = []
        for i, code in enumerate(codes):
            told = (self.scratch / f"{i}.err").read_text("utf-8")
            ends.append(End(code, told, len((self.scratch / f"{i}.moments").read_bytes())))
        return ends

    def _asked(self, what: object) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def driver(scratch: Path, **env: str) -> Iterator[Driver]:
    """A driver that keeps what its children say in ``scratch``; ``env`` is added to variables."""
    with subprocess.Popen(
        [sys.executable, __file__, str(scratch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, **env},
    ) as process:  # fmt: skip
        try:
            yield Driver(process, scratch)
        finally:
            process.kill()


def _serve(scratch: Path) -> None:
    from adaptor_bench.train import savepoints

    savepoints.EVERY = savepoints.MOST = 0.0  # after every step
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked[0], str):
            answer: object = _code(asked)
        else:
            children = []
            for i, call in enumerate(asked):
                children.append(os.fork())
                if not children[-1]:
                    _child(Call(**call), scratch / str(i))
            answer = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _code(words: Sequence[str]) -> int:
    from adaptor_bench.cli import main

    try:
        main(list(words))
    except SystemExit as left:
        return int(left.code or 0)
    return 3


def _child(call: Call, files: Path) -> None:
    from adaptor_bench.train.savepoints import Savepoint

    for descriptor, suffix in ((1, ".out"), (2, ".err")):
        opened = os.open(files.with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, descriptor)
    moments = os.open(files.with_suffix(".moments"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    out = str(call.words[list(call.words).index("--out") + 1]) if "--out" in call.words else ""
    done = steps = 0

    def moment(step: int = 0) -> None:
        nonlocal done
        done += 1
        os.write(moments, b".")
        if done == call.at or (step and step == call.step):
            os.kill(os.getpid(), call.signal)

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event in FILES and str(arguments[0]).startswith(out):
            moment()

    offer = Savepoint.offer

    def offered(self, state):
        nonlocal steps
        steps += 1
        moment(steps)
        offer(self, state)

    Savepoint.offer = offered  # type: ignore[method-assign]
    if call.backwards:
        listed, walked = os.listdir, os.scandir
        os.listdir = lambda *a: listed(*a)[::-1]
        os.scandir = lambda *a: _Backwards(walked(*a))  # type: ignore[assignment]
    sys.addaudithook(heard)
    code = 3
    try:
        code = _code(call.words)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Backwards:
    """What ``os.scandir`` gives, the last first."""

    def __init__(self, entries: os.PathLike) -> None:
        with entries:
            self._left = iter(list(entries)[::-1])

    def __iter__(self):
        return self._left

    def __next__(self):
        return next(self._left)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        pass

    def close(self) -> None:
        pass


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(Path(__file__).parent.parent))
    _serve(Path(sys.argv[1]))
