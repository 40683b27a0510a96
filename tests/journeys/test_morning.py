"""A whole morning from leak to signature, over real processes and real phones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.plays import ONCE_UNLESS_FULL


@ONCE_UNLESS_FULL
@pytest.mark.timeout(600)
def test_every_promise_of_a_morning_is_kept(morning: dict[str, Any]) -> None:
    """Ten calls, three crews: all closed but the door that nobody opened; nothing lost, nothing twice, all sealed."""
    report = morning
    assert (report["exit_code"], report["orders"], report["closed"], report["orders_no_access"]) == (0, 10, 9, 1)
    assert (report["events_lost"], report["events_duplicated"], report["journal_ok"]) == (0, 0, True)
    assert (report["records_signed"], report["records_waived"], report["records_verified"]) == (7, 2, 9)
    assert (report["copies_issued"], report["call_backs_scheduled"], report["quarantined"]) == (9, 9, 0)
    assert report["leaks_closed_without_evidence"] == 0
    assert report["emergencies_reached"] == report["emergencies"] >= 3
