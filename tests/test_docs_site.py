"""The site of the documents, and the notebooks, where the extra ``docs`` is installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from chromium import NEEDS, opened, resize

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
LACKING = "the extra [docs] is not installed"


class Page(HTMLParser):
    """What a page leads to, what it loads, and the places in it that may be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("img", "script", "iframe") and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon") and given.get("href"):
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Built as docs/README.md says, every warning an error."""
    for name in ("sphinx", "furo", "myst_nb", "sphinx_click", "sphinx_copybutton"):
        pytest.importorskip(name, reason=LACKING)
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-b", "html",
         "-c", "docs", "-d", out / "doctrees", ".", out / "html"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out / "html"


@pytest.fixture(scope="module")
def pages(site):
    """Every page by its path."""
    return {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def test_links_of_the_site_lead_somewhere_without_a_network(site, pages):
    wrong = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto", "data"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target in pages and unquote(parts.fragment) in pages[target].places
            if not (there or (target not in pages and target.is_file() and not parts.fragment)):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert not wrong


def test_nothing_is_loaded_from_a_network(pages):
    for path, page in pages.items():
        assert not [name for name in page.loaded if urlsplit(name).scheme or name[:2] == "//"], path


def test_every_page_of_the_table_is_in_the_sidebar(site, pages):
    front = pages[site / "README.html"].links
    for name in re.findall(
        r"^\| \[[^]]*\]\(([^)]+)\)", (ROOT / "docs/README.md").read_text(), re.M
    ):
        page = (ROOT / "docs" / name).resolve().relative_to(ROOT).with_suffix(".html")
        assert page.as_posix() in front


def test_commands_and_functions_are_described(site):
    from adaptor_bench import __all__ as public
    from adaptor_bench.cli import COMMANDS

    text = (site / "docs/reference/commands.html").read_text("utf-8")
    for name in COMMANDS:
        assert f'id="bench-{name}"' in text, name
    assert 'id="cmdoption-bench-evaluate-radius"' in text
    text = (site / "docs/reference/python.html").read_text("utf-8")
    for name in public:
        home = "errors." if name == "BenchError" else ""
        assert f'id="adaptor_bench.{home}{name}"' in text or f".{name}" in text, name


def test_options_are_spelt_as_they_are_typed_and_explained(site):
    text = (site / "docs/reference/commands.html").read_text("utf-8")
    assert "and --labels have to be its own" in text and "\u2013labels" not in text
    assert text.count("How predicted points are paired with labelled ones.") > 3
    assert ">bench evaluate<" in text.replace('</span> <span class="pre">', " ")


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("profile")) as window:
        yield window


@NEEDS
def test_no_page_scrolls_sideways(site, window):
    """What is too wide for a telephone, a table or a command, scrolls by itself."""
    for width in (390, 1280):
        resize(window, width, 900)
        for name in ("README", "docs/formats", "docs/methods", "docs/architecture",
                     "docs/reference/commands", "docs/notebooks/compare_two_methods",
                     "leaderboards/phantom-mini/README"):  # fmt: skip
            window.get((site / f"{name}.html").as_uri())
            inner = window.execute_script("return document.documentElement.scrollWidth")
            assert inner <= width, (name, width)


def printed(cell) -> list[str]:
    """What a cell printed, as text; pictures are left out."""
    texts = []
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        text = text if isinstance(text, str) else "".join(text)
        if not text.startswith("<Figure"):
            texts.append(text.strip())
    return texts


def test_notebooks_are_kept_as_they_ran():
    assert len(NOTEBOOKS) >= 2
    for path in NOTEBOOKS:
        cells = [
            c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"
        ]
        assert [c["execution_count"] for c in cells] == list(range(1, len(cells) + 1)), path.name
        assert any(printed(c) for c in cells)
        assert path.stat().st_size < 400_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_print_what_stands_in_them(path, phantom_cache, tmp_path, monkeypatch):
    """Renewed by ``jupyter execute --inplace``, in a folder that may be written to."""
    for name in ("nbclient", "ipykernel", "matplotlib", "torch"):
        pytest.importorskip(name, reason=LACKING)
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    kept = nbformat.read(path, as_version=4)
    ran = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(ran, timeout=120, kernel_name="python3", resources=place).execute()
    for before, after in zip(kept.cells, ran.cells, strict=True):
        if before.cell_type == "code":
            assert printed(after) == printed(before), before.source
