"""``bench methods``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli.options import formats, methods_from, option
from adaptor_bench.cli.output import show
from adaptor_bench.extras import how_to_get
from adaptor_bench.progress import message
from adaptor_bench.values import written

if TYPE_CHECKING:
    from adaptor_bench.registry import Registry


@click.command("methods")
@formats("text", "json")
@methods_from
@option("--parameters", is_flag=True, help="Also list every parameter by profile.")
def command(format_: str, methods_from: tuple[Path, ...], parameters: bool) -> None:
    """List the registered methods; nothing heavy is loaded."""
    from adaptor_bench.methodspec import PROFILES
    from adaptor_bench.registry import discover

    registry = discover(methods_from)
    rows = [
        {
            "method": spec.name,
            "title": spec.card.title,
            "ablates": spec.ablates or None,
            "role": spec.card.role or None,
            "paper": spec.card.paper,
            "url": spec.card.url,
            "reconstruction": spec.card.reconstruction,
            "file": Path(spec.origin).name,
            "parameters": {profile: spec.resolve(profile) for profile in PROFILES},
        }
        for spec in registry.methods.values()
    ]
    if format_ == "json":
        document = {"methods": rows, "parts": _parts(registry), "unavailable": registry.unavailable}
        show(json.dumps(document, indent=1))
        return
    width = max(len(spec) for spec in registry.methods)
    for spec in registry.methods.values():
        what = f"without {spec.ablates}" if spec.ablates else spec.card.title
        what += f" ({spec.card.role})" * bool(spec.card.role)
        if get := how_to_get(spec.card.extra):
            what += f"; not installed, get it with: {get}"
        show(f"{spec.name:<{width}}  {what}")
        if parameters:
            columns = [spec.resolve(profile) for profile in PROFILES]
            rules = {k: v for column in columns for k, v in spec.schema.parameters(column).items()}
            wide = max([16, *(len(key) + 1 for key in rules)])
            show(f"    {'parameter':<{wide}}" + "".join(f"{p:>20}" for p in PROFILES) + "  may be")
            for key, rule in rules.items():
                values = "".join(f"{written(column.get(key, '-')):>20}" for column in columns)
                show(f"    {key:<{wide}}{values}  {rule.may_be}".rstrip())
    show("\nparts of composed methods (--set stage=part)")
    for stage, parts in _parts(registry).items():
        show(f"{stage:<{width}}  {', '.join(parts)}")
        for name, settings in parts.items() if parameters else ():
            defaults = ", ".join(f"{key}={written(value)}" for key, value in settings.items())
            show(f"    {stage}={name:<{width - len(stage) - 1}}  {defaults}".rstrip())
    for source, reason in registry.unavailable.items():
        message(f"unavailable: {source}: {reason}")


def _parts(registry: Registry) -> dict[str, dict[str, dict[str, Any]]]:
    """Stage to part to its parameters and their defaults."""
    from adaptor_bench.stages.registry import MEMBERS, mark_of

    found: dict[str, dict[str, dict[str, Any]]] = {stage: {} for stage in MEMBERS}
    for (stage, name), part in sorted(registry.parts.items()):
        mark = mark_of(part)
        found[stage][name] = {k: p.default for k, p in mark.parameters.items()} if mark else {}
    return found
