"""The command line and other programs as a test calls them, with their exit codes checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner

from adaptor_bench.cli import main

# Until click 8.2 the streams were one unless told otherwise.
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


def outcome(*arguments) -> tuple[int, str, str]:
    """How ``bench ARGUMENTS`` ends in this process, through the function that the console script
    calls: its exit code, and what it prints to stdout and stderr."""
    with CliRunner(**APART).isolation() as (out, err, *_):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        return left.value.code or 0, out.getvalue().decode(), err.getvalue().decode()


def invoke(*arguments, code=0) -> tuple[str, str]:
    """What ``bench ARGUMENTS`` prints to stdout and stderr."""
    left, shown, told = outcome(*arguments)
    assert left == code, shown + told
    return shown, told


def invoke_json(*arguments, code=0):
    """What ``bench ARGUMENTS --format json`` prints, read."""
    return json.loads(invoke(*arguments, "--format", "json", code=code)[0])


def invoke_all(*arguments, code=0) -> str:
    """What ``bench ARGUMENTS`` prints, both streams."""
    return "".join(invoke(*arguments, code=code))


def python(*arguments, code=0, env=None, **options) -> tuple[str, str]:
    """What ``python ARGUMENTS`` prints to stdout and stderr, in a process of its own; ``env`` is
    added to the variables that are there."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=300,
        check=False, env={**os.environ, **(env or {})}, **options,
    )  # fmt: skip
    assert done.returncode == code, done.stdout[-3000:] + done.stderr
    return done.stdout, done.stderr


# Runs commands one after the other. What a command loads is in memory from then on, so that of each
# what came is told: names of modules at the top.
DRIVER = """
import contextlib, io, json, sys
from adaptor_bench.cli import main

done, before = [], set()
for argv in json.load(sys.stdin):
    out, err, code = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO(), None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if argv[:1] == ["container"]:
                from adaptor_bench.container import main as contained
                sys.exit(contained(argv[1:]))
            main(argv)
        except SystemExit as left:
            code = left.code or 0
    out.flush()
    loaded = {name.partition(".")[0] for name in sys.modules}
    done.append([code, out.buffer.getvalue().decode(), err.getvalue(), sorted(loaded - before)])
    before = loaded
files = {n: m.__file__ for n, m in sys.modules.items()
         if n.split(".")[0] == "adaptor_bench" and getattr(m, "__file__", None)}
json.dump([done, files], sys.stdout)
"""


def in_one_process(commands, *options, **more) -> tuple[list[list], dict[str, str]]:
    """Of each command, given as its words: exit code, stdout, stderr and what it loaded; and the
    files of our modules that were loaded in the end."""
    words = json.dumps([[str(a) for a in command] for command in commands])
    return json.loads(python(*options, "-c", DRIVER, input=words, **more)[0])


def typeset(text: str, folder: Path) -> str:
    """What pdflatex says of a document; without pdflatex the test is skipped."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    (folder / "t.tex").write_text(text, "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=folder, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    return log
