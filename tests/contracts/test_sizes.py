"""Files and functions stay small enough to be read at once (style guide, line 13)."""

import ast
from pathlib import Path

from tests.contracts import tree

# A migration is a list of tables and columns, read once and never changed.
UNMEASURED = "server/migrations/versions"
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def is_measured(root: Path, path: Path) -> bool:
    """Tell whether the sizes of a file are limited."""
    return not path.is_relative_to(root / UNMEASURED)


def long_files(root: Path) -> list[str]:
    """List Python files of more than 400 lines."""
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in tree.python_files(root, *tree.EVERYTHING)
    }
    return [
        f"{path.relative_to(root)}: {size}"
        for path, size in sizes.items()
        if size > LONGEST_FILE and is_measured(root, path)
    ]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's lines from its def on, its docstring not counted."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    described = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - described


def long_functions(root: Path) -> list[str]:
    """List functions of more than 40 lines."""
    return [
        f"{tree.place(root, path, node)} {node.name}: {length(node)}"
        for path, node in tree.nodes(root, *tree.EVERYTHING)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and length(node) > LONGEST_FUNCTION
        and is_measured(root, path)
    ]


def test_no_file_is_longer_than_400_lines() -> None:
    """A longer file holds more than one subject."""
    assert long_files(tree.ROOT) == []


def test_long_file_is_found_when_planted(tmp_path: Path) -> None:
    """400 lines pass, 401 do not."""
    planted = tree.plant(tmp_path, {"server/a.py": "x = 1\n" * 400, "server/b.py": "x = 1\n" * 401})
    assert long_files(planted) == ["server/b.py: 401"]


def test_no_function_is_longer_than_40_lines() -> None:
    """A longer function hides its steps."""
    assert long_functions(tree.ROOT) == []


def test_long_function_is_found_when_planted(tmp_path: Path) -> None:
    """The docstring is free, every other line counts."""
    body = "    x = 1\n"
    planted = tree.plant(
        tmp_path,
        {
            "server/a.py": 'def fits():\n    """One\n    two."""\n' + body * 39,
            "server/b.py": "async def grew():\n" + body * 40,
        },
    )
    assert long_functions(planted) == ["server/b.py:1 grew: 41"]
