"""Who may import whom, where torch may be, and how large a module may get."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from adaptor_bench.platforms.bundle import SCORING

pytestmark = pytest.mark.quick

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "adaptor_bench"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "_bundled" not in p.parts)

# Foundations that anybody may use: they themselves use nothing above them.
BASE = {
    "ahead", "errors", "extras", "room", "locks", "stopping", "memory", "atomic", "bounded",
    "names", "progress", "resources", "schemas", "values", "__version__",
}  # fmt: skip

# What stands lower may be imported by what stands higher, never the other way round. Parts of one
# line may import each other, as long as no circle of files comes of it.
LAYERS: list[set[str]] = [
    BASE,
    {"data", "parameters", "artefacts", "sourcecode"},
    {"matching"},
    {"phantom", "scoring"},
    # Parts that are trained by themselves, such as a CycleGAN, use the tools of the loop.
    {"submission", "method", "stages", "train"},
    {"platforms", "blame", "methodspec", "registry", "trackers"},
    {"harness", "container", "doctor"},
    {"results", "entries"},
    {"report"},
    {"audit", "figures", "testing"},
    {"site"},
    {"api"},
    {"cli"},
    {"__main__", "__init__"},
]
LAYER = {part: n for n, parts in enumerate(LAYERS) for part in parts}
TORCH = {"torch", "torchvision", "lightning", "segmentation_models_pytorch", "timm", "safetensors"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path, nodes=None) -> set[str]:
    """Dotted names of all modules that ``path`` imports, relative ones resolved."""
    package = ("adaptor_bench", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(tree(path)) if nodes is None else nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            name = ".".join((*base, *(node.module or "").split("."))).strip(".")
            found |= {f"{name}.{alias.name}" for alias in node.names}
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) == "import_module"
            and isinstance(node.args[0], ast.Constant)
        ):
            found.add(node.args[0].value)
    return found


def parts_used(path: Path) -> set[str]:
    return {n.split(".")[1] for n in imported(path) if n.startswith("adaptor_bench.")}


def at_import_time(path: Path) -> list[ast.AST]:
    """What runs when the module is imported: nothing inside functions or for type checkers only."""
    found, todo = [], list(tree(path).body)
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_in_one_direction(path):
    assert part_of(path) in LAYER, f"{part_of(path)}: a new part needs a place in the order"
    higher = {p for p in parts_used(path) if LAYER[p] > LAYER[part_of(path)]}
    assert not higher, f"{path} imports from {sorted(higher)}, which stand above it"


def files_used(path: Path, nodes=None) -> set[Path]:
    """The modules of the package that a module imports, wherever in it."""
    used = set()
    for name in imported(path, nodes):
        parts = name.split(".")[1:] if name.startswith("adaptor_bench.") else []
        for n in range(1, len(parts) + 1):
            module = PACKAGE.joinpath(*parts[:n])
            used |= {p for p in (module.with_suffix(".py"), module / "__init__.py") if p.exists()}
    # A package that gathers names imports its own modules, and they it: that is no circle of ideas.
    return used - {path, path.parent / "__init__.py"}


def test_no_circle_of_files():
    todo = {path: files_used(path) for path in MODULES}
    while todo:
        free = [path for path, uses in todo.items() if not uses & todo.keys()]
        if not free:
            left = {p.relative_to(PACKAGE).as_posix() for p in todo}
            raise AssertionError(f"a circle among these, or below them: {sorted(left)}")
        for path in free:
            del todo[path]


def test_the_foundations_use_nothing_above_them():
    for path in MODULES:
        if part_of(path) in BASE:
            assert parts_used(path) <= BASE, path


def test_nobody_imports_the_command_line():
    users = {part_of(p) for p in MODULES if "cli" in parts_used(p)}
    assert users <= {"cli", "__main__"}
    for path in (REPOSITORY / "baselines").glob("*.py"):
        assert "adaptor_bench.cli" not in path.read_text("utf-8")


def test_results_and_messages_leave_through_one_door_each():
    """``cli.output.show`` and ``progress.message`` escape what could steer a terminal."""
    doors = {"cli/output.py", "progress.py", "cli/validate.py"}  # its colours, on escaped findings
    for path in MODULES:
        if path.relative_to(PACKAGE).as_posix() not in doors:
            text = path.read_text("utf-8")
            assert not re.search(r"click\.s?echo|\bprint\(", text), path


def holds_torch(path: Path) -> bool:
    """The loop's files may import torch, and files of parts that begin with ``_``, which nothing
    but the functions of a part loads: whoever lists methods or reads settings goes without."""
    apart = path.name.startswith("_") and path.name != "__init__.py"
    return part_of(path) == "train" or (part_of(path) == "stages" and apart)


def test_torch_lives_in_the_training_zone():
    for path in MODULES:
        heavy = {n.split(".")[0] for n in imported(path)} & TORCH
        assert not heavy or part_of(path) in ("train", "stages"), f"{path} imports {sorted(heavy)}"
    todo = [p for p in MODULES if {n.split(".")[0] for n in imported(p, at_import_time(p))} & TORCH]
    loads = {path: files_used(path, at_import_time(path)) for path in MODULES}
    heavy = set()
    while todo:
        path = todo.pop()
        assert holds_torch(path), f"{path} loads torch when it is imported"
        heavy.add(path)
        todo += [user for user, used in loads.items() if path in used and user not in heavy]
    assert {"fit.py", "_unet.py"} <= {path.name for path in heavy}


def test_matplotlib_is_not_loaded_at_import():
    for path in MODULES:
        names = {n.split(".")[0] for n in imported(path, at_import_time(path))}
        assert not names & {"matplotlib", "jinja2", "jsonschema"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_modules_stay_readable(path):
    assert len(path.read_text("utf-8").splitlines()) <= 320
    assert not set(path.relative_to(PACKAGE).with_suffix("").parts) & {
        "utils", "util", "helpers", "helper", "misc", "common", "tools",
    }  # fmt: skip
    assert ast.get_docstring(tree(path)) or path.name == "__main__.py", "say what it is for"


def test_private_names_stay_in_their_module():
    """A leading underscore says what is private; only packages that hand on names list them."""
    for path in MODULES:
        listed = [
            node
            for node in tree(path).body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        ]
        assert not listed or path.name == "__init__.py", f"{path}: __all__ says it twice"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("adaptor_bench"):
                private = [a.name for a in node.names if re.match("_[a-z]", a.name)]
                modules = [n for n in private if f"{node.module}.{n}" in _dotted()]
                assert private == modules, f"{path} imports {private} from {node.module}"


@cache
def _dotted() -> set[str]:
    return {".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in MODULES}


def test_the_test_line_of_the_readme_is_the_one_that_is_run():
    line = (REPOSITORY / ".ci" / "run").read_text("utf-8").rstrip("\n").splitlines()[-1]
    assert "pytest" in line
    assert (
        line in (REPOSITORY / "README.md").read_text("utf-8").splitlines()
        or f"    {line}" in (REPOSITORY / "README.md").read_text("utf-8").splitlines()
    )


def test_the_scoring_code_of_a_bundle_has_all_that_it_imports():
    """Platforms run it without the rest of the package."""
    given = {
        path.relative_to(PACKAGE).as_posix()
        for name in SCORING
        for path in (PACKAGE / name, *(PACKAGE / name).rglob("*"))
    }
    for name in sorted(n for n in given if n.endswith(".py")):
        for module in imported(PACKAGE / name, at_import_time(PACKAGE / name)):
            parts = module.split(".")[1:] if module.startswith("adaptor_bench.") else []
            paths = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
            there = [p for p in paths if (PACKAGE / f"{p}.py").exists()]
            assert all(f"{path}.py" in given for path in there), f"{name} imports {module}"


def test_files_of_strangers_are_opened_in_one_place():
    """Images in data/images, JSON in bounded: whoever goes past them meets pipes and devices."""
    # These read what comes with the package.
    own = {"audit/conformance.py", "schemas.py", "submission/codes.py"}
    opened = re.compile(r"loads?\(\s*[^()]*(\([^()]*\))?[^()]*\.(read_bytes|read_text|open)\(")
    for path in MODULES:
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")
        assert "Image.open(" not in text.replace("Not Image.open:", ""), name
        past = opened.search(text)
        assert not past or name in own, f"{name}: {past[0]}"
