"""Works of many callers share a transaction: each gets his own outcome, and nobody waits for ever."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence

import pytest

from server.core import journal
from server.core.gathering import Asked, Gathering
from server.core.unit_of_work import Actor, Tx
from server.visits import repository as visit_rows
from shared import events, facts
from tests.server.device import Device
from tests.server.house import HOME, LEAK, House

PATIENCE_S = 20.0
NOTE = facts.NoteAdded(text="表前阀已关")


def start(work: Callable[[], object]) -> threading.Thread:
    """Run a work in a thread."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def until(is_so: Callable[[], bool]) -> None:
    """Return when something is so. Raises AssertionError when it never comes."""
    pause = threading.Event()
    assert any(is_so() or pause.wait(0.01) for _ in range(1_000))


class Writer:
    """Carries groups out when it is let, and notes them; a group with a planted failure breaks."""

    def __init__(self) -> None:
        """Hold the first group."""
        self.groups: list[list[str]] = []
        self.may_go = threading.Event()
        self.gathering = Gathering(self.carry_out, most=3)

    def carry_out(self, group: list[Asked]) -> None:
        """Write a group down."""
        self.groups.append([one.works[0] for one in group])
        assert self.may_go.wait(PATIENCE_S)
        if "broken" in self.groups[-1]:
            raise LookupError("planted")
        for one in group:
            one.outcomes = list(one.works)

    def has_heard(self, count: int) -> bool:
        """Tell whether so many callers lead or wait."""
        return len(self.groups) + len(self.gathering._waiting) == count

    def ask(self, name: str) -> Asked:
        """Ask for one work in this thread."""
        asked = Asked([name], set())
        self.gathering.pass_through(asked)
        return asked


def test_what_waits_while_one_group_is_written_is_the_next_group_in_order() -> None:
    """The first goes alone; of the four that come meanwhile three go together and one after them."""
    writer = Writer()
    threads = []
    for number, name in enumerate(["a", "b", "c", "d", "e"]):
        threads.append(start(functools.partial(writer.ask, name)))
        until(functools.partial(writer.has_heard, number + 1))
    writer.may_go.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert writer.groups == [["a"], ["b", "c", "d"], ["e"]]


def test_others_go_on_when_a_group_breaks_or_a_caller_gives_up() -> None:
    """Who leads hears of the failure, who was in the group goes on alone, and who gave up is never named."""
    writer = Writer()
    first = start(functools.partial(writer.ask, "a"))
    until(lambda: len(writer.groups) == 1)
    raised: list[str] = []

    def lead() -> None:
        with pytest.raises(LookupError):
            writer.ask("broken")
        raised.append("heard")

    leads = start(lead)
    until(lambda: len(writer.gathering._waiting) == 1)
    found: list[Asked] = []
    follows = start(lambda: found.append(writer.ask("b")))
    until(lambda: len(writer.gathering._waiting) == 2)

    class GaveUp(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt(timeout)

    gone = Asked(["gone"], set())
    gone.called = GaveUp()
    with pytest.raises(KeyboardInterrupt):
        writer.gathering.pass_through(gone)
    writer.may_go.set()
    for thread in (first, leads, follows):
        thread.join(PATIENCE_S)
    assert raised == ["heard"]
    assert found[0].outcomes is None  # it has to go on alone
    assert writer.ask("later").outcomes == ["later"]
    assert writer.groups == [["a"], ["broken", "b"], ["later"]]


def test_every_caller_gets_his_own_outcome_when_one_of_many_fails(house: House) -> None:
    """Thirty at once, one breaks without a savepoint: he alone hears of it, and the chain has all others once."""
    outcomes: dict[int, list[object]] = {}

    def note(number: int) -> Callable[[Tx], int]:
        def work(tx: Tx) -> int:
            tx.record(events.SHIFT_CHANGED, {"number": number})
            if number == 7:
                raise LookupError("planted")
            return number

        return work

    def call(number: int) -> None:
        outcomes[number] = list(house.uow.run_all(Actor.system(HOME), [note(number)]))

    threads = [start(functools.partial(call, number)) for number in range(30)]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert {n: o for n, o in outcomes.items() if n != 7} == {n: [n] for n in range(30) if n != 7}
    assert isinstance(outcomes[7][0], LookupError)
    kept = house.read(lambda s: journal.list_of_type(s, HOME, events.SHIFT_CHANGED))
    assert sorted(e.data["number"] for e in kept if "number" in e.data) == [n for n in range(30) if n != 7]
    assert house.read(lambda s: journal.verify_chain(s, HOME)) == []


def hold(house: House, waiting: int, calls: list[Callable[[], object]]) -> None:
    """Make calls while the writer is held; let it go when so many wait for it."""
    is_held, may_go = threading.Event(), threading.Event()

    def stay(_tx: Tx) -> None:
        is_held.set()
        assert may_go.wait(PATIENCE_S)

    threads = [start(lambda: house.uow.run_all(Actor.system(HOME), [stay]))]
    assert is_held.wait(PATIENCE_S)
    threads += [start(call) for call in calls]
    until(lambda: len(house.uow._gathering._waiting) == waiting)
    may_go.set()
    for thread in threads:
        thread.join(PATIENCE_S)


def test_phones_that_are_filed_together_keep_their_facts_once_each(house: House) -> None:
    """Four phones of one technician tell notes of one visit, each twice; one tells garbage, one an id that was used."""
    if not house.uow.database.is_sqlite:
        pytest.skip("only callers of SQLite's one writer are gathered")
    order_id, phones = house.report(LEAK), [Device(house) for _ in range(4)]
    phones[3].call(phones[3].event(order_id, NOTE, "note-3"))
    told = [[phone.event(order_id, NOTE, f"note-{number}")] * 2 for number, phone in enumerate(phones)]
    told[1].insert(1, b'{"id": "garbage"}')
    told[2].append(phones[2].event(order_id, facts.NoteAdded(text="别的"), "note-2"))
    heard: dict[int, list[str]] = {}

    def call(number: int) -> None:
        heard[number] = [result.outcome for result in phones[number].call(*told[number]).results]

    hold(house, 4, [functools.partial(call, number) for number in range(4)])
    assert heard == {
        0: ["applied", "duplicate"],
        1: ["applied", "quarantined", "duplicate"],
        2: ["applied", "duplicate", "quarantined"],
        3: ["duplicate", "duplicate"],
    }
    kept = house.read(lambda s: visit_rows.list_evidence(s, order_id))
    assert sorted(e.id for e in kept if e.type == "note_added") == [f"note-{number}" for number in range(4)]
    assert len(house.read(lambda s: visit_rows.list_visits(s, order_id))) == 1
    assert house.read(lambda s: journal.verify_chain(s, HOME)) == []


def test_questions_that_meet_are_answered_by_one_reading_and_a_bad_one_alone(house: House) -> None:
    """While the first is answered three more come; one of them breaks their common reading, and only he hears of it."""
    if not house.uow.database.is_sqlite:
        pytest.skip("only SQLite's readers are gathered")
    may_go, groups, heard = threading.Event(), [], {}

    def answer(_session: object, questions: Sequence[str]) -> list[str]:
        groups.append(list(questions))
        assert may_go.wait(PATIENCE_S)
        if "bad" in questions:
            raise LookupError("planted")
        return [question.upper() for question in questions]

    def ask(question: str) -> None:
        try:
            heard[question] = house.uow.read_together(answer, question)
        except LookupError as error:
            heard[question] = str(error)

    threads = []
    for number, question in enumerate(["a", "b", "bad", "c"]):
        threads.append(start(functools.partial(ask, question)))
        until(lambda number=number: len(groups) + len(house.uow._gathering_for(answer)._waiting) == number + 1)  # type: ignore[misc]  # a default binds the loop's value
    may_go.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert heard == {"a": "A", "b": "B", "bad": "planted", "c": "C"}
    assert groups[:2] == [["a"], ["b", "bad", "c"]]
