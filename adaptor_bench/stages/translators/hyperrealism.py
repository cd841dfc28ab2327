"""CycleGAN along videos (Engelhardt et al., MICCAI 2018, "tempCycleGAN"), reconstructed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.data.pixels import ImagesOf, sizes_of
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Frames, Image, Images
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.cyclegan import CycleGan, keep
from adaptor_bench.stages.translators.videos import Triplets, disorder, in_order

if TYPE_CHECKING:
    from adaptor_bench.train.savepoints import Savepoint


@stage("translate", "hyperrealism")
@dataclass(frozen=True)
class Hyperrealism(CycleGan):
    """A CycleGAN whose generators see a frame and the one before it, and whose judges see pairs.

    A window is three consecutive frames of one video, cut and flipped alike. The last two are
    drawn, each from it and the one before, and are judged together beside two consecutive real
    frames: what flickers is found out. The last one is drawn back from both. Of the paper only
    the abstract was at hand: that it extends CycleGAN by consecutive frames against flickering is
    the paper's, how is ours, and the settings are Zhu's. The first frame of a video is shown as
    its own predecessor. Parameters are those of ``cyclegan``.
    """

    title: ClassVar[str] = "hyperrealism"
    in_order: ClassVar[bool] = True
    frames_seen: ClassVar[int] = 2

    def refuses(self, source: Frames, target: Frames) -> Iterator[str]:
        """What keeps it from being trained on these frames, a sentence."""
        for frames in (source, target):
            keys = [f.frame.key for f in frames]
            if problem := next(disorder(keys), None):
                yield problem
                return
            if frames and not Triplets(ImagesOf(frames), keys):
                yield (
                    f"no video from {keys[0]} to {keys[-1]} has three frames of one size in a row"
                )
                return

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
        """Train both generators; labels play no part. Raises TrainingError when it diverges, and
        InputError for frames that are no videos."""
        from adaptor_bench.errors import InputError
        from adaptor_bench.stages.translators._cyclegan import fit_translator

        if problem := next(self.refuses(source, target), None):
            raise InputError(problem)
        videos = [
            Triplets(ImagesOf(frames), [f.frame.key for f in frames]) for frames in (source, target)
        ]
        losses: dict[str, list[list[float]]] = {}
        made = fit_translator(
            self, *videos, seed=seed, device=device, bar=bar, savepoint=savepoint, losses=losses
        )
        keep(made, losses, directory)

    def translate(
        self,
        images: Images,
        domain: str,
        directory: Path,
        *,
        device: str,
        bar: Bar,
        keys: Sequence[str] = (),
    ) -> Iterable[Image]:
        """Images (H, W, 3) uint8 as if of ``domain``. ``keys`` are their names, by which the frame
        before each is found among them. Raises InputError without a generator, or order."""
        return self.translated(images, domain, directory, device, bar, self._before(images, keys))

    def _before(self, images: Images, keys: Sequence[str]) -> list[int]:
        if len(keys) != len(images):
            raise ValueError(f"{len(keys)} names of {len(images)} frames")
        sizes = sizes_of(images)
        return [b if sizes[b] == sizes[i] else i for i, b in enumerate(in_order(keys))]
