"""Write the gallery and the example team anew: ``python submissions/gallery/make.py``.

Every folder here is a submission with one mistake, named after its code. ``expected.json`` is what
``bench validate`` finds in it; read the difference before you commit a change.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from adaptor_bench.submission.validate import validate

HERE = Path(__file__).resolve().parent
POINTS = [(101.5, 88), (310, 142.25), (214, 200.5), (402.75, 61), (55, 243), (480.5, 120), (12, 34)]
Files = dict[str, str | bytes]


def document(frame: int = 0, points: Any = None, **changes: Any) -> dict[str, Any]:
    """A valid prediction of frame ``frame`` of surgery case_1, video video_0."""
    entries = [{"x": x, "y": y} for x, y in POINTS[:2]] if points is None else points
    return {
        "folderName": "case_1",
        "subfolderName": "video_0",
        "imageFileName": f"{frame:06d}.png",
        "points": entries,
    } | changes


def place(frame: int = 0, ending: str = ".json") -> str:
    return f"case_1/video_0/point_labels/{frame:06d}{ending}"


def text(content: Any) -> str:
    """Indented JSON with one point a line."""
    if not isinstance(content, dict) or not isinstance(content.get("points"), list):
        return json.dumps(content, indent=2) + "\n"
    points = ",\n    ".join(json.dumps(point) for point in content["points"])
    head = {key: value for key, value in content.items() if key != "points"}
    lines = json.dumps(head, indent=2).removesuffix("\n}")
    start = f"{lines},\n" if head else "{\n"
    return (
        f'{start}  "points": [\n    {points}\n  ]\n}}\n'
        if points
        else (f'{start}  "points": []\n}}\n')
    )


def one(content: Any, frame: int = 0) -> Files:
    """A submission of one file."""
    return {place(frame): content if isinstance(content, str | bytes) else text(content)}


def moved(dx: float = 0, dy: float = 0, step: int = 0, frames: int = 4) -> tuple[Files, Files]:
    """Predictions and labels of a sequence in which the points wander."""
    predictions: Files = {}
    labels: Files = {}
    for i in range(frames):
        spread = [(40 + (i * 53 + j * 97) % 430, 30 + (i * 89 + j * 61) % 230) for j in range(6)]
        labels[place(i)] = text(
            {"imageWidth": 512, "imageHeight": 288, "points": [{"x": x, "y": y} for x, y in spread]}
        )
        shifted = [{"x": x + dx, "y": y + dy} for x, y in spread]
        predictions[place(i + step)] = text(document(i + step, shifted))
    return predictions, labels


def mapped(change: Any) -> tuple[Files, Files]:
    """Predictions that are the labels with every point put through ``change``."""
    predictions, labels = moved()
    for name, content in predictions.items():
        found = json.loads(content)
        found["points"] = [
            dict(zip("xy", change(p["x"], p["y"]), strict=True)) for p in found["points"]
        ]
        predictions[name] = text(found)
    return predictions, labels


def packed(
    files: Files, stamp: tuple[int, int, int, int, int, int] = (2021, 9, 27, 0, 0, 0)
) -> bytes:
    """A zip; the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            archive.writestr(zipfile.ZipInfo(name, stamp), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def patched(archive: bytes, *, flag: int = 0, method: int | None = None) -> bytes:
    """A zip of one member whose headers claim something else: encryption, another method."""
    data = bytearray(archive)
    for start, at in ((0, 6), (data.index(b"PK\x01\x02"), 8)):
        data[start + at] |= flag
        if method is not None:
            data[start + at + 2] = method
    return bytes(data)


def overlapping(archive: bytes) -> bytes:
    """A zip of two members, the second of which is said to begin where the first does."""
    data = bytearray(archive)
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    return bytes(data)


def taped(files: Files, *others: tuple[str, bytes, str]) -> bytes:
    """A tar of files and of ``others``: name, type, target of a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, kind, target in others:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return gzip.compress(buffer.getvalue(), mtime=0)


GOOD = document()
PLAIN = text(GOOD)
MANY = [{"x": i % 500, "y": i // 500} for i in range(1001)]
EMPTY = {place(i): text(document(i, [])) for i in range(5)}
CONSTANT = {place(i): PLAIN.replace("000000", f"{i:06d}") for i in range(6)}
LABEL = {"imageWidth": 512, "imageHeight": 288, "points": []}
LABELME = {
    "version": "5.4.1",
    "flags": {},
    "shapes": [{"label": "suture", "points": [[101.5, 88]], "shape_type": "point", "flags": {}}],
    "imagePath": "000000.png",
    "imageData": None,
    "imageHeight": 288,
    "imageWidth": 512,
}

# name of the case -> files of the submission; a lone "zip" or "tar.gz" is an archive
CASES: dict[str, Files] = {
    "no-frames": {"readme.txt": "nothing here yet\n"},
    "frame-missing": one(GOOD),
    "frame-unexpected": one(GOOD) | one(document(7), 7),
    "frame-duplicate": one(GOOD) | {"case_1/video_0/000000.json": PLAIN},
    "file-misplaced": one(GOOD) | {"000000.json": PLAIN},
    "file-ignored": one(GOOD) | {"case_1/video_0/000000.png.txt": "not a prediction\n"},
    "predictions-constant": CONSTANT,
    "count-implausible": one(document(points=MANY[:101])),
    "all-empty": EMPTY,
    "file-empty": one(""),
    "encoding-bom": one(b"\xef\xbb\xbf" + PLAIN.encode()),
    "encoding-utf16": one(PLAIN.encode("utf-16")),
    "encoding-invalid": one(
        PLAIN.replace('"points"', '"author": "M\xfcller",\n  "points"').encode("latin-1")
    ),
    "json-syntax": one(PLAIN.replace("},\n", "}\n")),
    "json-nan": one(PLAIN.replace("88", "NaN").replace("142.25", "-Infinity")),
    "json-duplicate-key": one(PLAIN.replace('"y": 88', '"y": 88, "y": 89')),
    "json-too-deep": one("[" * 65 + "]" * 65 + "\n"),
    "root-type": one([GOOD]),
    "key-missing": one(
        {key: value for key, value in GOOD.items() if key != "points"} | {"Points": []}
    ),
    "key-type": one(document(points={"x": 1, "y": 2}, folderName=1)),
    "key-unknown": one(GOOD | {"comment": "epoch 50"}),
    "name-mismatch": one(document(folderName="case_2", imageFileName="000001.png")),
    "name-unsafe": one(document(folderName="..", subfolderName="/etc", imageFileName="a\\b.png")),
    "points-too-many": one(json.dumps(document(points=MANY)) + "\n"),
    "point-type": one(document(points=[[101.5, 88], None])),
    "coordinate-missing": one(document(points=[{"x": 101.5}, {"X": 1, "Y": 2}])),
    "coordinate-type": one(document(points=[{"x": "101.5", "y": True}, {"x": None, "y": [1]}])),
    "score-type": one(document(points=[{"x": 1, "y": 2, "score": "0.9"}])),
    "number-not-finite": one(PLAIN.replace("88", "1e999").replace("310", "9" * 400)),
    "point-outside": one(document(points=[{"x": 512, "y": 10}, {"x": 3, "y": -0.25}])),
    "format-foreign": one(LABELME),
    "size-unknown": one(GOOD),
    "size-mismatch": one(document(imageWidth=1920, imageHeight=1080)),
    "point-duplicate": one(document(points=[{"x": 1, "y": 2}, {"x": 1.0, "y": 2}])),
    "score-present": one(document(points=[{"x": 1, "y": 2, "score": 0.9}])),
    "score-partial": one(document(points=[{"x": 1, "y": 2, "score": 0.9}, {"x": 5, "y": 2}])),
    "archive-unreadable": {"zip": packed(one(GOOD))[:150]},
    "archive-path": {"zip": packed({"../000000.json": PLAIN} | one(GOOD))},
    "archive-nested": {"zip": packed(one(GOOD) | {"inner.zip": packed(one(GOOD))})},
    "archive-encrypted": {"zip": patched(packed(one(GOOD)), flag=1)},
    "archive-compression": {"zip": patched(packed(one(GOOD)), method=9)},
    "archive-overlap": {"zip": overlapping(packed(one(GOOD) | one(document(1), 1)))},
    "archive-link": {"tar.gz": taped(one(GOOD), (place(1), tarfile.SYMTYPE, "/etc/passwd"))},
    "archive-special": {"tar.gz": taped(one(GOOD), (place(1), tarfile.FIFOTYPE, ""))},
    "archive-duplicate": {"tar.gz": taped(one(GOOD), (place(), tarfile.REGTYPE, ""))},
    "archive-junk": {"zip": packed(one(GOOD) | {"__MACOSX/._a": b"\0", ".DS_Store": b"\0"})},
    "archive-prefix": {"zip": packed({f"team/{place()}": PLAIN})},
    "looks-swapped": mapped(lambda x, y: (y, x))[0],
    "looks-normalised": mapped(lambda x, y: (round(x / 512, 5), round(y / 288, 5)))[0],
    "looks-unscaled": mapped(lambda x, y: (x * 3.75, y * 3.75))[0],
    "looks-shifted": moved(dx=0.5, dy=0.5, frames=9)[0],
    "looks-one-based": moved(dx=1, dy=1, frames=9)[0],
    "looks-mirrored": mapped(lambda x, y: (511 - x, y))[0],
    "looks-renumbered": moved(step=1, frames=5)[0],
}
REFERENCES: dict[str, Files] = {
    "frame-missing": {place(i): text(LABEL) for i in range(3)},
    "frame-unexpected": {place(0): text(LABEL)},
    "size-unknown": one({"points": [{"x": 310, "y": 142.25}]}),
    "looks-shifted": moved(frames=9)[1],
    "looks-one-based": moved(frames=9)[1],
    "looks-mirrored": moved()[1],
    "looks-renumbered": moved(frames=5)[1],
}
EXAMPLE: Files = {
    "sim/case_1/video_0/point_labels/000000.json": PLAIN,
    "sim/case_1/video_0/point_labels/000001.json": text(document(1, [])),
    "intraop/case_2/video_3/000004.json": text(
        document(4, [{"x": 311.25, "y": 140.5}], folderName="case_2", subfolderName="video_3")
    ),
    "intraop/case_2/video_3/000009.json": text(
        document(
            9,
            [
                {"x": x, "y": y, "score": s}
                for (x, y), s in zip(POINTS[:3], (0.97, 0.9, 0.54), strict=True)
            ],
            folderName="case_2",
            subfolderName="video_3",
        )
    ),
}


def expectation(case: Path) -> dict[str, Any]:
    """What the validator finds in a case, without the words."""
    (submission,) = case.glob("submission*")
    reference = case / "reference"
    report = validate(submission, reference if reference.exists() else None)
    keys = ("code", "severity", "file", "pointer", "line", "column", "found", "expected", "count")
    return {
        "valid": report.valid,
        "frames": report.frames,
        "points": report.points,
        "findings": [{key: getattr(found, key) for key in keys} for found in report.findings],
    }


def write(root: Path, files: Files) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def main() -> None:
    for old in HERE.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    for name, files in CASES.items():
        case = HERE / name
        if len(files) == 1 and not (kind := next(iter(files))).endswith((".json", ".txt")):
            write(case, {f"submission.{kind}": files[kind]})
        else:
            write(case / "submission", files)
        write(case / "reference", REFERENCES.get(name, {}))
        found = expectation(case)
        if name not in {finding["code"] for finding in found["findings"]}:
            raise SystemExit(f"{name}: this is not what was found: {found}")
        write(case, {"expected.json": json.dumps(found, indent=1) + "\n"})
    example = HERE.parent / "example"
    shutil.rmtree(example, ignore_errors=True)
    write(example, EXAMPLE)


if __name__ == "__main__":
    main()
