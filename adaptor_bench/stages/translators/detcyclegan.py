"""CycleGAN held by two detectors (Sharan et al., IEEE JBHI 2022, "DetCycleGAN"), reconstructed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from adaptor_bench.atomic import write_json
from adaptor_bench.data.pixels import ImagesOf
from adaptor_bench.parameters import Number
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Frames
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.cyclegan import QUICK, SMOKE, CycleGan, keep

if TYPE_CHECKING:
    from adaptor_bench.train.savepoints import Savepoint

OF_DETECTORS = "detectors.json"
_OWN = {"pooled": False, "detector_steps": 150}


@stage("translate", "detcyclegan")
@dataclass(frozen=True)
class DetCycleGan(CycleGan):
    """A CycleGAN whose fakes must show landmarks where the labels of their originals are.

    Two detectors, one a domain, are trained on the labelled frames that the translator may see,
    then frozen. ``point`` weighs what they miss in both fakes and in both reconstructions,
    ``consistency`` how far the detector of the other domain sees in a fake what it sees in its
    original; both are mean squared error + 1 - Dice of the detector's map. The detectors are small
    U-Nets (``small_unet``) with focal loss, kernels of ``sigma`` px and ``detector_steps`` steps
    each; ``point`` and ``consistency`` 0 is ``cyclegan``. ``pooled`` judges give one number a
    window in place of one a patch. The others are those of ``cyclegan``.
    """

    width: Annotated[int, Number(1, 256)] = 32
    blocks: Annotated[int, Number(0, 32)] = 6
    crop: Annotated[tuple[int, int] | None, Number(8, 4096)] = None
    epochs: Annotated[int, Number(1, 100_000)] = 30
    rate: Annotated[float, Number(0, above=True)] = 1e-3
    pooled: bool = True  # type: ignore[misc]
    point: Annotated[float, Number(0)] = 1.0
    consistency: Annotated[float, Number(0)] = 1.0
    sigma: Annotated[float, Number(0.1, 500)] = 2.0
    detector_steps: Annotated[int, Number(1, 10_000_000)] = 1480
    title: ClassVar[str] = "DetCycleGAN"
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {**QUICK, **_OWN},
        "smoke": {**SMOKE, **_OWN, "detector_steps": 2},
    }

    def fit(
        self,
        source: Frames,
        target: Frames,
        directory: Path,
        *,
        seed: int,
        device: str,
        bar: Bar,
        savepoint: Savepoint | None = None,
    ) -> None:
        """Train both detectors on the labels of these frames, then both generators.

        Raises TrainingError when one diverges.
        """
        from functools import partial

        from adaptor_bench.stages.translators._cyclegan import fit_translator
        from adaptor_bench.stages.translators._detected import Detected, fit_detectors
        from adaptor_bench.train.samples import sample_of

        samples = [[sample_of(f) for f in frames] for frames in (source, target)]
        detectors, reached = fit_detectors(self, samples, seed=seed, device=device, bar=bar)
        write_json(directory / OF_DETECTORS, reached)
        losses: dict[str, list[list[float]]] = {}
        made = fit_translator(
            self,
            *(ImagesOf(of_domain) for of_domain in samples),
            seed=seed,
            device=device,
            bar=bar,
            savepoint=savepoint,
            losses=losses,
            game=partial(Detected, detectors, samples),
        )
        keep(made, losses, directory)
