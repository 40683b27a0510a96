"""What goes onto the phone runs there as far as can be told without one: recipes, permissions, and the staged tree."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy.android import stage as staging
from mobile.platform import android, permissions

PHONE_PYTHON = "3.14"
MARKERS = {"python_version": PHONE_PYTHON, "python_full_version": "3.14.2", "sys_platform": "linux", "extra": ""}

RUN = """
import importlib, os, pkgutil, sys
staged, site, allowed, wants_window = sys.argv[1], sys.argv[2], set(sys.argv[3].split(",")), sys.argv[4] == "window"
class OnlyThese:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"{top} is not on the phone", name=name)
sys.path[:] = [staged, *(p for p in sys.path if "site-packages" not in p), site]
sys.meta_path.insert(0, OnlyThese())
seen = []
for package in ("shared", "mobile"):
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, package + "."):
        needs_window = found.name.startswith(("mobile.app", "mobile.screens.", "mobile.widgets."))
        if found.name != "mobile.__main__" and needs_window == wants_window:
            seen.append(importlib.import_module(found.name).__name__)
home = {m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] in {"mobile", "shared"} and m.__file__}
assert all(path.startswith(staged) for path in home), home
print(len(seen), "mobile.service" in seen, "mobile.app" in seen)
"""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the staged tree."""
    if not (staging.ROOT / "mobile" / "assets" / "fonts" / "NotoSansSC-Regular.ttf").exists():
        pytest.skip("the font subsets are made by set-up")
    return staging.stage(tmp_path_factory.mktemp("android"))


def is_pure(name: str) -> bool:
    """Tell whether the locked version is one wheel for every machine."""
    wheel = importlib.metadata.distribution(name).read_text("WHEEL") or ""
    return "Root-Is-Purelib: true" in wheel and any(
        line.startswith("Tag: py") and line.endswith("-none-any") and "py3" in f"{wheel}" for line in wheel.splitlines()
    )


def demands_on(name: str) -> list[tuple[str, Requirement]]:
    """List who asks for a package and at which versions: our own project, and the packages of the phone's lock."""
    project = tomllib.loads((staging.ROOT / "pyproject.toml").read_text())["project"]
    asked = [("leakfirst", line) for line in project["dependencies"] + project["optional-dependencies"]["mobile"]]
    for other in staging.list_locked():
        asked += [(other, line) for line in importlib.metadata.distribution(other).requires or ()]
    found = [(owner, Requirement(line)) for owner, line in asked]
    return [
        (owner, wanted)
        for owner, wanted in found
        if canonicalize_name(wanted.name) == name and (wanted.marker is None or wanted.marker.evaluate(MARKERS))
    ]


def test_every_dependency_of_the_phone_is_pure_or_has_a_recipe_that_satisfies_it() -> None:
    """The whole lock, transitively: nothing is packed that python-for-android cannot build."""
    recipes = staging.read_recipes()
    lock = (staging.ROOT / "deploy" / "requirements" / "mobile.txt").read_text()
    problems = []
    for name, version in staging.list_locked().items():
        if name in recipes["left_out"]:
            continue
        if name in recipes["recipes"]:
            built = Version(recipes["recipes"][name])
            problems += [
                f"{o} wants {w}, the recipe builds {built}" for o, w in demands_on(name) if built not in w.specifier
            ]
        elif name in recipes["pure_wheels"]:
            known = recipes["pure_wheels"][name]
            problems += [f"{name}: another version than the pure wheel's"] if known["version"] != version else []
            problems += [f"{name}: the lock does not know the pure wheel"] if known["sha256"] not in lock else []
        elif not is_pure(name):
            problems.append(f"{name} {version} is compiled and has no recipe")
    assert problems == []


def test_compiled_package_without_a_recipe_or_with_too_old_a_one_is_found() -> None:
    """The check above has teeth: numpy is compiled, and a recipe below what we ask for does not satisfy."""
    assert not is_pure("numpy")
    assert is_pure("bidict")
    wanted = dict(demands_on("cryptography"))
    assert "leakfirst" in wanted
    assert Version("41.0.0") not in wanted["leakfirst"].specifier


def allowed_names() -> set[str]:
    """Return the top-level modules of what is packed."""
    packed = {canonicalize_name(line.partition("==")[0]) for line in staging.list_requirements()}
    owners = importlib.metadata.packages_distributions()
    return {top for top, names in owners.items() if packed & {canonicalize_name(name) for name in names}} | {
        "mobile",
        "shared",
    }


def import_staged(staged: Path, kind: str) -> str:
    """Import the staged modules in a process that finds nothing else; return what it says."""
    site = sysconfig.get_path("purelib")
    command = [sys.executable, "-I", "-S", "-B", "-c", RUN, str(staged), site, ",".join(sorted(allowed_names())), kind]
    home = str(staged.parent / "kivy")
    kivy = {"KIVY_NO_ARGS": "1", "KIVY_HOME": home, "KIVY_NO_FILELOG": "1", "KIVY_LOG_MODE": "PYTHON"}
    driver = {} if os.environ.get("DISPLAY") else {"SDL_VIDEODRIVER": "offscreen"}
    environment = {**os.environ, **kivy, **driver, "KCFG_GRAPHICS_MULTISAMPLES": "0"}
    Path(home).mkdir(exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
    return done.stdout if done.returncode == 0 else done.stderr[-2000:]


def test_staged_core_imports_with_what_is_packed_alone(staged: Path) -> None:
    """Every module of store, sync, actions and service, without Kivy's window, the server or a developer's tools."""
    count, has_service, has_app = import_staged(staged, "core").split()[:3]
    assert (has_service, has_app) == ("True", "False")
    assert int(count) > 60


@pytest.mark.kivy
def test_staged_screens_import_with_what_is_packed_alone(staged: Path) -> None:
    """The app and every screen and widget, over a real window."""
    said = import_staged(staged, "window")
    if "no window" in said.lower():
        pytest.skip("no window can be opened here")
    count, _, has_app = said.split()[-3:]
    assert has_app == "True"
    assert int(count) > 15


def test_forbidden_module_is_refused(staged: Path) -> None:
    """The hook has teeth: a staged module that reaches for the server does not import."""
    (staged / "shared" / "reaches.py").write_text("import sqlalchemy\n")
    said = import_staged(staged, "core")
    (staged / "shared" / "reaches.py").unlink()
    assert "sqlalchemy is not on the phone" in said


def test_staged_tree_holds_nothing_of_the_server_and_is_readable_by_the_phones_python(staged: Path) -> None:
    """No server, tests or planner, no full face of 10 MB, no compiled files; every file parses as Python 3.11."""
    names = {path.name for path in staged.iterdir()}
    assert names == {"mobile", "shared", "android", "main.py", "sync_service.py", "version.toml"}
    assert not list(staged.rglob("*.pyc"))
    assert (staged / "mobile" / "assets" / "fonts" / "LICENSE_FONT.txt").stat().st_size > 1000
    assert {path.name for path in staged.rglob("*.ttf")} == {"NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"}
    for path in staged.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 11))


def read_spec(staged: Path) -> configparser.SectionProxy:
    """Return the staged spec."""
    spec = configparser.ConfigParser(interpolation=None)
    spec.read(staged.parent / "buildozer.spec", encoding="utf-8")
    return spec["app"]


def test_spec_names_a_typed_service_no_backup_and_only_permissions_with_a_reason(staged: Path) -> None:
    """What Android 14 demands of a service, and what a customer's data demands of the app."""
    app = read_spec(staged)
    services = {line.split(":")[0]: line.split(":")[1:] for line in app["services"].split(",")}
    types = {"Sync": "foregroundServiceType=location|dataSync", "Line": "foregroundServiceType=dataSync"}
    assert {name: rest[1:] for name, rest in services.items()} == {
        name: ["foreground", "sticky", kind] for name, kind in types.items()
    }
    assert all((staged / entry[0]).exists() for entry in services.values())
    assert app["android.allow_backup"] == "False"
    asked = {item.rpartition(".")[2] for item in app["android.permissions"].split(",")}
    reasons = permissions.list_permissions()
    assert asked == set(reasons)
    assert {"FOREGROUND_SERVICE_LOCATION", "FOREGROUND_SERVICE_DATA_SYNC", "POST_NOTIFICATIONS"} <= asked
    assert not asked & {"ACCESS_BACKGROUND_LOCATION", "READ_CONTACTS", "READ_EXTERNAL_STORAGE", "READ_PHONE_STATE"}
    assert all(reason["zh_CN"] and reason["en"] for reason in reasons.values())


def test_spec_asks_for_recipes_at_their_versions_and_pure_packages_as_locked(staged: Path) -> None:
    """No version is left to chance, nothing that is left out is asked for."""
    asked = dict(item.split("==") for item in read_spec(staged)["requirements"].split(","))
    recipes = staging.read_recipes()
    assert asked["python3"] == recipes["python"]
    assert asked["msgspec"] == recipes["recipes"]["msgspec"]
    assert asked["requests"] == staging.list_locked()["requests"]
    assert not set(asked) & set(recipes["left_out"])


def test_nothing_travels_unencrypted_and_nothing_is_copied_off_the_phone(staged: Path) -> None:
    """The network's and the backup's rules as Android reads them."""
    network = ET.parse(staged / "android" / "res" / "xml" / "network_security_config.xml")  # noqa: S314 - our own file
    assert [item.get("cleartextTrafficPermitted") for item in network.iter("base-config")] == ["false"]
    assert not list(network.iter("domain-config"))
    rules = ET.parse(staged / "android" / "res" / "xml" / "data_extraction_rules.xml").getroot()  # noqa: S314 - our own file
    for kind in ("cloud-backup", "device-transfer"):
        excluded = {item.get("domain") for item in rules.iterfind(f"{kind}/exclude")}
        assert excluded == {"root", "file", "database", "sharedpref", "external"}
    arguments = (staged / "android" / "application_arguments.xml").read_text()
    assert "@xml/network_security_config" in arguments
    assert "@xml/data_extraction_rules" in arguments


def test_permissions_asked_for_at_run_time_are_in_the_spec_and_the_answer_names_the_place(staged: Path) -> None:
    """Whatever is answered the service starts; a service of the type location only when the place is granted."""
    asked = {item.rpartition(".")[2] for item in read_spec(staged)["android.permissions"].split(",")}
    assert set(android.AT_RUN_TIME) <= asked
    answers = {"granted": [True, True, False, True], "refused": [False, False, True, True], "broken off": []}
    started: list[bool] = []
    for granted in answers.values():
        played = SimpleNamespace(request_permissions=lambda names, on_answer, told=granted: on_answer(names, told))
        with mock.patch.object(importlib, "import_module", lambda _name, module=played: module):
            android.ask_permissions(lambda *, has_place: started.append(has_place))
    assert started == [True, False, False]


class PlayedJava:
    """Android's classes as far as a test asks for them: every call is remembered by its name."""

    def __init__(self) -> None:
        """Grant nothing yet."""
        self.calls: list[str] = []
        self.is_granted = False

    def autoclass(self, name: str) -> Any:
        """Return a class."""
        return mock.MagicMock(
            start=lambda *_: self.calls.append(f"start {name.rpartition('.')[2]}"),
            stop=lambda *_: self.calls.append(f"stop {name.rpartition('.')[2]}"),
            mService=mock.MagicMock(
                getSystemService=lambda _kind: SimpleNamespace(requestLocationUpdates=self.request)
            ),
        )

    def request(self, *_: Any) -> None:
        """Ask for positions."""
        self.calls.append("request")
        if not self.is_granted:
            raise PermissionError("SecurityException")


@pytest.fixture
def java() -> Iterator[PlayedJava]:
    """Yield an Android whose every import is played."""
    played = PlayedJava()
    kind = SimpleNamespace(autoclass=played.autoclass, PythonJavaClass=object, java_method=lambda _: lambda f: f)
    with mock.patch.object(importlib, "import_module", return_value=kind):
        yield played


@pytest.mark.parametrize(("has_place", "started", "stopped"), [(True, "Sync", "Line"), (False, "Line", "Sync")])
def test_service_without_the_place_is_of_the_type_data_sync_alone(
    java: PlayedJava, started: str, stopped: str, *, has_place: bool
) -> None:
    """One of the two runs: a leak rings on a phone whose owner keeps his place to himself."""
    android.start_service(has_place=has_place)
    assert java.calls == [f"stop Service{stopped}", f"start Service{started}"]


def test_place_that_was_refused_once_is_asked_for_again(java: PlayedJava) -> None:
    """The permission comes back during the shift: the watch begins then, once."""
    machine = android.ServiceMachine()
    with pytest.raises(PermissionError):
        machine.watch_place(lambda _place: None, is_wanted=True)
    java.is_granted = True
    machine.watch_place(lambda _place: None, is_wanted=True)
    machine.watch_place(lambda _place: None, is_wanted=True)
    assert java.calls == ["request", "request"]
