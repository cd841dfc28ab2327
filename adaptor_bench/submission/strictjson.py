"""Decode a JSON file strictly: what JSON parsers let pass is reported, with its place.

Everything that can be repaired for the moment (a byte order mark, another encoding, NaN, a key
twice) is reported and repaired, so that the rest of the file is checked in the same pass.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, field
from typing import Any

from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.findings import Finding, shown
from adaptor_bench.submission.locate import FAULTS_KEPT, positions, survey, too_deep

FILE_LIMIT = 2 << 20
"""Bytes of one file; a frame of twelve points has about 700."""
DEPTH_LIMIT = 64
"""Levels of lists and objects; the format needs three."""
_LONGEST_WHOLE = 400
"""Digits of a whole number that is still decoded as one; a float overflows after 309."""


class Constant(float):
    """NaN, Infinity or -Infinity, told apart from the float that 1e999 becomes."""


@dataclass
class Parsed:
    """``content`` is what the file says, if ``complete``; ``text`` what it reads."""

    findings: list[Finding] = field(default_factory=list)
    text: str = ""
    content: Any = None
    complete: bool = False


def decode(data: bytes, file: str, places: bool = True) -> Parsed:
    """Decode the bytes of one file. ``file`` is the name findings carry.

    Where keys repeat, the last value counts, as it does for most readers, but the file is at
    fault. Without ``places`` the repeated keys and constants are only counted.
    """
    result = Parsed()
    if len(data) > FILE_LIMIT:
        message = f"more than {FILE_LIMIT >> 20} MiB, which is not read"
        expected = f"at most {FILE_LIMIT} bytes"
        result.findings.append(finding("file-too-large", file, message, expected=expected))
        return result
    text = result.text = _to_text(data, file, result.findings)
    if not text.strip(" \t\r\n"):
        what = "no bytes" if not data else "nothing but white space"
        result.findings.append(
            finding("file-empty", file, f"the file holds {what}", line=1, column=1, found=what)
        )
        return result
    deep = too_deep(text, DEPTH_LIMIT)
    if deep is not None:
        line, column = positions(text, [deep])[deep]
        message = f"more than {DEPTH_LIMIT} levels of lists and objects, so it is not decoded"
        expected = f"at most {DEPTH_LIMIT} levels"
        result.findings.append(
            finding("json-too-deep", file, message, line=line, column=column, expected=expected)
        )
        return result
    _parse(text, file, result, places)
    return result


def _to_text(data: bytes, file: str, findings: list[Finding]) -> str:
    """The text, whatever it is encoded in, without a byte order mark."""
    first = {"line": 1, "column": 1}
    # The standard one tells by a mark, or by where zeros are: a JSON text starts with two ASCII
    # characters, or is one digit (RFC 4627, 3).
    codec = json.detect_encoding(data)
    if not codec.startswith("utf-8"):
        name = codec[:6].upper()
        message = f"{name}, where JSON is UTF-8"
        findings.append(
            finding("encoding-utf16", file, message, found=name, expected="UTF-8", **first)  # type: ignore[arg-type]
        )
        return data.decode(codec, "replace").removeprefix("\ufeff")
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
        findings.append(
            finding(
                "encoding-bom",
                file,
                "the first three bytes are a byte order mark",
                found="EF BB BF",
                expected="UTF-8 without a byte order mark",
                **first,  # type: ignore[arg-type]
            )
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = positions(before, [len(before)])[len(before)]
        byte = f"{data[error.start]:02X}"
        findings.append(
            finding(
                "encoding-invalid",
                file,
                f"byte {byte} at offset {error.start} is not UTF-8",
                line=line,
                column=column,
                found=f"byte {byte}",
                expected="UTF-8",
            )
        )
        return data.decode("latin-1")


def _parse(text: str, file: str, result: Parsed, places: bool) -> None:
    constants = repeated = 0

    def constant(name: str) -> Constant:
        nonlocal constants
        constants += 1
        return Constant(name)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        made = dict(items)
        repeated += len(items) - len(made)
        return made

    try:
        result.content = json.loads(
            text, parse_constant=constant, parse_int=_whole, object_pairs_hook=pairs
        )
    except json.JSONDecodeError as error:
        end = error.pos >= len(text)
        there = "the end of the file" if end else shown(text[error.pos : error.pos + 20])
        result.findings.append(
            finding(
                "json-syntax",
                file,
                f"not JSON: {error.msg}, found {there}",
                line=error.lineno,
                column=error.colno,
                found=there,
                expected="JSON",
            )
        )
        return
    except (ValueError, RecursionError) as error:  # no text is known to get here
        result.findings.append(finding("json-syntax", file, f"not JSON: {error}"))
        return
    result.complete = True
    if not (constants or repeated):
        return
    enough = min(constants, FAULTS_KEPT) + min(repeated, FAULTS_KEPT)
    found = survey(text, faults=True, enough=enough) if places else None
    result.findings += _faults("json-nan", file, text, constants, found and found.constants)
    result.findings += _faults("json-duplicate-key", file, text, repeated, found and found.repeated)


def _faults(code: str, file: str, text: str, total: int, places: Any) -> list[Finding]:
    """One finding a place; the last one stands for those beyond the first hundred."""
    nan = code == "json-nan"
    if not places:
        what = "NaN or Infinity" if nan else "a key given twice"
        return [finding(code, file, what, count=total)] if total else []
    lines = positions(text, (fault.offset for fault in places))
    return [
        finding(
            code,
            file,
            f"{fault.text} is not a JSON number" if nan else f"key {shown(fault.text)} comes again",
            pointer=fault.pointer,
            line=lines[fault.offset][0],
            column=lines[fault.offset][1],
            found=fault.text if nan else shown(fault.text),
            expected="a finite number" if nan else "each key once",
            count=1 if i < len(places) else total - len(places) + 1,
        )
        for i, fault in enumerate(places, 1)
    ]


def _whole(digits: str) -> int | float:
    """A whole number; one beyond every float as infinity, which Python converts at no cost."""
    return int(digits) if len(digits) <= _LONGEST_WHOLE else float(digits)
