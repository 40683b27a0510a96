"""Which module may import what, beyond the contracts of the import linter."""

import ast
import sys
from pathlib import Path

import pytest

from tests.contracts import tree

FORBIDDEN_NAMES = {"server", "mobile", "routing", "shared", "tests"}


def foreign_imports_of_shared(root: Path) -> list[str]:
    """List imports of shared that are neither standard library, msgspec nor shared itself."""
    allowed = {*sys.stdlib_module_names, "msgspec", "shared"}
    return [
        f"{path.relative_to(root)} imports {name}"
        for path in tree.python_files(root, "shared")
        for name in tree.imports(path)
        if name.split(".")[0] not in allowed
    ]


def shared_imports(root: Path, path: Path) -> set[str]:
    """Return the names of the shared modules that a file imports directly."""
    modules = {module.stem for module in tree.python_files(root, "shared")} - {"__init__"}
    parts = (name.split(".") for name in tree.imports(path))
    return {part[1] for part in parts if len(part) > 1 and part[0] == "shared" and part[1] in modules}


def executed_by(root: Path, package: str) -> set[str]:
    """Return the shared modules a package executes, directly or through other shared modules."""
    waiting = {name for path in tree.python_files(root, package) for name in shared_imports(root, path)}
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= shared_imports(root, root / "shared" / f"{name}.py") - reached
    return reached


# Rules that the phone will run offline too: decision 15 (a technician reports odours), beyond.md 8 (clocks explain
# themselves at the door). A name goes when the phone executes it.
AHEAD = {
    "triage": "decision 15",
    "sla": "beyond.md 8",
    "editions": "chooses what triage and the phone's own reports need",
}


def lonely_shared_modules(root: Path) -> list[str]:
    """List the shared modules that fewer than two packages execute."""
    users = [executed_by(root, package) for package in ("server", "mobile", "routing", "deploy")]
    modules = {path.stem for path in tree.python_files(root, "shared")} - {"__init__"} - AHEAD.keys()
    return sorted(name for name in modules if sum(name in used for used in users) < 2)


def relative_imports(root: Path) -> list[str]:
    """List imports that are not absolute."""
    return [
        tree.place(root, path, node)
        for path, node in tree.nodes(root, *tree.EVERYTHING)
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def names_that_shadow_a_package(root: Path) -> list[str]:
    """List modules that carry a top-level package's name below the top (style 6.4); folders of the test mirror may."""
    files = [path.relative_to(root) for path in tree.python_files(root, *tree.EVERYTHING)]
    named = [(path, path.with_suffix("").parts) for path in files]
    return [
        str(path) for path, parts in named if FORBIDDEN_NAMES & set(parts[-1:] if parts[0] == "tests" else parts[1:])
    ]


def folders_without_init(root: Path) -> list[str]:
    """List folders that hold Python files but no __init__.py; alembic's revisions are loaded by path."""
    folders = {path.parent for path in tree.python_files(root, *tree.EVERYTHING)}
    folders |= {parent for folder in folders for parent in folder.parents if root in parent.parents}
    loose = {folder for folder in folders if not (folder / "__init__.py").exists() and "migrations" not in folder.parts}
    return sorted(str(folder.relative_to(root)) for folder in loose)


def test_shared_imports_standard_library_and_msgspec_only() -> None:
    """Nothing else reaches the phone through shared."""
    assert foreign_imports_of_shared(tree.ROOT) == []


def test_foreign_import_is_found_when_shared_takes_numpy(tmp_path: Path) -> None:
    """The rule sees a planted numpy."""
    assert foreign_imports_of_shared(tree.plant(tmp_path, {"shared/sla.py": "import json\nimport numpy.linalg\n"}))


def test_shared_modules_are_executed_by_two_packages() -> None:
    """A rule that one side alone runs belongs to that side."""
    users = [name for name in ("server", "mobile", "deploy") if executed_by(tree.ROOT, name)]
    if len(users) < 3:
        pytest.skip(f"only {users} use shared yet")
    assert lonely_shared_modules(tree.ROOT) == []


def test_lonely_module_is_found_when_only_the_server_imports_it(tmp_path: Path) -> None:
    """A module reached by two packages, one of them indirectly, passes; a module of one package does not."""
    planted = tree.plant(
        tmp_path,
        {
            "shared/wire.py": "from shared import ids\n",
            "shared/ids.py": "",
            "shared/complaints.py": "",
            "server/views.py": "from shared import complaints, wire\n",
            "mobile/app.py": "import shared.wire\n",
        },
    )
    assert lonely_shared_modules(planted) == ["complaints"]


def test_imports_are_absolute() -> None:
    """No import depends on where its file lies."""
    assert relative_imports(tree.ROOT) == []


def test_relative_import_is_found_when_planted(tmp_path: Path) -> None:
    """The rule sees a dot."""
    assert relative_imports(tree.plant(tmp_path, {"server/a.py": "from . import views\n"})) == ["server/a.py:1"]


def test_no_module_carries_the_name_of_a_package() -> None:
    """A file server/routing.py would be imported instead of the package."""
    assert names_that_shadow_a_package(tree.ROOT) == []


def test_shadowing_module_is_found_when_planted(tmp_path: Path) -> None:
    """Folders of the mirror under tests keep their names, modules do not."""
    planted = tree.plant(
        tmp_path, dict.fromkeys(("server/routing.py", "tests/server/test_a.py", "tests/contracts/mobile.py"), "")
    )
    assert names_that_shadow_a_package(planted) == ["server/routing.py", "tests/contracts/mobile.py"]


def test_every_folder_is_a_package() -> None:
    """Without __init__ everywhere, tests/server would hide server (style 6.4)."""
    assert folders_without_init(tree.ROOT) == []


def test_folder_without_init_is_found_when_planted(tmp_path: Path) -> None:
    """The folder in between counts as well."""
    planted = tree.plant(tmp_path, {"server/__init__.py": "", "server/a/b/views.py": ""})
    assert folders_without_init(planted) == ["server/a", "server/a/b"]
