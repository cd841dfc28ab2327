"""``bench methods``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from adaptor_bench.cli.options import formats, methods_from, option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message

__all__ = ["command"]


@click.command("methods")
@formats("text", "json")
@methods_from
@option("--parameters", is_flag=True, help="Also list every parameter by profile.")
def command(format_: str, methods_from: tuple[Path, ...], parameters: bool) -> None:
    """List the registered methods; nothing heavy is loaded."""
    from adaptor_bench.registry import PROFILES, discover

    registry = discover(methods_from)
    rows = [
        {
            "method": spec.name,
            "title": spec.card.title,
            "ablates": spec.ablates or None,
            "paper": spec.card.paper,
            "url": spec.card.url,
            "file": Path(spec.origin).name,
            "parameters": {profile: spec.resolve(profile) for profile in PROFILES},
        }
        for spec in registry.methods.values()
    ]
    if format_ == "json":
        document = {"methods": rows, "unavailable": registry.unavailable}
        show(json.dumps(document, indent=1))
        return
    width = max(len(spec) for spec in registry.methods)
    for spec in registry.methods.values():
        what = f"without {spec.ablates}" if spec.ablates else spec.card.title
        show(f"{spec.name:<{width}}  {what}")
        if parameters:
            columns = [spec.resolve(profile) for profile in PROFILES]
            rules = spec.rules
            show(f"    {'parameter':<16}" + "".join(f"{p:>20}" for p in PROFILES) + "  may be")
            for key in columns[0]:
                values = "".join(f"{_short(column[key]):>20}" for column in columns)
                show(f"    {key:<16}{values}  {rules.get(key, '')}".rstrip())
    for source, reason in registry.unavailable.items():
        message(f"unavailable: {source}: {reason}")


def _short(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
