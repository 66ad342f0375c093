"""Imports go one way only: reads every module under src/heartline and fails on an arrow that points back.

A layer is a file or folder directly below the package. It may import itself, the layers that the table names for it, and
`heartline` (for its version); no layer but those of the table exists.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "heartline"

# From bottom to top: each line names only lines above it. What is missing on purpose: the server has no crypto, as it
# never sees a key; a client has nothing of the server but the contract; storage and bus do not know each other, nor do
# resources and stream.
MAY_IMPORT = {
    "errors": "",
    "contract": "errors",
    "tolerance": "errors contract",
    "passwords": "errors contract",
    "crypto": "errors contract",
    "resources": "errors contract tolerance passwords",
    "stream": "errors contract",
    "storage": "errors contract resources stream",
    "bus": "errors contract resources stream",
    "server": "errors contract tolerance passwords resources stream storage bus",
    "client": "errors contract crypto resources",
    "archive": "errors contract crypto resources client",
    "phone": "errors contract crypto resources client archive",
    "cli": "errors contract tolerance passwords crypto resources stream storage bus server client archive phone",
    "__main__": "cli",
}
VAGUE_NAMES = {"utils", "helpers", "common"}


def test_imports_go_one_way() -> None:
    assert len(list(SOURCE.rglob("*.py"))) > 1
    assert list(violations(SOURCE)) == []


def test_the_table_has_no_circle() -> None:
    layers = list(MAY_IMPORT)
    for layer, allowed in MAY_IMPORT.items():
        assert set(allowed.split()) <= set(layers[: layers.index(layer)]), layer


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("errors.py", "import heartline.contract"),
        ("contract.py", "from heartline.resources.templates import Template"),
        ("contract.py", "from heartline import __version__, server"),
        ("resources/templates.py", "from heartline.stream import frames"),
        ("stream/__init__.py", "from ..resources import templates"),
        ("stream/state/machine.py", "from ... import resources"),
        ("storage/sqlite.py", "import json, heartline.bus as bus"),
        ("bus/local.py", "def publish():\n    from heartline.storage import sqlite"),
        ("server/app.py", "if TYPE_CHECKING:\n    import heartline.crypto"),
        ("server/app.py", "from heartline import crypto"),
        ("server/app.py", "from heartline.client import Client"),
        ("server/app.py", "from heartline import phone"),
        ("server/app.py", "import heartline.cli.serve"),
        ("client/rest.py", "from heartline.storage import sqlite"),
        ("phone/agent.py", "from heartline.server import app"),
        ("__init__.py", "from heartline.client import Client"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, module: str, line: str) -> None:
    write(tmp_path / "heartline" / module, line)
    (violation,) = violations(tmp_path / "heartline")
    assert violation.startswith(f"heartline/{module}:{1 + line.count(chr(10))}: ")


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("contract.py", "from heartline.errors import BadRequest"),
        ("resources/templates.py", "from heartline import __version__, contract"),
        ("resources/templates.py", "from . import contacts"),
        ("server/app.py", "from ..stream.hub import Hub"),
        ("server/app.py", "import asyncio, heartline.storage.sqlite"),
        ("server/app.py", "from client import thing"),
        ("cli/serve.py", "from heartline.server import app"),
        ("phone/agent.py", "from heartline.client import Client"),
    ],
)
def test_an_allowed_import_is_not(tmp_path: Path, module: str, line: str) -> None:
    write(tmp_path / "heartline" / module, line)
    assert list(violations(tmp_path / "heartline")) == []


@pytest.mark.parametrize("module", ["utils.py", "helpers/text.py", "server/common.py", "sidecar.py"])
def test_a_module_without_a_place_is_found(tmp_path: Path, module: str) -> None:
    write(tmp_path / "heartline" / module, "")
    (violation,) = violations(tmp_path / "heartline")
    assert violation.startswith(f"heartline/{module}:1: ")


def violations(package: Path) -> Iterator[str]:
    """One sentence for each import against the table, and for each module that has no place in it."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        where = path.relative_to(package.parent).as_posix()
        layer = parts[0]
        if vague := VAGUE_NAMES.intersection(parts):
            yield f"{where}:1: '{vague.pop()}' does not say what is in it"
        elif layer not in MAY_IMPORT and layer != "__init__":
            yield f"{where}:1: '{layer}' is in no layer: give it a line in MAY_IMPORT"
        else:
            allowed = {layer, *MAY_IMPORT.get(layer, "").split()}
            for line, imported in imported_layers(path, parts):
                if imported not in allowed:
                    yield f"{where}:{line}: {layer} must not import {imported}"


def imported_layers(path: Path, parts: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and layer of each import of our own, also of those inside functions and `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), path)):
        names: list[list[str]] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            here = ["heartline", *parts][: -node.level] if node.level else []
            module = here + (node.module.split(".") if node.module else [])
            names = [[*module, alias.name] for alias in node.names]
        for name in names:
            if name[0] == "heartline" and len(name) > 1 and name[1] in MAY_IMPORT:  # else it is from __init__.py
                yield node.lineno, name[1]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "utf-8")
