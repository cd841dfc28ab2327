"""The checks themselves, one after the other, on what the harness leaves of a few tiny folds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.blame import MethodFailedError, blamed, checked, said
from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.errors import BenchError, InputError, UsageError, plural
from adaptor_bench.extras import require
from adaptor_bench.harness.checkpoint import load_method
from adaptor_bench.harness.failures import innermost
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.outputs import write_prediction
from adaptor_bench.harness.plan import Cell, RunRequest
from adaptor_bench.harness.predict import predicted
from adaptor_bench.harness.telling import Silent
from adaptor_bench.method import LATER, Method, Pixels, Prediction, Resize, lacking
from adaptor_bench.methodspec import MethodSpec
from adaptor_bench.progress import Progress
from adaptor_bench.registry import Registry, discover
from adaptor_bench.submission.validate import validate
from adaptor_bench.testing.material import SIZE, pictures, write_frames
from adaptor_bench.testing.verdict import CHECKS, Outcome, Verdict
from adaptor_bench.testing.watch import Watch, Watched

FOLDS = (1, 2)
"""Of each domain."""
_SHOWN = 3  # of the points that lie outside their frames
_SAME = 0.5  # px between devices, whose sums differ


def check_method(
    name: str,
    *,
    methods_from: Iterable[Path | str] = (),
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    keep: Path | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Train the method ``name`` for seconds and hold it to every one of :data:`CHECKS`.

    ``methods_from`` and ``settings`` are as for ``bench run``; the profile is ``smoke``. Frames,
    runs and tracebacks stay in the new folder ``keep``, if it is given. Raises UsageError for an
    unknown method or parameter or a library that is lacking, and InputError where ``keep`` exists.
    """
    registry = discover(map(Path, methods_from))
    spec = registry.get(name)
    with registry.told_of(settings or {}):
        parameters = spec.resolve("smoke", settings or {})
    require("train", "checks")
    began = time.monotonic()
    if keep is not None:
        if keep.exists():
            raise InputError(f"{keep}: already exists", hint="Choose a new folder.")
        keep.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="adaptor_bench-check-") as scratch:
        suite = _Suite(spec, parameters, dict(settings or {}), registry, device, progress)
        suite.run(keep or Path(scratch))
    verdict = suite.verdict
    verdict.kept = str(keep or "")
    verdict.seconds = round(time.monotonic() - began, 1)
    return verdict


class _Suite:
    def __init__(
        self,
        spec: MethodSpec,
        parameters: dict[str, Any],
        settings: dict[str, Any],
        registry: Registry,
        device: str,
        progress: Progress | None,
    ) -> None:
        from adaptor_bench.train.device import resolve_device

        self.spec, self.parameters, self.settings = spec, parameters, settings
        self.registry, self.progress = registry, progress or Progress(live=False)
        self.device = resolve_device(device)
        self.verdict = Verdict(spec.name, spec.origin)
        self.points: list[tuple[str, tuple[int, int], Prediction]] = []

    def run(self, folder: Path) -> None:
        """Make all checks; those that cannot be made any more are skipped."""
        data = folder / "frames"
        write_frames(data)
        dataset, watch = index_dataset(data), Watch(folder, data)
        if self._members():
            with watch.around():
                finished = self._folds(dataset, folder, watch)
            if finished:
                self._json(finished, data)
                self._determinism(finished[-1], dataset, folder)
                if self.spec.card.role == "ceiling":
                    for check in ("save and load", *pictures(), "points in frame", "scores"):
                        self._skip(check, "a ceiling is given the labels; it predicts nothing")
                else:
                    self._loaded(finished, dataset, folder)
            for check, found in (("own folder", watch.outside), ("labels", watch.unseen)):
                if watch.blind:
                    self._skip(check, watch.blind)
                self._judge(check, list(found))
        made = {one.check for one in self.verdict.outcomes}
        for check in CHECKS:
            if check not in made:
                self._skip(check, "not reached")
        order = list(CHECKS)
        self.verdict.outcomes.sort(key=lambda one: order.index(one.check))

    def _members(self) -> bool:
        try:
            method = self.spec.build(self.parameters)
        except UsageError:  # a library of an extra that is not installed
            raise
        except BenchError as error:
            self._fail("members", error.message)
            return False
        lacks = lacking(method, LATER)
        if lacks and self.spec.card.role != "ceiling":
            self._fail("members", f"lacks {', '.join(lacks)}")
        self._judge("members", [])
        return True

    def _folds(self, dataset: Dataset, folder: Path, watch: Watch) -> list[Cell]:
        """The folds that were finished; those that were not are told, one by one."""
        spec = replace(self.spec, schema=cast(Any, Watched(self.spec.schema, watch)))
        bench = self._bench(spec, dataset, folder / "runs")
        try:
            failures = bench.run()
        except BenchError as error:
            self._fail("folds", error.message)
            return []
        for failure in failures:
            at = f"{failure.domain} fold {failure.fold}"
            self._fail("folds", failure.reason, at, failure.file)
        self._judge("folds", [])
        return [cell for cell in bench.cells if (cell.directory / "run.json").is_file()]

    def _bench(
        self, spec: MethodSpec, dataset: Dataset, out: Path, only: Cell | None = None
    ) -> Bench:
        request = RunRequest(
            (spec,),
            (only.domain,) if only else tuple(dataset.frames),
            "smoke",
            self.settings,
            folds=(only.fold.number,) if only else FOLDS,
            device=self.device,
            threads=1,
            out=out,
        )
        bench = Bench(dataset, request, self.progress, Silent())
        bench.leads = False
        return bench

    def _json(self, finished: Sequence[Cell], data: Path) -> None:
        for cell in finished:
            found = validate(cell.directory / "predictions")
            # Whether points lie inside is a check of its own, which knows how large the frames are.
            errors = [f for f in found.findings if f.severity == "error"]
            wrong = [f"{f.file}: {f.message}" for f in errors if f.code != "point-outside"]
            if wrong:
                self._fail("json", "; ".join(wrong[:3]), _at(cell))
        self._judge("json", [])

    def _determinism(self, cell: Cell, dataset: Dataset, folder: Path) -> None:
        with self._told("determinism", _at(cell)):
            bench = self._bench(self.spec, dataset, folder / "again", cell)
            for failure in bench.run():
                self._fail("determinism", failure.reason, _at(cell), failure.file)
                return
            again = bench.cells[0].directory
            self._compare("determinism", cell, again / "predictions", "a second training gives")

    def _loaded(self, finished: Sequence[Cell], dataset: Dataset, folder: Path) -> None:
        """All that a finished run is asked for by ``bench predict``."""
        method: Method | None = None
        for cell in finished:
            with self._told("save and load", _at(cell)):
                method = load_method(cell.directory, self.registry)
                place = folder / "loaded" / cell.domain / str(cell.fold.number)
                every, reported = dataset.domain(cell.domain), set(cell.fold.validation)
                frames = [frame for frame in every if frame.surgery in reported]
                for frame, found in predicted(method, frames, self.device, lambda *_: None):
                    write_prediction(frame, found, place)
                    self.points.append((_at(cell), SIZE, found))
                self._compare("save and load", cell, place, "the loaded method gives")
        if method is None:
            return
        for check, images in pictures().items():
            for image in images:
                size = image.shape[1], image.shape[0]
                at = f"{size[0]}x{size[1]}"
                with self._told(check, at):
                    self.points.append((at, size, self._predict(method, image, self.device)))
            self._judge(check, [])
        self._points_and_scores()
        self._device(method)

    def _points_and_scores(self) -> None:
        outside = {
            f"{at}: {np.round(point, 1).tolist()} in a frame of {width}x{height}": None
            for at, (width, height), found in self.points
            for point in found.points
            if not (-0.5 <= point[0] <= width - 0.5 and -0.5 <= point[1] <= height - 0.5)
        }
        shown = [*outside][:_SHOWN]
        if more := len(outside) - len(shown):
            shown.append(f"and {plural(more, 'more point')} of other frames and folds")
        self._judge("points in frame", shown)
        given = {found.scores is not None for _, _, found in self.points if len(found.points)}
        self._judge("scores", ["some frames have scores, others none"] if len(given) > 1 else [])

    def _device(self, method: Method) -> None:
        from adaptor_bench.train.device import resolve_device

        if not resolve_device("auto").startswith("cuda"):
            self._skip("device", "there is only a CPU here")
            return
        image = pictures()["grey frame"][0]
        with self._told("device", "cpu and cuda"):
            here, there = (self._predict(method, image, name).points for name in ("cpu", "cuda"))
            apart = here.shape != there.shape or np.abs(here - there).max(initial=0) > _SAME
            self._judge("device", ["other points on cuda than on cpu"] if apart else [])

    def _predict(self, method: Method, image: NDArray[np.uint8], device: str) -> Prediction:
        size = image.shape[1], image.shape[0]
        frame = Pixels("a/b/c", Resize.of(method)(image), size)
        doing = "predict_frames"
        with blamed(doing):
            given = method.predict_frames([frame], device)
        return next(iter(list(checked(given, [frame], doing))))

    def _compare(self, check: str, cell: Cell, other: Path, what: str) -> None:
        """Whether ``other`` holds the predictions of the fold, to the byte."""
        own = cell.directory / "predictions"
        different = [
            path.relative_to(own).as_posix()
            for path in sorted(own.rglob("*.json"))
            if not (twin := other / path.relative_to(own)).is_file()
            or twin.read_bytes() != path.read_bytes()
        ]
        if different:
            self._fail(check, f"{what} other points in {', '.join(different[:3])}", _at(cell))
        self._judge(check, [])

    @contextmanager
    def _told(self, check: str, at: str) -> Iterator[None]:
        """What goes wrong in the block fails the check."""
        try:
            yield
        except MethodFailedError as error:
            self._fail(check, error.message, at, self._place(error.__cause__))
        except BenchError as error:
            self._fail(check, said(error), at)

    def _place(self, error: BaseException | None) -> str:
        return innermost(error, self.spec.files(self.parameters), self.spec.origin)

    def _fail(self, check: str, reason: str, at: str = "", file: str = "") -> None:
        reason = " ".join(reason.split())
        self.verdict.outcomes.append(Outcome(check, "failed", reason, at, file or self.spec.origin))

    def _skip(self, check: str, reason: str) -> None:
        self.verdict.outcomes.append(Outcome(check, "skipped", reason))

    def _judge(self, check: str, problems: Sequence[str]) -> None:
        """Failed by every one of ``problems``; without any passed, unless something is known."""
        for problem in problems:
            self._fail(check, problem)
        if not any(one.check == check for one in self.verdict.outcomes):
            self.verdict.outcomes.append(Outcome(check, "passed"))


def _at(cell: Cell) -> str:
    return f"{cell.domain} fold {cell.fold.number}"
