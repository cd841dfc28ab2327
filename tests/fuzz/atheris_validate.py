"""Coverage-guided fuzzing of the validator with Atheris (``pip install atheris``).

``python tests/fuzz/atheris_validate.py corpus/ -max_total_time=300 -rss_limit_mb=1024 -timeout=20``

The first byte of an input says what the rest is: a JSON file, a zip, a tar or a gzip of a tar.
A corpus folder that is empty is filled with small submissions first. libFuzzer stops at
the first defect and writes the input to ``crash-*``, ``timeout-*`` or ``oom-*``.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["adaptor_bench"]):
    from fuzz.probe import probe

from fuzz.corpus import content, make_tar, make_zip

SUFFIXES = [".json", ".zip", ".tar", ".tgz"]


def one(folder: Path, data: bytes) -> None:
    """Judge one input; a gzip is made here, for no mutation would get its checksum right."""
    suffix = SUFFIXES[data[0] % 4] if data else ".json"
    body = gzip.compress(data[1:], 1, mtime=0) if suffix == ".tgz" else data[1:]
    path = folder / f"000000{suffix}"
    path.write_bytes(body)
    probe(path)


def seeds(corpus: Path) -> None:
    """A few hundred submissions, valid and not, to start from."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    for i in range(300):
        rng = Random(i)
        kind = i % 3
        made = [lambda r: content(r, "000000.json"), make_zip, make_tar][kind](rng)
        if len(made) < 20_000 and made[:2] != b"\x1f\x8b":
            (corpus / f"seed{i}").write_bytes(bytes([kind + i % 2 if kind == 2 else kind]) + made)


def main() -> None:
    for argument in sys.argv[1:2]:
        if not argument.startswith("-"):
            seeds(Path(argument))
    with tempfile.TemporaryDirectory() as name:
        atheris.Setup(sys.argv, lambda data: one(Path(name), data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
