"""The hash of the program that made a result changes with its code and with nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import adaptor_bench
from adaptor_bench import sourcecode
from adaptor_bench.errors import InputError
from adaptor_bench.registry import discover
from adaptor_bench.sourcecode import CARRIERS, source_of
from adaptor_bench.train.keys import code_of

PACKAGE = Path(adaptor_bench.__file__).parent
BASE = '''"""What it is for."""
import numpy as np

def build(a, b=0.5):
    """Explained."""
    return np.add(a, b)  # remarked
'''


@pytest.fixture
def put(tmp_path):
    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / (name.replace("__in__", "/") + ".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path / "m.py"

    return write


def test_the_hash_of_a_program_never_changes(put):
    """Written into results: if this changes, no finished fold anywhere is known again."""
    source = source_of(put(m=BASE))
    assert source.modules == {"m": "f6ca308a7362"}
    assert source.outside == {"numpy"}
    assert list(source.libraries) == ["numpy"]


@pytest.mark.parametrize(
    "same",
    [
        BASE.replace("# remarked", "# remarked otherwise"),
        BASE.replace("What it is for", "Something else").replace('    """Explained."""\n', ""),
        BASE.replace("(a, b=0.5)", "(\n    a,\n    b = 0.5,\n)"),
        BASE.replace("import numpy as np\n", "import numpy as np\n\n\n"),
    ],
)
def test_comments_docstrings_and_layout_play_no_part(put, same):
    assert source_of(put(m=BASE)) == source_of(put(m=same))


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("0.5", "0.25"),
        BASE.replace("np.add(a, b)", "np.add(b, a)"),
        BASE.replace("np.add", "np.subtract"),
        BASE + "\nX = None\n",
        BASE.replace("return np.add(a, b)", "return f'{a}'"),
        "def broken(:",
    ],
)
def test_any_change_of_the_code_is_another_program(put, other):
    assert source_of(put(m=BASE)).sha256 != source_of(put(m=other)).sha256


@pytest.mark.parametrize(
    "line",
    [
        "import near",
        "from near import f",
        "import near.f as g",
        "def late():\n    import near",
        "import importlib\nnear = importlib.import_module('near')",
        "try:\n    import near\nexcept ImportError:\n    near = None",
    ],
)
def test_what_lies_beside_it_and_is_imported_counts(put, line):
    before = source_of(put(m=line, near="import deep", deep="X = 1", stranger="Y = 1"))
    assert set(before.modules) == {"m", "near", "deep"}
    assert source_of(put(stranger="Y = 2")).sha256 == before.sha256
    assert source_of(put(deep="X = 2")).sha256 != before.sha256


def test_a_package_and_its_relative_imports(tmp_path):
    folder = tmp_path / "mine" / "sub"
    folder.mkdir(parents=True)
    (tmp_path / "mine" / "__init__.py").write_text("Z = 1")
    (tmp_path / "mine" / "net.py").write_text("")
    (folder / "__init__.py").write_text("from . import parts")
    (folder / "parts.py").write_text("X = 1")
    (folder / "m.py").write_text("from ..net import Network\nfrom .parts import X")
    found = source_of(folder / "m.py").modules
    assert set(found) == {"mine", "mine.net", "mine.sub", "mine.sub.m", "mine.sub.parts"}


def test_a_folder_that_python_searches_counts_as_source(put, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "far_away_module.py").write_text("X = 1")
    monkeypatch.syspath_prepend(elsewhere)
    sourcecode._searched.cache_clear()
    assert set(source_of(put(m="import far_away_module")).modules) == {"m", "far_away_module"}
    sourcecode._searched.cache_clear()


def test_an_installed_package_is_read_and_its_neighbours_are_not(tmp_path):
    """They are named by their version: torch beside us is nobody's method, and too deep to read."""
    root = tmp_path / "site-packages"
    for name, text in (
        ("mine/__init__", ""),
        ("mine/method", "import mine.part\nimport neighbour\nimport torch\n"),
        ("mine/part", "A = 1\n"),
        ("neighbour", "B = " + "-" * 5000 + "1\n"),
        ("torch/__init__", "import neighbour\n"),
    ):
        (root / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.py").write_text(text)
    source = source_of(root / "mine/method.py")
    assert set(source.modules) == {"mine", "mine.method", "mine.part"}
    assert "torch" in source.outside


def test_imports_for_type_checkers_only_play_no_part(put):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import near\n"
    assert set(source_of(put(m=text, near="")).modules) == {"m"}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.py: cannot be read"):
        source_of(tmp_path / "gone.py")


def test_what_is_left_out_makes_no_numbers():
    for name in CARRIERS - {"adaptor_bench"}:
        path = PACKAGE / f"{name.removeprefix('adaptor_bench.').replace('.', '/')}.py"
        if path.exists():
            imported = {
                alias.name.split(".")[0]
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            assert not imported & {"numpy", "torch", "cv2", "scipy", "skimage"}, path


# --- the stages of the heatmap detectors --------------------------------------------------------


@pytest.fixture
def edited(monkeypatch):
    """Call it with a module's name: from then on its code counts as another."""
    real = sourcecode._read

    def edit(module):
        def read(content, name, package):
            sha, imports = real(content, name, package)
            return ("edited" if name == f"adaptor_bench.{module}" else sha), imports

        monkeypatch.setattr(sourcecode, "_read", read)

    return edit


def codes():
    """Of all artefacts of the improved method, as `quick` has it."""
    spec = discover().get("improved_heatmap")
    made = spec.build(spec.resolve("quick"))
    learnt = [made.network, made.loss, made.target]
    return {
        "translator": code_of("translator", [made.translate]),
        "network": code_of("network", [*learnt, made.select]),
        "heatmaps": code_of("heatmaps", [made.network]),
    }


@pytest.mark.parametrize(
    ("module", "touched"),
    [
        ("stages.losses.dice", {"network"}),
        ("stages.losses.mse_dice", set()),
        ("stages.translators.cyclegan", {"translator"}),
        ("stages.translators._gan", {"translator"}),
        ("stages.networks.small_unet", {"network", "heatmaps"}),
        ("stages.networks._small_unet", {"network", "heatmaps"}),
        ("stages.networks._unet", {"network", "heatmaps"}),
        ("stages.networks.stern_unet", set()),
        ("stages.targets.gaussian", {"network"}),
        ("stages.decoders.otsu", set()),
        ("stages.decoders.peaks", {"network"}),
        ("stages.maps", {"network", "heatmaps"}),
        ("train.heatmaps", {"heatmaps"}),
        ("train.augment", {"translator", "network", "heatmaps"}),
        ("matching.match", {"network"}),
        ("train.detector", {"translator", "network", "heatmaps"}),
        ("scoring.score", set()),
        ("progress", set()),
    ],
)
def test_an_edited_stage_is_never_reused_and_others_are(edited, module, touched):
    before = codes()
    edited(module)
    after = codes()
    assert {stage for stage in before if after[stage] != before[stage]} == touched
