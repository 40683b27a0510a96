"""Whatever an answer holds, the phone's store stays whole and its events stay its own."""

import collections
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobile import service
from mobile.sync.doorbell import read_ring
from mobile.sync.engine import SyncState
from mobile.sync.transport import Reply
from shared import wire
from tests.mobile.office import Office, change, job
from tests.mobile.phones import HandClock, go_to_the_door, open_phone

OURS = {"x-leakfirst": "1"}
NUMBERS = st.one_of(st.integers(-3, 5), st.sampled_from([2**53, 2**62, 2**63, 2**64, 10**30, -(2**63)]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(), st.text(max_size=20))
JSON = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3)
)
TEXTS = st.text(max_size=8)
BEYOND_GARBAGE = 7  # entries in the feed: a cursor that no drawn number reaches, so that the phone reads the last one
GENS = st.sampled_from(["", "first", "second", "x" * 300])


class Line:
    """A transport that hands out prepared answers, then those of the office."""

    def __init__(self, office: Office) -> None:
        """Stand in front of `office`."""
        self.office = office
        self.prepared: collections.deque[Reply] = collections.deque()

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the next prepared answer, else the office's."""
        if self.prepared and timeout_s > 0:
            return self.prepared.popleft()
        status, headers, body = self.office.answer(path, payload)
        return Reply(status, {name.lower(): value for name, value in headers.items()}, body)


@st.composite
def almost_answers(draw: st.DrawFn) -> bytes:
    """Draw an answer that has the right form, with some of its values replaced by anything."""
    entry = change(1, job(draw(st.integers(1, 3))), gone=draw(st.booleans()), event_id=draw(TEXTS))
    results = [{"id": draw(TEXTS), "outcome": draw(st.sampled_from(["applied", "retry", "rejected", "", "?"]))}]
    answer: dict[str, Any] = {
        "gen": draw(GENS),
        "at_ms": draw(NUMBERS),
        "results": results,
        "changes": [msgspec.to_builtins(entry) | {"seq": draw(NUMBERS)}],
        "cursor": draw(NUMBERS),
        "more": draw(st.booleans()),
        "reset": draw(st.booleans()),
    }
    for path in draw(st.lists(st.sampled_from(["gen", "results", "changes", "cursor", "job"]), max_size=2)):
        if path == "job" and answer["changes"] and isinstance(answer["changes"][0], dict):
            answer["changes"] = [{**answer["changes"][0], "job": draw(JSON)}]
        elif path == "job":
            answer["changes"] = draw(JSON)
        else:
            answer[path] = draw(JSON)
        if not isinstance(answer["changes"], list):
            break
    return json.dumps(answer).encode()


@pytest.fixture(scope="module")
def line() -> Line:
    """Return the wire that every example shares."""
    return Line(Office())


@pytest.fixture(scope="module")
def worn_phone(line: Line, tmp_path_factory: pytest.TempPathFactory) -> service.Phone:
    """Return a phone that lives through all examples, one after the other."""
    folder = tmp_path_factory.mktemp("wang") / "wang"
    service.enrol(line.office.url, "GOOD-CODE", folder)
    for _ in range(BEYOND_GARBAGE):
        line.office.send(job())
    phone = open_phone(folder, HandClock(), transport=line)
    phone.sync_once()
    go_to_the_door(phone, "order-1")
    return phone


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.binary(max_size=60), JSON.map(lambda v: json.dumps(v).encode()), almost_answers()), max_size=3
    ),
    st.sampled_from([200, 200, 200, 404, 500, 302]),
)
def test_garbage_answers_never_harm_the_store(
    line: Line, worn_phone: service.Phone, bodies: list[bytes], status: int
) -> None:
    """Unreadable, contradicting and absurd answers: no event is dropped, and a good answer heals the rest."""
    note = worn_phone.act("add_note", "order-1", text=f"note {len(line.office.kept)} {len(worn_phone.pending())}")
    waiting = {item.event.id for item in worn_phone.pending()}
    line.prepared.extend(Reply(status, OURS, body) for body in bodies)
    for _ in range(3):
        worn_phone.sync_once()
    line.prepared.clear()
    assert worn_phone.sync_once().state is SyncState.DONE
    assert worn_phone.sync_once().is_caught_up
    assert note is None or note.id in waiting
    set_aside = {item.event.id for item in worn_phone.pending()}
    assert waiting <= set(line.office.kept) | set_aside
    for event_id in set_aside:
        worn_phone.send_again(event_id)
    worn_phone.sync_once()
    assert waiting <= set(line.office.kept)
    assert "order-1" in {item.work_order_id for item in worn_phone.jobs()}
    with worn_phone.desk.store.read() as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@given(st.one_of(JSON, st.dictionaries(st.sampled_from(["seq", "priority", "changes"]), JSON)))
def test_garbage_rings_still_ring(data: Any) -> None:
    """A ring that cannot be read is a ring without content."""
    ring = read_ring(data)
    assert ring is None or isinstance(ring, wire.Doorbell)


def test_key_and_store_of_another_version_are_named(tmp_path: Path) -> None:
    """A torn key file and a newer store are told apart by their codes."""
    phone = open_phone(tmp_path / "wang", HandClock())
    with phone.desk.store.write() as db:
        db.execute("PRAGMA user_version=99")
    phone.close()
    with pytest.raises(Exception, match="store_too_new"):
        open_phone(tmp_path / "wang", HandClock())
    other = open_phone(tmp_path / "zhao", HandClock())
    other.close()
    (tmp_path / "zhao" / "device.key").write_text("torn")
    with pytest.raises(Exception, match="key_unreadable"):
        open_phone(tmp_path / "zhao", HandClock())
