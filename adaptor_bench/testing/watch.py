"""What a method does to files while its own code runs, as Python's audit events tell it.

What a library opens in its own compiled code raises no such event, and is not seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from adaptor_bench.data.layout import LABELS
from adaptor_bench.method import FoldTask, Method

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which arguments of an event are places that change.
_CHANGES = {
    "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.truncate": (0,),
    "os.rename": (0, 1), "os.link": (1,), "os.symlink": (1,), "sqlite3.connect": (0,),
}  # fmt: skip
_watches: list[Watch] = []
_hooked: list[bool] = []


class Watch:
    """Watches the methods given to :meth:`over`: ``outside`` are places changed that are not below
    ``folder``, or are below ``data``; ``unseen`` are files of ``data`` that were opened although
    they are of surgeries that the fold at hand is not to learn from."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder.resolve(), data.resolve()
        self.outside: dict[str, None] = {}
        self.unseen: dict[str, None] = {}
        self.blind = ""
        self._may_see: set[str] = set()
        self._doing = ""

    def over(self, method: Method) -> Method:
        """The same method, watched."""
        fit, predict, save = method.fit, method.predict, method.save

        def watched_fit(task: FoldTask) -> None:
            others = [frame for some in task.others.values() for frame in some.frames]
            self._may_see = {f.frame.surgery for f in [*task.train, *task.selection, *others]}
            with self._inside("fit"):
                fit(task)

        def watched_predict(frames: Any, task: FoldTask) -> Iterator[Any]:
            with self._inside("predict"):
                given = iter(predict(frames, task))
            end = object()
            while True:
                with self._inside("predict"):
                    one = next(given, end)
                if one is end:
                    return
                yield one

        def watched_save(directory: Path) -> None:
            with self._inside("save"):
                save(directory)

        try:
            for name, call in (
                ("fit", watched_fit), ("predict", watched_predict), ("save", watched_save)
            ):  # fmt: skip
                object.__setattr__(method, name, call)
        except (AttributeError, TypeError) as error:
            self.blind = f"the method cannot be watched: {error}"
        return method

    @contextmanager
    def around(self) -> Iterator[None]:
        """Watch within the block; temporary files go below ``folder``."""
        if not _hooked:  # a hook stays for good
            sys.addaudithook(_heard)
            _hooked.append(True)
        before, tempfile.tempdir = tempfile.tempdir, str(self.folder / "temporary")
        Path(tempfile.tempdir).mkdir(exist_ok=True)
        _watches.append(self)
        try:
            yield
        finally:
            _watches.remove(self)
            tempfile.tempdir = before

    @contextmanager
    def _inside(self, doing: str) -> Iterator[None]:
        self._doing = doing
        try:
            yield
        finally:
            self._doing = ""

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        """Judge one event."""
        if not self._doing:
            return
        if event == "open":
            path = _place(given[0])
            if path is None:
                return
            if isinstance(given[2], int) and given[2] & _WRITES:
                self._changed(path)
            elif path.is_relative_to(self.data):
                self._opened(path)
            return
        for number in _CHANGES.get(event, ()):
            if (path := _place(given[number])) is not None:
                self._changed(path)

    def _changed(self, path: Path) -> None:
        own = path.is_relative_to(self.folder) and not path.is_relative_to(self.data)
        device = path.parts[:2] == ("/", "dev") and path.parts[2:3] != ("shm",)
        of_itself = path.parts[:3] == ("/", "proc", "self")  # what a process sets is no file
        if own or device or of_itself or "__pycache__" in path.parts:
            return
        caches = [os.environ.get("XDG_CACHE_HOME"), str(Path.home() / ".cache")]
        if not any(path.is_relative_to(place) for place in caches if place):
            self.outside[f"{path} in {self._doing}"] = None

    def _opened(self, path: Path) -> None:
        inside = path.relative_to(self.data).parts
        unseen = len(inside) > 1 and inside[1] not in self._may_see
        if unseen and (self._doing == "fit" or LABELS in inside):
            self.unseen[f"{'/'.join(inside)} in {self._doing}"] = None


def _heard(event: str, given: tuple[Any, ...]) -> None:
    if _watches and (event == "open" or event in _CHANGES):
        for watch in _watches:
            with suppress(Exception):  # nobody's file operation may fail by being watched
                watch.hear(event, given)


def _place(given: Any) -> Path | None:
    if not isinstance(given, str | bytes | os.PathLike):
        return None  # a descriptor
    return Path(os.path.normpath(Path.cwd() / os.fsdecode(given)))


class Watched:
    """A method's schema, but that what it builds is watched."""

    def __init__(self, schema: Any, watch: Watch) -> None:
        self._schema, self._watch = schema, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._schema, name)

    def build(self, values: Mapping[str, Any]) -> Method:
        return self._watch.over(self._schema.build(values))
