"""Kivy's layout files describe; what happens is Python that the checkers read."""

import ast
import re
from pathlib import Path

from tests.contracts import tree

OUTSIDE = {"sqlite3", "requests", "socketio", "websocket", "urllib", "http", "socket"}
HANDLER = re.compile(r"^\s*(on_\w+):\s*(\S.*)$")


def handlers_with_logic(root: Path) -> list[str]:
    """List handlers of .kv files that are more than one call."""
    found = []
    for path in sorted((root / "mobile").rglob("*.kv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            match = HANDLER.match(line)
            if match and not is_one_call(match[2]):
                found.append(f"{path.relative_to(root)}:{number}")
    return found


def is_one_call(code: str) -> bool:
    """Tell whether a handler's code is a single call whose arguments call nothing themselves."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return False
    calls = [node for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.Call | ast.Lambda | ast.IfExp)]
    return len(body) == 1 and isinstance(body[0], ast.Expr) and len(calls) <= 1


def outside_world_in_screens(root: Path) -> list[str]:
    """List imports of the database, the network or the store's tables in screens and widgets."""
    return [
        f"{path.relative_to(root)} imports {name}"
        for path in tree.python_files(root, "mobile")
        if path.relative_to(root).parts[1] in {"screens", "widgets"}
        for name in tree.imports(path)
        if name.split(".")[0] in OUTSIDE
    ]


def test_layout_files_hold_no_logic() -> None:
    """A handler hands the tap to one function."""
    assert handlers_with_logic(tree.ROOT) == []


def test_logic_is_found_when_planted(tmp_path: Path) -> None:
    """Assignments, chains and conditions are each seen."""
    layout = (
        "<Row>:\n    on_release: root.accept(self.job)\n    on_press: a = 1\n    on_touch: f(g())\n    on_x: f(); g()\n"
    )
    planted = tree.plant(tmp_path, {"mobile/screens/row.kv": layout})
    assert [found[-1] for found in handlers_with_logic(planted)] == ["3", "4", "5"]


def test_screens_neither_query_nor_call_the_network() -> None:
    """A screen reads the projection and calls an action."""
    assert outside_world_in_screens(tree.ROOT) == []


def test_network_call_is_found_when_planted(tmp_path: Path) -> None:
    """The same import is right in the layer below."""
    files = {"mobile/screens/jobs.py": "import requests\n", "mobile/sync/http.py": "import requests\n"}
    assert outside_world_in_screens(tree.plant(tmp_path, files)) == ["mobile/screens/jobs.py imports requests"]
