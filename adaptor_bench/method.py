"""What a detector is to the harness: fit on a fold's training frames, then predict points.

A method never meets the frames it is reported on before :meth:`Method.predict`, and there it is
given their pixels without their labels: leakage is ruled out by what is handed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.data.check import DomainFrames, LoadedFrame
from adaptor_bench.data.images import resize_image
from adaptor_bench.data.pixels import Picture, Pictured, PixelStore
from adaptor_bench.data.sizes import network_size
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress
from adaptor_bench.stages.protocols import Decoded


@dataclass(frozen=True)
class Card:
    """Who published a method and where; shown by ``bench methods`` and beside its numbers.

    ``role`` is empty for a competitor. A ``floor`` learns nothing of what a landmark is, a
    ``ceiling`` is given the labels it is scored on (:class:`Ceiling`): boards show both apart,
    without a rank, and no test counts them. ``reconstruction`` says in plain words what of it is
    not the source's own, and what the source leaves open. ``extra`` is that of pip which brings a
    library that only this method needs.
    """

    title: str
    paper: str = ""
    url: str = ""
    licence: str = ""
    role: str = ""
    extra: str = ""
    reconstruction: str = ""


@dataclass(frozen=True)
class Resize:
    """How the images of a method are resized, comparable: methods that agree share them."""

    input_size: tuple[int, int] | None
    keeps_aspect: bool

    @classmethod
    def of(cls, method: Method) -> Resize:
        """What ``method`` asks for."""
        return cls(method.input_size, bool(getattr(method, "keeps_aspect", False)))

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The image (H, W, 3) at the size asked for."""
        if self.input_size is None:
            return image
        stored = image.shape[1], image.shape[0]
        wanted = network_size(stored, self.input_size) if self.keeps_aspect else self.input_size
        return resize_image(image, wanted)


@dataclass(frozen=True)
class Pixels(Pictured):
    """A frame to predict on: its key, its ``image`` (H, W, 3) uint8 RGB at the size the method
    asked for, and the (width, height) of the frame as stored, in which points are to be returned.
    """

    key: str
    pixels: NDArray[np.uint8] | Picture
    size: tuple[int, int]

    @classmethod
    def of(cls, loaded: LoadedFrame) -> Pixels:
        """A loaded frame without its labels."""
        return cls(loaded.frame.key, loaded.pixels, loaded.size)


@dataclass(frozen=True)
class Prediction:
    """Points (N, 2), order x, y, px of the frame as stored; scores (N,) or None."""

    points: NDArray[np.float64]
    scores: NDArray[np.float64] | None = None


@dataclass
class FoldTask:
    """Everything a method may learn from in one fold, and where it may keep things.

    ``train`` are the frames to fit on; ``selection`` the frames of the training surgeries held
    back for model selection (empty when there are too few surgeries); ``others`` the frames of
    the other domains the method asked for. ``seed`` and ``device`` are to be obeyed, and
    ``devices``, how many to train on, by a method with :class:`OnDevices`; ``store``
    keeps artefacts that other methods may share; ``notes`` collects sentences for the reader;
    ``matching`` is how the fold will be scored, in px of the frames as stored. ``cpu_seconds`` and
    ``peak_memory`` (MiB, of the process that trained) are for what each trained part has cost,
    where it was made; ``pixels`` keeps images that were read, within its limit.
    """

    domain: str
    train: tuple[LoadedFrame, ...]
    selection: tuple[LoadedFrame, ...]
    others: dict[str, DomainFrames]
    fingerprint: str
    seed: int
    device: str
    store: ArtefactStore
    progress: Progress
    notes: list[str] = field(default_factory=list)
    matching: MatchSettings = field(default_factory=MatchSettings)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    peak_memory: dict[str, float] = field(default_factory=dict)
    pixels: PixelStore = field(default_factory=PixelStore)
    devices: int = 1


NOTHING_LEARNT = "found nothing to speak of"
"""In a note on every training that collapsed, by which tables and entries know it."""
MEMBERS = ("input_size", "other_domains", "fit", "predict", "save")
"""What ``bench run`` needs of a method."""
ROLES = ("", "floor", "ceiling")
LATER = ("load", "predict_frames")
"""What only using a finished run needs, as ``bench predict`` does."""


def lacking(made: Any, members: Sequence[str]) -> list[str]:
    """Those of ``members`` that it does not have, or that cannot be called and should be."""
    return [
        name
        for name in members
        if not hasattr(made, name) or (name != "input_size" and not callable(getattr(made, name)))
    ]


class Method(Protocol):
    """A detector of a varying number of landmarks."""

    @property
    def input_size(self) -> tuple[int, int] | None:
        """(width, height) the images are resized to before they are handed over; None: as is.

        A method with an attribute ``keeps_aspect = True`` gets images of the frame's own
        proportions: ``input_size`` is then that of a 512x288 frame (see ``data.sizes``).
        """

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        """The other domains of the dataset whose frames ``fit`` wants for ``domain``."""

    def fit(self, task: FoldTask) -> None:
        """Learn from the task's frames."""

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        """One prediction per frame, in order."""

    def save(self, directory: Path) -> None:
        """Write what is needed to predict again (the checkpoint) into an existing directory."""

    def load(self, directory: Path) -> None:
        """Use the checkpoint that ``save`` wrote into ``directory``."""

    def predict_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Prediction]:
        """As ``predict``, for a loaded method: nothing but the frames is known or kept."""


@runtime_checkable
class Ceiling(Protocol):
    """What is no detector but a bound on them: it predicts with the labels before its eyes.

    Only a method whose card says ``role="ceiling"`` may have this, and only such a one is asked.
    """

    def predict_labelled(
        self, frames: Sequence[LoadedFrame], task: FoldTask
    ) -> Iterator[Prediction]:
        """One prediction per frame, in order, given the frames with their labels."""


@runtime_checkable
class OnDevices(Protocol):
    """A method that can train on several devices at a time; any other is given one."""

    def refuses_devices(self, devices: int) -> Iterator[str]:
        """Why it cannot train on so many, a sentence each."""


@runtime_checkable
class Translating(Protocol):
    """A method that can also make the frames of one domain look like those of another."""

    def translate_frames(
        self, frames: Sequence[Pixels], domain: str, device: str
    ) -> list[NDArray[np.uint8]]:
        """The frames as if they were of ``domain``, (H, W, 3) uint8 at the size handed over."""


@runtime_checkable
class StepByStep(Protocol):
    """A loaded method that can show how it came to its points."""

    def decode_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Decoded]:
        """How maps became points, for every frame, in order."""
