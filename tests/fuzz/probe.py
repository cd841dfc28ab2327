"""Judge one malformed submission: everything the package does with it must end well."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from adaptor_bench.errors import BenchError
from adaptor_bench.submission.codes import CODES
from adaptor_bench.submission.junit import to_junit
from adaptor_bench.submission.sarif import to_sarif
from adaptor_bench.submission.source import extracted
from adaptor_bench.submission.text import to_text
from adaptor_bench.submission.validate import validate


def probe(path: Path, reference: Path | None = None) -> Counter[str]:
    """Codes of the findings, and ``raised X`` for errors meant for users.

    Anything else that is raised, and every AssertionError from here, is a defect.
    """
    seen: Counter[str] = Counter()
    try:
        report = validate(path, reference)
    except BenchError as error:
        str(error).encode()
        seen[f"raised {type(error).__name__}"] += 1
        report = None
    if report is not None:
        _well_formed(report)
        seen.update(found.code for found in report.findings)
        seen["valid" if report.valid else "not valid"] += 1
    try:
        with extracted(path) as folder:
            if folder != path:
                seen["unpacked"] += 1
                _harmless(folder, path)
    except BenchError as error:
        str(error).encode()
        seen[f"unpacking raised {type(error).__name__}"] += 1
    return seen


def _well_formed(report) -> None:
    content = json.dumps(report.to_json(), allow_nan=False)
    assert json.loads(content)["valid"] == report.valid
    assert report.valid == all(found.severity != "error" for found in report.findings)
    for found in report.findings:
        assert CODES[found.code].severity == found.severity
        for text in (found.file, found.pointer, found.message, found.hint):
            assert text.isprintable(), text
        for text in (found.found, found.expected):
            assert text.isprintable(), text
        assert found.count >= 1
        assert len(found.message) <= 2000
    json.dumps(to_sarif(report), allow_nan=False).encode()
    ElementTree.fromstring(to_junit(report))
    for limit in (0, 20):
        to_text(report, limit, 0, lambda word, kind: word).encode()


def _harmless(folder: Path, path: Path) -> None:
    """Regular files inside the temporary folder and nothing else."""
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            inside = Path(parent, name)
            assert not inside.is_symlink()
            assert inside.is_dir() or inside.is_file()
            assert inside.resolve().is_relative_to(folder.resolve())
    assert path.exists()
