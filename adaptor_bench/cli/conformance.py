"""``bench conformance``: the suite of hand-proved matching cases, and the judge of answers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from adaptor_bench.cli.options import EXISTING_FILE, NEW_FILE, Registered, formats, option
from adaptor_bench.cli.output import show


@click.command(name="conformance")
@option(
    "--out",
    type=NEW_FILE,
    help="Write the suite to a file instead of printing it.",
)
@option(
    "--answers",
    type=EXISTING_FILE,
    help='Judge a scorer\'s answers, {"case id": {"tp": 1, "fp": 0, "fn": 0}, ...}.',
)
@option(
    "--rule",
    type=Registered("audit.conformance:rules_of_suite"),
    help="The rule the answers are meant to follow.",
)
@option("--partial", is_flag=True, help="Do not count a case without an answer as a disagreement.")
@option(
    "--exact-ties",
    is_flag=True,
    help="Accept only the documented choice among equally close pairs.",
)
@formats("text", "json", help="Of the judgement; the suite is always JSON.")
@click.pass_context
def command(
    context: click.Context,
    out: Path | None,
    answers: Path | None,
    rule: str | None,
    partial: bool,
    exact_ties: bool,
    format_: str,
) -> None:
    """Print the conformance suite for matching rules, or judge answers to it.

    The suite holds frames and what each rule makes of them, for scorers in any language. With
    --answers: exit code 0 if nothing disagrees, 1 if anything does.
    """
    from adaptor_bench.atomic import write_text
    from adaptor_bench.audit.conformance import judge, load_answers, load_suite, suite_path

    if answers is None:
        if rule or partial or exact_ties or format_ == "json":
            raise click.UsageError("--rule, --partial, --exact-ties and --format need --answers.")
        text = suite_path().read_text("utf-8")
        if out is None:
            show(text, newline=False)
        else:
            write_text(out, text)
        return
    if out is not None:
        raise click.UsageError("--out writes the suite and cannot be combined with --answers.")
    if rule is None:
        raise click.UsageError("--answers needs --rule.")
    judgement = judge(
        load_suite(), load_answers(answers), rule, partial=partial, exact_ties=exact_ties
    )
    if format_ == "json":
        show(json.dumps(judgement.to_json(), indent=1))
    else:
        show(judgement.to_text(), newline=False)
    context.exit(0 if judgement.conforms else 1)
