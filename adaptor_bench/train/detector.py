"""A detector composed of five stages: translate, train, predict maps, decode.

Each stage is an artefact keyed by all it depends on, so methods that agree up to a stage share
it. Importing this file loads no torch: what trains and predicts is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import adaptor_bench
from adaptor_bench.artefacts import MANIFEST
from adaptor_bench.atomic import write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.data.pixels import ImagesOf
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.method import NOTHING_LEARNT, FoldTask, Pixels, Prediction
from adaptor_bench.stages.maps import as_stored
from adaptor_bench.stages.protocols import Decoded, Decoder, is_open
from adaptor_bench.train import translation
from adaptor_bench.train.drawing import decoded, drawn_maps, found, size_of_maps
from adaptor_bench.train.heatmaps import HISTORY, each_map, hash_of_frames, write_maps
from adaptor_bench.train.keys import code_of, name_of, seed_of, seed_payload
from adaptor_bench.train.settings import Parts
from adaptor_bench.train.translation import OF_PART

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "network.safetensors"
EXPORTED = "model.safetensors"  # the same in a folder of `bench export`
DECODING = "decoding.json"  # the threshold that was chosen, where one was


@dataclass(kw_only=True)
class Detector(Parts):
    """Trains a network to draw maps and decodes them into points.

    Detector(translate=CycleGan(), target=Gaussian(), network=ResNextUNet(), loss=Dice(),
             decode=Otsu())
    """

    keeps_aspect: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._network: Path | None = None
        self._decode: Decoder = self.decode
        self._translator: Path | None = None

    @property
    def holds_back(self) -> bool:
        """Whether one training surgery is to be held back for selection."""
        return self.training.choose != "last"

    @property
    def px_settings(self) -> dict[str, float]:
        """Its settings in px of a 512x288 frame that mean something else on other frames."""
        return {
            f"{stage}.{name}": value
            for stage, part in (("target", self.target), ("decode", self.decode))
            for name in ("sigma", "spread", "opening_radius", "distance", "blur")
            if (value := getattr(part, name, None))
        }

    @property
    def looks_back(self) -> bool:
        """Whether a frame is translated by what the frame before it shows."""
        return translation.in_order(self.translate)

    def refuses(self, task: FoldTask) -> Iterator[str]:
        """Why it cannot be trained in this fold, before anything is."""
        yield from translation.refused(self.translate, task)

    def refuses_devices(self, devices: int) -> Iterator[str]:
        """Why its network cannot be trained on so many devices at a time."""
        batch = self.training.batch
        if batch % devices:
            yield f"'training.batch' is {batch}, which {devices} devices cannot share equally"

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        """The domain whose frames the translator makes look like ``domain``, if there is one."""
        source = self.translate.source_for(domain)
        return (source,) if source and source in available else ()

    def fit(self, task: FoldTask) -> None:
        """Train the network of this fold, or find it among the artefacts."""
        task.notes += translation.lacking(self, task)
        translator, translated_by = None, None
        if task.others:
            drawn_by = translation.key(self, task, self._common_key(task))
            translated_by = name_of("translator", drawn_by)
            translator = translation.fitted(self.translate, task, drawn_by)
        self._translator = translator
        selection = () if translation.alone(self) else task.selection
        drawn = {
            **self._common_key(task),
            "training": seed_payload(self),
            "selection": sorted({f.frame.surgery for f in selection}),
            "translator": translated_by,
        }
        parts = [self.network, self.loss, self.target, self.select]
        key = {
            **drawn,
            "translator": translator.name if translator else None,
            "code": code_of("network", parts),
            "bfloat16": self._bfloat16(task.device),
        }
        if task.devices > 1:
            key["devices"] = task.devices
        if task.matching != MatchSettings():
            key["matching"] = task.matching.to_json()

        def build(directory: Path) -> None:
            from adaptor_bench.memory import Peak
            from adaptor_bench.train.device import devices_of
            from adaptor_bench.train.ranks import fit_on
            from adaptor_bench.train.samples import sample_of
            from adaptor_bench.train.savepoints import Savepoint
            from adaptor_bench.train.weights import write_weights

            samples = [sample_of(f) for f in task.train]
            translated = []
            if translator is not None:
                translated = translation.samples(self.translate, task, translator)
            savepoint = Savepoint(task.store.savepoint("network", key), task.device)
            peak = Peak()
            with task.progress.bar("network") as bar:
                fitted = fit_on(
                    devices_of(task.device, task.devices),
                    self,
                    samples,
                    [sample_of(f) for f in selection],
                    seed=seed_of(drawn),
                    bar=bar,
                    matching=task.matching,
                    translated=translated,
                    savepoint=savepoint,
                )
            # Of several devices it is not this process that trains.
            held = peak if task.devices == 1 else None
            write_json(directory / OF_PART, translation.cost(savepoint.cpu_seconds, held))
            write_weights(directory / WEIGHTS, fitted.weights)
            write_json(directory / "history.json", fitted.history)

        self._network = task.store.get("network", key, build)
        task.notes += _notes(read_json(self._network / "history.json"))
        self._tell_costs(task)
        self._decode = self._with_threshold(task)

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        """Decode this fold's maps, which are predicted once for all methods that share them."""
        assert self._network is not None, "fit comes first"
        key = {
            "code": code_of("heatmaps", [self.network]),
            "network": self._network.name,
            "dataset": task.fingerprint,
            "frames": hash_of_frames(f.key for f in frames),
            "bfloat16": self._bfloat16(task.device),
        }

        def build(directory: Path) -> None:
            sides = [size_of_maps(f, self.target.stride) for f in frames]
            largest = (self.target.channels, max(h for h, _ in sides), max(w for _, w in sides))
            with task.progress.bar("heatmaps") as bar:
                told = _told(self._maps(frames, task.device), bar, len(frames))
                write_maps(directory, told, len(frames), largest)

        stored = each_map(task.store.get("heatmaps", key, build))
        with task.progress.bar("decoding") as bar:
            yield from _told(map(self.points_of, stored, frames), bar, len(frames))

    def predict_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Prediction]:
        """The same without keeping anything: for a method that was loaded to be used."""
        maps = self._maps(frames, device)
        yield from map(self.points_of, map(as_stored, maps), frames)

    def decode_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Decoded]:
        """How a loaded method gets from maps to points, at the frames' reference sizes."""
        for maps, frame in zip(self._maps(frames, device), frames, strict=True):
            yield decoded(as_stored(maps), frame, self._decode, self.target.stride)

    def save(self, directory: Path) -> None:
        """The checkpoint: weights (a hard link to the artefact where possible) and what trained."""
        assert self._network is not None, "fit comes first"
        kept = [self._network / WEIGHTS]
        if self._translator is not None:
            kept += sorted(self._translator.iterdir())
        for path in kept:
            if path.name not in (MANIFEST, "key.json"):
                _link(path, directory / path.name)
        history = read_json(self._network / "history.json")
        write_json(directory / HISTORY, {"artefact": self._network.name, **history})
        if self._decode != self.decode:
            write_json(directory / DECODING, {"threshold": self._decode.threshold})  # type: ignore[attr-defined]

    def load(self, directory: Path) -> None:
        """Use the checkpoint that :meth:`save` wrote into ``directory``."""
        self._network = self._translator = directory
        self._decode = self.decode
        if is_open(self.decode):
            chosen = float(read_json(directory / DECODING)["threshold"])
            self._decode = replace(self.decode, threshold=chosen)  # type: ignore[type-var]

    def translate_frames(
        self, frames: Sequence[Pixels], domain: str, device: str
    ) -> list[NDArray[np.uint8]]:
        """The frames as if they were of ``domain``, (H, W, 3) uint8 at the size handed over.

        For a loaded method. Raises InputError when the run keeps no translator into ``domain``.
        """
        assert self._translator is not None, "load comes first"
        images, keys = ImagesOf(frames), [f.key for f in frames]
        by, kept = self.translate, self._translator
        return list(translation.translated(by, images, keys, domain, kept, device, lambda *_: None))

    def _with_threshold(self, task: FoldTask) -> Decoder:
        """The decoder, at a threshold chosen on training frames if it has none."""
        if not is_open(self.decode):
            return self.decode
        from adaptor_bench.train.samples import sample_of
        from adaptor_bench.train.trial import some_of, with_threshold

        if translation.alone(self) and self._translator is not None:
            samples = some_of(translation.samples(self.translate, task, self._translator))
        else:
            samples = some_of([sample_of(f) for f in task.train])
        return with_threshold(
            self.trained(), samples, self.decode, task.device, task.matching,
            bfloat16=self.training.bfloat16,
        )  # fmt: skip

    def _bfloat16(self, device: str) -> bool:
        from adaptor_bench.train.device import has_bfloat16

        return self.training.bfloat16 and has_bfloat16(device)

    def trained(self) -> nn.Module:
        """The network, (B, 3, H, W) in [0, 1] to logits, with its trained weights."""
        from adaptor_bench.train.weights import fill

        assert self._network is not None, "fit or load comes first"
        network = self.network.build(self.target.channels)
        exported = self._network / EXPORTED
        fill(network, exported if exported.is_file() else self._network / WEIGHTS)
        return network

    @property
    def decoder(self) -> Decoder:
        """The decoder, with the threshold that was chosen for it where one was."""
        return self._decode

    def _maps(self, frames: Sequence[Pixels], device: str) -> Iterator[NDArray[np.float32]]:
        return drawn_maps(self.trained(), frames, device, self.training.bfloat16)

    def points_of(self, stored: NDArray[np.uint16], frame: Pixels) -> Prediction:
        """The points that the maps of a frame, as :func:`as_stored` keeps them, show."""
        return found(stored, frame, self._decode, self.target.stride)

    def _tell_costs(self, task: FoldTask) -> None:
        """What this fold rests on has cost, whichever run made it."""
        assert self._network is not None
        made = translation.costs(task, self._translator) if self._translator is not None else {}
        for part, told in {**made, "network": read_json(self._network / OF_PART)}.items():
            task.cpu_seconds[part] = float(told["cpu_seconds"])
            if told.get("peak_memory") is not None:
                task.peak_memory[part] = int(told["peak_memory"])

    def _common_key(self, task: FoldTask) -> dict[str, Any]:
        """What every trained stage depends on, but for its code."""
        return {
            "package": adaptor_bench.__version__,
            "stage": 1,  # says nothing, but another value would give other random numbers
            "dataset": task.fingerprint,
            "domain": task.domain,
            "train": sorted({f.frame.surgery for f in task.train}),
            "input_size": list(self.input_size),
            "seed": task.seed,
            "device": task.device.partition(":")[0],
        }


def _notes(history: dict[str, Any]) -> list[str]:
    """What a reader of the result must know about the training."""
    match history.get("collapsed"):
        case [float() as first]:
            return [
                f"The first training {NOTHING_LEARNT} (F1 {100 * first:.1f} on the frames "
                "it was tried on) and was repeated with another seed."
            ]
        case [float(), float()]:
            return [f"Both trainings, with two seeds, {NOTHING_LEARNT}: a collapse."]
    return []


def _told(items: Iterator[Any], bar: Any, total: int) -> Iterator[Any]:
    """The items, each told to the bar once it has been taken."""
    for number, item in enumerate(items, start=1):
        yield item
        bar(number, total)


def _link(existing: Path, new: Path) -> None:
    """A hard link where possible, else a copy."""
    try:
        new.hardlink_to(existing)
    except OSError:
        new.write_bytes(existing.read_bytes())
