"""A stolen phone locks or wipes itself at its next contact; what it had not sent, this server alone can read (C8)."""

import secrets

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import orm

from mobile.platform import escrow
from mobile.store import wiping
from server.core import journal, recovery
from server.sync import evidence
from shared import events, facts, wire
from shared.errors import DomainError
from tests.server.device import Device
from tests.server.house import HOME, LEAK, House, Wire

pytestmark = pytest.mark.slow  # plays whole visits with two phones

PATH = "/api/v1/evidence"


def give(house: House, device_id: str, kind: str, who: str = "lin") -> int:
    """Give an order to a phone at the console; return the status."""
    answer = house.sign_in(who).post(f"/api/v1/devices/{device_id}/{kind}")
    house.drain()
    return int(answer.status_code)


def sealed_events(house: House, wang: Device, *raws: bytes) -> bytes:
    """Return events sealed for the server as a wiped phone leaves them."""
    content = {"device_id": wang.identity.device_id, "events": [msgspec.Raw(raw) for raw in raws]}
    return escrow.seal_for(recovery.public_hex(house.folder), msgspec.json.encode(content))


def test_locked_phone_gives_its_evidence_and_learns_nothing(house: House) -> None:
    """Wang's phone is locked: what it sends is kept, no address of anybody goes to it; unlocked, it reads afresh."""
    wang = Device(house)
    order_id = house.report(LEAK)
    assert give(house, wang.identity.device_id, "lock") == 200
    answer = wang.call(wang.event(order_id, facts.AssignmentAccepted(), "w-1"))
    assert (answer.order, answer.changes, answer.cursor) == ("lock", (), 0)
    assert answer.results[0].outcome == "applied"
    assert guarded(wang, "locked").order == "lock"
    assert give(house, wang.identity.device_id, "unlock") == 200
    again = guarded(wang, "locked")
    assert (again.order, again.reset) == ("unlock", True)
    jobs = [change.job for change in guarded(wang, "").changes if change.job is not None]
    assert [job.work_order_id for job in jobs] == [order_id]


def guarded(device: Device, guard: str) -> wire.SyncResponse:
    """Call with what the phone says of itself."""
    request = wire.SyncRequest(v=1, gen="g1", cursor=device.cursor, guard=guard)
    reply = device.line.post("/api/v1/sync", msgspec.json.encode(request), 0)
    if reply.status != 200:
        raise LookupError(reply.body.decode())
    return msgspec.json.decode(reply.body, type=wire.SyncResponse)


def test_wiped_phone_loses_its_access_when_it_has_obeyed(house: House) -> None:
    """The order stands until the phone says that it is wiped; then its token is worth nothing, and a wipe is final."""
    wang = Device(house)
    assert give(house, wang.identity.device_id, "wipe") == 200
    assert [guarded(wang, "").order, guarded(wang, "").order] == ["wipe", "wipe"]
    guarded(wang, "wiped")
    with pytest.raises(LookupError, match="device_revoked"):
        guarded(wang, "")
    assert give(house, wang.identity.device_id, "unlock") == 409
    done = house.read(lambda s: [e.data["kind"] for e in events_of(s, events.DEVICE_ORDER_DONE)])
    assert done == ["wipe"]


def events_of(session: orm.Session, kind: str) -> list[journal.Event]:
    """Return the branch's events of one kind."""
    return list(journal.list_of_type(session, HOME, kind))


def test_phone_that_was_revoked_first_still_hears_of_the_wipe(house: House) -> None:
    """Lin ended its access in haste, then ordered the wipe: it is told to wipe, and nothing else."""
    wang = Device(house)
    house.report(LEAK)
    house.lin.post(f"/api/v1/devices/{wang.identity.device_id}/revoke")
    assert give(house, wang.identity.device_id, "wipe") == 200
    answer = guarded(wang, "")
    assert (answer.order, answer.changes, answer.duty) == ("wipe", (), ())


def test_sealed_evidence_is_filed_once_as_that_phones_own(house: House) -> None:
    """The file is opened by the server's key alone; the same file again, or the same events, change nothing."""
    wang = Device(house)
    order_id = house.report(LEAK)
    sealed = sealed_events(
        house,
        wang,
        wang.event(order_id, facts.Departed(), "w-2"),
        wang.event(order_id, facts.NoteAdded(text="门口有气味"), "w-3"),
    )
    new = Device(house)
    assert new.line.post(PATH, sealed, 0).status == 201
    assert new.line.post(PATH, sealed, 0).status == 200
    twin = sealed_events(house, wang, wang.event(order_id, facts.NoteAdded(text="门口有气味"), "w-3"))
    assert new.line.post(PATH, twin, 0).status == 201
    kept = [e for e in house.events(order_id) if e.type == events.FACT_RECORDED and "门口" in str(e.data)]
    assert len(kept) == 1


def test_garbage_and_foreign_files_are_refused_and_change_nothing(house: House) -> None:
    """Truncated, altered, sealed for another server, from another branch, or plain noise: one refusal, no trace."""
    wang = Device(house)
    order_id = house.report(LEAK)
    good = sealed_events(house, wang, wang.event(order_id, facts.Departed(), "w-2"))
    before = len(house.events(order_id))
    other = escrow.seal_for(X25519PrivateKey.generate().public_key().public_bytes_raw().hex(), b"{}")
    strange = escrow.seal_for(
        recovery.public_hex(house.folder), msgspec.json.encode({"device_id": "nobody", "events": []})
    )
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    for bad in (
        b"",
        b"LFE1",
        good[:60],
        good[:-1],
        flipped,
        b"LFE2" + good[4:],
        other,
        strange,
        secrets.token_bytes(500),
    ):
        reply = wang.line.post(PATH, bad, 0)
        assert (reply.status, b"evidence_unreadable" in reply.body) == (400, True)
    assert len(house.events(order_id)) == before


def test_another_technicians_events_are_kept_for_a_person(house: House) -> None:
    """Sun's phone hands over a file in Wang's name: a seal does not prove who made it, so nothing is filed as his."""
    wang, sun = Device(house), Device(house, "sun")
    order_id = house.report(LEAK)
    sealed = sealed_events(house, wang, wang.event(order_id, facts.AssignmentAccepted(), "w-9"))
    assert sun.line.post(PATH, sealed, 0).status == 201
    assert house.order(order_id).state == "offered"
    assert house.read(lambda s: events_of(s, events.FACT_QUARANTINED))


def test_operator_opens_a_file_carried_by_hand(house: House) -> None:
    """No phone, no token: the file alone is enough at the server."""
    wang = Device(house)
    order_id = house.report(LEAK)
    sealed = sealed_events(house, wang, wang.event(order_id, facts.AssignmentAccepted(), "w-9"))
    found = evidence.recover(house.services, HOME, sealed, None)
    assert (found.is_new, found.events) == (True, 1)
    assert house.order(order_id).state == "assigned"
    with pytest.raises(DomainError):
        evidence.recover(house.services, "branch-2", sealed[:-1], None)


def test_real_phone_hands_its_unsent_note_over_through_a_wipe(house: House) -> None:
    """The whole way: a note that never left, a wipe, an erased phone, the note filed."""
    wang = house.phone("wang")
    order_id = house.report(LEAK)
    house.sync(wang)
    wang.act("add_note", order_id, text="unsent words")
    assert wang.warden.wipe("silence")
    house.drain()
    assert "unsent words" in str([e.data for e in house.events(order_id)])
    home = house.folder / "phones" / "wang"
    assert wiping.find_wiped(home) is not None


def test_stranger_and_agent_cannot_order_a_wipe(house: House) -> None:
    """Another branch's dispatcher does not see the phone; the hotline agent may not."""
    wang = Device(house)
    assert give(house, wang.identity.device_id, "wipe", "qian") == 404
    assert give(house, wang.identity.device_id, "wipe", "chen") == 403
    assert Wire(house.app).post(PATH, b"LFE1", 0).status == 401
