"""Tables as text: rows by their headings, whatever separates the cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from adaptor_bench.data.formats.format import RawFile
from adaptor_bench.errors import InputError

_LARGEST = 10_000_000  # rows


def rows_of(file: RawFile, where: str) -> Iterator[dict[str, str]]:
    """Each row, by the headings in lower case; empty rows are passed over.

    Raises InputError for a row that has not as many cells as there are headings.
    """
    text = file.text.lstrip("\r\n")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    lines = csv.reader(text.splitlines(), delimiter=separator)
    try:
        headings = [cell.strip(' "#').lower() for cell in next(lines, [])]
        for n, cells in enumerate(lines, 2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(headings):
                raise InputError(
                    f"{where}: line {n} has {len(cells)} cells, the headings are {len(headings)}"
                )
            if n > _LARGEST:
                raise InputError(f"{where}: more than {_LARGEST:,} rows, which are not read")
            yield dict(zip(headings, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        raise InputError(f"{where}: not readable as a table: {error}") from error
