"""Orders from files: good rows come in once, bad rows are named by line, column and reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.intake import importing
from server.intake.importing import Outcome
from server.work_orders import repository as work_orders
from shared.errors import DomainError
from tests.server.house import HOME, House

pytestmark = pytest.mark.slow  # whole files through the whole desk

PRESET = """
time_zone = "Asia/Shanghai"
encodings = ["utf-8-sig"]
source_ref = "old:{编号}"
address = "{地址}"
description = "{说明}"
required = ["编号", "时间", "地址"]
[opened]
column = "时间"
format = "%Y-%m-%d %H:%M"
[place]
lat = "纬度"
lon = "经度"
bounds = [37.0, 113.0, 38.5, 114.5]
[fault]
column = "类型"
location = "kitchen"
[fault.kinds]
"漏气" = "gas_leak"
"灶具" = "stove_fault"
"""
HEAD = "编号,时间,地址,说明,纬度,经度,类型"
GOOD = (
    "1,2026-09-22 08:00,桃北中街218号,厨房有气味,37.86,113.57,漏气",
    "2,2026-09-22 09:30,德胜街5号,火焰发黄,37.87,113.58,灶具",
)
BAD = (
    ("3,昨天,桃北中街1号,,37.86,113.57,漏气", "时间", "time_unreadable"),
    ("4,2026-09-22 08:00,,,37.86,113.57,漏气", "地址", "empty"),
    ("5,2026-09-22 08:00,桃北中街1号,,北纬,113.57,漏气", "纬度", "not_a_number"),
    ("6,2026-09-22 08:00,桃北中街1号,,37.86,nan,漏气", "经度", "not_a_number"),
    ("7,2026-09-22 08:00,桃北中街1号,,0,0,漏气", "纬度", "outside_area"),
    ("8,2026-09-22 08:00,桃北中街1号,,37.86,113.57,天气", "类型", "kind_unknown"),
    ("9,2026-09-22 08:00,桃北中街1号,,37.86,113.57,漏气,多余", "", "too_many_columns"),
)


@pytest.fixture
def preset_file(tmp_path: Path) -> Path:
    """Return a company's own preset."""
    path = tmp_path / "own.toml"
    path.write_text(PRESET, "utf-8")
    return path


def take_in(house: House, preset_file: Path, data: bytes, day: str = "") -> Outcome:
    """Import a file's bytes and let the relay work."""
    path = house.folder / "orders.csv"
    path.write_bytes(data)
    outcome = importing.import_orders(house.services, HOME, path, importing.load_preset(str(preset_file)), day=day)
    house.drain()
    return outcome


def lines(*rows: str) -> bytes:
    """Return a file with these rows below the head."""
    return "\n".join([HEAD, *rows, ""]).encode()


def count(house: House) -> int:
    """Count the branch's orders."""
    return len(house.read(lambda s: work_orders.list_all(s, HOME)))


def test_good_rows_become_triaged_orders_and_a_leak_is_offered(house: House, preset_file: Path) -> None:
    """An imported leak is a leak: it is on somebody's phone at once."""
    assert take_in(house, preset_file, lines(*GOOD)).imported == 2
    orders = {o.source_ref: o for o in house.read(lambda s: work_orders.list_all(s, HOME))}
    assert (orders["old:1"].is_leak, orders["old:1"].state) == (True, "offered")
    assert (orders["old:2"].fault_kind, orders["old:2"].description) == ("stove_fault", "火焰发黄")


def test_same_file_again_brings_nothing_new(house: House, preset_file: Path) -> None:
    """Somebody double-clicks the import."""
    take_in(house, preset_file, lines(*GOOD))
    again = take_in(house, preset_file, lines(*GOOD))
    assert (again.imported, again.already, count(house)) == (0, 2, 2)


def test_row_that_stands_twice_in_one_file_comes_in_once(house: House, preset_file: Path) -> None:
    """Files pasted together."""
    outcome = take_in(house, preset_file, lines(*GOOD, *GOOD))
    assert (outcome.imported, outcome.already) == (2, 2)


def test_bad_rows_are_named_by_line_column_and_reason_and_hold_no_good_row_up(house: House, preset_file: Path) -> None:
    """Each bad row says what is wrong with it, in both languages; the good ones are in."""
    outcome = take_in(house, preset_file, lines(GOOD[0], *(row for row, _, _ in BAD), GOOD[1]))
    assert outcome.imported == 2
    assert [(b.line, b.column, b.reason) for b in outcome.bad_rows] == [
        (number, column, reason) for number, (_, column, reason) in enumerate(BAD, start=3)
    ]
    told = importing.describe(outcome)
    assert len(told) == 2 + len(BAD)
    assert not any("«" in line for line in told)


def test_spreadsheet_in_gb18030_is_read(house: House, preset_file: Path) -> None:
    """What a Chinese office sends."""
    assert take_in(house, preset_file, lines(*GOOD).decode().encode("gb18030")).imported == 2
    assert {o.address for o in house.read(lambda s: work_orders.list_all(s, HOME))} == {"桃北中街218号", "德胜街5号"}


def test_only_the_chosen_local_day_comes_in(house: House, preset_file: Path) -> None:
    """Midnight is Shanghai's, not Greenwich's."""
    early = "3,2026-09-23 00:30,桃北中街218号,,37.86,113.57,灶具"
    assert take_in(house, preset_file, lines(*GOOD, early), day="2026-09-22").imported == 2
    assert take_in(house, preset_file, lines(*GOOD, early), day="2026-09-23").imported == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 2000, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, b"{}", b'"' * 999, b"\xff\xfe" + b"a\0b\0" * 99],
    ids=["empty", "zeros", "picture", "json", "quotes", "utf-16"],
)
def test_garbage_file_is_refused_with_a_reason_and_changes_nothing(
    house: House, preset_file: Path, data: bytes
) -> None:
    """Whatever somebody drops on the import, it answers with a code."""
    with pytest.raises(DomainError) as refused:
        take_in(house, preset_file, data)
    assert refused.value.code == "file_unreadable"
    assert count(house) == 0


@pytest.mark.parametrize("name", ["no-such-preset", "../nyc-gas", "no/such.toml"])
def test_unknown_preset_is_refused(name: str) -> None:
    """A preset is a name of the product's or a file of one's own."""
    with pytest.raises(DomainError, match="preset_unknown"):
        importing.load_preset(name)


@pytest.mark.parametrize("text", ["", "time_zone = 5", "\x00", PRESET + "extra = 1"])
def test_broken_preset_is_refused(tmp_path: Path, text: str) -> None:
    """A company's own preset with a mistake in it."""
    path = tmp_path / "broken.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(DomainError, match="preset_invalid"):
        importing.load_preset(str(path))


@pytest.mark.parametrize(
    ("name", "preset", "good", "bad"),
    [
        ("nyc-gas-2018.csv", "nyc-gas", 16_623, 18),
        ("boston311-carbon-monoxide.csv", "boston311", 12, 0),
        ("boston311-heat-excessive-insufficient.csv", "boston311", 1_320, 4),
        ("boston311-no-utilities-residential-gas.csv", "boston311", 42, 0),
        ("boston311-plumbing.csv", "boston311", 473, 0),
        ("boston311-unsafe-dangerous-conditions.csv", "boston311", 1_427, 2),
    ],
)
def test_real_orders_are_read_whole(shared_data: Path, name: str, preset: str, good: int, bad: int) -> None:
    """Every row of the published files is either an order or a named bad row."""
    rows, faults = importing.read_rows(shared_data / "orders" / name, importing.load_preset(preset))
    assert (len(rows), len(faults)) == (good, bad)
    assert len({row.source_ref for row in rows}) == len(rows)


def test_real_day_of_new_york_comes_in_once(house: House, shared_data: Path) -> None:
    """One day of gas calls, imported twice."""
    path, preset = shared_data / "orders" / "nyc-gas-2018.csv", importing.load_preset("nyc-gas")
    first = importing.import_orders(house.services, HOME, path, preset, day="2018-01-02")
    again = importing.import_orders(house.services, HOME, path, preset, day="2018-01-02")
    assert first.imported == count(house) == again.already
    assert (again.imported, first.imported > 20) == (0, True)


def test_command_line_tells_figures_in_both_languages_and_fails_for_bad_rows(house: House, preset_file: Path) -> None:
    """An operator at the terminal sees what came in and what did not; the exit code tells scripts."""
    path = house.folder / "orders.csv"
    path.write_bytes(lines(*GOOD, BAD[0][0]))
    environ = {**os.environ, "LEAKFIRST_DATA_DIR": str(house.folder)}
    environ["LEAKFIRST_DATABASE_URL"] = house.settings.database_url
    command = [sys.executable, "-m", "server", "import-orders", str(path), "--preset", str(preset_file)]
    run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    told = run.stdout.splitlines()
    assert (run.returncode, len(told)) == (1, 3)
    assert told[2].startswith("4: 时间: ")
    assert count(house) == 2
