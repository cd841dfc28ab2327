"""Parquet: the tables of :mod:`adaptor_bench.data.formats.tables`, as columns instead of text.

Which program wrote one is told by its columns, as of a text table. Nothing is unpickled: from its
first release that is asked for, pyarrow reads no types that would need it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    px,
)
from adaptor_bench.data.formats.tables import FORMATS as TABLES
from adaptor_bench.data.formats.tables import READ, column_name, require_unique
from adaptor_bench.errors import InputError

_MOST_ROWS, _MOST_BYTES = 10_000_000, 1 << 27  # of what is read, unpacked and as text
_BATCH = 1 << 14  # rows
_WORDS = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    import pyarrow as pa

    try:
        names, text = _as_text(file.content, where)
    except MemoryError as error:
        raise InputError(f"{where}: is too large to be read: no memory is left") from error
    except (pa.ArrowException, OSError, ValueError, UnicodeError) as error:
        said = str(error).partition("\n")[0]
        raise InputError(f"{where}: not readable as Parquet: {said}") from error
    headings = RawFile(content=_line(names))  # of all columns, as the order tells programs apart
    kind = next((one for one in TABLES if one.recognise and one.recognise(headings)), None)
    if kind is None or kind.read is None:
        listed = ", ".join(headings.columns)[:80]
        raise InputError(f"{where}: has no columns x and y, or those of a known program: {listed}")
    return kind.read(RawFile(content=text, name=file.name, options=file.options), where)


def _as_text(content: bytes, where: str) -> tuple[list[str], bytes]:
    """The names of all columns; those that are read as CSV, every number to its last digit."""
    from pyarrow import parquet

    about = parquet.ParquetFile(BytesIO(content))
    names = list(about.schema_arrow.names)
    require_unique(map(column_name, names), where)
    columns = [field for field in about.schema_arrow if column_name(field.name) in READ]
    if wrong := [f"{one.name} ({one.type})"[:80] for one in columns if not _is_read(one.type)]:
        raise InputError(f"{where}: columns of a type that is not read: {', '.join(wrong)}")
    _require_few(about.metadata, {one.name for one in columns}, where)
    # A word is kept once, however many rows have it.
    words = [one.name for one in columns if str(one.type) in _WORDS]
    stored = parquet.ParquetFile(BytesIO(content), read_dictionary=words)
    lines, size = [_line([one.name for one in columns])], 0
    for batch in stored.iter_batches(_BATCH, columns=[one.name for one in columns]):
        size += sum(map(_text_size, batch.columns))
        if size <= _MOST_BYTES:
            lines.append(_rows(batch))
            size += len(lines[-1])
        if size > _MOST_BYTES:
            raise InputError(
                f"{where}: more than {_MOST_BYTES:,} bytes as text, which are not read"
            )
    return names, b"".join(lines)


def _require_few(about: Any, columns: set[str], where: str) -> None:
    """Raise InputError, before anything is unpacked, for more than is read."""
    groups = [about.row_group(n) for n in range(about.num_row_groups)]
    chunks = [group.column(n) for group in groups for n in range(group.num_columns)]
    unpacked = sum(one.total_uncompressed_size for one in chunks if one.path_in_schema in columns)
    if about.num_rows > _MOST_ROWS or unpacked > _MOST_BYTES:
        raise InputError(
            f"{where}: {about.num_rows:,} rows of {unpacked:,} bytes, which are not read"
        )


def _is_read(kind: Any) -> bool:
    from pyarrow import types

    value = kind.value_type if types.is_dictionary(kind) else kind
    numbers = types.is_integer(value) or types.is_floating(value) or types.is_decimal(value)
    return numbers or types.is_null(value) or str(value) in _WORDS


def _text_size(column: Any) -> int:
    """Bytes of the words in a column; 0 of numbers."""
    import pyarrow as pa
    from pyarrow import compute

    if not pa.types.is_dictionary(column.type):
        return 0 if str(column.type) not in _WORDS else int(column.nbytes)
    if str(column.type.value_type) not in _WORDS:
        return 0
    lengths = compute.binary_length(column.dictionary.cast(pa.large_binary()))
    return int(compute.sum(lengths.take(column.indices)).as_py() or 0)


def _rows(batch: Any) -> bytes:
    """CSV without headings. Raises ValueError for words that are not UTF-8."""
    import pyarrow as pa

    columns = []
    for column in batch.columns:
        kind = column.type
        if pa.types.is_dictionary(kind) and str(kind.value_type) in _WORDS:
            words = column.dictionary.cast(pa.large_string())
            column = pa.DictionaryArray.from_arrays(column.indices, words)
        elif str(kind) in _WORDS:
            column = column.cast(pa.large_string())
        columns.append(column)
    plain = pa.Table.from_arrays(columns, names=[str(n) for n in range(len(columns))])
    return bytes(plain.to_pandas().to_csv(index=False, header=False).encode())


def _line(names: list[str]) -> bytes:
    text = StringIO()
    csv.writer(text).writerow(names)
    return text.getvalue().encode()


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
