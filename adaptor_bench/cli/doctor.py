"""``bench doctor``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from adaptor_bench.cli.options import PATH, formats, option
from adaptor_bench.cli.output import show


@click.command("doctor")
@option("--out", type=PATH, default=Path("runs"), help="Where results would be written.")
@formats("text", "json")
def command(out: Path, format_: str) -> None:
    """Look at Python, the package and its extras, processor, GPU and disks; say what is wrong.

    Ends with 1 if something is wrong, and names what would only be slow.
    """
    from adaptor_bench.doctor import OK, WRONG, examine

    checks = examine(out)
    if format_ == "json":
        show(json.dumps({"checks": [check.to_json() for check in checks]}, indent=1))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            state = "" if check.state == OK else f"{check.state}: "
            show(f"{check.name:<{width}}  {state}{check.found}")
            if check.remedy:
                show(f"{'':<{width}}  {check.remedy}")
    if any(check.state == WRONG for check in checks):
        raise SystemExit(1)
