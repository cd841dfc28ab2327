"""The conformance suite for matching rules: hand-proved frames, and the judge of answers to them.

The suite is a plain JSON document (``submissions/conformance/matching.json``) that a scorer in any
language can run against; an answer is the counts a scorer gives for a case.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.resources import bundled
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import METRICS

_COUNTS = ("tp", "fp", "fn")
_TOLERANCE = 1e-9  # of a ratio


@dataclass(frozen=True)
class Disagreement:
    """An answer that is not the expected one. ``found`` is None where there is no answer."""

    case: str
    shows: str
    expected: Any
    found: Any
    problem: str


@dataclass(frozen=True)
class Judgement:
    """What the answers to the suite are worth.

    ``ties`` are the cases answered as another tie-break would; ``unanswered`` and ``unknown`` are
    ids of cases without an answer and of answers without a case.
    """

    rule: str
    cases: int
    agreed: int
    disagreements: tuple[Disagreement, ...]
    ties: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Nothing disagrees."""
        return not self.disagreements

    def to_json(self) -> dict[str, Any]:
        """All fields, and whether it ``conforms``."""
        return {"rule": self.rule, "conforms": self.conforms} | jsonable(vars(self))

    def to_text(self) -> str:
        """A line per disagreement, and what it comes to."""
        lines = [
            f"{d.case}: {d.problem}\n  expected {_shown(d.expected)}, found {_shown(d.found)}; "
            f"shows: {d.shows}"
            for d in self.disagreements
        ]
        if self.ties:
            lines.append(f"other tie-break, accepted: {', '.join(self.ties)}")
        if self.unknown:
            lines.append(f"answers to cases that do not exist: {', '.join(self.unknown)}")
        verdict = "conforms" if self.conforms else "does not conform"
        lines.append(
            f"{self.rule}: {verdict}; {self.agreed} of {self.cases} cases agree, "
            f"{len(self.disagreements)} disagree, {len(self.unanswered)} unanswered."
        )
        return "\n".join(lines) + "\n"


def suite_path() -> Path:
    """The suite that comes with the package."""
    return bundled("submissions") / "conformance" / "matching.json"


def load_suite() -> dict[str, Any]:
    """The suite as a document: ``conventions``, ``cases`` and ``sets``."""
    document: dict[str, Any] = json.loads(suite_path().read_text("utf-8"))
    return document


def rules_of_suite() -> list[str]:
    """The rules that the suite has answers of; others cannot be judged by it."""
    return list(load_suite()["conventions"]["rules"])


def load_answers(path: Path) -> dict[str, Any]:
    """Answers as ``{case id: {"tp", "fp", "fn"}}``. Raises InputError when it is something else."""
    answers = read_json(path)
    form = 'Expected {"A": {"tp": 1, "fp": 0, "fn": 0}, ...}: a case id, and the counts for it.'
    if not isinstance(answers, dict):
        raise InputError(f"{path}: not an object", hint=form)
    wrong = [id for id, answer in answers.items() if not _is_answer(answer)]
    if wrong:
        raise InputError.collect(
            f"{path}: {len(wrong)} answers are not an object with whole numbers tp, fp and fn:",
            wrong,
            hint=form,
        )
    return answers


def judge(
    suite: dict[str, Any],
    answers: dict[str, Any],
    rule: str,
    *,
    partial: bool = False,
    exact_ties: bool = False,
) -> Judgement:
    """Hold ``answers`` ({case id: counts}) against what ``rule`` gives.

    A case without an answer disagrees, unless ``partial``. Where the counts depend on which of
    several equally close pairs goes first, any possible counts will do, unless ``exact_ties``; but
    the same points in another order must get the same answer. Ratios of sets are compared where an
    answer has them. Raises UsageError for a rule that the suite does not
    know.
    """
    judged = suite["conventions"]["rules"]
    if rule not in judged:
        raise UsageError(
            f"the conformance suite has no answers of the rule {rule!r}", hint=suggest(rule, judged)
        )
    cases = {case["id"]: case for case in (*suite["cases"], *suite["sets"])}
    disagreements, ties, unanswered = [], [], []
    for id, case in cases.items():
        answer = answers.get(id)
        expected = case["expected"].get(rule, case["expected"])
        if answer is None:
            unanswered.append(id)
            problem = None if partial else "no answer"
        else:
            problem = _problem(case, expected, answer, rule, exact_ties)
            twin = case.get("same_frame_as")
            if problem is None and twin in answers and _counts(answers[twin]) != _counts(answer):
                problem = f"the counts differ from those of {twin}, which has the same points"
            if problem is None and _counts(answer) != _counts(expected):
                ties.append(id)
        if problem is not None:
            disagreements.append(Disagreement(id, case["shows"], expected, answer, problem))
    disagreeing = {d.case for d in disagreements}
    return Judgement(
        rule,
        len(cases),
        len(cases.keys() - disagreeing - {*unanswered}),
        tuple(disagreements),
        tuple(ties),
        tuple(unanswered),
        tuple(id for id in answers if id not in cases),
    )


def _problem(
    case: dict[str, Any],
    expected: dict[str, Any],
    answer: dict[str, Any],
    rule: str,
    exact_ties: bool,
) -> str | None:
    """What is wrong with an answer."""
    if _counts(answer) != _counts(expected):
        possible = case.get("tie_dependent", {}).get(rule, [])
        if not any(_counts(answer) == _counts(p) for p in possible):
            return "other counts"
        if exact_ties:
            return "other counts: another of several equally close pairs was taken first"
    for name in METRICS:
        if name in expected and name in answer and not _equal(expected[name], answer[name]):
            return f"the counts agree, {name} does not"
    return None


def _equal(expected: float | None, value: Any) -> bool:
    if expected is None or isinstance(value, bool) or not isinstance(value, int | float):
        return expected is None and value is None
    return math.isclose(expected, value, rel_tol=0, abs_tol=_TOLERANCE)


def _counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in _COUNTS)


def _is_answer(answer: Any) -> bool:
    return isinstance(answer, dict) and all(
        isinstance(answer.get(n), int) and not isinstance(answer[n], bool) for n in _COUNTS
    )


def _shown(answer: Any) -> str:
    if answer is None:
        return "nothing"
    names = [name for name in (*_COUNTS, *METRICS) if name in answer]
    return ", ".join(f"{name} {json.dumps(answer[name])}" for name in names)
