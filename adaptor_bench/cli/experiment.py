"""``bench run exp.toml``: the options of a command in a file, which the command line overrides."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from adaptor_bench.bounded import read_file
from adaptor_bench.errors import InputError, UsageError, suggest

_SETTINGS = "adaptor_bench.settings"


def options_from(context: click.Context, argument: click.Parameter, path: Path | None) -> Any:
    """The callback of an eager argument: what the file says becomes the defaults of the options.

    Raises UsageError with all that is wrong in it, by key, and InputError for a file that is none.
    """
    if path is None or context.resilient_parsing:
        return path
    try:
        document = tomllib.loads(read_file(path, 1 << 20).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: not readable as TOML: {error}") from error
    known = _options(context.command)
    defaults: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in document.items():
        option = known.get(key)
        if option is None or option.name is None:
            problems.append(f"{key}: there is no option --{key}. {suggest(key, known)}")
            continue
        try:
            if option.name == "settings":
                context.meta[_SETTINGS] = _flat(_table(value))
            else:
                defaults[option.name] = _value(option, value, context)
        except (click.UsageError, ValueError) as error:
            said = error.message if isinstance(error, click.UsageError) else error
            problems.append(f"{key}: {said}")
    if problems:
        lines = [f"{path}: these options cannot be used:", *(f"  {p}" for p in problems)]
        raise UsageError("\n".join(lines))
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def settings_of_file(context: click.Context) -> dict[str, Any]:
    """Parameters of methods, by dotted name, that the file gave as its table ``set``."""
    given: dict[str, Any] = context.meta.get(_SETTINGS, {})
    return given


def _options(command: click.Command) -> dict[str, click.Option]:
    """The options by their long name without dashes."""
    return {
        name.removeprefix("--"): option
        for option in command.params
        if isinstance(option, click.Option)
        for name in option.opts
        if name.startswith("--")
    }


def _value(option: click.Option, value: Any, context: click.Context) -> Any:
    """What click takes as the option's default. Raises UsageError, or ValueError, for what the
    command line would not take."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is not true or false")
        return value
    if option.name == "slurm":
        return [f"{key}={item}" for key, item in _flat(_table(value)).items()]
    if option.multiple:
        several = value if isinstance(value, list) else [value]
        return [_one(option, item, context) for item in several]
    return _one(option, value, context)


def _one(option: click.Option, value: Any, context: click.Context) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not text or a number")
    option.type.convert(str(value), option, context)
    return str(value)


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not a table of names and values")
    return value


def _flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    """``{"target": {"sigma": 2}}`` as ``{"target.sigma": 2}``."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = above + key
        found |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found
