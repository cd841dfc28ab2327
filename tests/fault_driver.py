"""``bench`` in children of one process that has loaded everything, struck at a chosen moment.

A moment is an operation on a file below ``--out`` or ``--board``, or the end of a step of a
training; they come in the same order in every run, so that a fault can be put anywhere, and at the
same place again.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

FILES = {
    "open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate",
}  # fmt: skip

PLACES = ("--out", "--board")


@dataclass
class Call:
    """A command, and what strikes it.

    ``signal`` is sent to it at moment number ``at``, at the end of step number ``step`` of all
    trainings, both from 1, or at the first operation called ``on``. With ``error`` instead, nothing
    can be written from moment ``at`` on: ENOSPC, or EROFS, where nothing can be removed either.
    ``limit``: bytes of the largest file. ``backwards``: folders list their files the other way.
    """

    words: Sequence[str]
    at: int = 0
    step: int = 0
    on: str = ""
    signal: int = signal.SIGKILL
    error: int = 0
    limit: int = 0
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
        """Run commands at the same time; one that is to be stopped (SIGSTOP) is before the next
        begins, and goes on when all others have ended."""
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
    own = os.open(scratch / "itself.txt", os.O_WRONLY | os.O_CREAT)
    for descriptor in (1, 2):
        os.dup2(own, descriptor)
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked[0], str):
            answer: object = _code(asked)
        else:
            answer = _together([Call(**call) for call in asked], scratch)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _together(calls: Sequence[Call], scratch: Path) -> list[int]:
    children, codes, stopped = [], {}, []
    for i, call in enumerate(calls):
        children.append(os.fork())
        if not children[-1]:
            _child(call, scratch / str(i))
        if call.signal == signal.SIGSTOP:
            stopped.append(children[-1])
            status = os.waitpid(children[-1], os.WUNTRACED)[1]
            assert os.WIFSTOPPED(status), "it ended before it was to be stopped"
    for child in [c for c in children if c not in stopped] + stopped:
        if child in stopped:
            os.kill(child, signal.SIGCONT)
        codes[child] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return [codes[child] for child in children]


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
    places = [call.words[i + 1] for i, word in enumerate(call.words) if word in PLACES]
    place = str(places[0])
    numbers, steps, struck = count(1), 0, False

    def moment(step: int = 0, event: str = "") -> int:
        nonlocal struck
        number = next(numbers)  # in one go: several threads have files open
        os.write(moments, b".")
        at = number == call.at and not call.error
        if not struck and (at or (step and step == call.step) or (event and event == call.on)):
            struck = True
            os.kill(os.getpid(), call.signal)
        return number

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event in FILES and str(arguments[0]).startswith(place):
            number = moment(event=event)
            if call.error and number >= call.at and _writes(event, arguments, call.error):
                raise OSError(call.error, os.strerror(call.error), str(arguments[0]))

    if call.limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (call.limit, call.limit))
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


def _writes(event: str, arguments: tuple[Any, ...], error: int) -> bool:
    if event == "open":
        return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return error == errno.EROFS or event in ("os.mkdir", "os.link")


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
