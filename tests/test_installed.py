"""Every command once, from an installed wheel: nothing may need the checkout.

All commands run in one process that sees the installation and the libraries, never this
repository, in a folder of its own. The installation is compiled, as pip leaves it, and read-only.
"""

from __future__ import annotations

import compileall
import os
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import numpy as np
import pytest
from commands import in_one_process
from frame_files import write_frame

from adaptor_bench.cli import bench
from adaptor_bench.platforms.bundle import Bundle
from adaptor_bench.platforms.platform import platforms

REPOSITORY = Path(__file__).parent.parent
SURGERIES = ("aicm1", "aicm2", "aicm3", "aicm11", "aicm12", "aicm13")

METHOD = '''
"""Finds bright squares; needs no training."""
import cv2
import numpy as np
from adaptor_bench.method import Card, Prediction
from adaptor_bench.registry import method
from adaptor_bench.stages.protocols import Decoded, Step

class Marks:
    input_size = None

    def __init__(self, every):
        self.every = every

    def other_domains(self, domain, available):
        return ()

    def fit(self, task):
        pass

    def predict(self, frames, task):
        return self.predict_frames(frames, task.device)

    def save(self, directory):
        (directory / "level.txt").write_text("200")

    def load(self, directory):
        self.level = int((directory / "level.txt").read_text())

    def predict_frames(self, frames, device):
        for decoded in self.decode_frames(frames, device):
            yield Prediction(decoded.points)

    def decode_frames(self, frames, device):
        for frame in frames:
            heatmap = frame.image.max(axis=2).astype(np.float32) / 255
            marks = heatmap > 200 / 255
            centres = cv2.connectedComponentsWithStats(marks.astype(np.uint8))[3][1:]
            points = centres[:: self.every]
            yield Decoded(points, np.ones(len(points)), heatmap, (Step("Threshold", marks),))

    def translate_frames(self, frames, domain, device):
        return [255 - frame.image for frame in frames]

@method("marks", card=Card("Bright squares"))
def build(*, every: int = 1):
    return Marks(every)

build.variant("half", ablates="half of the marks", every=2)
'''

RUN = "runs/data/marks/intraop/fold_1"
HALF = "runs/data/marks/half/intraop/fold_1"
MINE = "--methods-from mine"
FIGURE = "runs --data data --domain intraop --out"

# What is given to the command; a name may stand once only. Later cases read what earlier ones wrote
# into the folder they run in. "| TEXT" at the end: printed somewhere.
# The container's entry point is none of bench, but installed like it.
CASES = f"""
run --method marks --method marks/half --data data --profile smoke {MINE} --device cpu | marks/half
curve stern --data data --domain sim --fold 1 --budget 1 --profile smoke --out curve | budget x 1
status runs | 12 done
methods {MINE} | improved_heatmap/no_cutting
methods --format json | "unavailable": {{}}
check marks {MINE} --device cpu | marks: conforms
data phantom phantom --profile tiny --workers 1 | drawn: phantom
data phantom-check data | mean b* of a surgery
data info data | aicm13
data check data | no problem found
data formats --round-trip | yolo-pose
data export coco data exported.json | 12 frames
data frames answers.json stills --every 25 | video
data import coco exported.json imported --images data | 12 images
data croissant data --description D --license MIT --creator C --cite X | croissant.json
predict {RUN} --input data --output predicted {MINE} --device cpu | 12 predictions written
predict unet_peaks --input data --output found --format csv --device cpu | 12 predictions written
export unet_peaks --format safetensors --out hub --data data | compared with the original on
translate {RUN} --input data --output translated --to sim {MINE} --device cpu | 12 translated
container landmark_detection --input data --output out --model {RUN} {MINE} --device cpu | 12 frames
validate {RUN}/predictions --reference data | frame-missing
explain frame-missing | frame-missing
doctor | python
schema | "$schema"
evaluate predicted data --format json | "f1": 1.0
evaluate {HALF}/predictions data --analysis --missing skip | F1
audit predicted data | nearest
conformance | "cases"
conformance --answers answers.json --rule official --partial | 0
adapter grand-challenge --labels data --out grand-challenge | README.md
adapter codabench --labels data --out codabench | README.md
adapter synapse --labels data --out synapse | README.md
adapter evalai --labels data --out evalai | README.md
adapter challenger-csv --labels data --entry a=predicted --out table.csv --entry b=data | 2 algor
leaderboard runs | Yao
leaderboard --board all | stern
submit runs --board small --team A --method marks --data data --create Small | marks by A
submit runs --board small --team B --method marks/half --data data | marks/half by B
leaderboard --board small --write | table.md
leaderboard --board all --write | belongs to the installed package
submit runs --board mbm --team A --method marks --data data | belongs to the installed package
verify small --data data | 2 of 2 entries verified
compare marks marks/half --runs runs | marks/half
paper table1 --data data | aicm1
paper table2 runs | Yao
paper table3 runs --format latex | tabular
paper ablation runs | every 1 -> 2
paper figure4 {FIGURE} f4.png {MINE} --method marks --device cpu | f4.png
paper figure5 {FIGURE} f5.png {MINE} --method marks --device cpu | f5.png
paper figure6 {FIGURE} f6.png --method marks | f6.png
paper curve curve --out curve.pdf | curve.pdf
paper radius {FIGURE} radius.pdf | radius.pdf
paper scatter runs --out scatter.svg | scatter.svg
paper forest runs --out forest.svg | forest.svg
paper pareto runs --out pareto.svg | pareto.svg
paper translated runs --data data --out to.png {MINE} --method marks --device cpu | to.png
card runs | Ranking card
card --board small --format json | "verdict"
card --challenger table.csv --na drop | Ranking card: surgery-f1
report runs --data data --board small --out site {MINE} | index.html
board create --labels data --title Mine --out own | board.json
board costs small runs | 2 entries with the costs of these runs
board withdraw small b-marks-half --reason Copied | is withdrawn
view data nothing --with napari | 'nothing' does not exist
""".strip().splitlines()
# What these lines are answered with; the others with 0.
REFUSED = {"view data nothing --with napari": 2, "validate": 1, "data phantom-check data": 1}
REFUSED["data frames answers.json stills --every 25"] = 1 if find_spec("av") else 2
REFUSED |= {line.rpartition(" | ")[0]: 2 for line in CASES if "belongs to" in line}


def commands(command: click.Command = bench, *names: str) -> Iterator[str]:
    """Every command that does something, as it is called."""
    if not isinstance(command, click.Group):
        yield " ".join(names)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None, name
        yield from commands(found, *names, name)


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory) -> Iterator[Path]:
    """The wheel as pip installs it: unpacked and compiled; nobody may write to it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    compileall.compile_dir(folder, quiet=1)
    assert list(folder.rglob("_bundled/**/*.pyc")), "as pip does, also what only is carried along"
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(path.stat().st_mode & ~0o222)
    yield folder
    for path in everything:
        path.chmod(path.stat().st_mode | 0o200)


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        p.relative_to(folder).as_posix(): (p.stat().st_size, p.stat().st_mtime_ns)
        for p in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def world(site, tmp_path_factory) -> tuple[dict[str, list], Path]:
    """Code, output and messages of every case and of every ``--help``, and the folder."""
    home = tmp_path_factory.mktemp("elsewhere")
    rng = np.random.default_rng(0)
    places = np.stack(np.meshgrid(np.arange(20, 500, 40), np.arange(20, 280, 40)), -1)
    for surgery in SURGERIES:
        for k in range(2):
            points = rng.permutation(places.reshape(-1, 2))[: 4 + k]
            write_frame(home / "data", surgery, f"{k:06d}", points)
    (home / "mine").mkdir()
    (home / "mine" / "marks.py").write_text(METHOD)
    (home / "answers.json").write_text("{}")
    given = [line.rpartition(" | ")[0] for line in CASES] or CASES
    given += [f"{name} --help" for name in ("", *commands())]
    before = contents(site)
    cached = {name: str(home / name) for name in ("HOME", "XDG_CACHE_HOME", "ADAPTOR_BENCH_CACHE")}
    # Neither the editable installation nor the current folder may help out.
    libraries = str(Path(click.__file__).parents[1])
    done, loaded = in_one_process(
        [line.split() for line in given], "-P", "-S", cwd=home,
        env=cached | {"PYTHONPATH": os.pathsep.join([str(site), libraries])},
    )  # fmt: skip
    assert len(loaded) > 100
    for name, file in loaded.items():
        inside = site in Path(file).parents or home / "mine" in Path(file).parents
        assert inside, f"{name} was loaded from {file}"
    shown = "".join(out + err for _, out, err, _ in done).replace(sys.executable, "python")
    assert str(site / "adaptor_bench" / "_bundled") in shown and str(REPOSITORY) not in shown
    assert contents(site) == before, "a command wrote into the installation"
    return {line: d[:3] for line, d in zip(given, done, strict=True)}, home


def test_every_command_has_a_case():
    cased = [f"{line} " for line in CASES]
    for name in commands():
        assert any(line.startswith(f"{name} ") for line in cased), f"bench {name}: add a case"
    for platform in platforms():
        assert any(line.startswith(f"adapter {platform} ") for line in cased), platform


@pytest.mark.parametrize("case", CASES)
def test_it_works_from_the_installed_wheel(world, case):
    line, _, says = case.rpartition(" | ")
    code, out, err = world[0][line]
    expected = REFUSED.get(line, REFUSED.get(line.split()[0], 0))
    assert code == expected, f"bench {line}: {code}\n{out}{err}"
    assert says in out + err, out + err


@pytest.mark.parametrize("name", ["", *commands()])
def test_its_help_is_there(world, name):
    code, out, err = world[0][f"{name} --help"]
    assert (code, err) == (0, "") and "Usage: bench" in out


def test_nothing_compiled_and_nothing_read_only_gets_into_a_bundle(world):
    for platform in (n for n, made in platforms().items() if isinstance(made, Bundle)):
        files = [p for p in (world[1] / platform).rglob("*") if p.is_file()]
        assert len(files) > 50
        assert [p for p in files if p.suffix == ".pyc" or p.parent.name == "__pycache__"] == []
        for path in (world[1] / platform).rglob("*"):
            assert path.stat().st_mode & 0o200, f"{path}: cannot be removed or changed"
    logo = (REPOSITORY / "submissions/platforms/codabench/logo.png").read_bytes()
    assert (world[1] / "codabench" / "logo.png").read_bytes() == logo
