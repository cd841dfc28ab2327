"""CycleGAN between two domains (Zhu et al. 2017), as Yao et al. 2021 use it (section 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from adaptor_bench.atomic import write_json
from adaptor_bench.data.pixels import ImagesOf
from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Frames, Image, Images
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.none import NoTranslation, source_of
from adaptor_bench.train.curves import OF_TRANSLATOR

if TYPE_CHECKING:
    from torch import Tensor

    from adaptor_bench.train.savepoints import Savepoint

WEIGHTS = {"intraop": "generator.safetensors", "sim": "generator_back.safetensors"}
Share = Annotated[float, Number(0, 1)]
# 45 s of one core; leaderboards/experiments/translators.py measures what more brings.
QUICK: Mapping[str, Any] = {
    "generator": "colour_texture",
    "width": 16,
    "blocks": 3,
    "judge_width": 16,
    "crop": (128, 96),
    "batch": 2,
    "steps": 400,
    "rate": 5e-4,
    "cycle": 12.0,
    "identity": 0.0,
    "pool": 0,
    "average": 0.99,
}
SMOKE = {**QUICK, "steps": 2, "crop": (64, 64)}


@stage("translate", "cyclegan")
@dataclass(frozen=True)
class CycleGan:
    """Makes sim frames look intraop, and back. Zhu's settings by default.

    ``generator`` is Zhu's ``resnet``, or ``colour_texture``: a colour transfer that learns texture
    on top, for a core of a CPU and a minute; its judges bound the gain of their layers where Zhu's
    normalise each window. ``width`` and ``blocks`` describe the generators, ``judge_width`` and
    ``layers`` the judges (discriminators). ``crop`` is the training window (width, height) in px
    of the network's image, None: whole images. ``steps`` None counts ``epochs`` over the larger
    domain; the rate is flat for the first half and falls linearly to 0 in the second. ``cycle``
    and ``identity`` weigh losses; ``pool`` past fakes are kept. What is used is the average of the
    generators' weights over the last steps, about 1 / (1 - ``average``) of them; 0: the last ones.
    ``bfloat16`` computes in it where the device has the instructions.
    """

    generator: Annotated[str, OneOf("resnet", "colour_texture")] = "resnet"
    width: Annotated[int, Number(1, 256)] = 64
    blocks: Annotated[int, Number(0, 32)] = 9
    judge_width: Annotated[int, Number(1, 256)] = 64
    layers: Annotated[int, Number(1, 6)] = 3
    crop: Annotated[tuple[int, int] | None, Number(8, 4096)] = (256, 256)
    batch: Annotated[int, Number(1, 4096)] = 1
    epochs: Annotated[int, Number(1, 100_000)] = 200
    steps: Annotated[int | None, Number(1, 10_000_000)] = None
    rate: Annotated[float, Number(0, above=True)] = 2e-4
    cycle: Annotated[float, Number(0)] = 10.0
    identity: Annotated[float, Number(0)] = 5.0
    pool: Annotated[int, Number(0, 100_000)] = 50
    average: Share = 0.0
    bfloat16: bool = True
    title: ClassVar[str] = "CycleGAN"
    resumes: ClassVar[bool] = True
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": QUICK, "smoke": SMOKE}
    pooled: ClassVar[bool] = False  # judges judge patches
    frames_seen: ClassVar[int] = 1  # by a generator, to draw one, and by a judge

    def problems(self, input_size: tuple[int, int]) -> Iterator[str]:
        """What of it does not go with a network's image of ``input_size``."""
        most = max(input_size)
        if self.crop is not None and max(self.crop) > most:
            yield (
                f"'translate.crop' is {_by(self.crop)}, expected none (whole frames) or sides up "
                f"to {most}, the longer side of 'input_size'"
            )
        # Each layer of a discriminator halves its window, and two more convolutions take 1 px each.
        window, least = self.crop or input_size, 3 * 2**self.layers
        if min(window) < least:
            yield (
                f"'translate.layers' is {self.layers}, which needs windows of at least "
                f"{least}x{least}, and 'translate.crop' or 'input_size' gives {_by(window)}"
            )

    def source_for(self, domain: str) -> str | None:
        """sim for intraop."""
        return source_of(domain)

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
        """Train both generators; labels play no part. Raises TrainingError when it diverges."""
        from adaptor_bench.stages.translators._cyclegan import fit_translator

        images = [ImagesOf(frames) for frames in (source, target)]
        losses: dict[str, list[list[float]]] = {}
        made = fit_translator(
            self, *images, seed=seed, device=device, bar=bar, savepoint=savepoint, losses=losses
        )
        keep(made, losses, directory)

    def translate(
        self, images: Images, domain: str, directory: Path, *, device: str, bar: Bar
    ) -> Iterable[Image]:
        """Images (H, W, 3) uint8 as if of ``domain``. Raises InputError without a generator."""
        return self.translated(images, domain, directory, device, bar)

    def translated(
        self,
        images: Images,
        domain: str,
        directory: Path,
        device: str,
        bar: Bar,
        before: Sequence[int] | None = None,
    ) -> Iterable[Image]:
        """:meth:`translate`; ``before`` is where the frame before each one is, if that is seen."""
        from adaptor_bench.stages.translators._cyclegan import translate
        from adaptor_bench.stages.translators._gan import build_generator
        from adaptor_bench.train.weights import read_weights

        path = directory / WEIGHTS.get(domain, "")
        if not path.is_file():
            return NoTranslation().translate(images, domain, directory, device=device, bar=bar)
        generator = build_generator(self)
        generator.load_state_dict(read_weights(path))
        return translate(
            generator, images, device=device, bar=bar, bfloat16=self.bfloat16, before=before
        )


def keep(
    weights: Sequence[dict[str, Tensor]], losses: dict[str, list[list[float]]], directory: Path
) -> None:
    """Write those of the generators forth and back, and the losses, into ``directory``."""
    from adaptor_bench.train.weights import write_weights

    for name, of_generator in zip(WEIGHTS.values(), weights, strict=True):
        write_weights(directory / name, of_generator)
    write_json(directory / OF_TRANSLATOR, losses)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
