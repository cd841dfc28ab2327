"""The documentation site: every Markdown page of the checkout, as it is read on a code host.

Built from the root of the checkout, so that links between folders are the same in both places:

    sphinx-build -W -n --keep-going -b html -c docs . build/docs

Pages are listed once, in the table of docs/README.md; the sidebar is made from it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import adaptor_bench  # noqa: E402

project = "adaptor_bench"
author = "the adaptor_bench authors"
release = version = adaptor_bench.__version__
copyright = author
language = "en"

root_doc = "README"
include_patterns = ["*.md", "baselines/**.md", "docs/**", "leaderboards/**", "submissions/**"]
exclude_patterns = [
    ".*", "adaptor_bench", "tests", "build", "dist", "runs", "**.json", "**.gz",
    "submissions/gallery", "submissions/example",
]  # fmt: skip
# The tables and cards of leaderboards are reached from their boards, not from the sidebar.
suppress_warnings = ["toc.not_included"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_click", "sphinx_copybutton"]
myst_heading_anchors = 4  # as a code host names them
myst_links_external_new_tab = False
nb_execution_mode = "off"  # notebooks are kept with what they printed, and a test runs them
highlight_language = "none"
smartquotes = False  # would make a dash of the two of an option
default_role = "code"  # `bench run` in what commands say of themselves

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# Named in signatures as they are in the code, not spelt out.
autodoc_type_aliases = {
    name: name
    for name in ("ArrayLike", "Frames", "Images", "Maps", "Paths", "Points", "PointSource")
}
# What other libraries define is not looked up: a build needs no network.
nitpick_ignore_regex = [(r"py:.*", r"(?!adaptor_bench|ab\.).*")]
# Types that stand in signatures and are of use inside the package alone.
nitpick_ignore = [
    ("py:class", f"adaptor_bench.{name}")
    for name in (
        "artefacts.ArtefactStore", "data.check.DomainFrames", "data.frames.Dataset",
        "data.pixels.Picture",
        "matching.settings.MatchSettings", "methodspec.MethodSpec", "progress.Bar",
        "progress.Progress", "registry.Registered", "scoring.scorefile.FoldScore",
        "stages.registry.Part", "train.detector.Detector",
    )
]  # fmt: skip

html_theme = "furo"
html_title = f"adaptor_bench {release}"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "to_front_page.html"}
templates_path = ["_templates"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

ROW = re.compile(r"^\| (?:\*\*(?P<caption>.+?)\*\* \||\[[^]]*\]\((?P<page>[^)]+)\) \|)", re.M)
LINK = re.compile(r"\[(?P<text>[^][]*)\]\((?P<target>[^()#\s:]+)\)")


def sidebar() -> str:
    """One list of pages for every section of the table in docs/README.md."""
    lines = []
    for row in ROW.finditer((ROOT / "docs" / "README.md").read_text("utf-8")):
        if row["caption"]:
            lines += ["```", "", "```{toctree}", ":hidden:", f":caption: {row['caption']}", ""]
        else:
            page = (ROOT / "docs" / row["page"]).resolve().relative_to(ROOT)
            lines.append(page.with_suffix("").as_posix())
    return "\n".join(["", *lines[2:], "```", ""])


def links_for_the_site(folder: Path, text: str) -> str:
    """A link to a folder leads to its README; to a folder without one, it is plain text."""

    def changed(link: re.Match[str]) -> str:
        target = folder / link["target"]
        if not target.is_dir():
            return link[0]
        if (target / "README.md").is_file():
            return f"[{link['text']}]({link['target'].rstrip('/')}/README.md)"
        return link["text"]

    return LINK.sub(changed, text)


def with_title(path: Path, text: str) -> str:
    """A table that a command wrote begins below the first level: it gets a title."""
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.M)]
    if not levels or min(levels) == 1:
        return text
    text = re.sub(rf"^#{{{min(levels) - 2}}}(?=#+ )", "", text, flags=re.M)
    return f"# {path.parent.name}: {path.stem.replace('_', ' ')}\n\n{text}"


def with_whole_numbers(text: str) -> str:
    """In tables no line breaks within a mean and its spread or interval."""
    cells = re.compile(r"(?<=\d) (?=± ?\d|\[-?\d)|(?<=±) +(?=\d)|(?<=\d,) (?=-?\d[\d.]*\])")
    return re.sub(r"^\|.*", lambda row: cells.sub("\u00a0", row[0]), text, flags=re.M)


def on_source_read(app, docname: str, source: list[str]) -> None:
    path = Path(app.env.doc2path(docname))
    if path.suffix == ".md":
        text = links_for_the_site(path.parent, with_whole_numbers(source[0]))
        source[0] = with_title(path, text)
    if docname == root_doc:
        source[0] += sidebar()


def setup(app) -> dict[str, bool]:
    app.connect("source-read", on_source_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
