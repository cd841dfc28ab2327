"""The bytes of a tar or tar.gz: decompressed, counted, and never more than the limits allow."""

from __future__ import annotations

import io
import os
import zlib
from typing import TYPE_CHECKING, BinaryIO

from adaptor_bench.submission.members import Broken, Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 1 << 16
_GZIP_MEMBERS = 100_000
"""Parts of a gzip file. Each costs some time however little it holds; block-wise compression
(bgzip) needs one per 64 KiB."""


class TarStream:
    """Reads ``file`` from its start, gzip or not. All methods raise :class:`Broken`."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        self._packed = os.fstat(file.fileno()).st_size
        self.place = 0
        """Bytes read so far."""
        file.seek(0)
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self._file = io.BufferedReader(_Gunzip(file), _CHUNK) if compressed else file

    def read(self, n: int) -> bytes:
        """``n`` bytes, fewer at the end only."""
        try:
            data = self._file.read(n)
        except zlib.error as error:
            raise Broken(f"damaged: {error}") from error
        except OSError as error:
            raise Broken(f"cannot be read: {error.strerror or error}") from error
        self.place += len(data)
        limits = self._limits
        if self.place > limits.total_bytes:
            raise Broken(f"more than {limits.total_bytes:,} bytes when unpacked", "archive-size")
        if self.place > limits.ratio_from and self.place > limits.ratio * self._packed:
            text = f"{self._packed:,} bytes unpack to {self.place:,} and more"
            raise Broken(text, "archive-ratio")
        return data

    def skip(self, n: int) -> None:
        """Leave out ``n`` bytes, which have to be there."""
        while n > 0:
            data = self.read(min(n, _CHUNK))
            if not data:
                raise Broken("the archive is cut off")
            n -= len(data)

    def finish(self) -> None:
        """Read what follows the end mark: nothing but zeros, and right checksums of gzip."""
        while data := self.read(_CHUNK):
            if data.count(0) != len(data):
                raise Broken("there are data behind the end of the archive")


class _Gunzip(io.RawIOBase):
    """Decompresses no more than it is asked for; zlib checks the checksums."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members = 0
        self._engine = zlib.decompressobj(wbits=31)
        self._input = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while True:
            if self._engine.eof and not self._next_member():
                return 0
            if not self._input:
                self._input = self._file.read(_CHUNK)
                if not self._input:
                    raise Broken("the gzip data are cut off")
            data = self._engine.decompress(self._input, len(view))
            self._input = self._engine.unconsumed_tail
            if data:
                view[: len(data)] = data
                return len(data)

    def _next_member(self) -> bool:
        """Whether another gzip file follows directly, as after ``cat a.gz b.gz``."""
        rest = self._engine.unused_data or self._file.read(_CHUNK)
        if not rest.strip(b"\0"):  # padding of a block device
            while rest := self._file.read(_CHUNK):
                if rest.strip(b"\0"):
                    raise Broken("there are data behind the end of the gzip file")
            return False
        self._members += 1
        if self._members > _GZIP_MEMBERS:
            raise Broken(f"a gzip file of more than {_GZIP_MEMBERS:,} parts")
        self._engine = zlib.decompressobj(wbits=31)
        self._input = rest
        return True
