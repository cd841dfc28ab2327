"""A report as JUnit XML: a suite per folder, a test case per file; only errors are failures."""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree as ET

from adaptor_bench.names import printable
from adaptor_bench.submission.findings import Finding, Report


def to_junit(report: Report) -> str:
    """An XML document. Files in order are passed cases; warnings and infos go to system-out.

    A missing frame is a case too, and what concerns the submission as a whole is the case
    ``submission``.
    """
    by_file: dict[str, list[Finding]] = {printable(name): [] for name in report.files}
    for finding in report.findings:
        by_file.setdefault(finding.file, []).append(finding)
    folders: dict[str, list[str]] = defaultdict(list)
    for file in by_file:
        folders["" if file == "." else file.rpartition("/")[0]].append(file)
    failed = {file for file, found in by_file.items() if any(f.severity == "error" for f in found)}
    root = ET.Element("testsuites", _counts("bench validate", by_file, failed))
    for folder, files in folders.items():
        suite = ET.SubElement(root, "testsuite", _counts(folder or "submission", files, failed))
        for file in files:
            name = "submission" if file == "." else file
            case = ET.SubElement(
                suite, "testcase", name=name, classname=folder.replace("/", ".") or "submission"
            )
            _describe(case, by_file[file], file in failed)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _counts(name: str, files: object, failed: set[str]) -> dict[str, str]:
    names = list(files)  # type: ignore[call-overload]
    failures = sum(name in failed for name in names)
    numbers = {"tests": len(names), "failures": failures, "errors": 0, "skipped": 0}
    return {"name": name, **{key: str(value) for key, value in numbers.items()}}


def _describe(case: ET.Element, findings: list[Finding], failed: bool) -> None:
    errors = [f for f in findings if f.severity == "error"]
    others = [f for f in findings if f.severity != "error"]
    if failed:
        n = sum(f.count for f in errors)
        message = errors[0].message if n == 1 else f"{n} errors, the first: {errors[0].message}"
        failure = ET.SubElement(case, "failure", type=errors[0].code, message=message)
        failure.text = "\n".join(map(_line, errors))
    if others:
        ET.SubElement(case, "system-out").text = "\n".join(map(_line, others))


def _line(finding: Finding) -> str:
    where = f"{finding.line}:{finding.column} " if finding.line is not None else ""
    pointer = f" ({finding.pointer})" if finding.pointer else ""
    times = f" [{finding.count} times]" if finding.count > 1 else ""
    hint = f" Hint: {finding.hint}" if finding.hint else ""
    return f"{where}{finding.severity} {finding.code}: {finding.message}{pointer}{times}.{hint}"
