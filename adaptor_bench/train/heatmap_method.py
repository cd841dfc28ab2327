"""The family of heatmap detectors: translate, train, predict heatmaps, decode.

Each stage is an artefact keyed by all it depends on, so methods that agree up to a stage share
it. A method is nothing but a :class:`Recipe`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

import adaptor_bench
from adaptor_bench.atomic import write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.data.images import scale_points
from adaptor_bench.data.sizes import reference_size
from adaptor_bench.errors import InputError
from adaptor_bench.heatmap.decode import DecodeSettings, decode_heatmap
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.method import FoldTask, Pixels, Prediction, Stages
from adaptor_bench.room import need
from adaptor_bench.train.fit import TrainingSettings, fit_network
from adaptor_bench.train.inference import predict_heatmaps, resize_heatmap
from adaptor_bench.train.networks import build_network
from adaptor_bench.train.samples import Sample, largest, sample_of
from adaptor_bench.train.stagekeys import name_of, seed_of, stage_code
from adaptor_bench.train.translation import (
    TranslationSettings,
    build_generator,
    fit_translator,
    translate,
)
from adaptor_bench.train.weights import read_weights, write_weights

__all__ = ["HeatmapMethod", "Recipe"]

TRANSLATED_DOMAINS = ("sim", "intraop")
GENERATORS = {"intraop": "generator.safetensors", "sim": "generator_back.safetensors"}
WEIGHTS = "network.safetensors"
HEATMAP_STEPS = 65535  # far finer than the 256 bins of Otsu's histogram


@dataclass(frozen=True)
class Recipe:
    """What a heatmap detector consists of. ``translation`` None: no CycleGAN.

    ``input_size`` is (width, height) of the network's image of a 512x288 frame.
    """

    input_size: tuple[int, int]
    training: TrainingSettings
    translation: TranslationSettings | None
    decode: DecodeSettings


class HeatmapMethod:
    """Trains a network to draw heatmaps and decodes its maps into points."""

    keeps_aspect = True

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._network: Path | None = None
        self._translators: Path | None = None

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the network's image of a 512x288 frame."""
        return self.recipe.input_size

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        """sim for intraop when there is a translator: its frames become intraop-like."""
        source, target = TRANSLATED_DOMAINS
        if self.recipe.translation is not None and domain == target and source in available:
            return (source,)
        return ()

    def fit(self, task: FoldTask) -> None:
        """Train the network of this fold, or find it among the artefacts."""
        wants_translation = self.recipe.translation is not None
        if wants_translation and task.domain == TRANSLATED_DOMAINS[1] and not task.others:
            task.notes.append("no sim frames in this dataset: trained without CycleGAN translation")
        translator = self._translators = self._translator(task) if task.others else None
        drawn = {
            **self._common_key(task),
            "training": asdict(self.recipe.training),
            "selection": sorted({f.frame.surgery for f in task.selection}),
            "translator": name_of("translator", self._translator_key(task)) if translator else None,
        }
        key = {
            **drawn,
            "translator": translator.name if translator else None,
            "code": stage_code("network", trials=bool(task.selection)),
        }
        if task.selection and task.matching != MatchSettings():
            key["matching"] = task.matching.to_json()

        def build(directory: Path) -> None:
            samples = [sample_of(f) for f in task.train]
            if translator is not None:
                samples += self._translated(task, translator)
            with task.progress.bar("network") as bar:
                fitted = fit_network(
                    self.recipe.training,
                    samples,
                    [sample_of(f) for f in task.selection],
                    input_size=self.input_size,
                    seed=seed_of(drawn),
                    device=task.device,
                    bar=bar,
                    matching=task.matching,
                )
            write_weights(directory / WEIGHTS, fitted.weights)
            write_json(directory / "history.json", fitted.history)

        self._network = task.store.get("network", key, build)

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        """Decode this fold's heatmaps, which are predicted once for all methods that share them."""
        assert self._network is not None, "fit comes first"
        names = hashlib.sha256("\n".join(f.key for f in frames).encode()).hexdigest()
        key = {
            "code": stage_code("heatmaps"),
            "network": self._network.name,
            "dataset": task.fingerprint,
            "frames": names,
        }

        def build(directory: Path) -> None:
            width, height = largest([f.image for f in frames])
            maps = np.zeros((len(frames), height, width), np.uint16)
            with task.progress.bar("heatmaps") as bar:
                for i, heatmap in enumerate(self._heatmaps(frames, task.device)):
                    maps[i, : heatmap.shape[0], : heatmap.shape[1]] = _quantise(heatmap)
                    bar(i + 1, len(frames))
            need(directory, maps.nbytes)
            np.save(directory / "heatmaps.npy", maps, allow_pickle=False)

        directory = task.store.get("heatmaps", key, build)
        maps = np.load(directory / "heatmaps.npy", mmap_mode="r", allow_pickle=False)
        with task.progress.bar("decoding") as bar:
            for i, (stored, frame) in enumerate(zip(maps, frames, strict=True)):
                height, width = frame.image.shape[:2]
                yield self._decode(stored[:height, :width], frame)
                bar(i + 1, len(frames))

    def predict_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Prediction]:
        """The same without keeping anything: for a method that was loaded to be used."""
        for heatmap, frame in zip(self._heatmaps(frames, device), frames, strict=True):
            yield self._decode(_quantise(heatmap), frame)

    def _heatmaps(self, frames: Sequence[Pixels], device: str) -> Iterator[NDArray[np.float32]]:
        assert self._network is not None, "fit or load comes first"
        network = build_network(self.recipe.training.network)
        network.load_state_dict(read_weights(self._network / WEIGHTS))
        return predict_heatmaps(network, [f.image for f in frames], device=device)

    def stages(self, frames: Sequence[Pixels], device: str) -> Iterator[Stages]:
        """How a loaded method gets from heatmap to points, at the frames' reference sizes."""
        for heatmap, frame in zip(self._heatmaps(frames, device), frames, strict=True):
            full = _full_size(_quantise(heatmap), reference_size(frame.size))
            found = decode_heatmap(full, self.recipe.decode)
            yield Stages(
                full,
                found.threshold,
                found.binary,
                found.opened,
                found.cut,
                found.points,
                otsu=self.recipe.decode.threshold == "otsu",
            )

    def _decode(self, stored: NDArray[np.uint16], frame: Pixels) -> Prediction:
        size = reference_size(frame.size)
        found = decode_heatmap(_full_size(stored, size), self.recipe.decode)
        return Prediction(scale_points(found.points, size, frame.size), found.scores)

    def save(self, directory: Path) -> None:
        """The checkpoint: weights (a hard link to the artefact where possible) and what trained."""
        assert self._network is not None, "fit comes first"
        kept = [self._network / WEIGHTS]
        if self._translators is not None:
            kept += [self._translators / name for name in GENERATORS.values()]
        for weights in kept:
            if weights.exists():  # older artefacts have no way back
                _link(weights, directory / weights.name)
        history = read_json(self._network / "history.json")
        write_json(directory / "training.json", {"artefact": self._network.name, **history})

    def load(self, directory: Path) -> None:
        """Use the checkpoint that :meth:`save` wrote into ``directory``."""
        self._network = self._translators = directory

    def translate_frames(
        self, frames: Sequence[Pixels], domain: str, device: str
    ) -> list[NDArray[np.uint8]]:
        """The frames as if they were of ``domain``, (H, W, 3) uint8 at the size handed over.

        For a loaded method. Raises InputError when the run keeps no generator into ``domain``.
        """
        settings = self.recipe.translation
        path = None if self._translators is None else self._translators / GENERATORS.get(domain, "")
        if settings is None or path is None or not path.is_file():
            raise InputError(
                f"{self._translators}: this run keeps no translator into {domain!r}",
                hint="Those of intraop folds do, of a method with CycleGAN translation.",
            )
        images = [f.image for f in frames]
        return list(translate(_generator(settings, path), images, device=device, bar=_no_bar))

    def _translator(self, task: FoldTask) -> Path:
        """The generator sim -> intraop, trained on this fold's training surgeries only."""
        settings = self.recipe.translation
        assert settings is not None
        (source,) = task.others.values()
        key = self._translator_key(task)

        def build(directory: Path) -> None:
            with task.progress.bar("CycleGAN") as bar:
                weights = fit_translator(
                    settings,
                    [f.image for f in source.frames],
                    [f.image for f in task.train],
                    seed=seed_of(key),
                    device=task.device,
                    bar=bar,
                )
            for name, of_generator in zip(GENERATORS.values(), weights, strict=True):
                write_weights(directory / name, of_generator)

        return task.store.get("translator", key | {"code": stage_code("translator")}, build)

    def _translated(self, task: FoldTask, translator: Path) -> list[Sample]:
        """All sim frames in intraop looks, with their labels unchanged."""
        settings = self.recipe.translation
        assert settings is not None
        (source,) = task.others.values()
        samples = [sample_of(f) for f in source.frames]
        with task.progress.bar("translating") as bar:
            images = translate(
                _generator(settings, translator / GENERATORS[TRANSLATED_DOMAINS[1]]),
                [s.image for s in samples],
                device=task.device,
                bar=bar,
            )
        return [Sample(i, s.points, s.stored) for i, s in zip(images, samples, strict=True)]

    def _translator_key(self, task: FoldTask) -> dict[str, Any]:
        settings = self.recipe.translation
        assert settings is not None
        (source,) = task.others.values()
        return {
            **self._common_key(task),
            "translation": asdict(settings),
            "source": source.fingerprint,
        }

    def _common_key(self, task: FoldTask) -> dict[str, Any]:
        """What every trained stage depends on, but for its code."""
        return {
            "package": adaptor_bench.__version__,
            "stage": 1,  # says nothing, but another value would give other random numbers
            "dataset": task.fingerprint,
            "domain": task.domain,
            "train": sorted({f.frame.surgery for f in task.train}),
            "input_size": list(self.recipe.input_size),
            "seed": task.seed,
            "device": task.device.partition(":")[0],
        }


def _generator(settings: TranslationSettings, path: Path) -> nn.Module:
    generator = build_generator(settings)
    generator.load_state_dict(read_weights(path))
    return generator


def _link(existing: Path, new: Path) -> None:
    """A hard link where possible, else a copy."""
    try:
        new.hardlink_to(existing)
    except OSError:
        new.write_bytes(existing.read_bytes())


def _no_bar(done: int, total: int, note: str = "") -> None:
    pass


def _full_size(stored: NDArray[np.uint16], size: tuple[int, int]) -> NDArray[np.float32]:
    """Decoding has settings in px of the reference size, so that is where regions are formed."""
    return resize_heatmap(stored.astype(np.float32) / np.float32(HEATMAP_STEPS), size)


def _quantise(heatmap: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.round(heatmap * HEATMAP_STEPS).astype(np.uint16)
