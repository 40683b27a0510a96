"""Stages what goes onto the phone: `python -m deploy.android.stage OUT` writes OUT/app and OUT/buildozer.spec.

Only `mobile`, `shared`, the font subsets and the entries are taken. Nothing is compiled here.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any, Final

from mobile.platform import permissions

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent
ENTRIES: Final = ("main.py", "sync_service.py")
FONTS: Final = {
    "NotoSansSC-Regular.ttf": "NotoSansSC-Regular.ttf",
    "NotoSansSC-Bold.ttf": "NotoSansSC-Bold.ttf",
    "LICENSE_FONT": "LICENSE_FONT.txt",  # buildozer takes files by their ending
}
_PINNED: Final = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)
_DESKTOP_ONLY: Final = ("sys_platform == 'win32'",)
_LEFT_BEHIND: Final = shutil.ignore_patterns("__pycache__", "*.pyc", "fonts")


def list_locked() -> dict[str, str]:
    """Return what the phone's lock names for other machines than Windows: package to version."""
    text = (ROOT / "deploy" / "requirements" / "mobile.txt").read_text(encoding="utf-8")
    return {name: version for name, version, marker in _PINNED.findall(text) if marker.strip() not in _DESKTOP_ONLY}


def read_recipes() -> dict[str, Any]:
    """Return the dated file of recipes."""
    return tomllib.loads((HERE / "recipes-2026.toml").read_text(encoding="utf-8"))


def list_requirements() -> list[str]:
    """Return what python-for-android is asked for: recipes at their version, pure packages as locked."""
    recipes = read_recipes()
    wanted = [name for name in list_locked() if name not in recipes["left_out"]]
    versions = {**list_locked(), **recipes["recipes"]}
    return sorted(f"{name}=={versions[name]}" for name in {*wanted, "pyjnius"})


def stage(out: Path) -> Path:
    """Write the tree of the app and its spec; what was there before is replaced. Returns the tree's folder."""
    app = out / "app"
    shutil.rmtree(app, ignore_errors=True)
    for package in ("mobile", "shared"):
        shutil.copytree(ROOT / package, app / package, ignore=_LEFT_BEHIND)
    fonts = app / "mobile" / "assets" / "fonts"
    fonts.mkdir(parents=True, exist_ok=True)
    for name, staged in FONTS.items():
        shutil.copy(ROOT / "mobile" / "assets" / "fonts" / name, fonts / staged)
    for name in ENTRIES:
        shutil.copy(HERE / name, app)
    (app / "android" / "res").mkdir(parents=True)
    shutil.copy(HERE / "application_arguments.xml", app / "android")
    shutil.copytree(HERE / "res" / "xml", app / "android" / "res" / "xml")
    (app / "version.toml").write_text(f'version = "{_version()}"\n', encoding="utf-8")
    (out / "buildozer.spec").write_text(_spec(), encoding="utf-8")
    return app


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _spec() -> str:
    text = (HERE / "buildozer.spec").read_text(encoding="utf-8")
    asked = ",".join(f"android.permission.{name}" for name in permissions.list_permissions())
    return text.replace("@REQUIREMENTS@", ",".join(list_requirements())).replace("@PERMISSIONS@", asked)


def main() -> None:
    """Stage into the folder of the command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.android.stage", description=__doc__)
    parser.add_argument("out", type=Path)
    stage(parser.parse_args().out)


if __name__ == "__main__":
    main()
