"""The company of a run: real gateway and worker processes over a database in a folder, seeded once, found again."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.demo import seeding
from deploy.demo.cast import Crew, Play
from deploy.demo.children import Children
from deploy.demo.desk import HotlineDesk
from deploy.demo.replay import drive
from server import schema
from server.core.settings import Settings

CENTER: Final = (37.86, 113.57)
START_MS: Final = 1_767_225_600_000  # shifts begin on 2026-01-01 and last, so that a resumed run is still on duty
END_MS: Final = START_MS + 4 * 365 * 86_400_000
_SKILLS: Final = ("gas_leak", "co", "appliance", "meter", "inspection", "commissioning")
_COLUMNS: Final = 10


@dataclasses.dataclass(frozen=True)
class Company:
    """What a run works with."""

    folder: Path
    database_url: str
    children: Children
    codes: dict[str, str]

    @property
    def url(self) -> str:
        """Return the gateway's address."""
        return self.children.url

    def sign_in(self, user_name: str = "lin") -> HotlineDesk:
        """Return a console session."""
        return HotlineDesk(self.url, user_name)


@contextlib.contextmanager
def running_company(
    folder: Path, technicians: int, module: str, database_url: str = "", extra: dict[str, str] | None = None
) -> Iterator[Company]:
    """Start the company that lives in `folder`, founded there if it is new; `module` is the server's program."""
    data = folder / "server"
    data.mkdir(parents=True, exist_ok=True)
    url = database_url or f"sqlite:///{data / 'leakfirst.db'}"
    environ = {
        "LEAKFIRST_DATA_DIR": str(data),
        "LEAKFIRST_DATABASE_URL": url,
        "LEAKFIRST_PORT": str(_free_port()),
        "LEAKFIRST_PLAN_ITERATIONS": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # kept bytecode: a killed process is back three times sooner
        **(extra or {}),
    }
    codes = _found(folder, environ, technicians)
    children = Children(environ, data, module)
    try:
        for name in ("gateway", "worker"):
            children.start(name)
        children.wait_until_ready()
        yield Company(folder, url, children, codes)
    finally:
        children.stop()


def _found(folder: Path, environ: dict[str, str], technicians: int) -> dict[str, str]:
    """Write the company down once; return the one-time codes of its first day."""
    told = folder / "codes.json"
    if not told.exists():
        settings = Settings.from_env(environ)
        schema.upgrade(settings.database_url)
        codes = seeding.seed(settings, _play(technicians))
        told.write_text(json.dumps(codes))
    found: dict[str, str] = json.loads(told.read_text())
    return found


def _play(technicians: int) -> Play:
    return Play(
        name={"zh_CN": "阳泉", "en": "Yangquan"},
        center=CENTER,
        start_ms=START_MS,
        end_ms=END_MS,
        time_zone="Asia/Shanghai",
        crews=tuple(_crew(number) for number in range(technicians)),
        customers=(),
        calls=(),
        drive=drive,
        basemap={},
        overrides={},
    )


def place(number: int) -> tuple[float, float]:
    """Return a place in town, one for each technician."""
    return (CENTER[0] + 0.01 * (number % _COLUMNS), CENTER[1] + 0.01 * (number // _COLUMNS))


def _crew(number: int) -> Crew:
    home = place(number)
    row: dict[str, Any] = {
        "name": f"{number}号",
        "name_en": f"Crew {number}",
        "skills": [{"name": name, "valid_until_ms": END_MS} for name in _SKILLS],
        "instruments": [{"serial": f"GT-{number}", "valid_until": "2030-01-01"}],
        "home_lat": home[0],
        "home_lon": home[1],
    }
    return Crew(f"crew-{number}", str(row["name"]), row, ((START_MS, END_MS),), home, f"GT-{number}", "2030-01-01")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
