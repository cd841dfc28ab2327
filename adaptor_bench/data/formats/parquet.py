"""Parquet: the tables of :mod:`adaptor_bench.data.formats.tables`, as columns instead of text.

Which program wrote one is told by its columns, as of a text table. Nothing is unpickled: from its
first release that is asked for, pyarrow reads no types that would need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    px,
)
from adaptor_bench.data.formats.tables import FORMATS as TABLES
from adaptor_bench.errors import InputError

_MOST_ROWS, _MOST_BYTES = 10_000_000, 1 << 30  # unpacked


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    text = _as_text(file.content, where)
    table = RawFile(content=text, name=file.name, options=file.options)
    kind = next((one for one in TABLES if one.recognise and one.recognise(table)), None)
    if kind is None or kind.read is None:
        listed = ", ".join(table.columns)[:80]
        raise InputError(f"{where}: has no columns x and y, or those of a known program: {listed}")
    return kind.read(table, where)


def _as_text(content: bytes, where: str) -> bytes:
    """The columns of numbers and words as CSV, every number to its last digit."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        stored = parquet.ParquetFile(BytesIO(content))
        about = stored.metadata
        unpacked = sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups))
        if about.num_rows > _MOST_ROWS or unpacked > _MOST_BYTES:
            raise InputError(
                f"{where}: {about.num_rows:,} rows of {unpacked:,} bytes, which are not read"
            )
        plain = [field.name for field in stored.schema_arrow if _is_plain(field.type)]
        # Without pandas' own notes: an index with a name is a column like another.
        frame = stored.read(plain).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, UnicodeError) as error:
        said = str(error).partition("\n")[0]
        raise InputError(f"{where}: not readable as Parquet: {said}") from error
    return bytes(frame.to_csv(index=False).encode())


def _is_plain(kind: object) -> bool:
    from pyarrow import types

    value = getattr(kind, "value_type", kind) if types.is_dictionary(kind) else kind
    numbers = types.is_integer(value) or types.is_floating(value) or types.is_decimal(value)
    return numbers or types.is_string(value) or types.is_large_string(value)


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    return {f"{frame.folder}/{frame.stem}.parquet": _table(frame) for frame in frames}


def _table(frame: FramePoints) -> bytes:
    import pandas as pd

    columns = {name: [px(v) for v in frame.file.points[:, n]] for n, name in enumerate("xy")}
    if frame.file.scores is not None:
        columns["score"] = [round(float(score), 6) for score in frame.file.scores]
    content = BytesIO()
    pd.DataFrame(columns, dtype=float).to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


FORMATS = (
    Format(
        "Parquet",
        lambda file: file.content.startswith(b"PAR1"),
        'x and y of each row become {"x": .., "y": ..}',
        (".parquet", ".pq"),
        read=_read,
        title="a Parquet table",
        key="parquet",
        in_place=False,
        takes=frozenset({"--pixel-size"}),
        write=_write,
        extra="parquet",
    ),
)
