"""The house stays as it is drawn: who may import whom, and what may not stand where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "platform" / "diffsmith"
PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").exists())

# From the ground up. A room may import itself and what lies below it.
FLOORS = [
    {"errors"},
    {"files", "caches", "options", "cards", "quiet", "together"},
    {"documents", "modality", "specs", "diffusion", "nn", "weights", "hookspecs"},
    {"samples", "data", "schedulers", "engine", "autoencoders", "conditioning"},
    {"pictures"},
    {"features", "metrics", "registry"},
    {"builtin_plugin", "factory", "refusals"},
    {"sampling", "interop"},
    {"pipeline"},
    {"training", "export", "testing"},
    {"tuner", "plots"},
    {"commands"},
    {"__main__", "__init__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# Libraries that only one room knows.
HOMES = {
    "optuna": {"tuner"},
    "mlflow": set(),
    "typer": {"commands", "__main__", "hookspecs", "builtin_plugin"},
}


def modules() -> list[Path]:
    return sorted(CORE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def imported(path: Path, *, at_runtime: bool = True) -> set[str]:
    """The dotted names a file imports, relative ones resolved; those for type checking are left out."""
    names: set[str] = set()
    package = [*path.relative_to(CORE.parent).parts[:-1]]
    for node in (
        _running(ast.parse(path.read_text())) if at_runtime else ast.walk(ast.parse(path.read_text()))
    ):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            names |= {".".join([*module, alias.name]) for alias in node.names}
    return names


def _running(tree: ast.AST):
    """Every node but those under `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _running(node)


def edges() -> set[tuple[str, str]]:
    """Which room imports which; printed by `python tests/test_house.py`."""
    found = set()
    for path in modules():
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "diffsmith" and len(parts) > 1 and parts[1] in FLOOR:
                found.add((room_of(path), parts[1]))
    return {(above, below) for above, below in found if above != below}


def test_every_room_has_a_floor() -> None:
    assert {room_of(path) for path in modules()} == set(FLOOR)


def test_imports_go_down_only() -> None:
    upward = {(room, other) for room, other in edges() if FLOOR[room] < FLOOR[other]}
    allowed = {
        ("builtin_plugin", "commands")
    }  # the table of contents names what is above it, inside its hooks
    assert upward - allowed == set()


def test_the_mathematics_and_the_blocks_import_numbers_alone() -> None:
    numbers = {"torch", "torchsde", "pydantic", "numpy", "scipy"}
    for room, known in {"nn": {"torch"}, "diffusion": numbers}.items():
        for path in (CORE / room).rglob("*.py"):
            outside = {name.split(".")[0] for name in imported(path)} - set(sys.stdlib_module_names) - known
            inside = {name for name in imported(path) if name.startswith("diffsmith.")}
            assert outside <= {"diffsmith"}, path
            assert all(name.startswith((f"diffsmith.{room}", "diffsmith.errors")) for name in inside), path


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_known_in_its_room_only(library: str) -> None:
    users = {room_of(path) for path in modules() if any(n.split(".")[0] == library for n in imported(path))}
    assert users <= HOMES[library]


def test_the_platform_imports_no_plugin() -> None:
    names = {plugin.name for plugin in PLUGINS}
    assert len(names) >= 2
    assert not [path for path in modules() if {n.split(".")[0] for n in imported(path)} & names]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_a_plugin_knows_no_other_and_only_mlflows_knows_mlflow(plugin: Path) -> None:
    others = {other.name for other in PLUGINS} - {plugin.name}
    heads = {name.split(".")[0] for path in plugin.rglob("*.py") for name in imported_flat(path)}
    assert not heads & others
    assert plugin.name == "diffsmith_mlflow" or "mlflow" not in heads


def imported_flat(path: Path) -> set[str]:
    """Absolute imports of a plugin's file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("plugin", [*PLUGINS, CORE / "builtin_plugin.py"], ids=lambda path: path.stem)
def test_a_plugins_front_is_a_table_of_contents(plugin: Path) -> None:
    front = plugin if plugin.suffix else plugin / "__init__.py"
    functions = [node for node in ast.parse(front.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        assert [ast.unparse(mark) for mark in function.decorator_list] == ["hookimpl"], function.name


def test_the_source_roots_are_no_packages() -> None:
    assert not [root for root in ("platform", "plugins", "agents") if (ROOT / root / "__init__.py").exists()]


def test_the_standard_librarys_platform_is_found_from_the_repository() -> None:
    code = "import platform, torch; print(platform.system())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_no_file_has_two_subjects() -> None:
    long = {path: n for path in modules() if (n := len(path.read_text().splitlines())) > 350}
    assert not long


def test_no_door_is_left_open() -> None:
    """No pickle, no eval, no shell: in the whole source, not only where a linter looks.

    One file reads what torch.save wrote: it runs in a process of its own that may do nothing else.
    """
    doors = {"eval", "exec", "pickle.load", "pickle.loads", "torch.load", "joblib.load", "os.system"}
    child = CORE / "weights" / "pickles" / "child.py"
    sources = [*modules(), *(path for plugin in PLUGINS for path in plugin.rglob("*.py"))]
    opened = {path: calls & doors for path in sources if (calls := _calls(path)) & doors}
    assert opened == {child: {"torch.load"}}
    (load,) = [node for node in _called(child) if ast.unparse(node.func) == "torch.load"]
    assert {word.arg: ast.unparse(word.value) for word in load.keywords}["weights_only"] == "True"
    assert not [path for path in modules() if any("pickles.child" in name for name in imported(path))]


def _calls(path: Path) -> set[str]:
    """What a file calls."""
    return {ast.unparse(call.func) for call in _called(path)}


def _called(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


if __name__ == "__main__":
    for room, other in sorted(edges(), key=lambda edge: (-FLOOR[edge[0]], edge)):
        print(f"{room} -> {other}")
