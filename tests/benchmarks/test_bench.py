"""``make bench`` keeps figures only for the settings, code and libraries they were measured with, and says which."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import bench, files
from tests.benchmarks.programme import MEASUREMENTS, Measurement

PROBE = """import json, pathlib, sys
out, counted = pathlib.Path(sys.argv[-1]), pathlib.Path({counted!r})
rows = json.loads(out.read_text())["rows"] if out.exists() else []
counted.write_text(counted.read_text() + "x" if counted.exists() else "x")
out.write_text(json.dumps({{"rows": [*rows, 1], "summary": {{"waits": len(rows), "by": {{"ours": 0.25}}}}}}))
sys.exit(int(pathlib.Path({code!r}).read_text()))
"""


@pytest.fixture(name="probe")
def _probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measurement:
    """The only measurement of the programme: a script that counts its runs and ends with the code in a file."""
    package = tmp_path / "probe_package"
    package.mkdir()
    script = package / "bench_probe.py"
    names = {name: str(tmp_path / name) for name in ("counted", "code")}
    script.write_text(PROBE.format(**names), encoding="utf-8")
    (tmp_path / "code").write_text("0", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(package))
    one = Measurement("probe", "bench_probe", ("--size", "3"), ("--size", "1"), code=(str(script),), remark="A probe.")
    monkeypatch.setattr(bench, "MEASUREMENTS", (one,))
    return one


@pytest.fixture(name="run")
def _run(probe: Measurement, tmp_path: Path) -> Callable[..., tuple[int, int, str]]:
    """Run the programme; return its code, how often the probe has run so far, and the table."""
    assert probe.name == "probe"

    def run(*arguments: str) -> tuple[int, int, str]:
        code = bench.main(["--out", str(tmp_path / "out"), *arguments])
        runs = len((tmp_path / "counted").read_text(encoding="utf-8"))
        return code, runs, (tmp_path / "out" / "bench.md").read_text(encoding="utf-8")

    return run


Run = Callable[..., tuple[int, int, str]]


def test_done_measurement_is_kept_with_its_own_date_and_versions(run: Run, tmp_path: Path) -> None:
    """A second run measures nothing; the section says when the first one was, not when the table was written."""
    code, runs, table = run()
    assert (code, runs) == (0, 1)
    record = tmp_path / "out" / "probe.run.json"
    told = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(told | {"began_at": "2020-02-02 02:02 UTC"}), encoding="utf-8")
    code, runs, table = run()
    assert (code, runs) == (0, 1)
    assert "Measured 2020-02-02 02:02 UTC" in table
    assert "A probe." in table
    assert f"numpy {files.list_versions()['numpy']}" in table
    assert "| by ours | 0.25 |" in table
    assert "than now" not in table


@pytest.mark.parametrize("change", ["code", "libraries", "settings", "fresh"])
def test_figures_of_another_state_are_measured_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Changed code, another version, other arguments, or asked for: the old file does not pass for the new one."""
    run()
    arguments: Sequence[str] = ()
    if change == "code":
        script = tmp_path / "probe_package" / "bench_probe.py"
        script.write_text(script.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    elif change == "libraries":
        monkeypatch.setattr(bench, "list_versions", lambda: {"numpy": "99.0"})
    else:
        arguments = ("--quick",) if change == "settings" else ("--fresh",)
    code, runs, table = run(*arguments)
    assert (code, runs) == (0, 2)
    assert "| waits | 0 |" in table  # begun anew, not taken up
    assert "than now" not in table
    assert (tmp_path / "out" / "probe.before.json").exists()


def test_changed_code_is_told_where_old_figures_stand_unmeasured(
    run: Run, probe: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another measurement writes the table: the section that was not run again says that it is of other code."""
    run()
    script = tmp_path / "probe_package" / "bench_probe.py"
    other = Measurement("other", "bench_probe", (), code=(str(script),))
    monkeypatch.setattr(bench, "MEASUREMENTS", (probe, other))
    script.write_text(script.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    _, _, table = run("--only", "other")
    first, second = table.split("## ")[1:]
    assert "**Other code than now**" in first
    assert "than now" not in second


def test_failed_run_is_marked_and_taken_up(run: Run, tmp_path: Path) -> None:
    """Its part of the rows is no figure of the table; the next run goes on from them."""
    (tmp_path / "code").write_text("3", encoding="utf-8")
    code, runs, table = run()
    assert (code, runs) == (1, 1)
    assert "**Failed**, ended with code 3" in table
    assert "1 rows are in probe.json" in table
    assert "| waits |" not in table
    (tmp_path / "code").write_text("0", encoding="utf-8")
    code, runs, table = run()
    assert (code, runs) == (0, 2)
    assert "| waits | 1 |" in table


def test_run_that_was_cut_off_is_marked(
    run: Run, probe: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle, nobody wrote how it ended: the table says so."""
    run()
    record = tmp_path / "out" / "probe.run.json"
    told: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(told | {"state": "begun"}), encoding="utf-8")
    other = Measurement("other", "bench_probe", ())
    monkeypatch.setattr(bench, "MEASUREMENTS", (probe, other))
    _, _, table = run("--only", "other")
    assert "**Not complete**" in table.split("## ")[1]
    assert "| waits |" not in table.split("## ")[1]


def test_every_measurement_names_code_that_exists() -> None:
    """A folder that has moved would leave old figures standing."""
    for measurement in MEASUREMENTS:
        assert measurement.code, measurement.name
        for path in measurement.code:
            assert (files.ROOT / path).exists(), path


def test_programme_holds_what_is_to_be_reported() -> None:
    """All policies of the leak day, the mode without numba, the real day and the phone's bytes are among it."""
    by_name = {measurement.name: measurement for measurement in MEASUREMENTS}
    assert {"real_day", "phone_bytes", "nyc", "trsp", "solomon", "homberger_200", "homberger_400"} <= set(by_name)
    for scenario in "ABC":
        assert "all" in by_name[f"leak_day_{scenario}"].arguments
        assert by_name[f"leak_day_without_numba_{scenario}"].environment == {"LEAKFIRST_NO_NUMBA": "1"}
