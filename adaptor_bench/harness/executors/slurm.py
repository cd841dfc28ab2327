"""Cells as tasks of Slurm's job arrays, by submitit.

What is submitted and logged lies in ``<out>/<dataset>/slurm/``, for this user alone: submitit keeps
Python objects there, which run code when they are read.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from adaptor_bench.errors import UsageError, WorkerError
from adaptor_bench.extras import require
from adaptor_bench.harness.executors.cell import CellTask, lines_of, tasks_of
from adaptor_bench.harness.executors.following import Following
from adaptor_bench.harness.failures import Failure
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import Cell
from adaptor_bench.harness.worker import TIDYING, Make
from adaptor_bench.progress import message
from adaptor_bench.stopping import stoppable

TIME = 24 * 60
"""Minutes of a cell where --slurm time=.. does not say; one that runs out of them is requeued."""
REQUEUES = 20
"""Times that a cell may run out of time."""
GRACE = 10.0
"""Seconds that a result may take to be seen here after its job is gone from the queue."""
_LOOK, _ASK = 0.5, 5.0  # seconds between two looks at the folder, and at the queue
_OURS = {"array", "dependency", "error", "open_mode", "output", "signal"}


class Attempt:
    """What a task of Slurm's calls: the cell, and a place in the queue again when time runs out."""

    def __call__(self, task: CellTask) -> None:
        theirs = signal.getsignal(signal.SIGUSR2)  # submitit's, called some time before the end
        with stoppable(for_good=False):
            stop = signal.getsignal(signal.SIGTERM)

            def requeue(number: int, frame: FrameType | None) -> None:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # Slurm will send it as well
                try:
                    assert callable(theirs)
                    theirs(number, frame)
                except SystemExit:  # which would count as the method's failure
                    pass
                assert callable(stop)
                stop(signal.SIGTERM, frame)

            if callable(theirs):
                signal.signal(signal.SIGUSR2, requeue)
            task()

    def checkpoint(self, task: CellTask) -> Any:
        """What is to be called the next time; what is finished by then stands in the folder."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, task)


@dataclass(frozen=True)
class Slurm:
    """An executor; see :class:`adaptor_bench.harness.executors.Executor`."""

    settings: Mapping[str, str]

    def run(self, bench: Bench, make: Make, workers: int | None) -> list[Failure]:
        tasks = tasks_of(bench, make)
        jobs: dict[Cell, tuple[str, Path]] = {}
        following = Following(bench, tasks, "Slurm")
        try:
            if tasks:
                self._submit(bench, tasks, workers, jobs)
            self._follow(following, jobs)
        except BaseException:
            _cancel([name for name, _ in jobs.values()])
            raise
        return following.end()

    def _submit(
        self,
        bench: Bench,
        tasks: Mapping[Cell, CellTask],
        workers: int | None,
        jobs: dict[Cell, tuple[str, Path]],
    ) -> None:
        """Fill ``jobs`` with the name and the log of every cell's job."""
        from submitit import SlurmExecutor
        from submitit.core.utils import UncompletedJobError

        folder = bench.root / "slurm"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        executor = SlurmExecutor(folder, max_num_timeout=REQUEUES)
        minutes = int(self.settings.get("time", TIME))
        others = {k: v or True for k, v in self.settings.items() if k != "time"}
        threads, devices = bench.request.threads or 1, bench.request.devices
        gpus = {"gpus_per_node": devices} if bench.request.device.startswith("cuda") else {}
        most = _largest_array() - 1
        earlier = None
        for chunk in _chunks(list(tasks), most):
            executor.update_parameters(
                job_name="bench",
                time=minutes,
                cpus_per_task=threads * devices,
                array_parallelism=min(workers or most, most),
                additional_parameters=others,
                # One array after the other, or more cells than asked for would run at a time.
                **({"dependency": f"afterany:{earlier}"} if workers and earlier else {}),
                **gpus,
            )
            try:
                submitted = executor.map_array(Attempt(), [tasks[cell] for cell in chunk])
            except (UncompletedJobError, subprocess.SubprocessError, RuntimeError) as error:
                raise WorkerError(f"Slurm did not take the cells: {lines_of(error)[-1]}") from error
            for cell, job in zip(chunk, submitted, strict=True):
                jobs[cell] = job.job_id, job.paths.stderr
            earlier = submitted[0].job_id.partition("_")[0]
            message(f"job {earlier} of Slurm: {len(chunk)} of {len(bench.cells)} cells")

    def _follow(self, following: Following, jobs: Mapping[Cell, tuple[str, Path]]) -> None:
        gone: dict[Cell, float] = {}
        asked = 0.0
        while following.open:
            following.look()
            now = time.monotonic()
            if now - asked >= _ASK:
                asked = now
                queued = _queued({jobs[cell][0] for cell in following.open})
                if queued is not None:
                    left = [c for c in following.open if jobs[c][0] not in queued]
                    gone = {cell: gone.get(cell, now) for cell in left}
            for cell in [c for c in following.open if now - gone.get(c, now) >= GRACE]:
                name, log = jobs[cell]
                following.lose(cell, f"job {name} ended without a result; see {log}")
            if following.open:
                time.sleep(_LOOK)


def make(settings: Mapping[str, str]) -> Slurm:
    """The executor with options of sbatch's. Raises UsageError for what cannot be given, or when
    Slurm or submitit are not here."""
    given = {key.lstrip("-").replace("-", "_"): value for key, value in settings.items()}
    wrong = []
    if taken := sorted(_OURS & given.keys()):
        wrong.append(f"--slurm {taken[0]}=.. is set by bench itself")
    if "time" in given and not (given["time"].isdecimal() and int(given["time"]) > 0):
        wrong.append(f"--slurm time={given['time']} is not a number of minutes, such as time=480")
    odd = [key for key in given if not re.fullmatch(r"[a-z][a-z0-9_]*", key)]
    if odd:
        wrong.append(f"--slurm {odd[0]}=.. is no option of sbatch")
    if wrong:
        raise UsageError("\n".join(wrong))
    require("slurm", "runs on Slurm")
    for program in ("sbatch", "squeue", "srun"):
        if shutil.which(program) is None:
            raise UsageError(
                f"there is no Slurm here: the program {program} was not found",
                hint="Start it on a machine from which jobs are submitted.",
            )
    return Slurm(given)


def _chunks(cells: Sequence[Cell], most: int) -> list[Sequence[Cell]]:
    return [cells[k : k + most] for k in range(0, len(cells), most)]


def _largest_array() -> int:
    """MaxArraySize: an array's numbers stay below it."""
    told = _say("scontrol", "show", "config").stdout
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", told, re.M)
    return max(2, int(found[1])) if found else 1001


def _queued(names: set[str]) -> set[str] | None:
    """Those of some jobs that Slurm still has in hand, None when it does not answer."""
    arrays = {name.partition("_")[0] for name in names}
    answer = _say("squeue", "--noheader", "--array", "--format=%i", f"--jobs={','.join(arrays)}")
    if answer.returncode and "Invalid job id" not in answer.stderr:
        return None
    return set(answer.stdout.split())


def _cancel(names: Sequence[str]) -> None:
    """End jobs, and wait until they have tidied up."""
    if not names:
        return
    _say("scancel", *{name.partition("_")[0] for name in names})
    until = time.monotonic() + TIDYING
    while time.monotonic() < until and _queued(set(names)) not in (None, set()):
        time.sleep(_LOOK)


def _say(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))
