"""``ab.load_dataset``: the frames of a dataset folder, whose pixels are read when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.folds import Fold
from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import InputError, UsageError, suggest

if TYPE_CHECKING:
    import pandas

Points = NDArray[np.float64]


@dataclass(frozen=True)
class LabelledFrame:
    """One frame of a video: where it is from, its pixels and its labelled points."""

    domain: str
    surgery: str
    video: str
    stem: str
    image_file: Path
    label_file: Path

    @property
    def key(self) -> str:
        """``surgery/video/stem``, the frame's name in predictions, scores and messages."""
        return f"{self.surgery}/{self.video}/{self.stem}"

    @cached_property
    def points(self) -> Points:
        """The labels, (N, 2), order x, y, in pixels of the frame as stored. Raises InputError."""
        return read_points(self.label_file).points

    @property
    def image(self) -> NDArray[np.uint8]:
        """The pixels, (height, width, 3), RGB, read on every access. Raises InputError."""
        from adaptor_bench.data.images import read_image

        return read_image(self.image_file)

    def __repr__(self) -> str:
        return f"LabelledFrame({self.key!r}, domain={self.domain!r})"


class LabelledDataset(Sequence[LabelledFrame]):
    """Frames in order of domain, surgery, video and stem. See :func:`load_dataset`.

    ``root`` is the folder it lies in, ``name`` what results call it, ``kind`` is ``phantom``,
    ``adaptor2021`` (the challenge's data, recognised) or ``folder``.
    """

    def __init__(self, source: Dataset, frames: Iterable[LabelledFrame]) -> None:
        self.source = source
        self.root, self.name, self.kind = source.root, source.name, source.kind
        self._frames = tuple(frames)

    @property
    def domains(self) -> list[str]:
        """The domains of its frames."""
        return list(dict.fromkeys(frame.domain for frame in self))

    def domain(self, name: str) -> LabelledDataset:
        """The frames of one domain. Raises UsageError naming the domains there are."""
        self.source.domain(name)
        return LabelledDataset(self.source, (frame for frame in self if frame.domain == name))

    def surgery(self, *names: str) -> LabelledDataset:
        """The frames of these surgeries. Raises UsageError naming the ones there are."""
        known = {frame.surgery for frame in self}
        for name in names:
            if name not in known:
                raise UsageError(
                    f"{self.root}: there is no surgery {name!r}", hint=suggest(name, known)
                )
        return LabelledDataset(self.source, (frame for frame in self if frame.surgery in names))

    def folds(self, domain: str, groups: int | None = None) -> tuple[Fold, ...]:
        """The folds of a domain: each has a ``number`` and the surgeries of ``train`` and
        ``validation``. ``groups`` makes that many folds, balanced by frames.

        Raises UsageError for a domain or number of groups that is not possible, InputError for
        fewer than two surgeries.
        """
        return self.source.fold_plan(domain, groups).folds

    def labels(self) -> dict[str, Points]:
        """The points of every frame by its key. Raises InputError listing unreadable labels."""
        labels: dict[str, Points] = {}
        problems = []
        for frame in self:
            if frame.key in labels:
                problems.append(f"{frame.key} is in more than one domain; choose one")
                continue
            try:
                labels[frame.key] = frame.points
            except InputError as error:
                problems.append(error.message)
        if problems:
            raise InputError.collect(f"{self.root}: labels that cannot be used:", problems)
        return labels

    def frame(self) -> pandas.DataFrame:
        """A data frame with one row per video frame.

        Columns: domain, surgery, video, stem, labels (how many), fold (the one that is reported
        on this frame; missing where the domain is too small for folds).
        """
        import pandas

        fold_of: dict[tuple[str, str], int] = {}
        for domain in self.domains:
            if len(self.source.surgeries(domain)) > 1:
                for fold in self.folds(domain):
                    fold_of |= {(domain, surgery): fold.number for surgery in fold.validation}
        rows = [
            (f.domain, *f.key.split("/"), len(f.points), fold_of.get((f.domain, f.surgery)))
            for f in self
        ]
        names = ["domain", "surgery", "video", "stem", "labels", "fold"]
        return pandas.DataFrame(rows, columns=names).astype({"fold": "Int64"})

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> LabelledFrame: ...
    @overload
    def __getitem__(self, index: slice) -> LabelledDataset: ...
    def __getitem__(self, index: int | slice) -> LabelledFrame | LabelledDataset:
        chosen = self._frames[index]
        return chosen if isinstance(chosen, LabelledFrame) else LabelledDataset(self.source, chosen)

    def __iter__(self) -> Iterator[LabelledFrame]:
        return iter(self._frames)

    def __repr__(self) -> str:
        counts = ", ".join(f"{d}: {len(self.domain(d))} frames" for d in self.domains)
        return f"LabelledDataset({self.name!r}, {counts or 'no frames'})"


def load_dataset(path_or_name: str | os.PathLike[str]) -> LabelledDataset:
    """A dataset folder, or an embedded phantom by name, as a sequence of labelled frames.

    ``path_or_name`` is a folder in the challenge's layout (``docs/frames.md``), or
    ``phantom-tiny``, ``phantom-mini``, ``phantom-board`` or ``phantom-paper``, drawn once into the
    user's cache.
    A folder of that name in the current directory comes first. Pixels and labels are read when a
    frame is asked for them.

    >>> import adaptor_bench as ab
    >>> data = ab.load_dataset("phantom-tiny")
    >>> data
    LabelledDataset('phantom-tiny', sim: 40 frames, intraop: 24 frames)
    >>> frame = data.domain("intraop")[0]
    >>> frame.surgery, frame.image.shape, frame.points.shape[1]
    ('aicm11', (288, 512, 3), 2)
    >>> data.folds("intraop")[0]
    Fold(number=1, train=('aicm11', 'aicm12', 'aicm13'), validation=('aicm14',))
    >>> int(data.frame().groupby("domain")["labels"].count()["sim"])
    40

    Raises InputError when there is no such folder or phantom, or no frame in it; UsageError for
    what is not a path.
    """
    dataset = index_dataset(dataset_folder(path_or_name))
    frames = [
        LabelledFrame(domain, f.surgery, f.video, f.stem, f.image, f.label)
        for domain, found in dataset.frames.items()
        for f in found
    ]
    return LabelledDataset(dataset, frames)


def dataset_folder(path_or_name: str | os.PathLike[str]) -> Path:
    """The folder; an embedded phantom is drawn if it is not there yet."""
    if not isinstance(path_or_name, str | os.PathLike):
        raise UsageError(f"expected a folder or the name of a phantom, not {path_or_name!r}")
    folder = Path(path_or_name)
    if not folder.is_dir():
        from adaptor_bench.phantom.default import cached_phantom, embedded_profile
        from adaptor_bench.phantom.profiles import PROFILES
        from adaptor_bench.progress import Progress

        if profile := embedded_profile(str(path_or_name), "phantom"):
            return cached_phantom(profile, Progress(lines=True))
        if str(path_or_name).startswith("phantom-"):
            known = [f"phantom-{name}" for name in PROFILES]
            raise InputError(
                f"{path_or_name}: no such folder, and no such phantom",
                hint=suggest(str(path_or_name), known),
            )
    return folder
