"""``bench data croissant``: metadata of a dataset folder in the Croissant format."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.progress import message


class Text(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.4
    """A line that can be read; ``version`` and ``url`` have to look like one."""

    def __init__(self, what: str = "text", pattern: str = "", example: str = "") -> None:
        self.name = what
        self._pattern, self._example = pattern, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        import re

        from adaptor_bench.names import refusal

        text = str(value)
        if why := refusal(text, 4000):
            self.fail(f"it {why}", param, ctx)
        if self._pattern and not re.fullmatch(self._pattern, text):
            self.fail(f"{text!r} is no {self.name} such as {self._example}.", param, ctx)
        return text


_URL = r"https?://[^\s<>\"]+"


@click.command("croissant")
@click.argument("folder", type=options.EXISTING_FOLDER)
@option("--description", type=Text(), help="What the data are, in a sentence or two.")
@option(
    "--license",
    type=Text("licence", rf"{_URL}|[A-Za-z0-9.+-]+", "CC-BY-NC-SA-4.0"),
    help="SPDX identifier, such as CC-BY-4.0, or a URL.",
)
@option("--creator", type=Text(), help="Who made the data: a group, an institute.")
@option("--cite", type=Text(), help="What users are to cite; BibTeX, if there is one.")
@option("--url", type=Text("URL", _URL, "https://example.org/data"), help="The dataset's page.")
@option(
    "--data-version",
    "version",
    type=Text("version", r"\d+\.\d+\.\d+", "1.0.0"),
    help="[default: 1.0.0; of the phantom its generator's]",
)
@option(
    "--date",
    "published",
    type=click.DateTime(["%Y-%m-%d"]),
    help="When the data were published.  [default: today]",
)
def croissant(folder: Path, published: datetime | None, **said: str | None) -> None:
    """Describe the dataset in FOLDER in Croissant 1.1: croissant.json and two tables beside it.

    Frames with the hashes of their files, landmarks in px, splits and folds, for mlcroissant and
    catalogues of datasets. Of the phantom everything is known; of other data say --description,
    --license, --creator and --cite.
    """
    from adaptor_bench.data.croissant import Said, write_croissant
    from adaptor_bench.progress import Progress

    about = Said(
        **{key: value for key, value in said.items() if value},
        published=published.date() if published else None,
    )
    with Progress().bar("hashing files") as bar:
        path = write_croissant(folder, about, bar)
    message(f"written: {path}")
