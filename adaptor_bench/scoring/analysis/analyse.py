"""All analyses of one set of predictions in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adaptor_bench.matching.batch import Matches
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.analysis.breakdown import (
    Breakdown,
    FrameSpread,
    breakdown,
    frame_spread,
    part_of_key,
)
from adaptor_bench.scoring.analysis.chance import Chance, chance
from adaptor_bench.scoring.analysis.confidence import Confidence, confidence
from adaptor_bench.scoring.analysis.counting import Counting, counting
from adaptor_bench.scoring.analysis.localisation import Localisation, localisation
from adaptor_bench.scoring.analysis.radius import RadiusCurve, radius_curve
from adaptor_bench.scoring.analysis.taxonomy import Taxonomy, taxonomy
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.reading import Batches


@dataclass(frozen=True)
class Analysis:
    """Every analysis of the scored frames under ``settings``.

    ``keys`` (F,) and ``matches`` describe those frames, for whoever wants counts per frame;
    ``size_unknown`` counts those whose size nothing states, so that it was taken to be 512x288.
    """

    settings: MatchSettings
    keys: tuple[str, ...]
    matches: Matches
    size_unknown: int
    localisation: Localisation
    counting: Counting
    surgeries: Breakdown
    videos: Breakdown
    per_frame: FrameSpread
    radius: RadiusCurve
    errors: Taxonomy
    chance: Chance
    confidence: Confidence

    def to_json(self) -> dict[str, Any]:
        """The document under the key ``analysis``: ratios in 0..1, pixels, null for 0/0.

        Keys: ``matching``, ``frames``, ``size_unknown``, ``seed``, ``draws``, ``localisation``,
        ``counting``, ``surgeries``, ``worst_surgery``, ``videos``, ``per_frame``, ``radius``,
        ``errors``, ``chance``, ``confidence``; docs/metrics.md defines what is in them.
        """
        worst = self.surgeries.worst
        document: dict[str, Any] = jsonable(
            {
                "matching": self.settings,
                "frames": len(self.keys),
                "size_unknown": self.size_unknown,
                "seed": self.chance.seed,
                "draws": self.chance.draws,
                "localisation": self.localisation,
                "counting": self.counting,
                "surgeries": self.surgeries,
                "worst_surgery": None if worst is None else self.surgeries.names[worst],
                "videos": self.videos,
                "per_frame": self.per_frame,
                "radius": self.radius,
                "errors": self.errors,
                "chance": self.chance,
                "confidence": self.confidence,
            }
        )
        return document


def analyse(
    batches: Batches, settings: MatchSettings, draws: int | None = None, seed: int = 0
) -> Analysis:
    """Analyse predictions against labels under ``settings``.

    ``batches`` holds ``keys`` (F,), ``predictions``, ``labels``, ``missing`` (F,) and ``sizes``
    (F, 2). Under the missing policy ``skip`` frames without a prediction file are left out.
    ``draws`` is the number of Monte-Carlo draws behind each chance floor; None chooses it by the
    number of points.
    """
    keys, predictions, labels = tuple(batches.keys), batches.predictions, batches.labels
    sizes = np.asarray(batches.sizes).reshape(-1, 2)
    if settings.missing == "skip" and batches.missing.any():
        kept = ~batches.missing
        keys = tuple(key for key, keep in zip(keys, kept, strict=True) if keep)
        predictions, labels = predictions.where(kept), labels.where(kept)
        sizes = sizes[kept]
    boundary = bool(settings.inclusive)
    matches = match_frames(predictions, labels, settings.radius, settings.rule, boundary)
    return Analysis(
        settings=settings,
        keys=keys,
        matches=matches,
        size_unknown=len({*keys} & {*batches.guessed}),
        localisation=localisation(predictions, labels, matches),
        counting=counting(matches),
        surgeries=breakdown("surgery", part_of_key(keys, 1), matches),
        videos=breakdown("video", part_of_key(keys, 2), matches),
        per_frame=frame_spread(keys, matches),
        radius=radius_curve(predictions, labels, settings.rule, boundary),
        errors=taxonomy(predictions, labels, sizes, matches, settings.radius, boundary),
        chance=chance(
            keys, predictions, labels, sizes, len(matches.prediction), settings, draws, seed
        ),
        confidence=confidence(predictions, labels, settings.radius, boundary),
    )
