"""The ceiling: maps drawn from the labels themselves, decoded like a network's.

No detector: it is given the labels it is scored on, and says what a target and a decoder could
reach. ``--set decode=otsu --set target.sigma=5.657 --set target.combine=sum_minmax`` asks it about
the decoding of Yao et al.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.method import Card, FoldTask, Pixels, Prediction
from adaptor_bench.parameters import Number
from adaptor_bench.registry import composed
from adaptor_bench.stages.ceiling import perfect_points
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.protocols import Decoder, Target
from adaptor_bench.stages.targets.gaussian import Gaussian


@dataclass(kw_only=True)
class Oracle:
    """``target`` draws the labels at ``input_size``, ``decode`` finds them again."""

    keeps_aspect: ClassVar[bool] = True

    input_size: Annotated[tuple[int, int], Number(8, 4096)] = FRAME_SIZE
    target: Target
    decode: Decoder

    def problems(self) -> Iterator[str]:
        for part in (self.target, self.decode):
            yield from getattr(part, "problems", lambda input_size: ())(self.input_size)

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        return ()

    def fit(self, task: FoldTask) -> None:
        task.notes.append("a ceiling: drawn from the labels that are scored, nothing was predicted")

    def predict_labelled(
        self, frames: Sequence[LoadedFrame], task: FoldTask
    ) -> Iterator[Prediction]:
        for frame in frames:
            yield Prediction(*perfect_points(self, frame.points, frame.size))

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        raise NotImplementedError("a ceiling needs the labels")

    def save(self, directory: Path) -> None:
        """There is nothing that could be used again."""


oracle = composed(
    "oracle",
    Oracle(target=Gaussian(sigma=2.5, combine="max"), decode=Peaks()),
    card=Card(title="Perfect map, peaks", role="ceiling"),
    about="No detector: a map drawn from the labels that are scored, decoded into points.",
)
