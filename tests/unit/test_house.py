"""The package's folders: what stands on what, and that each says what is in it."""

import ast
import functools
from collections.abc import Iterator

import pytest

import objectsounds
from objectsounds.core.places import PACKAGE

# Each folder may import from those before it.
FOLDERS = (
    *("core", "config", "media", "signal", "data", "sources", "synthesis", "demo"),
    *("networks", "dictionaries", "methods", "report", "video", "web", "stages", "cli", "bench"),
)
LONGEST = 350  # lines of a module


@functools.cache
def modules() -> list[str]:
    """Return the modules that are in a folder, by their dotted names."""
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.glob("*/**/*.py"))
    return sorted(".".join(path.parts) for path in paths)


def imports_of(module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports, at its top or within a function."""
    for node in ast.walk(ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{objectsounds.__name__}."):
            name = node.module.partition(".")[2]
            whole = [f"{name}.{item.name}" for item in node.names]
            yield from {item if item in modules() else name for item in whole}


def test_every_folder_has_its_place_and_says_in_a_sentence_what_is_in_it():
    assert {name.partition(".")[0] for name in modules()} == set(FOLDERS)
    for folder in FOLDERS:
        said = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text()))
        assert said and said.split("\n\n")[0].endswith("."), folder


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_imports_from_a_folder_above_its_own(folder):
    allowed = FOLDERS[: FOLDERS.index(folder) + 1]
    upwards = [
        (module, other)
        for module in modules()
        if module.startswith(f"{folder}.")
        for other in imports_of(module)
        if other.partition(".")[0] not in allowed
    ]
    assert not upwards


def test_no_circle_of_imports():
    graph = {module: set(imports_of(module)) & set(modules()) for module in modules()}
    while graph:
        free = {module for module, others in graph.items() if not others & set(graph) - {module}}
        assert free, f"a circle among {sorted(graph)}"
        graph = {module: others for module, others in graph.items() if module not in free}


def test_no_module_takes_a_private_name_from_another():
    taken = [
        (path.name, item.name)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(objectsounds.__name__)
        for item in node.names
        if item.name.startswith("_") and not item.name.startswith("__")
    ]
    assert not taken


def test_no_module_is_longer_than_one_reads_in_a_sitting():
    sizes = {path.name: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: size for name, size in sizes.items() if size > LONGEST} == {}
