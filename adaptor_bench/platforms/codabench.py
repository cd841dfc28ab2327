"""The scoring program of Codabench.

Reads ``<input>/ref`` (labels) and ``<input>/res`` (the unpacked submission); writes
``scores.json``, flat and numbers only, and ``detailed_results.html``, which needs no other file.
A refused submission leaves the page with all findings and no scores.
"""

from __future__ import annotations

import json
from pathlib import Path

from adaptor_bench.atomic import write_json, write_text
from adaptor_bench.errors import InputError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.names import html as escape
from adaptor_bench.platforms.bundle import Bundle
from adaptor_bench.platforms.judging import (
    BOARD_COLUMNS,
    Refused,
    Verdict,
    judge,
    load_settings,
    numbers,
    one_line,
    ratios,
    run,
)
from adaptor_bench.platforms.packing import Files, write_folder, zip_folder
from adaptor_bench.submission.findings import Finding

_LISTED = 200  # findings on the page
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}table{border-collapse:collapse}
th,td{padding:.3rem .8rem;border-bottom:1px solid #ccc;text-align:right}
th:first-child,td:first-child{text-align:left}li{overflow-wrap:anywhere}
"""


class Codabench(Bundle):
    """A competition bundle, unpacked and as ``bundle.zip``."""

    name = "codabench"
    programs = ("scoring_program",)

    def add_labels(self, folder: Path, labels: Files) -> None:
        """As they are: the bundle is zipped as a whole."""
        write_folder(folder / "reference_data", labels)

    def placeholders(self) -> dict[str, str]:
        """``$columns`` of the leaderboard."""
        columns = [
            {
                "title": column.title,
                "key": column.key,
                "index": index,
                "sorting": "desc" if column.larger_is_better else "asc",
                "precision": 4 if column.ratio else 0,
                "hidden": False,
            }
            for index, column in enumerate(c for c in BOARD_COLUMNS if c.key != "frames")
        ]
        return {"columns": "\n      ".join(f"- {json.dumps(column)}" for column in columns)}

    def finish(self, folder: Path) -> None:
        """The zip that is uploaded."""
        zip_folder(folder, folder / "bundle.zip")


def main(settings: Path, arguments: list[str] | None = None) -> int:
    """Entry point; without arguments it uses the platform's own folders."""
    return run(
        lambda given: score_submission(given.input, given.output, load_settings(settings)),
        arguments,
        __doc__,
        input="/app/input",
        output="/app/output",
    )


def score_submission(source: Path, output: Path, settings: MatchSettings) -> None:
    """Score ``source/res`` against ``source/ref``. Raises InputError (:class:`Refused`)."""
    page = output / "detailed_results.html"
    try:
        verdict = judge(_upload(source / "res"), source / "ref", settings)
    except Refused as refused:
        write_text(page, _page("Not scored", "", refused.findings))
        raise
    write_text(page, _page("Scores", _tables(verdict), verdict.remarks))
    write_json(output / "scores.json", numbers(verdict.score))


def _upload(res: Path) -> Path:
    """The unpacked submission, or the one archive in it. Raises InputError."""
    if not res.is_dir():
        raise InputError(f"{res}: there is no submission")
    files = [path for path in res.iterdir() if path.name != "metadata"]
    if len(files) == 1 and files[0].name.endswith((".zip", ".tar", ".tar.gz", ".tgz")):
        return files[0]
    return res


def _tables(verdict: Verdict) -> str:
    score = verdict.score
    heads = ("surgery", "TP", "FP", "FN", "precision %", "sensitivity %", "F1 %", "")
    rows = [*score.surgeries().items(), ("all, pooled", score.counts)]
    body = []
    for name, counts in rows:
        values = ratios(counts)
        cells = [escape(name), counts.tp, counts.fp, counts.fn]
        cells += ["-" if v is None else f"{100 * v:.2f}" for v in values.values()]
        body.append("".join(f"<td>{cell}</td>" for cell in [*cells, _bar(values["f1"])]))
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    lines = "\n".join(f"<tr>{row}</tr>" for row in body)
    note = f"{len(score.missing)} of {len(score.frames)} labelled frames had no prediction file."
    return (
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody></table>\n"
        f"<p>{escape(score.settings.describe())}</p>\n<p>{note}</p>\n"
    )


def _bar(value: float | None) -> str:
    width = round(100 * (value or 0), 1)
    return (
        '<svg width="100" height="12" role="img" aria-hidden="true"><rect width="100" height="12" '
        f'fill="#ddd"/><rect width="{width}" height="12" fill="#1b6ca8"/></svg>'
    )


def _page(title: str, content: str, findings: tuple[Finding, ...]) -> str:
    lines = [
        f"<li><b>{f.severity}</b> {escape(one_line(f))} {escape(f.hint)}</li>"
        for f in findings[:_LISTED]
    ]
    if len(findings) > _LISTED:
        lines.append(f"<li>and {len(findings) - _LISTED} more</li>")
    listed = "<h2>Findings</h2>\n<ul>\n" + "\n".join(lines) + "\n</ul>\n" if lines else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n{content}{listed}</body></html>\n"
    )
