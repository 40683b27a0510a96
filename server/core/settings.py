"""Settings from the environment: one frozen value, read once, refused when it makes no sense."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from shared.errors import DomainError

_SECRET_BYTES = 32
TRAVEL_PROVIDERS = ("straight", "roadgraph", "osrm")
_HTTP = ("http://", "https://")
_REDIS = ("redis://", "rediss://", "unix://")
_PROMISED_DAYS = 90  # reliability 3.2: results of phone events are remembered at least so long


@dataclasses.dataclass(frozen=True)
class Settings:
    """All that an operator may choose; see README for the variables (`LEAKFIRST_*`)."""

    data_dir: Path
    database_url: str
    host: str
    port: int
    secret_key: str
    worker_name: str
    clock_address: str
    basemap_dir: Path | None
    sla_profile: str
    plan_iterations: int
    solver_seconds: float
    solver_workers: int
    time_zone: str
    jurisdiction: str
    catalog_dir: Path | None
    travel: str = "straight"
    roads_file: Path | None = None
    osrm_url: str = ""
    tsa_url: str = ""
    redis_url: str = ""
    hotline: str = ""
    idempotency_days: int = 0

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read `LEAKFIRST_*`. Raises DomainError `setting_invalid` that names the variable."""
        data_dir = Path(environ.get("LEAKFIRST_DATA_DIR", "data")).resolve()
        data_dir.mkdir(parents=True, exist_ok=True)
        basemap, catalog = environ.get("LEAKFIRST_BASEMAP_DIR"), environ.get("LEAKFIRST_CATALOG_DIR")
        roads = environ.get("LEAKFIRST_ROADS_FILE")
        return cls(
            data_dir=data_dir,
            database_url=environ.get("LEAKFIRST_DATABASE_URL") or f"sqlite:///{data_dir / 'leakfirst.db'}",
            host=environ.get("LEAKFIRST_HOST", "127.0.0.1"),
            port=_whole(environ, "LEAKFIRST_PORT", 8160),
            secret_key=_secret(environ, data_dir),
            worker_name=environ.get("LEAKFIRST_WORKER_NAME", "worker-0"),
            clock_address=environ.get("LEAKFIRST_CLOCK", ""),
            basemap_dir=Path(basemap) if basemap else None,
            sla_profile=environ.get("LEAKFIRST_SLA_PROFILE", "sla-gas-cn-2026"),
            plan_iterations=_whole(environ, "LEAKFIRST_PLAN_ITERATIONS", 0),
            solver_seconds=float(_whole(environ, "LEAKFIRST_SOLVER_SECONDS", 5)),
            solver_workers=_whole(environ, "LEAKFIRST_SOLVER_WORKERS", 0) or min(2, max(1, (os.cpu_count() or 1) - 1)),
            time_zone=environ.get("LEAKFIRST_TIME_ZONE", "Asia/Shanghai"),
            jurisdiction=environ.get("LEAKFIRST_JURISDICTION", "CN"),
            catalog_dir=Path(catalog) if catalog else None,
            travel=_one_of(environ, "LEAKFIRST_TRAVEL", TRAVEL_PROVIDERS),
            roads_file=Path(roads) if roads else None,
            osrm_url=_address(environ, "LEAKFIRST_OSRM_URL", _HTTP),
            tsa_url=_address(environ, "LEAKFIRST_TSA_URL", _HTTP),
            hotline=environ.get("LEAKFIRST_HOTLINE", "").strip()[:32],
            redis_url=_address(environ, "LEAKFIRST_REDIS_URL", _REDIS),
            idempotency_days=_kept_days(environ, "LEAKFIRST_IDEMPOTENCY_DAYS"),
        )

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the embedded database is used."""
        return self.database_url.startswith("sqlite")


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    try:
        return int(text)
    except ValueError as error:
        raise DomainError("setting_invalid", name=name, value=text) from error


def _kept_days(environ: Mapping[str, str], name: str) -> int:
    """Return for how many days results are remembered; 0 is for good, fewer than promised is refused."""
    days = _whole(environ, name, 0)
    if days and days < _PROMISED_DAYS:
        raise DomainError("setting_invalid", name=name, value=days)
    return days


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices; the first when nothing is set."""
    text = environ.get(name) or choices[0]
    if text not in choices:
        raise DomainError("setting_invalid", name=name, value=text)
    return text


def _address(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    text = environ.get(name, "")
    if text and not text.startswith(schemes):
        raise DomainError("setting_invalid", name=name, value=text)
    return text


def _secret(environ: Mapping[str, str], data_dir: Path) -> str:
    """Return the cookie secret: a file named by the operator, else one made on the first start; never a default."""
    path = Path(environ.get("LEAKFIRST_SECRET_KEY_FILE") or data_dir / "secret.key")
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(_SECRET_BYTES))
    return path.read_text().strip()
