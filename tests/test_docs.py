"""What the documents say is there: links, paths, commands, options, folders."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest
from test_architecture import LAYER

import adaptor_bench
from adaptor_bench.cli import COMMANDS, bench
from adaptor_bench.entries.enter import read_claims

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parent.parent
HABITS = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", ".github")
WRITTEN = ("README.md", "baselines", "docs", "leaderboards", "submissions", *HABITS)
PAGES = sorted(
    path
    for pattern in ("*.md", "*/*.md", "*/*/*.md")
    for path in ROOT.glob(pattern)
    if path.relative_to(ROOT).parts[0] in WRITTEN
)
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
PLACE = re.compile(r"`((?:adaptor_bench|baselines|docs|leaderboards|submissions|tests)/[\w./-]+)`")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """The names of its headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_and_paths_lead_somewhere(page):
    for target, anchor in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        assert not anchor or anchor[1:] in anchors(path), f"{target}{anchor}"
    for place in PLACE.findall(prose(page)):
        path = ROOT / place
        assert (path.parent if path.stem == "NAME" else path).exists(), place  # of any such file


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_half_of_a_merge_is_left(page):
    assert not re.search(r"^(<{7}|={7}$|>{7})", page.read_text("utf-8"), re.M)


def test_named_tests_are_there():
    named = [
        (page.parent / file, name)
        for page in PAGES
        for name, file in re.findall(r"\[`(test_\w+)`\]\(([^)]*\.py)\)", prose(page))
    ]
    assert named
    for file, name in named:
        assert f"def {name}(" in file.read_text("utf-8"), f"{name} in {file.name}"


def commands(page: Path) -> list[list[str]]:
    """The words of every ``bench`` command in the page's blocks of code."""
    blocks = re.findall(
        r"^```(?:sh|)\n(.*?)^```|((?:^    .*\n)+)", page.read_text("utf-8"), re.M | re.S
    )
    lines = [line for pair in blocks for block in pair for line in block.splitlines()]
    said = [part.strip() for line in lines for part in re.split(r" && |;|\| | > ", line)]
    return [
        shlex.split(part, comments=True)[1:]
        for part in said
        if re.match(r"(\.venv/bin/)?bench\b", part) and "[" not in part and "..." not in part
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_and_options_exist(page):
    for words in commands(page):
        command: click.Command = bench
        while isinstance(command, click.Group):
            command, words = command.get_command(click.Context(command), words[0]), words[1:]
            assert command is not None, words
        options = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= options | {"--help"}, f"{command.name}: {given - options}"


def test_the_page_of_commands_has_every_command():
    page = ROOT / "docs" / "cli.md"
    shown = {words[0] for words in commands(page)}
    assert set(COMMANDS) <= shown
    nested = {(w[0], w[1]) for w in commands(page) if w[0] == "data"}
    group = bench.get_command(click.Context(bench), "data")
    assert {sub for _, sub in nested} == set(group.list_commands(click.Context(group)))


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    docs = ROOT / "docs"
    pages = [*docs.glob("*.md"), *docs.glob("[a-z]*/*.md"), *docs.glob("notebooks/*.ipynb")]
    for page in pages:
        name = page.relative_to(docs).as_posix()
        assert name == "README.md" or f"({name})" in index, name


def test_the_front_page_is_one_screen():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_pictures_are_small():
    for picture in (ROOT / "docs" / "images").glob("*.[ps][nv]g"):
        assert picture.stat().st_size < 300_000, picture.name


def test_the_table_of_folders_is_the_tree_from_bottom_to_top():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`[\w/]+` ?)+)\|", page.partition("## The folders")[2], re.M)
    named = [name for row in rows for name in re.findall(r"`([\w/]+)`", row)]
    package = ROOT / "adaptor_bench"
    there = {f"{p.parent.name}/" for p in package.glob("*/__init__.py")}
    there |= {p.stem for p in package.glob("*.py")}
    assert sorted(named) == sorted(there)
    layers = [LAYER[name.rstrip("/")] for name in named]
    assert layers == sorted(layers), "a row stands above one that it may import from"


def test_the_picture_of_the_data_flow_is_what_its_script_draws():
    script = runpy.run_path(str(ROOT / "docs" / "images" / "draw_architecture.py"))
    picture = (ROOT / "docs" / "images" / "architecture.svg").read_text("utf-8")
    assert script["picture"]() == picture
    folders = {f"{p.parent.name}/" for p in (ROOT / "adaptor_bench").glob("*/__init__.py")}
    shown = set(re.findall(r">([a-z/ ]+/)<", picture))
    assert {name for line in shown for name in line.split()} <= folders


def test_the_guide_for_contributors_names_files_and_tests_that_are_there():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"\b(?:tests|adaptor_bench|submissions|leaderboards)/[\w/.]+\w", page))
    assert len(named) > 25
    for place in named:
        path = ROOT / place
        assert (path.parent if path.stem == "NAME" else path).exists(), place
    added = {row.split("|")[1].strip() for row in page.splitlines() if row.startswith("| ")}
    assert {"method", "metric", "matching rule", "platform", "figure", "command"} <= added


def test_version_changelog_and_citation_are_of_one_release():
    version = adaptor_bench.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    first = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M).group(1)
    assert re.fullmatch(rf"Unreleased \({version}\)|{version} \(\d{{4}}-\d\d-\d\d\)", first), first


def test_ci_and_hooks_run_what_the_guide_says():
    """Three scripts, the tools of the environment, nothing that is not there."""
    assert re.findall(r"- run: (.*)", (ROOT / ".github/workflows/ci.yml").read_text()) == [
        ".ci/run",
        ".ci/lowest",
        ".ci/benchmarks",
    ]
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    weekly = (ROOT / ".ci" / "benchmarks").read_text("utf-8")
    assert "pytest -q tests/benchmarks" in weekly
    for check in ("pytest -q", "ruff check", "ruff format -q --check", "bin/mypy"):
        assert check in script
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert set(re.findall(r"entry: \.venv/bin/(\w+)", hooks)) == {"ruff", "python", "mypy"}
    assert "rev:" not in hooks  # a second version of a tool


def test_the_claim_of_an_entry_is_read_as_the_option_is():
    template = (ROOT / ".github/ISSUE_TEMPLATE/entry.md").read_text("utf-8")
    (block,) = re.findall(r"```claim\n(.*?)```", template, re.S)
    assert read_claims(block.split())["intraop"].keys() == {"precision", "sensitivity", "f1"}
