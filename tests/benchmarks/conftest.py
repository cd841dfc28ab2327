"""What benchmarks measured: the rows of docs/performance.md, at the end of what pytest prints."""

from __future__ import annotations

import pytest

ROWS = pytest.StashKey[list]()


def pytest_configure(config):
    config.stash[ROWS] = []


@pytest.fixture
def held(request):
    """A row of the table, and its limit held: ``held(what, value, limit)``.

    ``unit`` follows the number; ``least`` says that the limit is the smallest value allowed.
    """

    def row(what, value, limit, unit="", *, least=False):
        sign = "at least" if least else "at most"
        request.config.stash[ROWS].append(
            f"| {what} | {value:.3g}{unit} | {sign} {limit:g}{unit} |"
        )
        assert value >= limit if least else value <= limit, f"{what}: {value:.3g}{unit}"

    return row


def pytest_terminal_summary(terminalreporter):
    rows = terminalreporter.config.stash[ROWS]
    for line in ["| what | measured | limit |", "|---|---|---|", *rows] if rows else []:
        terminalreporter.write_line(line)
