"""The town's customers: accounts, meters, appliances, addresses along its streets."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any, Final

from deploy.demo_town.names import Names
from deploy.demo_town.roads import Edge, Roads, to_lat_lon

CUSTOMERS: Final = 3000
_VULNERABLE_SHARE: Final = 0.06
_ENGLISH_SHARE: Final = 0.05
_KERB_M: Final = (14, 38)


@dataclasses.dataclass(frozen=True)
class Customer:
    """A customer of the archive, as the server's table wants him, and his name and address in English."""

    row: dict[str, Any]
    name_en: str
    address_en: str


def make_customers(roads: Roads, names: Names, chance: random.Random, count: int = CUSTOMERS) -> tuple[Customer, ...]:
    """Return customers at addresses that are all different; the first is customer Zhao (赵敏)."""
    weights = [edge.length_m for edge in roads.edges]
    taken: set[str] = set()
    found: list[Customer] = []
    while len(found) < count:
        edge = chance.choices(roads.edges, weights)[0]
        if edge.is_bridge:
            continue
        customer = _customer(roads, names, edge, len(found) + 1, chance)
        if customer.row["address"] not in taken:
            taken.add(customer.row["address"])
            found.append(customer)
    return tuple(found)


def _customer(roads: Roads, names: Names, edge: Edge, number: int, chance: random.Random) -> Customer:
    share, side = chance.uniform(0.1, 0.9), chance.choice((-1, 1))
    address, address_en = _address(names, edge, share, side, chance)
    lat, lon = to_lat_lon(_beside(roads, edge, share, side * chance.uniform(*_KERB_M)))
    name, name_en = ("赵敏", "Zhao Min") if number == 1 else person_name(names, chance)
    row = {
        "id": f"customer-{number:04d}",
        "account": f"LQ{number:06d}",
        "name": name,
        "phone": f"1380000{number:04d}",
        "address": address,
        "lat": lat,
        "lon": lon,
        "language": "en" if chance.random() < _ENGLISH_SHARE and number > 1 else "zh_CN",
        "is_vulnerable": chance.random() < _VULNERABLE_SHARE,
        "meter_serial": f"M{chance.randrange(10**8):08d}{number:04d}",
        "appliances": _appliances(names, chance),
    }
    return Customer(row, name_en, address_en)


def person_name(names: Names, chance: random.Random) -> tuple[str, str]:
    """Return somebody's name in Chinese and romanised."""
    family, given = chance.choice(names.surnames), chance.choice(names.given)
    return family[0] + given[0], f"{family[1]} {given[1]}"


def _address(names: Names, edge: Edge, share: float, side: int, chance: random.Random) -> tuple[str, str]:
    zh, en = names.street(edge.name)
    number = 2 * (edge.a % 97 + round(share * 9) + 1) + (side > 0)
    unit, floor, flat = chance.randint(1, 4), chance.randint(1, 11), chance.randint(1, 3)
    return f"{zh}{number}号{unit}单元{floor}0{flat}室", f"{number} {en}, Unit {unit}, Flat {floor}0{flat}"


def _beside(roads: Roads, edge: Edge, share: float, off_m: float) -> tuple[float, float]:
    (ax, ay), (bx, by) = roads.nodes[edge.a], roads.nodes[edge.b]
    length = math.hypot(bx - ax, by - ay) or 1.0
    return ax + (bx - ax) * share - (by - ay) / length * off_m, ay + (by - ay) * share + (bx - ax) / length * off_m


def _appliances(names: Names, chance: random.Random) -> list[dict[str, str]]:
    found = [_appliance(chance.choice(names.stoves), chance)]
    if chance.random() < 0.7:  # noqa: PLR2004 - share of homes with a gas heater
        found.append(_appliance(chance.choice(names.heaters), chance))
    return found


def _appliance(kind: tuple[str, str], chance: random.Random) -> dict[str, str]:
    year, month = chance.randint(2017, 2026), chance.randint(1, 10)
    return {
        "label": kind[0],
        "model": kind[1],
        "batch": f"{year % 100:02d}{chance.randint(1, 40):02d}",
        "installed": f"{year}-{month:02d}-{chance.randint(1, 28):02d}",
    }
