"""What is killed, and how it comes back: one object per target, each with `kill` and `revive`."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from deploy.demo.children import Children
from tests import throwaway_postgres, throwaway_redis

TARGETS: Final = ("server", "phone", "worker", "redis", "postgres")


@dataclasses.dataclass(frozen=True)
class Ground:
    """What a company of this target stands on besides its folder: the database, extra settings, and its cutter."""

    database_url: str = ""
    extra: dict[str, str] = dataclasses.field(default_factory=dict)
    cut: Callable[[Children], None] = lambda _children: None


def missing_part(target: str) -> str:
    """Return why a target cannot be killed here; empty when it can."""
    if target == "redis":
        return throwaway_redis.missing_part()
    return throwaway_postgres.missing_part() if target == "postgres" else ""


@contextlib.contextmanager
def prepared(target: str, folder: Path) -> Iterator[Ground]:
    """Start what a target needs beside the server's own processes, and stop it afterwards."""
    if target == "redis":
        with throwaway_redis.running_server() as server:
            yield Ground(extra={"LEAKFIRST_REDIS_URL": server.url}, cut=lambda _children: _bounce_redis(server))
    elif target == "postgres":
        with throwaway_postgres.kept_cluster(folder / "cluster") as cluster:
            yield Ground(database_url=cluster.url, cut=lambda _children: cluster.bounce())
    else:
        name = "worker" if target == "worker" else "gateway"
        yield Ground(cut=lambda children: _bounce_child(children, name))


def _bounce_redis(server: throwaway_redis.Redis) -> None:
    server.kill()
    server.start()


def _bounce_child(children: Children, name: str) -> None:
    children.kill(name)
    children.start(name)
    children.wait_until_ready()
