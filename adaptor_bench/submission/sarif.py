"""A report as SARIF 2.1.0 (OASIS), which editors and code hosts show beside the files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import adaptor_bench
from adaptor_bench.submission.codes import CODES
from adaptor_bench.submission.findings import Finding, Report

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(report: Report) -> dict[str, Any]:
    """One run with every code as a rule. URIs are relative to what was validated.

    Each result carries ``found``, ``expected``, ``hint`` and ``pointer`` in its property bag.
    """
    index = {code: i for i, code in enumerate(CODES)}
    rules = [
        {
            "id": code,
            "shortDescription": {"text": entry.title},
            "fullDescription": {"text": entry.cause},
            "help": {"text": entry.remedy},
            "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        }
        for code, entry in CODES.items()
    ]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "adaptor_bench",
                        "semanticVersion": adaptor_bench.__version__,
                        "rules": rules,
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {"executionSuccessful": True, "exitCode": 0 if report.valid else 1}
                ],
                "results": [_result(finding, index) for finding in report.findings],
                "properties": {
                    "valid": report.valid,
                    "frames": report.frames,
                    "points": report.points,
                    "counts": dict(report.counts),
                },
            }
        ],
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    # Every reserved character is encoded: a name like a:b would read as a scheme otherwise.
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file, safe="/.")}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line, "startColumn": finding.column}
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.pointer}]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
        "properties": {
            key: value
            for key in ("pointer", "found", "expected", "hint")
            if (value := getattr(finding, key))
        },
    }
    if finding.count > 1:
        result["occurrenceCount"] = finding.count
    return result
