"""A small gas company's morning: three crews, ten calls, everything that can happen at a door."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.demo import command, replay
from deploy.demo.cast import Call, Crew, Play, Truth

START_MS: Final = 1_790_042_400_000  # Tuesday 2026-09-22, 10:00 in Shanghai
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
ONCE: Final = pytest.mark.skipif(
    bool(os.environ.get("LEAKFIRST_TEST_DATABASE_URL")), reason="is about no database: runs once, on SQLite"
)
ONCE_UNLESS_FULL: Final = pytest.mark.skipif(
    bool(os.environ.get("LEAKFIRST_TEST_DATABASE_URL")) and not os.environ.get("FULL"),
    reason="the same morning is played there with power cuts; FULL=1 plays it without them too",
)
_SKILLS: Final = ("gas_leak", "co", "appliance", "meter", "inspection", "commissioning")
_LEAK: Final = {"smell_strength": "strong", "inside_building": True}
_DAY: Final[tuple[tuple[str, dict[str, Any], Truth], ...]] = (
    ("stove_fault", {}, Truth(duration_s=1500, outcome="done")),
    ("gas_leak", _LEAK, Truth(duration_s=2400, outcome="repaired", opinion="满意")),
    ("heater_fault", {}, Truth(duration_s=1800, outcome="done", signs=False, waive_reason="absent")),
    ("gas_odour", {**_LEAK, "smell_strength": "faint"}, Truth(duration_s=1200, outcome="all_clear")),
    ("gas_leak", _LEAK, Truth(duration_s=2000, outcome="isolated", relation="tenant")),
    ("meter_fault", {}, Truth(duration_s=1500, outcome="done", has_access=False)),
    ("no_gas", {}, Truth(duration_s=900, outcome="done")),
    ("gas_leak", _LEAK, Truth(duration_s=1900, outcome="repaired")),
    ("stove_fault", {}, Truth(duration_s=1600, outcome="done", signs=False, waive_reason="refused")),
    ("inspection", {}, Truth(duration_s=1500, outcome="done")),
)


def make_morning() -> Play:
    """Return the play; the same every time."""
    return Play(
        name={"zh_CN": "阳泉", "en": "Yangquan"},
        center=(37.86, 113.57),
        start_ms=START_MS,
        end_ms=START_MS + 24 * HOUR_MS,
        time_zone="Asia/Shanghai",
        crews=tuple(_crew(number) for number in range(1, 4)),
        customers=(),
        calls=tuple(_call(number, *entry) for number, entry in enumerate(_DAY)),
        drive=replay.drive,
        basemap={},
        overrides={},
    )


def _crew(number: int) -> Crew:
    place = (37.84 + 0.01 * number, 113.55 + 0.01 * number)
    row = {
        "name": f"{number}号班组",
        "name_en": f"Crew {number}",
        "skills": [{"name": name, "valid_until_ms": START_MS + 900 * HOUR_MS} for name in _SKILLS],
        "instruments": [{"serial": f"GT-{number}", "valid_until": "2030-01-01"}],
        "home_lat": place[0],
        "home_lon": place[1],
    }
    shift = (START_MS - HOUR_MS, START_MS + 30 * HOUR_MS)
    return Crew(f"crew-{number}", str(row["name"]), row, (shift,), place, f"GT-{number}", "2030-01-01")


def _call(number: int, fault_kind: str, answers: dict[str, Any], truth: Truth) -> Call:
    report = {
        "fault_kind": fault_kind,
        "location": "kitchen",
        "answers": answers,
        "address": f"桃北中街{number + 1}号",
        "lat": 37.85 + 0.004 * number,
        "lon": 113.58 - 0.003 * number,
        "caller": {"name": "赵敏", "phone": "13800000001"},
    }
    return Call(START_MS + (5 + 7 * number) * MINUTE_MS, f"call-{number}", report, truth)


def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, *options: str) -> dict[str, Any]:
    """Play the morning over real processes with the options of the demo's command line; return the report."""
    monkeypatch.setattr(command, "LAST_RUN", tmp_path / "last")
    if database_url.startswith("postgresql"):
        monkeypatch.setenv("LEAKFIRST_DATABASE_URL", database_url)
    report = tmp_path / f"report-{len(list(tmp_path.glob('report-*')))}.json"
    parsed = command._parser().parse_args(["--check", "--report", str(report), *options])
    code = command.play_run(parsed, make_morning())
    figures: dict[str, Any] = json.loads(report.read_text())
    return {**figures, "exit_code": code}
