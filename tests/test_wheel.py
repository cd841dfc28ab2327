"""The wheel carries all that the package needs away from its checkout."""

from __future__ import annotations

import ast
import re
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from adaptor_bench.extras import EXTRAS

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        found = archive.namelist()
    assert len(found) == len(set(found))
    return set(found)


def test_every_module_of_the_package_is_in_it(names):
    modules = {
        p.relative_to(REPOSITORY).as_posix()
        for p in (REPOSITORY / "adaptor_bench").rglob("*.py")
        if "_bundled" not in p.parts
    }
    assert modules <= names


def test_what_lies_beside_the_package_is_in_it(names):
    for pattern, inside in (
        ("adaptor_bench/data/manifests/*.json", ""),
        ("adaptor_bench/py.typed", ""),
        ("baselines/*.py", "adaptor_bench/_bundled/"),
        ("baselines/weights/*/*", "adaptor_bench/_bundled/"),
        ("leaderboards/published/*.json", "adaptor_bench/_bundled/"),
        ("submissions/README.md", "adaptor_bench/_bundled/"),
    ):
        here = [p.relative_to(REPOSITORY).as_posix() for p in REPOSITORY.glob(pattern)]
        assert here, pattern
        assert {inside + name for name in here} <= names


def test_the_documents_that_messages_and_docstrings_name_are_in_it(names):
    named = {
        place
        for path in (REPOSITORY / "adaptor_bench").rglob("*.py")
        for place in re.findall(
            r"\b(?:baselines|docs|submissions)/[\w/-]+\.md", path.read_text("utf-8")
        )
    }
    assert "docs/uncertainty.md" in named
    assert {f"adaptor_bench/_bundled/{place}" for place in named} <= names


def test_nothing_else_is_in_it(names):
    roots = {name.split("/")[0] for name in names}
    assert {r for r in roots if not r.endswith(".dist-info")} == {"adaptor_bench"}
    unwanted = re.compile(
        r"(^|/)(tests?|__pycache__|\.git|runs|conftest\.py)(/|$)|\.pyc$|\.safetensors$"
    )
    weights = "adaptor_bench/_bundled/baselines/weights/"
    assert [n for n in names if unwanted.search(n) and not n.startswith(weights)] == []


def test_the_metadata(wheel, names):
    (folder,) = {n.split("/")[0] for n in names if ".dist-info/" in n}
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{folder}/METADATA").decode()
        scripts = archive.read(f"{folder}/entry_points.txt").decode()
    assert "bench = adaptor_bench.cli:main" in scripts
    assert re.search(r"^Requires-Python: >=3\.11$", metadata, re.M)
    requirements = re.findall(r"^Requires-Dist: (.*)$", metadata, re.M)
    torch = [r for r in requirements if r.startswith("torch>=")]
    assert torch and all("extra ==" in r for r in torch), "the plain installation goes without"
    assert not [r for r in requirements if "<" in r or "==" in r.split(";")[0]], "lower bounds only"
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_it_requires_all_that_it_imports(wheel, names):
    (metadata,) = [n for n in names if n.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(metadata).decode()
        sources = {n: archive.read(n) for n in names if n.endswith(".py")}
    required = {
        _normal(name)
        for name, extra in re.findall(
            r"^Requires-Dist: ([\w.-]+)(.*)$", text.replace('"', "'"), re.M
        )
        if "extra ==" not in extra or any(f"'{name}'" in extra for name in EXTRAS)
    }
    assert {"torch", "matplotlib"} <= required and "pytest" not in required
    provided = packages_distributions()
    for name, source in sources.items():
        own = {"_typeshed", "adaptor_bench"}
        if "/_bundled/" in name:  # scripts find each other where they lie
            folder = name.rpartition("/")[0]
            own |= {n.rpartition("/")[2][:-3] for n in sources if n.rpartition("/")[0] == folder}
        for node in ast.walk(ast.parse(source)):
            found = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                found = [node.module]
            for package in {f.partition(".")[0] for f in found} - own:
                if package not in sys.stdlib_module_names:
                    by = provided.get(package, [package])  # some extras are not installed here
                    assert required & {_normal(d) for d in by}, f"{name}: {package}"


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
