"""How a command ends that is told to stop: Ctrl-C, SIGTERM and a closed terminal alike.

All become KeyboardInterrupt, so that whatever is half-written is removed on the way out. The next
one does not disturb that; the one after it ends the process on the spot. A long piece of work that
can be left between two of its steps only holds the first one off until then.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_SIGNALS = {
    getattr(signal, name): word
    for name, word in (("SIGINT", "interrupted"), ("SIGTERM", "terminated"), ("SIGHUP", "hung up"))
    if hasattr(signal, name)
}
_received: list[int] = []
_holding = 0
_held: list[int] = []  # what was received and has not been acted upon
_serving = False


@contextmanager
def stoppable(*, for_good: bool) -> Iterator[None]:
    """Signals to stop raise KeyboardInterrupt in the block, the first time.

    ``for_good``: the process ends with the block. Once told to stop, it is deaf to more: that must
    not disturb the interpreter's own ending either.
    """
    _received.clear()
    _held.clear()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            before[number] = signal.getsignal(number)
            if before[number] is not signal.SIG_IGN:  # nohup, or a shell's background
                signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if for_good and _received else handler)


def stopped() -> tuple[str, int]:
    """What to say, and the exit code, after a KeyboardInterrupt."""
    number = _received[0] if _received else signal.SIGINT
    word = _SIGNALS[signal.Signals(number)]
    line = "\n" if number == signal.SIGINT and os.isatty(2) else ""  # the terminal shows ^C
    return (
        f"{line}{word}; nothing was left half-written. Rerun the same command to resume.",
        128 + number,
    )


@contextmanager
def held_off() -> Iterator[None]:
    """What tells this process to stop raises nothing in the block, the first time:
    :func:`stop_if_told` does, called where the work may be left, and the end of the block.

    A second signal is not held off. It is where :func:`stoppable` is; elsewhere nothing changes.
    """
    global _holding
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _holding += 1
    try:
        yield
    finally:
        _holding -= 1
        if not _holding:
            stop_if_told()


def told_to_stop() -> bool:
    """Whether something was held off."""
    return bool(_held)


def stop_if_told() -> None:
    """Raise KeyboardInterrupt if it was held off."""
    if _held:
        _held.clear()
        raise KeyboardInterrupt


@contextmanager
def undisturbed() -> Iterator[None]:
    """Processes started in the block are not sent what stops this one: it ends them itself."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(pipe: Connection, *, tidying: float = 0.0) -> None:
    """In a process that works for another: end when the other end of ``pipe`` is closed, as it is
    when the process that holds it is killed.

    At once; or, with ``tidying``, by KeyboardInterrupt, so that what is half-written is removed,
    and after so many seconds in any case.
    """
    global _serving
    _serving = True
    if tidying:  # what a shell's background process inherits is deaf to it
        signal.signal(signal.SIGINT, _stop)

    def watch() -> None:
        with suppress(OSError, EOFError):
            pipe.recv_bytes()
        if tidying:
            _thread.interrupt_main()
            time.sleep(tidying)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def stop_with(pipe: Connection) -> None:
    """In a process that works for another: told to stop by what comes through ``pipe``, and ended
    on the spot when its other end is closed."""
    global _serving
    _serving = True
    signal.signal(signal.SIGINT, _stop)

    def watch() -> None:
        with suppress(OSError, EOFError):
            pipe.recv_bytes()
            _thread.interrupt_main()
            pipe.recv_bytes()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def crashed(code: int) -> bool:
    """Whether a process with this exit code was ended by its own native code."""
    names = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL")
    return -code in {getattr(signal, name, None) for name in names}


def how_it_ended(code: int) -> str:
    """The exit code of a process that should have gone on, in words."""
    if code >= 0:
        return f"ended by itself (exit code {code})"
    with suppress(ValueError):
        name = signal.Signals(-code).name
        if crashed(code):
            return f"crashed inside a library ({name})"
        return f"was killed ({name}{': is there enough memory?' if name == 'SIGKILL' else ''})"
    return f"was killed (signal {-code})"


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if _holding and len(_received) == 1:
        _held.append(number)
        if number == signal.SIGINT and not _serving and os.isatty(2):
            with suppress(OSError):
                os.write(2, b"\nstopping after this step; interrupt again to stop at once\n")
        return
    if len(_received) == 1 or _held:
        _held.clear()
        raise KeyboardInterrupt
    if len(_received) == 2:
        if not _serving:
            with suppress(OSError):  # not print: it may be what was interrupted
                os.write(2, b"still cleaning up; interrupt again to stop at once\n")
        return
    os._exit(128 + number)
