"""Tutorial and guides: every command that they show is run, and prints what stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from transcripts import Command, alike, play, session

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "howto").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_commands_print_what_the_page_shows(page, phantom_cache, monkeypatch):
    """Renewed by ``python tests/transcripts.py PAGE``; what is left out there is ``...``."""
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))
    different = play(page)
    told = "\n\n".join(f"$ {command.typed}\n{printed}" for command, printed in different)
    assert not different, told


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_nothing_is_shown_that_is_not_run(page):
    """But for the installation, which .ci/run does."""
    kinds = re.findall(r"^```(\w*)\n", page.read_text("utf-8"), re.M)
    ran = [step for step in session(page) if isinstance(step, Command)]
    assert len(ran) >= 5
    shell = re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    for line in "".join(shell).splitlines():
        assert line in script or line == ". .venv/bin/activate", line
    assert set(kinds) <= {"", "console", "json", "python", "sh"}


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\nc\n", False),
        ("a\n", "a\nb\n", False),
        ("a\n...\n", "a\nb\nc\n", True),
        ("a\n...\n", "a\n", True),
        ("...\nc\n", "a\nb\nc\n", True),
        ("...\nb\n", "a\nb\nc\n", False),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("took ... s\n", "took 3.1 s\n", True),
        ("took ... s\n", "took 3.1 s\nmore s\n", False),
        ("1.5\n", "1x5\n", False),
    ],
)
def test_what_is_left_out_may_be_anything(shown, printed, same):
    assert alike(shown, printed) is same
