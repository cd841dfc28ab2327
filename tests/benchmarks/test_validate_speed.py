"""How much longer a validation takes than a script that only decodes the same files.

``python -m pytest tests/benchmarks/test_validate_speed.py -s`` prints seconds, the ratio and the
peak memory; ``FRAMES=100000`` asks for another size.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from folders import BARE, write_folders

FRAMES = int(os.environ.get("FRAMES", "5000"))
VALIDATE = """
import resource, sys
from pathlib import Path
from adaptor_bench.submission.validate import validate
report = validate(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
assert report.valid and not report.findings, report.counts
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def seconds(code: str, *folders: object) -> tuple[float, int]:
    """Best of three runs of a whole process, and the number it prints."""
    best, number = float("inf"), 0
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, folders)], capture_output=True, check=True
        )
        best, number = min(best, time.perf_counter() - start), int(done.stdout)
    return best, number


@pytest.mark.parametrize("with_reference", [False, True])
def test_validating_is_not_much_slower_than_decoding(tmp_path, with_reference):
    predictions, labels = write_folders(tmp_path, FRAMES)
    folders = (predictions, labels) if with_reference else (predictions,)
    bare, _ = seconds(BARE, *folders)
    full, kilobytes = seconds(VALIDATE, *folders)
    print(  # noqa: T201
        f"\n{FRAMES} frames{' with reference' * with_reference}: bare {bare:.2f} s, "
        f"validate {full:.2f} s, ratio {full / bare:.2f}, {kilobytes >> 10} MiB"
    )
    assert full < 3 * bare + 0.5
    assert kilobytes < 1 << 20
