"""Who is at work where: a lock file that is held for as long as its process lives.

The kernel takes a lock (flock) back when its holder dies, however it dies, also between containers
on one kernel, where process numbers mean nothing and are never asked for. Between machines that
share a folder, flock may hold, be refused, or silently hold on each machine alone. So a holder also
writes to its file every ``BEAT`` seconds, and a lock that was taken elsewhere counts as held until
it has been silent for ``SILENT`` seconds, by the clock of the file system.

A lock spares work, and keeps others from tidying up what is still being written. That results are
whole never depends on it: renaming sees to that.
"""

from __future__ import annotations

import os
import platform
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: the heartbeat alone decides
    fcntl = None  # type: ignore[assignment]

BEAT = 10.0
SILENT = 60.0
POLL = 0.2  # seconds between two looks at a lock that is waited for


@contextmanager
def attempt(path: Path, *, sync: bool = True) -> Iterator[bool]:
    """Whether the lock file ``path`` is ours while the block lasts; False: somebody holds it.

    Without ``sync`` other machines may not learn of it at once: for what lasts a moment.
    """
    lock = _acquire(path, sync=sync)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()


@contextmanager
def obtain(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file ``path`` while the block lasts; ``waiting`` is called if it takes time."""
    lock = _acquire(path)
    if lock is None:
        waiting()
        while (lock := _acquire(path)) is None:
            time.sleep(POLL)
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock file ``path`` now. Nothing is taken or written, so that this
    also tells where one may only read."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        told = _flock(descriptor, shared=True)
        mark = _read(descriptor)
        if told is False or not mark:
            return told is False
        home = f"{_kernel()} {os.fstat(descriptor).st_dev}\n".encode()
        if told is not None and mark.startswith(home):
            return False
        return time.time() - os.fstat(descriptor).st_mtime < SILENT
    finally:
        os.close(descriptor)


class _Lock:
    """A held lock: an open file that carries our mark."""

    def __init__(self, path: Path, descriptor: int, mark: bytes) -> None:
        self.path = path
        self.descriptor = descriptor
        self.mark = mark

    def write(self, *, sync: bool = True) -> None:
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        os.write(self.descriptor, self.mark)
        if sync:
            os.fsync(self.descriptor)  # other machines see it now

    def release(self) -> None:
        """Let go. Removed while still held, for a name that is free may be taken by others."""
        with _guard:
            _held.discard(self)
            with suppress(OSError):
                if _is_at(self.path, self.descriptor):
                    os.ftruncate(self.descriptor, 0)  # free, even where it cannot be removed
                    self.path.unlink()
            os.close(self.descriptor)


_guard = threading.Lock()
_held: set[_Lock] = set()
_heart: list[threading.Thread] = []


def _acquire(path: Path, *, sync: bool = True) -> _Lock | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            told = _flock(descriptor)
            if told is False:
                break
            if not _is_at(path, descriptor):  # its holder removed it between the two calls
                os.close(descriptor)
                continue
            home = f"{_kernel()} {os.fstat(descriptor).st_dev}\n".encode()
            mark = _read(descriptor)
            certain = told is not None and (not mark or mark.startswith(home))
            if mark and not certain and _silence(path, descriptor) < SILENT:
                break
            lock = _Lock(path, descriptor, home + uuid.uuid4().hex.encode())
            with suppress(OSError) if certain else nullcontext():  # room is made on full disks
                lock.write(sync=sync)
            if not certain:  # others may have found it silent too: the last to write has it
                time.sleep(2 * POLL)
                if not _is_at(path, descriptor) or _read(descriptor) != lock.mark:
                    break
        except BaseException:
            os.close(descriptor)
            raise
        with _guard:
            _held.add(lock)
            if not _heart:
                _heart.append(threading.Thread(target=_beat, daemon=True, name="locks"))
                _heart[0].start()
        return lock
    os.close(descriptor)
    return None


def _beat() -> None:
    """Show for ever that the holder of all our locks is alive."""
    while True:
        time.sleep(BEAT)
        with _guard:
            for lock in _held:
                with suppress(OSError):
                    lock.write()


def _flock(descriptor: int, *, shared: bool = False) -> bool | None:
    """Whether the kernel gives us the lock; None when this file system has none to give."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _kernel() -> str:
    """The same for all processes among which flock is decisive: one boot of one kernel."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"{platform.node()} {uuid.getnode():x}"


def _silence(path: Path, descriptor: int) -> float:
    """Seconds since the lock was last written to; both times are of the same clock."""
    with tempfile.TemporaryFile(dir=path.parent) as now:
        now.write(b".")
        now.flush()
        os.fsync(now.fileno())
        return os.fstat(now.fileno()).st_mtime - os.fstat(descriptor).st_mtime


def _read(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 200)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def _forget() -> None:
    """A forked child holds nothing, and has no heart."""
    _held.clear()
    _heart.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
