"""Kivy's layout files describe; what happens is Python that the checkers read."""

import ast
import re
from pathlib import Path

from tests.contracts import tree

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
