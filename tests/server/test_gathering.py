"""Works of many callers share a transaction: each gets his own outcome, and nobody waits for ever."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

import pytest

from server.core import journal
from server.core.gathering import Asked, Gathering
from server.core.unit_of_work import Actor, Tx
from shared import events
from tests.server.house import HOME, House

PATIENCE_S = 20.0


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
