"""A leak reaches the boards in a small message of its own, ahead of everything else; a board's messages stay small."""

from __future__ import annotations

from typing import Any

import engineio
import pytest
import socketio

from server.core import clock, journal
from server.realtime.gateway import Gateway
from server.realtime.peers import Peer
from tests.server.house import ELSEWHERE, HOME, LEAK, STOVE, House

LONG_S = 3600.0
FAR_OFF = {"lat": 45.0}  # a day's drive: nobody is back before his shift ends


class Boards:
    """Two regions' browsers at a gateway whose messages are kept instead of sent."""

    def __init__(self, house: House) -> None:
        """Let Lin and Qian join, who know everything up to now."""
        self.gateway = Gateway(house.app, house.services)
        self.sent: list[tuple[str, Any]] = []
        self.gateway.socketio.server.emit = self._keep
        for sid, branch_id in (("lin", HOME), ("qian", ELSEWHERE)):
            known = house.read(journal.list_heads).get(journal.console_reader(branch_id), 0)
            peer = Peer(sid, branch_id, sign_in_id=sid, sent=known, checked_s=clock.mono_s() + LONG_S)
            self.gateway.peers[sid] = peer

    def _keep(self, _event: str, data: Any, to: str) -> None:
        self.sent.append((to, data))

    def push(self) -> list[tuple[str, Any]]:
        """Return what is told in one round, to whom."""
        self.sent.clear()
        self.gateway.push()
        return list(self.sent)


@pytest.fixture
def boards(house: House, monkeypatch: pytest.MonkeyPatch) -> Boards:
    """Return two boards; the library's JSON, which the gateway sets for the whole process, is put back."""
    for kind in (socketio.packet.Packet, engineio.packet.Packet):
        monkeypatch.setattr(kind, "json", kind.json)
    return Boards(house)


def test_leak_is_told_ahead_of_all_other_changes_and_again_in_its_turn(house: House, boards: Boards) -> None:
    """Lin's board hears of the leak alone, then of everything with its numbers; Qian's region hears nothing."""
    house.report(STOVE)
    leak_id = house.report(LEAK)
    (first, ahead), (second, turn) = boards.push()
    assert (first, second) == ("lin", "lin")
    assert [row["id"] for row in ahead["leaks"]] == [leak_id]
    assert (ahead["changes"], ahead["technicians"], ahead["summary"]) == ([], [], None)
    assert leak_id in {change["work_order_id"] for change in turn["changes"]}
    assert ahead["cursor"] < turn["cursor"]
    assert boards.push() == []


def test_order_that_is_no_leak_is_told_in_its_turn_only(house: House, boards: Boards) -> None:
    """A stove's fault makes one message, without leaks."""
    house.report(STOVE)
    ((_, told),) = boards.push()
    assert "leaks" not in told


def test_technician_stands_once_in_a_message_however_many_changes_name_him(house: House, boards: Boards) -> None:
    """Three orders are planned and offered: everybody's row comes once, not with every change."""
    for _ in range(3):
        house.report(STOVE)
    told = boards.push()[-1][1]
    people = [row["id"] for row in told["technicians"]]
    assert people == sorted(set(people)) != []
    assert all("technician" not in change for change in told["changes"])


def test_order_left_out_keeps_its_reason_when_another_one_is_placed(house: House) -> None:
    """Two orders a day's drive away: the board counts both, the plan's page says why for each."""
    for _ in range(2):
        house.report({**STOVE, **FAR_OFF})
    lin = house.sign_in("lin")
    assert lin.get("/api/v1/board").json["plan"]["undone_count"] == 2
    undone = lin.get("/api/v1/plan").json["undone"]
    assert len(undone) == 2
    assert all(one["reason_code"] for one in undone)
