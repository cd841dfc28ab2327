"""Run the cells of a request: method x domain x fold -> run directory.

``<out>/<dataset>/<method>/<domain>/fold_<k>/`` holds ``run.json`` (what was run),
``predictions/`` (challenge JSON), ``score.json`` (counts and pairs per frame) and the checkpoint.
It is complete or it is not there. A finished fold is not repeated; a killed command loses at most
the stage in progress, and of a training its last minute. A fold that its method does not get
through is recorded as failed, and the others go on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from adaptor_bench.artefacts import ArtefactBusy, ArtefactStore
from adaptor_bench.atomic import atomic_directory, remove_abandoned, write_json
from adaptor_bench.blame import MethodFailedError, said
from adaptor_bench.data.frames import Dataset
from adaptor_bench.data.sizes import count_sizes
from adaptor_bench.errors import InputError
from adaptor_bench.harness.failures import (
    Failure,
    find_failures,
    forget_failure,
    innermost,
    place_of_failure,
    record_failure,
)
from adaptor_bench.harness.fold import FoldResult, run_fold
from adaptor_bench.harness.journal import Journal, name_of
from adaptor_bench.harness.misfits import tell_of_one_device
from adaptor_bench.harness.oddities import oddities
from adaptor_bench.harness.plan import Cell, RunRequest, cells_of
from adaptor_bench.harness.provenance import versions
from adaptor_bench.harness.resume import COMPUTING, damage, differences
from adaptor_bench.harness.sharing import FAILED, KEPT, Standing, share
from adaptor_bench.harness.tasks import Tasks
from adaptor_bench.harness.telling import Aloud, Teller
from adaptor_bench.method import FoldTask
from adaptor_bench.progress import Progress, message
from adaptor_bench.scoring.metrics import f1
from adaptor_bench.trackers import track
from adaptor_bench.train.curves import write_curves

RUN_SCHEMA = 1


class Bench:
    """Runs the cells of one request on one dataset, one after the other; with ``shard`` (i, n)
    every n-th from the i-th on, i from 1 to n."""

    def __init__(
        self,
        dataset: Dataset,
        request: RunRequest,
        progress: Progress,
        teller: Teller | None = None,
        shard: tuple[int, int] | None = None,
    ) -> None:
        self.dataset = dataset
        self.request = request
        self.progress = progress
        self.teller = teller
        self.leads = True  # of several processes one warns
        self.before: Mapping[Path, Standing] = {}  # of folds, when the first process began
        self.root = request.out / dataset.name
        kept = request.artefacts or self.root / "artefacts"
        self.store = ArtefactStore(kept, fresh=request.restart)
        self.cells = whole = list(cells_of(dataset, request))
        self.names = [name_of(cell) for cell in whole]  # those of other shards, too
        if shard:
            self.cells = whole[shard[0] - 1 :: shard[1]]
        self.threads, self.bfloat16 = 0, False
        self.versions = versions()
        self._tasks = Tasks(dataset, request, progress)

    def run(self) -> list[Failure]:
        """Run what is not finished yet; returns the folds that failed.

        Raises InputError, before anything is trained, for methods that lack what they need, for bad
        frames or labels, and for run directories that hold something else than is asked for now.
        """
        from adaptor_bench.train.device import computing, has_bfloat16, resolve_device

        if not self.cells:
            return []
        device = resolve_device(self.request.device, self.request.devices)
        self.bfloat16 = has_bfloat16(device)
        with computing(device, self.request.threads, self.request.devices) as self.threads:
            return self._run(device)

    def check(self) -> None:
        """Raise what :meth:`run` would before it trains anything, for cells that are run elsewhere:
        what the machine there computes with is not known, and not compared."""
        self._ready(self.request.device, apart=COMPUTING)

    def _ready(self, device: str, apart: Collection[str] = ()) -> dict[Cell, FoldTask]:
        """What every cell may learn from, judged."""
        tasks = self._tasks.of(self.cells, device, self.store)
        # The longest first, so that no process idles at the end: a translator takes time.
        self.cells.sort(key=lambda cell: not tasks[cell].others)
        self._refuse_other_results(tasks, apart)
        self._warn(tasks)
        return tasks

    def _run(self, device: str) -> list[Failure]:
        tasks = self._ready(device)
        remove_abandoned(self.store.root)
        failed = []
        teller = self.teller or Aloud(len(self.cells))
        journal = Journal(self.root)
        places = [cell.directory for cell in self.cells]
        if self.request.restart or not all((p / "run.json").is_file() for p in places):
            journal.plans(self.names)

        def left(numbers: Sequence[int]) -> None:
            teller.waits([self.cells[n] for n in numbers])

        for turn in share(
            places,
            again=self.request.restart,
            waiting=left,
            before=[self.before[p] for p in places] if self.before else None,
        ):
            cell, task = self.cells[turn.number], tasks[self.cells[turn.number]]
            if turn.theirs is not None:
                text, known = f": {turn.theirs}", None
                if turn.theirs == FAILED:
                    known = next(iter(find_failures([place_of_failure(cell.directory)])), None)
                failed += [known] if known else []
                if turn.theirs == KEPT:
                    track(self.request.loggers, self.root, cell.directory)
                teller.ends(cell, text, ours=False, failure=known)
                continue
            label = f"[{turn.number + 1}/{len(self.cells)}] {cell.title}"
            progress = self.progress.labelled(label, getattr(teller, "job", None))
            task.progress = journal.following(progress, name_of(cell))
            teller.begins(cell)
            journal.begins(name_of(cell))
            task.progress.begin()
            self.store.patient = turn.last
            before = list(task.notes)
            try:
                result = self._run_cell(cell, task)
            except ArtefactBusy:
                task.notes[:] = before
                turn.later = True
                teller.put_off(cell)
                journal.puts_off(name_of(cell))
            except MethodFailedError as error:
                failure, text = self._failed(cell, task, error)
                failed.append(failure)
                journal.fails(name_of(cell), failure.reason)
                teller.ends(cell, text, ours=True, failure=failure)
            else:
                forget_failure(cell.directory)
                track(self.request.loggers, self.root, cell.directory)
                journal.ends(name_of(cell), f1(result.score.counts), result.seconds["total"])
                teller.ends(cell, f"  {result}", ours=True, failure=None)
        journal.close()
        self._refuse_other_results(tasks)  # of processes that ran at the same time
        return failed

    def _warn(self, tasks: Mapping[Cell, FoldTask]) -> None:
        """Say what is odd about the data, and note it where a fold's result rests on it."""
        loaded, methods = self._tasks.frames, self._tasks.methods
        tell_of_one_device(methods, self.request, tell=self.leads)
        for text, note, touched in oddities(loaded, tasks, methods, self.dataset.cohorts):
            if self.leads:
                message(f"warning: {text}")
            for cell in touched:
                tasks[cell].notes.append(note)

    def _run_cell(self, cell: Cell, task: FoldTask) -> FoldResult:
        method, validation = self._tasks.methods[cell.spec.name], self._tasks.validation(cell)
        with atomic_directory(cell.directory, replace=self.request.restart) as directory:
            result = run_fold(method, task, validation, directory)
            write_curves(directory)
            record = self._record(cell, task)
            record |= {"notes": task.notes, **result.costs()}
            if result.ceiling is not None:
                surgeries = {s: c.to_json() for s, c in result.ceiling.surgeries().items()}
                record["ceiling"] = {"matching": task.matching.to_json(), "surgeries": surgeries}
            record["frame_sizes"] = count_sizes(f.size for f in validation)
            write_json(directory / "run.json", record)
        return result

    def _failed(self, cell: Cell, task: FoldTask, error: MethodFailedError) -> tuple[Failure, str]:
        """Record that the method did not get through a fold; also what to say of it."""
        cause = error.__cause__ or error
        spec, record = cell.spec, self._record(cell, task)
        file = innermost(cause, spec.files(cell.parameters), spec.origin)
        failure = record_failure(cell.directory, record, error.message, cause, file)
        return failure, f": failed in {said(error)} ({file}); see {failure.traceback}"

    def _record(self, cell: Cell, task: FoldTask) -> dict[str, Any]:
        """What stands in run.json, but for what only running tells."""
        source = self._tasks.sources[cell.spec.name]
        return {
            "schema": RUN_SCHEMA,
            "method": cell.spec.name,
            "title": cell.spec.card.title,
            "ablates": cell.spec.ablates,
            "role": cell.spec.card.role,
            "domain": cell.domain,
            "fold": cell.fold.number,
            "folds": [f.number for f in cell.plan.folds],
            "fold_plan": {"name": cell.plan.name, "sha256": cell.plan.sha256},
            "train": list(cell.fold.train),
            "selection": sorted({f.frame.surgery for f in task.selection}),
            "validation": list(cell.fold.validation),
            **({"cohort": cell.fold.cohort} if cell.fold.cohort else {}),
            "dataset": {
                "name": self.dataset.name,
                "kind": self.dataset.kind,
                "fingerprint": task.fingerprint,
            },
            "others": {domain: frames.fingerprint for domain, frames in task.others.items()},
            "matching": self.request.matching.to_json(),
            "code": {"sha256": source.sha256, "modules": source.modules},
            "profile": self.request.profile,
            "parameters": cell.parameters,
            "profile_changes": cell.spec.profile_changes(cell.parameters),
            "seed": self.request.seed,
            "device": task.device,
            "devices": task.devices,
            "threads": self.threads,
            "bfloat16": self.bfloat16,
            "versions": source.libraries | self.versions,
        }

    def _refuse_other_results(
        self, tasks: Mapping[Cell, FoldTask], apart: Collection[str] = ()
    ) -> None:
        """A finished fold is kept only if it is what would be run now; else say what differs."""
        if self.request.restart:
            return
        problems = [
            f"{cell.directory}: {', '.join(different)}"
            for cell, task in tasks.items()
            if cell.directory.exists()
            and (
                different := differences(cell.directory, self._record(cell, task), apart)
                + damage(cell.directory)
            )
        ]
        if problems:
            raise InputError.collect(
                "these folds were run differently or are damaged, and are not mixed with new ones:",
                problems,
                hint="Use another --out, or --restart to run them again.",
            )
