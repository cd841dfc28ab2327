"""The matching rules, one file each: a file put beside these is a rule, and no other needs to know.

An installed package brings rules by an entry point of the group ``adaptor_bench.rules`` that names
the module in which they are registered.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.matching.rule import RULES, Rule

# Lists show them in this order, rules of other files after them.
# isort: off
from adaptor_bench.matching.rules import hungarian, official, nearest, ungated
# isort: on

__all__ = ["all_rules", "hungarian", "nearest", "official", "ranked_rules", "rule_named", "ungated"]


def all_rules() -> dict[str, Rule]:
    """Every rule by its name; those for audits only stand last."""
    _load()
    return dict(sorted(RULES.items(), key=lambda item: item[1].audit_only))


def ranked_rules() -> tuple[str, ...]:
    """The names of the rules that may rank: all but those for audits only."""
    return tuple(name for name, rule in all_rules().items() if not rule.audit_only)


def rule_named(name: str) -> Rule:
    """The rule of that name. Raises UsageError, with a suggestion, when there is none."""
    rules = all_rules()
    if name not in rules:
        raise UsageError(f"there is no matching rule {name!r}", hint=suggest(name, rules))
    return rules[name]


@cache
def _load() -> None:
    """Import the files beside this one, and what installed packages offer."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    for point in entry_points(group="adaptor_bench.rules"):
        try:
            point.load()
        except Exception as error:  # anything may go wrong in somebody else's package
            raise UsageError(
                f"the matching rules of {point.value} cannot be loaded: "
                f"{type(error).__name__}: {error}",
                hint="Mend the package that brings them, or uninstall it.",
            ) from error
