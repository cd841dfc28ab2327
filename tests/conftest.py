"""Where tests run, and small datasets in the challenge's layout, written by the tests themselves.

A test sees nothing of the place it is started from: not the folder (a checkout may hold runs, data
or a dataset.toml), not the user's home and cache, not variables that steer us or our libraries.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from frame_files import SIZE, write_frame

from adaptor_bench.phantom.default import cached_phantom
from adaptor_bench.progress import Progress

SLOW = ("torch", "selenium")  # quick tests neither train nor start a browser
STEERING = re.compile(
    r"(ADAPTOR_BENCH|OMP|GOMP|KMP|MKL|OPENBLAS|NUMEXPR|CUDA|NVIDIA|TORCH|PYTORCH|MPL|XDG|LC|TTY)_.*"
    r"|PYTHON(?!PATH|HOME).*|COLUMNS|LINES|TERM|(NO|FORCE|CLI)_?COLOR(_FORCE)?|LANG(UAGE)?|TZ"
    r"|MPLBACKEND|MPLCONFIGDIR|MATPLOTLIBRC|SOURCE_DATE_EPOCH"
)


def pytest_configure(config: pytest.Config) -> None:
    """Before any library is imported: many read their settings once, from variables and files."""
    for name in [name for name in os.environ if STEERING.fullmatch(name)]:
        del os.environ[name]
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the same numbers with and without an accelerator
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as `bench run` sets it
    os.environ["ADAPTOR_BENCH_WORKERS"] = "1"  # a test that wants more says so
    home = Path(tempfile.mkdtemp(prefix="adaptor_bench-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    config.add_cleanup(partial(os.chdir, config.invocation_params.dir))
    os.environ |= {"HOME": str(home), "ADAPTOR_BENCH_CACHE": str(home / "cache")}
    if getattr(config.option, "dist", "no") == "no":  # several processes begin where this one is
        os.chdir(home)
    if config.option.markexpr == "quick":
        blocked = home / "blocked"
        blocked.mkdir()
        for name in SLOW:
            (blocked / f"{name}.py").write_text(f"raise ImportError('a quick test needs {name}')")
        sys.path.insert(0, str(blocked))
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(blocked), *filter(None, [os.environ.get("PYTHONPATH")])]
        )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """``-m quick`` does not even read files without a quick test: most import what is slow."""
    if config.option.markexpr != "quick" or collection_path.suffix != ".py":
        return None
    return "pytest.mark.quick" not in collection_path.read_text("utf-8") or None


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands look for ``runs`` where they are started."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``beside(thing, NAME, value)`` sets NAME in the module that defines ``thing``, wherever that
    module is: for budgets that only a test makes small, and for what fails only in a test."""

    def beside(thing: object, name: str, value: object) -> None:
        monkeypatch.setattr(sys.modules[thing.__module__], name, value)

    return beside


@pytest.fixture(scope="session")
def phantom_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's cache directory that holds the tiny phantom."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADAPTOR_BENCH_CACHE", str(cache))
        cached_phantom("tiny", Progress(live=False))
    return cache


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without network and without isolation."""
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(
        str(Path(__file__).parents[1])
    )
    (built,) = builder.build(directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"])
    return Path(built)


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """Writes ``surgeries x frames`` frames with a few random points below ``tmp_path``."""

    def make(
        surgeries: tuple[str, ...] = ("case_1", "case_2", "case_3"),
        frames: int = 2,
        name: str = "dataset",
        size: tuple[int, int] = SIZE,
    ) -> Path:
        root = tmp_path / name
        rng = np.random.default_rng(0)
        for surgery in surgeries:
            for i in range(frames):
                points = rng.uniform(10, np.array(size) - 10, (4, 2)).round(1)
                write_frame(root, surgery, f"{i:06d}", points, size=size)
        return root

    return make
