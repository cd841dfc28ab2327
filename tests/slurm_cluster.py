"""A real Slurm of one node for as long as a test needs it: its own daemons, key, ports and folder,
on the loopback interface alone. Nothing of an installed Slurm is read, used or left changed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = (
    "munged",
    "mungekey",
    "slurmctld",
    "slurmd",
    "sbatch",
    "srun",
    "squeue",
    "sinfo",
    "scancel",
    "scontrol",
)
GIVE_UP = 60.0

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MaxArraySize={largest_array}
MinJobAge=2
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=1
KillWait=10
MpiDefault=none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def absent() -> str:
    """Why there can be no Slurm here; "" where there can."""
    if os.name == "nt" or os.geteuid():
        return "the daemons of Slurm need root"
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return f"not installed: {', '.join(missing)} (Debian: slurm-wlm, munge)" if missing else ""


@contextmanager
def running(folder: Path, *, largest_array: int) -> Iterator[dict[str, str]]:
    """Slurm at work; yields the variables by which its commands find it."""
    host = socket.gethostname().partition(".")[0]
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o700)
    with ExitStack() as listening:
        taken = [listening.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in "12"]
        ports = [server.getsockname()[1] for server in taken]
    configuration = folder / "slurm.conf"
    configuration.write_text(
        CONFIGURATION.format(folder=folder, host=host, ports=ports, largest_array=largest_array)
    )
    environment = {"SLURM_CONF": str(configuration)}
    key, munge = folder / "munge" / "key", folder / "munge"
    daemons = [
        ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={munge / 'socket'}",
         f"--pid-file={munge / 'pid'}", f"--seed-file={munge / 'seed'}", "--num-threads=1"],
        ["slurmctld", "-D", "-f", configuration],
        ["slurmd", "-D", "-f", configuration, "-N", host],
    ]  # fmt: skip
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    everything = os.environ | environment | {"PATH": path}
    subprocess.run(["mungekey", "--create", f"--keyfile={key}"], check=True, env=everything)
    started: list[subprocess.Popen[bytes]] = []
    with (folder / "daemons.log").open("wb") as log:
        try:
            for command in daemons:
                started.append(subprocess.Popen(command, stdout=log, stderr=log, env=everything))
                if command[0] == "munged":
                    _await(lambda: (munge / "socket").exists(), started, folder)
            ask = ("sinfo", "--noheader", "--format=%T")
            _await(lambda: _said(*ask, env=everything) == "idle\n", started, folder)
            try:
                yield environment
            finally:
                # While Slurm is there: a job's own processes wait for it for ever.
                subprocess.run(["scancel", "--user=root"], env=everything)
                _await(lambda: not _said("squeue", "--noheader", env=everything), started, folder)
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                try:
                    process.wait(GIVE_UP)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _said(*command: str, env: dict[str, str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, env=env).stdout


def _await(there, started, folder: Path) -> None:
    until = time.monotonic() + GIVE_UP
    while not there():
        ended = [process.args[0] for process in started if process.poll() is not None]
        told = (folder / "daemons.log").read_text(errors="replace")[-2000:]
        assert not ended and time.monotonic() < until, f"{ended} ended: {told}"
        time.sleep(0.1)
