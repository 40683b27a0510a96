"""A day's reports: leaks by a real city's hourly pattern, appointments in windows, routine work; and their truth."""

from __future__ import annotations

import dataclasses
import math
import random
import tomllib
from pathlib import Path
from typing import Any, Final

from deploy.demo_town.people import Customer

_HOURS_FILE: Final = Path(__file__).parent / "leak_hours.toml"
_SIGMA: Final = 0.35
_NO_ACCESS_SHARE: Final = 0.04
_REFUSES_SHARE: Final = 0.02
_EARLY_H: Final = (5.7, 7.5)
_HALF_MINUTE_S: Final = 30
_NIGHT_H: Final = 6.0
_LEAK_OUTCOMES: Final = (("repaired", 0.5), ("all_clear", 0.33), ("isolated", 0.17))
_WINDOWS_H: Final = ((8, 10), (9, 11), (10, 12), (13, 15), (14, 16), (15, 17), (16, 18), (18, 20))
_OPINIONS: Final = ("满意", "师傅很专业", "来得很快,谢谢", "讲解清楚", "非常满意", "")

# Kind of fault, its share within the class, median minutes on site, where, and what the caller says.
LEAKS: Final = (
    ("gas_odour", 0.50, 38, ("kitchen", "stairwell", "indoor_other"), "楼道里有煤气味"),
    ("gas_leak", 0.28, 48, ("kitchen", "meter_box"), "灶具后面漏气,已关阀"),
    ("gas_alarm", 0.14, 34, ("kitchen",), "燃气报警器一直在响"),
    ("co_alarm", 0.08, 40, ("indoor_other",), "一氧化碳报警,有点头晕"),
)
URGENT: Final = (
    ("no_gas", 0.45, 30, ("kitchen",), "家里突然没气了"),
    ("low_pressure", 0.30, 32, ("kitchen",), "火很小,烧不开水"),
    ("gas_odour", 0.25, 35, ("outdoor", "street"), "小区门口隐约有味道"),
)
APPOINTMENTS: Final = (
    ("stove_fault", 0.34, 32, ("kitchen",), "灶具打不着火"),
    ("heater_fault", 0.34, 38, ("indoor_other",), "热水器不出热水"),
    ("commissioning", 0.16, 35, ("kitchen",), "新装灶具要点火通气"),
    ("meter_fault", 0.16, 28, ("meter_box",), "燃气表不走字"),
)
ROUTINE: Final = (
    ("inspection", 0.55, 20, ("kitchen",), "年度入户安检"),
    ("hose_replacement", 0.25, 18, ("kitchen",), "更换连接软管"),
    ("meter_exchange", 0.20, 26, ("meter_box",), "到期换表"),
)
SHARES: Final = ((LEAKS, 0.125), (URGENT, 0.085), (APPOINTMENTS, 0.33))
_VAGUE: Final = "outdoor"


@dataclasses.dataclass(frozen=True)
class Report:
    """One report: seconds after midnight, the intake's body without times, the promised window in hours, the truth."""

    at_s: int
    body: dict[str, Any]
    window_h: tuple[int, int] | None
    truth: dict[str, Any]


def leak_hours() -> tuple[int, ...]:
    """Return how many gas emergencies a real city had in each hour of the day."""
    return tuple(tomllib.loads(_HOURS_FILE.read_text())["calls"])


def make_reports(customers: tuple[Customer, ...], chance: random.Random, count: int) -> tuple[Report, ...]:
    """Return the day's reports in the order of their time."""
    counts = [max(1, round(count * share)) for _, share in SHARES]
    kinds = [kind for (table, _), n in zip(SHARES, counts, strict=True) for kind in _draw(table, n, chance)]
    kinds += _draw(ROUTINE, max(0, count - sum(counts)), chance)
    homes = chance.sample(customers, len(kinds))
    found = [
        _report(kind, home, chance, is_leak=i < counts[0])
        for i, (kind, home) in enumerate(zip(kinds, homes, strict=True))
    ]
    return tuple(sorted(found, key=lambda r: (r.at_s, r.body["customer_id"])))


def _draw(table: tuple[tuple[Any, ...], ...], count: int, chance: random.Random) -> list[tuple[Any, ...]]:
    return chance.choices(table, [row[1] for row in table], k=count)


def _report(kind: tuple[Any, ...], home: Customer, chance: random.Random, *, is_leak: bool) -> Report:
    fault, _, median_min, places, words = kind
    location = chance.choice(places)
    body = {
        "fault_kind": fault,
        "location": location,
        "answers": _answers(fault, location, chance) if is_leak else _mild(fault),
        "description": words,
        "caller": {"name": home.row["name"], "phone": home.row["phone"]},
        "customer_id": home.row["id"],
        "read_back": True,
        "channel": chance.choice(("phone", "phone", "phone", "app", "web")),
    }
    window = chance.choice(_WINDOWS_H) if any(fault == row[0] for row in APPOINTMENTS) else None
    truth = _truth(median_min, is_leak=is_leak or fault == "gas_odour", chance=chance)
    return Report(_reported_s(kind, window, chance, is_leak=is_leak), body, window, truth)


def _answers(fault: str, location: str, chance: random.Random) -> dict[str, Any]:
    return {
        "fire_or_spark": False,
        "anyone_ill": fault == "co_alarm" and chance.random() < 0.5,  # noqa: PLR2004 - one in two
        "smell_strength": "strong" if fault != "co_alarm" else "none",
        "hissing_sound": chance.random() < 0.15,  # noqa: PLR2004 - one in seven
        "alarm_sounding": fault in {"gas_alarm", "co_alarm"},
        "inside_building": location not in {"outdoor", "street"},
        "can_close_valve": chance.random() < 0.7,  # noqa: PLR2004 - most can
        "vulnerable_present": chance.random() < 0.2,  # noqa: PLR2004 - one in five
    }


def _mild(fault: str) -> dict[str, Any]:
    return {"smell_strength": "faint", "inside_building": False} if fault == "gas_odour" else {}


def _reported_s(kind: tuple[Any, ...], window: tuple[int, int] | None, chance: random.Random, *, is_leak: bool) -> int:
    """Return when it is reported: leaks as in a real city, urgent faults by day, planned work early in the day."""
    if is_leak:
        hour = chance.choices(range(24), leak_hours())[0] + chance.random()
    elif any(kind is row for row in URGENT):
        hour = chance.uniform(7.5, 19.5)
    elif window is not None and window[0] >= 13 and chance.random() < 0.5:  # noqa: PLR2004 - half of the afternoon's windows
        hour = chance.uniform(8.0, window[0] - 3)
    else:
        hour = chance.uniform(*_EARLY_H)
    # The run begins before the early shift; what comes in the small hours of the day comes at the day's other end.
    later = hour + 24 if hour < _NIGHT_H - 0.4 else hour
    return round(later * 3600) // _HALF_MINUTE_S * _HALF_MINUTE_S


def _truth(median_min: int, *, is_leak: bool, chance: random.Random) -> dict[str, Any]:
    """Return what the technician will find; the planner only knows the kind's expected time."""
    duration_s = round(chance.lognormvariate(math.log(median_min * 60), _SIGMA))
    outcome = chance.choices([o for o, _ in _LEAK_OUTCOMES], [w for _, w in _LEAK_OUTCOMES])[0] if is_leak else "done"
    refuses = chance.random() < _REFUSES_SHARE
    return {
        "duration_s": duration_s,
        "outcome": outcome,
        "has_access": is_leak or chance.random() >= _NO_ACCESS_SHARE,
        "signs": not refuses,
        "waive_reason": "refused" if refuses else "",
        "relation": chance.choice(("self", "self", "family", "tenant")),
        "opinion": chance.choice(_OPINIONS),
    }
