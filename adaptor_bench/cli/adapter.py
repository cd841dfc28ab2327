"""``bench adapter``: what an organiser uploads to a challenge platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli.matching import asked, matching_options, settings_of

if TYPE_CHECKING:
    from adaptor_bench.evaluate.scorefile import FoldScore, MatchSettings

_PLATFORMS = ["grand-challenge", "codabench", "synapse", "evalai", "challenger-csv"]


@click.command(name="adapter")
@click.argument("platform", type=click.Choice(_PLATFORMS))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="A new folder for the bundle; for challenger-csv the file.",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of labels: packed into the bundle; for challenger-csv what predictions are "
    "scored against.",
)
@click.option(
    "--entry",
    "entries",
    multiple=True,
    metavar="NAME=PATH",
    help="Only challenger-csv: an algorithm and its predictions (folder or archive), score.json, "
    "or folder of fold_*/score.json. Give one for each algorithm.",
)
@matching_options
@click.option("--image", metavar="NAME", help="Container image named in the bundle.")
@click.pass_context
def command(
    context: click.Context,
    /,
    platform: str,
    out: Path,
    labels: Path | None,
    entries: tuple[str, ...],
    image: str | None,
    **matching: Any,
) -> None:
    """Write a ready bundle for PLATFORM, or the table that challengeR reads.

    The scoring in a bundle is this package's own, copied into it: the same submission gets the
    same numbers as from `bench evaluate`, and no network is needed.
    """
    from adaptor_bench.platforms.bundle import IMAGE, write_bundle
    from adaptor_bench.progress import message

    settings = settings_of(**matching)
    if platform == "challenger-csv":
        from adaptor_bench.atomic import write_text
        from adaptor_bench.platforms.challenger import challenger_csv

        if image is not None:
            raise click.UsageError("--image is for bundles; challenger-csv writes a table.")
        scores = _scores(entries, labels, settings)
        if asked(context):
            _require_settings(scores, settings)
        write_text(out, challenger_csv(scores))
        message(f"{out}: {len(entries)} algorithms; larger is better (smallBetter = FALSE)")
        return
    if entries:
        raise click.UsageError("--entry is for challenger-csv only.")
    files = write_bundle(platform, out, settings, labels, image or IMAGE)
    message(f"{out}: {len(files)} files; start with {out / 'README.md'}")


def _require_settings(scores: dict[str, FoldScore], settings: MatchSettings) -> None:
    """A score.json was matched before; what was asked for must not be something else."""
    for name, score in scores.items():
        if score.settings != settings:
            raise click.UsageError(
                f"--entry {name}: its score.json was made otherwise. {score.settings.describe()}"
            )


def _scores(
    entries: tuple[str, ...], labels: Path | None, settings: MatchSettings
) -> dict[str, FoldScore]:
    from adaptor_bench.evaluate.scorefile import FoldScore
    from adaptor_bench.platforms.challenger import join_folds
    from adaptor_bench.platforms.judging import judge

    if not entries:
        raise click.UsageError("challenger-csv needs at least one --entry NAME=PATH.")
    scores: dict[str, FoldScore] = {}
    for entry in entries:
        name, equals, text = entry.partition("=")
        path = Path(text)
        if not (name and equals and path.exists()):
            raise click.UsageError(f"--entry {entry}: expected NAME=PATH with an existing path.")
        if name in scores:
            raise click.UsageError(f"--entry {name}: given twice.")
        folds = sorted(path.glob("fold_*/score.json"))
        if path.name.endswith(".json"):
            scores[name] = FoldScore.load(path)
        elif folds:
            scores[name] = join_folds([FoldScore.load(fold) for fold in folds])
        elif labels is None:
            raise click.UsageError(f"--entry {entry}: predictions need --labels.")
        else:
            scores[name] = judge(path, labels, settings).score
    return scores
