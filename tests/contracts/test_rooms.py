"""Which call may stand in which file: queries, commits, the clock, output."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

from tests.contracts import tree

CLOCKS = ("server/core/clock.py", "mobile/platform/clock.py")
CLOCK_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
# Each of these is the repository of its own tables in core, which no slice reads.
CORE_REPOSITORIES = (
    "server/core/journal.py",
    "server/core/relay.py",
    "server/core/deadlines.py",
    "server/core/heartbeats.py",
)
SHORTEST_REASON = 6  # letters; "as above" is a reason
COMMITTERS = ("server/core/unit_of_work.py", "server/core/db.py", "server/core/writer.py")


def calls(root: Path, packages: tuple[str, ...], is_meant: Callable[[str], bool], rooms: tuple[str, ...]) -> list[str]:
    """List the calls that ``is_meant`` names outside the files of ``rooms``."""
    return [
        f"{tree.place(root, path, node)} {tree.called_name(node)}"
        for path, node in tree.nodes(root, *packages)
        if is_meant(tree.called_name(node)) and path.relative_to(root).as_posix() not in rooms
    ]


def is_query(name: str) -> bool:
    """Tell whether a dotted call builds a database query; a search tree's query asks for neighbours, no table."""
    if name.endswith("._tree.query"):
        return False
    return name in {"select", "sa.select", "sqlalchemy.select"} or name.endswith(".query")


def queries_outside_repositories(root: Path) -> list[str]:
    """List queries of the server outside repository.py and the reports' read side."""
    found = calls(root, ("server",), is_query, ("server/reports/queries.py", *CORE_REPOSITORIES))
    return [line for line in found if "/repository.py:" not in line]


def commits_outside_the_unit_of_work(root: Path) -> list[str]:
    """List commits of the server outside the unit of work and the plumbing below it."""
    return calls(root, ("server",), lambda name: name.endswith(".commit"), COMMITTERS)


def clock_calls(root: Path) -> list[str]:
    """List questions to the system clock outside the two clock modules."""
    ends = tuple(f".{name}" for name in CLOCK_CALLS)
    return calls(root, tree.PRODUCT, lambda name: name in CLOCK_CALLS or name.endswith(ends), CLOCKS)


def prints(root: Path) -> list[str]:
    """List calls of print anywhere."""
    return calls(root, tree.EVERYTHING, lambda name: name == "print", ())


def silent_excepts(root: Path) -> list[str]:
    """List handlers that name no exception, or whose whole body is pass."""
    return [
        tree.place(root, path, node)
        for path, node in tree.nodes(root, *tree.EVERYTHING)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or all(isinstance(line, ast.Pass) for line in node.body))
    ]


def suppressions_without_reason(root: Path) -> list[str]:
    """List comments that silence a checker without saying why beside it."""
    silenced = re.compile(r"# (?:no" + r"qa|type: ig" + r"nore|pragma: no cover)(?::[ A-Z0-9,]+|\[[\w, -]+\])?(.*)")
    lines = (
        (path, number, silenced.search(line))
        for path in tree.python_files(root, *tree.EVERYTHING)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    )
    return [
        f"{path.relative_to(root)}:{number}"
        for path, number, found in lines
        if found and len(re.findall(r"\w", found[1])) < SHORTEST_REASON
    ]


def test_queries_stand_in_repositories() -> None:
    """One file per slice knows its tables."""
    assert queries_outside_repositories(tree.ROOT) == []


def test_query_is_found_when_a_service_selects(tmp_path: Path) -> None:
    """A select in a service is an offence, in a repository it is not."""
    line = "from sqlalchemy import select\nselect(1)\nsession.query(1)\n"
    planted = tree.plant(tmp_path, {"server/visits/service.py": line, "server/visits/repository.py": line})
    assert [found.split()[1] for found in queries_outside_repositories(planted)] == ["select", "session.query"]


def test_a_search_tree_may_be_asked_for_neighbours_anywhere(tmp_path: Path) -> None:
    """A KD-tree's query is no database query; a session called in the same way still is."""
    line = "self._tree.query(1)\nself.session.query(1)\n"
    planted = tree.plant(tmp_path, {"server/dispatch/travel/snapping.py": line})
    assert [found.split()[1] for found in queries_outside_repositories(planted)] == ["self.session.query"]


def test_only_the_unit_of_work_commits() -> None:
    """A service that commits would break the single transaction."""
    assert commits_outside_the_unit_of_work(tree.ROOT) == []


def test_commit_is_found_when_a_service_commits(tmp_path: Path) -> None:
    """The rule sees a commit through an attribute."""
    planted = tree.plant(tmp_path, {"server/visits/service.py": "uow.session.commit()\n"})
    assert commits_outside_the_unit_of_work(planted) == ["server/visits/service.py:1 uow.session.commit"]


def test_only_the_clocks_ask_the_system_for_the_time() -> None:
    """The demo's day runs on a clock of its own (decisions 15 and 18)."""
    assert clock_calls(tree.ROOT) == []


def test_clock_call_is_found_when_a_rule_asks_for_the_time(tmp_path: Path) -> None:
    """Module and class forms are both seen."""
    code = "datetime.datetime.now(tz)\ntime.time()\ndate.today()\ntime.monotonic()\n"
    planted = tree.plant(tmp_path, {"shared/sla.py": code, "server/core/clock.py": code})
    assert len(clock_calls(planted)) == 3


def test_nothing_prints() -> None:
    """Programs write to a stream they name, services log."""
    assert prints(tree.ROOT) == []


def test_print_is_found_when_planted(tmp_path: Path) -> None:
    """The rule sees a print."""
    assert prints(tree.plant(tmp_path, {"deploy/demo.py": "print('ready')\n"})) == ["deploy/demo.py:1 print"]


def test_no_exception_is_swallowed() -> None:
    """A handler names what it expects and does something about it."""
    assert silent_excepts(tree.ROOT) == []


def test_silent_handler_is_found_when_planted(tmp_path: Path) -> None:
    """A bare handler and an empty one are both seen."""
    code = "try:\n    go()\nexcept ValueError:\n    pass\ntry:\n    go()\nexcept:\n    stop()\n"
    assert len(silent_excepts(tree.plant(tmp_path, {"server/a.py": code}))) == 2


def test_every_suppression_gives_its_reason() -> None:
    """A checker is silenced in the open or not at all."""
    assert suppressions_without_reason(tree.ROOT) == []


def test_suppression_without_reason_is_found_when_planted(tmp_path: Path) -> None:
    """A reason beside it passes."""
    quiet = "# no" + "qa: S608"
    code = f"a = 1  {quiet}\nb = 1  {quiet}  the table's name is a constant\n"
    assert suppressions_without_reason(tree.plant(tmp_path, {"server/a.py": code})) == ["server/a.py:1"]
