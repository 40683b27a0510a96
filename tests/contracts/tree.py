"""Reads a source tree for the house rules: files, syntax trees and how an offence is written."""

import ast
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PRODUCT: Final = ("server", "mobile", "routing", "shared")
EVERYTHING: Final = (*PRODUCT, "deploy", "tests")


def python_files(root: Path, *packages: str) -> Iterator[Path]:
    """Yield the Python files of the named top-level packages, sorted."""
    for package in packages:
        yield from sorted(path for path in (root / package).rglob("*.py") if "vendor" not in path.parts)


@lru_cache(maxsize=2048)
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; a rule may ask for the same file again."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def nodes(root: Path, *packages: str) -> Iterator[tuple[Path, ast.AST]]:
    """Yield every syntax node of the named packages together with its file."""
    for path in python_files(root, *packages):
        for node in ast.walk(parsed(path)):
            yield path, node


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names a file imports: the module, and module.name for each imported name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called_name(node: ast.AST) -> str:
    """Return the dotted name of a call such as ``session.commit``; empty when the node is no such call."""
    if not isinstance(node, ast.Call):
        return ""
    parts: list[str] = []
    target: ast.expr = node.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    parts.append(target.id if isinstance(target, ast.Name) else "")
    return ".".join(reversed(parts))


def place(root: Path, path: Path, node: ast.AST) -> str:
    """Return file:line relative to the root, the form in which an offence is reported."""
    return f"{path.relative_to(root).as_posix()}:{getattr(node, 'lineno', 1)}"


def tracked_files(root: Path) -> list[Path]:
    """Return the files that git tracks or would add; of a tree without git, every file."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (root / ".git").exists():
        return sorted(path for path in root.rglob("*") if path.is_file())
    names = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted(root / name for name in names if name and (root / name).is_file())


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write a small bad tree of path to content, and return its root."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root
