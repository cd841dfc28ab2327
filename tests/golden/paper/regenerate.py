"""Write the published tables as they are printed, for tests/test_paper_tables.py.

Run ``python regenerate.py`` after a deliberate change of a table or of ``leaderboards/published``,
and read the difference before keeping it.
"""

from __future__ import annotations

from pathlib import Path

from adaptor_bench.report.paper.ablation import ablation_tables
from adaptor_bench.report.paper.frames import frame_tables
from adaptor_bench.report.paper.output import render_paper
from adaptor_bench.report.paper.results import result_tables

HERE = Path(__file__).parent
SUFFIXES = {"txt": "text", "md": "markdown", "tex": "latex", "html": "html", "csv": "csv"}


def expected_files() -> dict[str, str]:
    """File name to content: every table without runs or data, in every format but json."""
    tables = {
        "table1": frame_tables(),
        "table2": result_tables("sim"),
        "table3": result_tables("intraop"),
        "ablation": ablation_tables(),
    }
    return {
        f"{name}.{suffix}": render_paper(content, format)
        for name, content in tables.items()
        for suffix, format in SUFFIXES.items()
    }


if __name__ == "__main__":
    for name, text in expected_files().items():
        (HERE / name).write_text(text, "utf-8", newline="\n")
