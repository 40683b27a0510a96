"""What may be in the repository at all: no addresses of registries, no machine's paths, nothing third-party."""

import re
import subprocess
from pathlib import Path

from tests.contracts import tree

# Put together from parts so that this file does not hold what it forbids.
HOSTS = (
    r"py" + r"pi\.org",
    "python" + "hosted",
    r"npm" + r"js\.",
    "npm" + "mirror",
    r"deb\.de" + "bian",
    "file" + ":///opt",
)
MACHINE_PATHS = (r"(?<![\w.])/wo" + "rk/", r"(?<![\w.])/fa" + "rm/", r"(?<![\w.])/ro" + "ot/")
THIRD_PARTY = re.compile(r"\.(ttf|otf|woff2?|whl|pmtiles)$|\.min\.(js|css)$|(^|/)(vendor|node_modules)/")
PINNED = re.compile(r"^[A-Za-z0-9._-]+==\S+( ; .+)? \\$")
TARGETS = {
    "help", "setup", "demo", "replay", "phone", "screenshots", "test", "check", "bench", "soak", "lock", "clean",
}  # fmt: skip


def texts(root: Path) -> list[tuple[str, str]]:
    """Return path and content of every tracked text file."""
    contents = [(path, path.read_bytes()) for path in tree.tracked_files(root)]
    kept = [(path, content) for path, content in contents if b"\0" not in content]
    return [(path.relative_to(root).as_posix(), content.decode("utf-8", "replace")) for path, content in kept]


def files_that_name(root: Path, patterns: tuple[str, ...]) -> list[str]:
    """List tracked text files in which one of the patterns occurs."""
    return [f"{name}: {one}" for name, content in texts(root) for one in patterns if re.search(one, content)]


def third_party_files(root: Path) -> list[str]:
    """List tracked files that look like another project's code, fonts or data."""
    names = (path.relative_to(root).as_posix() for path in tree.tracked_files(root))
    return [name for name in names if THIRD_PARTY.search(name)]


def unhashed_pins(lock: str) -> list[str]:
    """List the entries of a requirements lock that are not pinned to one version with hashes, and any option line."""
    lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    following = [*lines[1:], ""]
    return [
        line
        for line, after in zip(lines, following, strict=True)
        if not line.startswith("    --hash=sha256:")
        and not (PINNED.match(line) and after.startswith("    --hash=sha256:"))
    ]


def makefile_targets(root: Path) -> set[str]:
    """Return the targets that `make help` explains."""
    text = (root / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):[^#\n]*## \S", text, flags=re.MULTILINE))


def test_no_tracked_file_names_a_registry() -> None:
    """Where packages come from is the machine's own setting."""
    assert files_that_name(tree.ROOT, HOSTS) == []


def test_no_tracked_file_names_a_path_of_a_machine() -> None:
    """The checkout works wherever it lies."""
    assert files_that_name(tree.ROOT, MACHINE_PATHS) == []


def test_address_is_found_when_planted(tmp_path: Path) -> None:
    """Any text file counts, not only Python."""
    host, folder = "py" + "pi.org", "/wo" + "rk/"
    planted = tree.plant(
        tmp_path, {"lock.txt": f"--index-url {host}/simple", "a.sh": f"cd {folder}x", "b.sh": f"cd a{folder}x"}
    )
    assert len(files_that_name(planted, HOSTS)) == 1
    assert len(files_that_name(planted, MACHINE_PATHS)) == 1


def test_nothing_third_party_is_tracked() -> None:
    """Fonts, browser libraries and tiles are made by set-up."""
    assert third_party_files(tree.ROOT) == []


def test_third_party_file_is_found_when_planted(tmp_path: Path) -> None:
    """By its ending or by its folder."""
    planted = tree.plant(tmp_path, dict.fromkeys(("a/vendor/map.js", "Font.ttf", "b/app.js", "x.min.js"), ""))
    assert third_party_files(planted) == ["Font.ttf", "a/vendor/map.js", "x.min.js"]


def test_every_locked_requirement_has_hashes() -> None:
    """Set-up installs with --require-hashes; an option line could bring an address."""
    locks = sorted((tree.ROOT / "deploy" / "requirements").glob("*.txt"))
    assert {lock.stem for lock in locks} >= {"server", "mobile", "dev", "uv", "node"}
    assert {lock.name: unhashed_pins(lock.read_text(encoding="utf-8")) for lock in locks} == {
        lock.name: [] for lock in locks
    }


def test_unpinned_requirement_is_found_when_planted() -> None:
    """A pin without hash, an open version and an option are each seen."""
    good = "kivy==2.3.1 ; python_full_version < '3.14' \\\n    --hash=sha256:00\n    # via leakfirst\n"
    assert unhashed_pins(good) == []
    assert len(unhashed_pins(good + "flask==3.1.3\nsegno>=1\n--index-url x\n")) == 3


def test_browser_lock_holds_integrity_and_no_address() -> None:
    """Every package of package-lock.json is fixed by hash, none by a download address."""
    lock = (tree.ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')


def test_makefile_offers_every_promised_command() -> None:
    """Others run these commands on inputs of their own."""
    assert makefile_targets(tree.ROOT) >= TARGETS


def test_make_help_names_every_command() -> None:
    """The list that a newcomer sees is made from the targets themselves."""
    shown = subprocess.run(["make", "-s", "help"], cwd=tree.ROOT, capture_output=True, text=True, check=True).stdout
    assert {name for name in TARGETS if f"make {name} " not in shown} == set()


def test_make_replay_passes_every_option_on_when_all_are_given() -> None:
    """A dry run shows the program's command line."""
    given = ["FILE=a.csv", "PRESET=p", "DAY=2018-09-26", "CREWS=14", "CHECK=1", "REPORT=o.json", "SEED=0", "SPEED=max"]
    shown = subprocess.run(["make", "-n", "replay", *given], cwd=tree.ROOT, capture_output=True, text=True, check=True)
    wanted = ("--file 'a.csv'", "--preset 'p'", "--day '2018-09-26'", "--crews '14'", "--check", "--report 'o.json'",
              "--seed '0'", "--speed 'max'")  # fmt: skip
    assert [option for option in wanted if option not in shown.stdout] == []
