"""Terminal sessions in documents: read, run again, compared with what stands there.

In a block ``console`` a line that begins with ``$ `` is a command, and what follows is all that it
prints: stdout, then stderr. ``...`` alone on a line stands for any lines, at the end of one for
the rest of it. A command below which nothing stands prints what it likes. One that ends with
another code than 0 is followed by ``$ echo $?``. A block below "Save this as `FILE`:" is written
to that file. A page is one session, in a folder of its own.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from commands import outcome

BLOCK = re.compile(
    r"(?:^Save this as `(?P<file>[\w./-]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.M | re.S,
)
OF_THE_SHELL = {"cat", "cp", "echo", "ls", "mkdir", "mv", "rm", "sed"}


@dataclass(frozen=True)
class Command:
    """A line that was typed, and the lines below it."""

    typed: str
    shown: str


@dataclass(frozen=True)
class Saved:
    """A file that the reader writes."""

    name: str
    text: str


def session(page: Path) -> list[Command | Saved]:
    """What the page has its reader do, in order."""
    steps: list[Command | Saved] = []
    for block in BLOCK.finditer(page.read_text("utf-8")):
        if block["file"]:
            steps.append(Saved(block["file"], block["text"]))
        elif block["kind"] == "console":
            parts = re.split(r"^\$ ", block["text"], flags=re.M)
            assert parts[0] == "", f"{page.name}: a block begins without a command"
            for part in parts[1:]:
                typed, _, shown = part.partition("\n")
                steps.append(Command(typed, shown))
    return steps


def run(typed: str) -> tuple[int, str]:
    """The exit code of a command, and all that it prints."""
    words = shlex.split(typed)
    if words[0] == "bench":
        code, shown, told = outcome(*words[1:])
        return code, shown + told
    if words[0] == "python":
        typed = shlex.join([sys.executable, *words[1:]])
    else:
        assert words[0] in OF_THE_SHELL, f"not a command of these pages: {typed}"
    done = subprocess.run(
        ["sh", "-c", typed], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def alike(shown: str, printed: str) -> bool:
    """Whether what the page shows is what was printed, but for what ``...`` stands for."""
    expected = "".join(
        r"(?:.*\n)*" if line.strip() == "..." else _line(line.rstrip())
        for line in shown.strip("\n").splitlines()
    )
    text = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(expected, text) is not None


def _line(line: str) -> str:
    return re.escape(line).replace(r"\.\.\.", ".*") + r"\n"


def play(page: Path) -> list[tuple[Command, str]]:
    """Do in the current folder what the page says; the commands whose output differs, and it."""
    different = []
    steps = session(page)
    code = 0
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if isinstance(step, Saved):
            Path(step.name).parent.mkdir(parents=True, exist_ok=True)
            Path(step.name).write_text(step.text, "utf-8")
            continue
        if step.typed == "echo $?":
            printed = f"{code}\n"
        else:
            code, printed = run(step.typed)
            asked = isinstance(following, Command) and following.typed == "echo $?"
            assert asked or code == 0, f"$ {step.typed}\n{printed}ends with {code}"
        if step.shown and not alike(step.shown, printed):
            different.append((step, printed))
    return different


def renew(page: Path) -> None:
    """Put what commands print now in the place of what no longer agrees."""
    text = page.read_text("utf-8")
    for command, printed in play(page):
        old = f"$ {command.typed}\n{command.shown}"
        clean = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
        text = text.replace(old, f"$ {command.typed}\n{clean}", 1)
    page.write_text(text, "utf-8")


def main(pages: list[str]) -> None:
    """``python tests/transcripts.py PAGE...`` renews the sessions of these pages."""
    home = tempfile.mkdtemp()
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    os.environ |= {"ADAPTOR_BENCH_WORKERS": "1", "CUDA_VISIBLE_DEVICES": ""}
    os.environ["ADAPTOR_BENCH_CACHE"] = str(Path(home, "cache"))
    for page in map(Path.resolve, map(Path, pages)):
        folder = Path(home, page.stem)
        folder.mkdir()
        os.chdir(folder)
        renew(page)


if __name__ == "__main__":
    main(sys.argv[1:])
