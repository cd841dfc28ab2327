"""What the cells of a run may learn from: methods made, frames checked, all before any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.blame import blamed
from adaptor_bench.data.check import DomainFrames, LoadedFrame, load_frames
from adaptor_bench.data.folds import inner_split
from adaptor_bench.data.frames import Dataset
from adaptor_bench.data.pixels import PixelStore
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.harness.misfits import devices_for, refuse_misfits
from adaptor_bench.harness.oddities import refuse
from adaptor_bench.harness.plan import Cell, RunRequest
from adaptor_bench.method import FoldTask, Method, Resize
from adaptor_bench.progress import Progress
from adaptor_bench.sourcecode import Source, source_of


class Tasks:
    """The methods of some cells, by name, with the ``sources`` of their code, and their frames.

    Of the frames' pixels no more stays in memory than ``request.frame_memory`` MiB, whatever their
    number and however many sizes methods ask for.
    """

    def __init__(self, dataset: Dataset, request: RunRequest, progress: Progress) -> None:
        self.dataset, self.request, self.progress = dataset, request, progress
        self.methods: dict[str, Method] = {}
        self.sources: dict[str, Source] = {}
        self._pixels = PixelStore(request.frame_memory << 20)
        self._loaded: dict[Resize, dict[str, DomainFrames]] = {}

    def of(self, cells: Sequence[Cell], device: str, store: ArtefactStore) -> dict[Cell, FoldTask]:
        """All that may be learned from in every cell. Raises InputError and UsageError for methods
        that lack what they need, and for bad frames and labels."""
        self._make_methods(cells)
        refuse_misfits(self.methods, self.request, self.dataset.frames)
        needed = {c.domain for c in cells}
        needed.update(*(self._others(c) for c in cells))
        for resize in dict.fromkeys(map(Resize.of, self.methods.values())):
            with self.progress.bar("reading frames") as bar:
                self._loaded[resize] = load_frames(
                    self.dataset, sorted(needed), prepare=resize, progress=bar, store=self._pixels
                )
        tasks = {cell: self._task(cell, device, store) for cell in cells}
        refuse(tasks, self.methods)
        return tasks

    @property
    def frames(self) -> Mapping[str, DomainFrames]:
        """All frames by domain, at the size that one of the methods asks for."""
        return next(iter(self._loaded.values()))

    def validation(self, cell: Cell) -> tuple[LoadedFrame, ...]:
        """The frames that a cell is scored on."""
        return self._frames(cell)[cell.domain].of(cell.fold.validation)

    def _frames(self, cell: Cell) -> Mapping[str, DomainFrames]:
        return self._loaded[Resize.of(self.methods[cell.spec.name])]

    def _make_methods(self, cells: Sequence[Cell]) -> None:
        """Look at all of them; all that is wrong with them is raised at once."""
        problems = []
        for cell in cells:
            spec = cell.spec
            if spec.name in self.sources:
                continue
            files = spec.files(cell.parameters)
            self.sources[spec.name] = source_of(*files, "adaptor_bench.harness.fold")
            try:
                self.methods[spec.name] = spec.build(cell.parameters)
            except InputError as error:
                problems.append(error.message)
        if problems:
            raise InputError.collect(
                "these methods cannot be run; nothing was trained:",
                problems,
                hint="baselines/README.md lists what a method must provide.",
            )

    def _others(self, cell: Cell) -> tuple[str, ...]:
        """The other domains the method wants for this cell; never the cell's own."""
        available = [domain for domain in self.dataset.frames if domain != cell.domain]
        with blamed(f"method {cell.spec.name!r} ({cell.spec.origin}), other_domains"):
            wanted = tuple(self.methods[cell.spec.name].other_domains(cell.domain, available))
        foreign = sorted(set(wanted) - set(available))
        if foreign:
            raise UsageError(
                f"method {cell.spec.name!r} asks for {foreign[0]!r} beside {cell.domain!r}: "
                "it may only use other domains of the dataset",
                hint=f"Other domains: {', '.join(available) or 'none'}.",
            )
        return wanted

    def _task(self, cell: Cell, device: str, store: ArtefactStore) -> FoldTask:
        frames = self._frames(cell)
        labelled = {f.frame.surgery for f in frames[cell.domain].frames if len(f.points)}
        usable = tuple(s for s in cell.fold.train if s in labelled)
        held_back = (
            inner_split(self.dataset.surgeries(cell.domain), usable)
            if getattr(self.methods[cell.spec.name], "holds_back", True)
            else ()
        )
        unseen = {*cell.fold.validation, *self.dataset.outside(cell.fold.cohort)}
        return FoldTask(
            domain=cell.domain,
            train=frames[cell.domain].of(set(cell.fold.train) - set(held_back)),
            selection=frames[cell.domain].of(held_back),
            others={other: frames[other].without(unseen) for other in self._others(cell)},
            fingerprint=frames[cell.domain].fingerprint,
            seed=self.request.seed,
            device=device,
            store=store,
            progress=self.progress,
            matching=self.request.matching,
            pixels=self._pixels,
            devices=devices_for(self.methods[cell.spec.name], self.request),
        )
