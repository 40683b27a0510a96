"""The whole town from one seed: the same seed and date give the same bytes on every machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

from deploy.demo_town import basemap, company, day, people
from deploy.demo_town.names import Names, load_names
from deploy.demo_town.roads import Driving, Roads, build_roads


@dataclasses.dataclass(frozen=True)
class Town:
    """Roads, people, company, one day's reports, and the map."""

    seed: int
    date: dt.date
    names: Names
    roads: Roads
    driving: Driving
    customers: tuple[people.Customer, ...]
    staff: tuple[company.Staff, ...]
    reports: tuple[day.Report, ...]
    basemap: dict[str, Any]


def generate(seed: int, date: dt.date, orders: int = 180, customers: int = people.CUSTOMERS) -> Town:
    """Return a town and one day of it. Each part has a chance of its own, so that more orders move no house."""

    def chance(part: str) -> random.Random:
        return random.Random(f"{seed}:{part}")

    names, graph = load_names(), build_roads(chance("roads"))
    homes = people.make_customers(graph, names, chance("people"), customers)
    return Town(
        seed=seed,
        date=date,
        names=names,
        roads=graph,
        driving=Driving(graph),
        customers=homes,
        staff=company.make_staff(graph, names, chance("company"), date),
        reports=day.make_reports(homes, chance(f"day:{date}"), orders),
        basemap=basemap.basemap_layers(graph, names, chance("map")),
    )


def write(town: Town, folder: Path) -> None:
    """Write the town as JSON files: town.json, orders.json and the layers of the map."""
    layers = folder / "basemap"
    layers.mkdir(parents=True, exist_ok=True)
    staff = [{"id": s.id, **s.row, "hours": s.hours} for s in town.staff]
    _dump(folder / "town.json", {"customers": [c.row for c in town.customers], "technicians": staff})
    _dump(folder / "orders.json", [dataclasses.asdict(r) for r in town.reports])
    for name, layer in town.basemap.items():
        _dump(layers / f"{name}.geojson", layer)


def _dump(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")), "utf-8")
