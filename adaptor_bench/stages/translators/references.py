"""What translators without training share: each takes its looks from real frames of the domain."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Frames, Image, Images
from adaptor_bench.stages.translators.none import DOMAINS, NoTranslation, source_of

Looks = NDArray[np.float32]


@dataclass(frozen=True)
class FromReferences:
    """Every frame is given the looks of one real frame of the other domain.

    ``references`` frames of a domain's training surgeries are kept, spread evenly over surgeries
    and time; which of them a frame is given depends on its pixels alone, so neither on order nor
    on chance.
    """

    references: Annotated[int, Number(1, 10_000)] = 64

    def source_for(self, domain: str) -> str | None:
        """sim for intraop."""
        return source_of(domain)

    def fit(
        self, source: Frames, target: Frames, directory: Path, *, seed: int, device: str, bar: Bar
    ) -> None:
        """Keep the looks of references of both domains. Nothing is learnt, and no label read."""
        for domain, frames in zip(DOMAINS, (source, target), strict=True):
            looks = []
            for place in _spread(len(frames), self.references):
                looks.append(self.looks(frames[place].image))
                bar(len(looks), min(len(frames), self.references))
            np.save(directory / f"{domain}.npy", np.stack(looks), allow_pickle=False)

    def translate(
        self, images: Images, domain: str, directory: Path, *, device: str, bar: Bar
    ) -> Iterable[Image]:
        """Images (H, W, 3) uint8 as if of ``domain``. Raises InputError without references."""
        path = directory / f"{domain}.npy"
        if domain not in DOMAINS or not path.is_file():
            return NoTranslation().translate(images, domain, directory, device=device, bar=bar)
        return self._translated(images, np.load(path, allow_pickle=False), bar)

    def _translated(self, images: Images, references: Sequence[Any], bar: Bar) -> Iterator[Image]:
        for number, image in enumerate(images, start=1):
            chosen = zlib.crc32(image.tobytes()) % len(references)
            yield self.given(image, references[chosen])
            bar(number, len(images))

    @abstractmethod
    def looks(self, image: NDArray[np.uint8]) -> Looks:
        """What is kept of a reference (H, W, 3), of the same shape for every frame."""

    @abstractmethod
    def given(self, image: NDArray[np.uint8], looks: Looks) -> NDArray[np.uint8]:
        """The image (H, W, 3) with these looks."""


def _spread(number: int, most: int) -> list[int]:
    """Up to ``most`` of ``number`` places, at equal distances."""
    return [int(i) for i in np.linspace(0, number - 1, min(number, most)).round()]
