"""A registered method: what it is called, what its parameters are, and how it is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.blame import MethodFailedError, blamed
from adaptor_bench.errors import BenchError, InputError, UsageError, listed, suggest
from adaptor_bench.method import MEMBERS, Card, Ceiling, Method, lacking
from adaptor_bench.parameters import Signature, UnknownParameterError, changed, fit_all
from adaptor_bench.stages.composition import Composition

PROFILES = ("smoke", "quick", "paper")
_MOST_PIXELS = 200_000_000  # of an image that a method asks for


Schema = Signature | Composition
"""What parameters a method has, and how it is made of them."""


@dataclass(frozen=True)
class MethodSpec:
    """A registered method: name, card, schema, what its profiles and its ablation change.

    ``about`` says in a sentence what it does; ``label`` is what made it in its file.
    ``follows_radius`` are parameters in px that are meant for a matching radius of 6 px on 512x288
    frames, and are larger where that is.
    """

    name: str
    card: Card
    schema: Schema
    origin: str
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    ablates: str = ""
    about: str = ""
    label: str = ""
    follows_radius: tuple[str, ...] = ()

    def resolve(
        self, profile: str, settings: Mapping[str, Any] | None = None, wider: float = 1.0
    ) -> dict[str, Any]:
        """All parameters: defaults < profile < ablation < ``settings``; the user always wins.

        Those that follow the matching radius are ``wider`` times as large, unless the ablation or
        the user gives them, or another part in the place of theirs.

        Raises UsageError for an unknown profile or parameter, and naming all values that are of
        the wrong type, out of range, or do not go together.
        """
        if profile not in PROFILES:
            raise UsageError(f"unknown profile {profile!r}", hint=suggest(profile, PROFILES))
        name = f"method {self.name!r}"
        try:
            values = self._layered(profile, settings or {})
            if wider != 1:
                values |= self._wider(values, profile, settings or {}, wider)
        except UnknownParameterError as error:
            error.message = f"{name} {error.message}"
            raise
        values, problems, hint = fit_all(values, self.schema.parameters(values))
        problems = problems or self.schema.problems(values)
        if problems:
            raise UsageError("\n  ".join(f"{name}: {text}" for text in problems), hint=hint)
        return values

    def _layered(self, profile: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        layers = self.profiles.get(profile, {}), self.changes, settings
        return self.schema.layered(*layers, profile=profile)

    def _wider(
        self, values: Mapping[str, Any], profile: str, settings: Mapping[str, Any], wider: float
    ) -> dict[str, Any]:
        """Of ``values`` those that are to be wider, as they then are."""
        usual, given = self._layered(profile, {}), {*self.changes, *settings}
        follow = [key for key in self.follows_radius if key in values and key not in given]
        same = [k for k in follow if values[p := k.partition(".")[0]] == usual[p]]
        return {key: round(values[key] * wider, 4) for key in same}

    def has(self, key: str, profile: str, settings: Mapping[str, Any]) -> bool:
        """Whether there is a parameter ``key``, with the part that ``settings`` choose for it."""
        own = {k: settings[k] for k in (key.partition(".")[0], key) if k in settings}
        try:
            return key in self._layered(profile, own)
        except UnknownParameterError:
            return False

    def profile_changes(self, parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
        """What ``parameters`` change against the paper's settings: key -> [paper, here].

        The change that makes an ablation what it is does not count.
        """
        return changed(self.resolve("paper"), parameters)

    def files(self, parameters: Mapping[str, Any]) -> list[Path]:
        """The files with the method's own code: where it is registered, and those of its parts."""
        return [Path(self.origin), *self.schema.files(parameters)]

    def build(self, parameters: Mapping[str, Any]) -> Method:
        """Call the factory. This is where torch may enter.

        Raises InputError when that fails, or what it makes lacks something that runs need.
        """
        about = f"method {self.name!r} ({self.origin})"
        try:
            with blamed(f"{about} cannot be made"):
                made: Method = self.schema.build(parameters)
        except MethodFailedError as error:
            if isinstance(error.__cause__, BenchError):  # said by us, and plainly
                raise error.__cause__ from None
            raise
        with blamed(f"{about} cannot be used"):
            lacks = lacking(made, MEMBERS)
            size = getattr(made, "input_size", None)
            sees_labels = isinstance(made, Ceiling)
        if sees_labels != (self.card.role == "ceiling"):
            raise InputError(
                f"{about}: predict_labelled, which is given the labels that are scored, and a card "
                'with role="ceiling" go together'
            )
        if lacks:
            raise InputError(
                f"{about} lacks {', '.join(lacks)}: its factory gave {type(made).__name__}"
            )
        if size is not None and not _is_size(size):
            raise InputError(
                f"{about}: input_size is {size!r}, not (width, height) of at most "
                f"{_MOST_PIXELS:,} px in all, or None"
            )
        return made


def resolve_all(specs: Sequence[MethodSpec], profile: str, settings: Mapping[str, Any]) -> None:
    """Raise the UsageError of :meth:`MethodSpec.resolve` for the first method that refuses
    ``settings``; an unknown parameter is told with the methods that do have it."""
    for spec in specs:
        try:
            spec.resolve(profile, settings)
        except UnknownParameterError as error:
            if owners := [s.name for s in specs if s.has(error.key, profile, settings)]:
                error.hint = (
                    f"Of the methods given, only {listed(owners)} can have it, and --set "
                    "holds for all: run them apart."
                )
            raise


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in value)
        and value[0] * value[1] <= _MOST_PIXELS
    )
