"""What is odd about a dataset that can be read: leaks, contradicting names, folds without labels.

Nothing here stops a run: ``bench data check`` judges by it, ``bench run`` warns, and what concerns
a fold is noted in its result.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from adaptor_bench.data.check import DomainFrames
from adaptor_bench.data.folds import FoldPlan
from adaptor_bench.data.formats.challenge import NAMES
from adaptor_bench.data.leaks import Shared, shared_frames

Place = tuple[str, str]  # domain, surgery
Plans = Mapping[str, FoldPlan]


@dataclass(frozen=True)
class Oddity:
    """One thing that is odd. ``error``: numbers that rest on these data cannot be trusted.

    ``folds`` are the (domain, fold) whose results it touches, for methods that see all of
    ``domains``.
    """

    error: bool
    message: str
    folds: tuple[tuple[str, int], ...] = ()
    domains: frozenset[str] = frozenset()

    def concerns(self, domain: str, fold: int, others: Iterable[str]) -> bool:
        """Whether it touches the result of a method that sees the domains ``others`` too."""
        return (domain, fold) in self.folds and self.domains <= {domain, *others}

    def __str__(self) -> str:
        return f"{'error' if self.error else 'warning'}: {self.message}"


def find_all(
    loaded: Mapping[str, DomainFrames], plans: Plans, cohorts: Mapping[str, str] | None = None
) -> list[Oddity]:
    """Everything odd about ``loaded``, errors first; ``plans`` hold the folds of the domains that
    have any, ``cohorts`` the cohort of every surgery, if there are cohorts."""
    found = [
        *_leaks(loaded, plans, cohorts or {}),
        *_contradictions(loaded),
        *_without_labels(loaded, plans),
    ]
    return sorted(found, key=lambda oddity: not oddity.error)


def _leaks(
    loaded: Mapping[str, DomainFrames], plans: Plans, cohorts: Mapping[str, str]
) -> Iterator[Oddity]:
    """Surgeries with pictures in common, and surgeries with one name in two domains."""
    frames = [(domain, frame) for domain, found in loaded.items() for frame in found.frames]
    places = list(dict.fromkeys((domain, frame.frame.surgery) for domain, frame in frames))
    number = {place: i for i, place in enumerate(places)}
    surgery = np.array([number[d, f.frame.surgery] for d, f in frames], np.int64)
    paired = set()
    for shared in shared_frames(surgery, [frame.trace for _, frame in frames]):
        a, b = places[shared.a], places[shared.b]
        paired.add(frozenset({a, b}))
        keys = [frames[i][1].frame.key for i in shared.example]
        # Nothing of one cohort is trained on for another.
        together = cohorts.get(a[1]) == cohorts.get(b[1])
        folds = _trained_and_judged(a, b, plans) if together else ()
        yield Oddity(
            bool(shared.identical and (folds or (a[0] != b[0] and together))),
            f"{_shared(shared, a, b, keys)}{_consequence(a, b, folds)}",
            folds,
            frozenset({a[0], b[0]}),
        )
    by_name: dict[str, list[Place]] = {}
    for place in places:
        by_name.setdefault(place[1], []).append(place)
    for name, several in by_name.items():
        if len(several) > 1 and frozenset(several) not in paired:
            domains = " and ".join(domain for domain, _ in several)
            yield Oddity(
                False,
                f"a surgery {name} is in {domains}, with different pictures: if these are two "
                "surgeries, give them two names",
            )


def _trained_and_judged(a: Place, b: Place, plans: Plans) -> tuple[tuple[str, int], ...]:
    """The folds that validate on one of two surgeries and may train on the other."""
    if a[1] == b[1]:
        return ()  # one name in two domains: a fold that validates on it trains on neither
    return tuple(
        (domain, fold.number)
        for (domain, judged), (other_domain, trained) in ((a, b), (b, a))
        for fold in (plans[domain].folds if domain in plans else ())
        if judged in fold.validation and (domain != other_domain or trained not in fold.validation)
    )


def _shared(shared: Shared, a: Place, b: Place, keys: list[str]) -> str:
    names = [surgery if a[0] == b[0] else f"{surgery} ({domain})" for domain, surgery in (a, b)]
    if not shared.similar:
        how = "pixel for pixel"
    elif not shared.identical:
        how = "as the same picture in other pixels"
    else:
        how = f"{shared.identical} of them pixel for pixel"
    number = shared.identical + shared.similar
    text = f"{number} of {shared.frames} frames of {names[0]} are also in {names[1]}, {how} "
    text += f"(such as {keys[0]} and {keys[1]})"
    if 2 * number >= shared.frames:
        what = "in both domains" if a[1] == b[1] else "under two names"
        text += f": one surgery {what}?"
    return text


def _consequence(a: Place, b: Place, folds: tuple[tuple[str, int], ...]) -> str:
    if not folds:
        return ""
    if a[0] == b[0]:
        numbers = sorted({fold for _, fold in folds})
        listed = ", ".join(map(str, numbers))
        one = len(numbers) == 1
        return (
            f"; {a[0]} fold{'' if one else 's'} {listed} train{'s' if one else ''} on one and "
            f"judge{'s' if one else ''} on the other"
        )
    listed = ", ".join(f"{domain} fold {fold}" for domain, fold in folds)
    return f"; a method that learns from both domains is judged on what it saw in {listed}"


def _contradictions(loaded: Mapping[str, DomainFrames]) -> Iterator[Oddity]:
    """Labels that call their surgery, video or image by another name than their place does.

    It is an error where the other name exists: then the label may be that of another frame. Else
    folders were renamed.
    """
    frames = [frame for found in loaded.values() for frame in found.frames]
    known: set[tuple[str, ...]] = set()
    total: dict[tuple[str, ...], int] = {}
    for loaded_frame in frames:
        frame = loaded_frame.frame
        place = frame.surgery, frame.video, frame.stem
        known |= {tuple(map(_plain, place[:depth])) for depth in (1, 2, 3)}
        total[place[:2]] = total.get(place[:2], 0) + 1
    said: dict[tuple[tuple[str, ...], str, bool], list[tuple[str, str]]] = {}
    for loaded_frame in frames:
        frame = loaded_frame.frame
        place = frame.surgery, frame.video, frame.stem
        for depth, key in enumerate(NAMES):
            name = loaded_frame.names.get(key)
            if name is None:
                continue
            last = PurePath(name).stem if depth == 2 else PurePath(name).name
            if _plain(place[depth]) in (_plain(last), _plain(name)):
                continue
            exists = (*map(_plain, place[:depth]), _plain(last)) in known
            said.setdefault((place[:2], key, exists), []).append((frame.key, name))
    for (video, key, exists), labels in said.items():
        where, name = labels[0]
        yield Oddity(
            exists,
            f"{len(labels)} of {total[video]} labels in {'/'.join(video)} have a {key} that "
            f"contradicts their folder or file name, such as {where}: {name!r}"
            + (", which exists, too" if exists else ", which does not exist: renamed?"),
        )


def _without_labels(loaded: Mapping[str, DomainFrames], plans: Plans) -> Iterator[Oddity]:
    """Surgeries in which nothing is labelled, and the folds that are judged on nothing else."""
    for domain, found in loaded.items():
        points: dict[str, int] = {}
        for frame in found.frames:
            points[frame.frame.surgery] = points.get(frame.frame.surgery, 0) + len(frame.points)
        folds = plans[domain].folds if domain in plans else ()
        empty = [fold for fold in folds if not any(points.get(s) for s in fold.validation)]
        for surgery in (name for name, number in points.items() if not number):
            text = f"nothing is labelled in surgery {surgery} ({domain})"
            for fold in (fold for fold in empty if surgery in fold.validation):
                text += (
                    f", nor anywhere else in fold {fold.number}: it counts for no method, means "
                )
                text += "and ranks are over the other folds"
            yield Oddity(False, text)


def _plain(name: str) -> str:
    """Neither Unicode forms nor capitals make a contradiction."""
    return unicodedata.normalize("NFC", name).casefold()
