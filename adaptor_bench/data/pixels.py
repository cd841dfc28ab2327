"""Images that are read when they are asked for, and kept within a limit of memory.

A dataset may hold more pixels than a machine has memory. Each process therefore keeps the images it
used last, at the size they are used at, up to a limit, and decodes the others again. There is no
file of all pixels, mapped into memory and shared by the workers of a run: it would need room on a
disk for all of them (22 GB for 50,000 frames of 512x288), would be left behind by a process that is
killed, and what a truncated or remote file does to a mapped page is the end of the process. To
decode a frame of that size takes some milliseconds, in a thread that works ahead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Size = tuple[int, int]

MOST = 512
"""MiB of pixels that a process keeps unless told otherwise: some 1,200 images of 512x288."""


class PixelStore:
    """Images by what they are of: at most ``limit`` bytes, the least recently used go first.

    Any number of threads may use it. Its images cannot be written to.
    """

    def __init__(self, limit: int = MOST << 20) -> None:
        self.limit = limit
        self._kept: OrderedDict[Picture, Image] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[PixelStore], tuple[int]]:
        """In another process it begins empty."""
        return PixelStore, (self.limit,)

    @property
    def kept_bytes(self) -> int:
        """Bytes of all images it holds."""
        return self._bytes

    def get(self, picture: Picture, read: Callable[[], Image]) -> Image:
        """The image of ``picture``, by ``read`` if it is not kept. Raises what ``read`` does."""
        with self._lock:
            image = self._kept.get(picture)
            if image is not None:
                self._kept.move_to_end(picture)
                return image
        return self.put(picture, read())

    def offer(self, picture: Picture, image: Image) -> None:
        """Keep the image of ``picture`` if there is room for it beside those that are kept.

        For whoever goes through more images than there is room for: to displace one by the next
        keeps no more of them, and leaves holes in the memory of the process.
        """
        self.put(picture, image, displacing=False)

    def put(self, picture: Picture, image: Image, *, displacing: bool = True) -> Image:
        """Keep the image of ``picture`` if it fits, the least recently used ones giving way to it
        if it is ``displacing``; returns it, not to be written to."""
        # Of a view all that it looks at would stay.
        image = image.copy() if isinstance(image.base, np.ndarray) else image.view()
        image.flags.writeable = False
        with self._lock:
            before = self._kept.pop(picture, None)
            self._bytes -= 0 if before is None else before.nbytes
            if image.nbytes + (0 if displacing else self._bytes) <= self.limit:
                self._kept[picture] = image
                self._bytes += image.nbytes
            while self._bytes > self.limit:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return image


class Picture:
    """An image of ``size`` (width, height) that is not in memory unless ``store`` has it."""

    __slots__ = ("_read", "size", "store")

    def __init__(self, size: Size, read: Callable[[], Image], store: PixelStore) -> None:
        self.size, self._read, self.store = size, read, store

    def image(self) -> Image:
        """Its pixels (H, W, 3). Raises InputError when they cannot be read any more."""
        return self.store.get(self, self._read)


class Pictured:
    """What has an image: ``pixels`` are the image itself, or a picture that is read for it."""

    pixels: Image | Picture

    @property
    def image(self) -> Image:
        """(H, W, 3) uint8 RGB. It may be read anew each time: keep it while you look at it.

        Raises InputError when it cannot be read any more.
        """
        return self.pixels if isinstance(self.pixels, np.ndarray) else self.pixels.image()

    @property
    def image_size(self) -> Size:
        """(width, height) of the image, which is not read for it."""
        return size_of(self.pixels) if isinstance(self.pixels, np.ndarray) else self.pixels.size


class ImagesOf(Sequence[Image]):
    """The images of ``pictured`` in their order, each read when it is asked for."""

    def __init__(self, pictured: Iterable[Pictured]) -> None:
        self._pictured = tuple(pictured)

    def __len__(self) -> int:
        return len(self._pictured)

    @overload
    def __getitem__(self, place: int) -> Image: ...
    @overload
    def __getitem__(self, place: slice) -> ImagesOf: ...
    def __getitem__(self, place: int | slice) -> Image | ImagesOf:
        if isinstance(place, slice):
            return ImagesOf(self._pictured[place])
        return self._pictured[place].image

    @property
    def sizes(self) -> list[Size]:
        """(width, height) of each; none is read for it."""
        return [one.image_size for one in self._pictured]


def sizes_of(images: Sequence[NDArray[Any]]) -> list[Size]:
    """(width, height) of each image (H, W, ..), unread where they know it."""
    known = getattr(images, "sizes", None)
    return [size_of(image) for image in images] if known is None else list(known)


def largest(sizes: Iterable[Size]) -> Size:
    """(width, height) that an image of each of ``sizes`` fits into."""
    widths, heights = zip(*sizes, strict=True)
    return max(widths), max(heights)


def size_of(image: NDArray[Any]) -> Size:
    """(width, height) of an image (H, W, ..)."""
    return image.shape[1], image.shape[0]
