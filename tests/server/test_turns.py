"""When very many phones call at once: who comes first, who comes in order, and who is not there any more."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from server.accounts import service as accounts
from server.core.turns import AT_ONCE, HUNG_UP, Turns
from server.realtime import lines, peers
from shared import wire
from tests.server.device import Device
from tests.server.house import House

PATIENCE_S = 10.0


def until(is_so: Callable[[], bool]) -> None:
    """Return when something is so. Raises AssertionError when it never comes."""
    pause = threading.Event()
    assert any(is_so() or pause.wait(0.01) for _ in range(1_000))


def line_up(turns: Turns, names: list[str], served: list[str]) -> list[threading.Thread]:
    """Let callers come one after the other, each in a thread; who is served writes his name down."""

    def call(name: str) -> None:
        with turns.taking(name):
            served.append(name)

    def is_longer(before: int) -> bool:
        return turns.waiting > before

    threads = []
    for name in names:
        before = turns.waiting
        threads.append(threading.Thread(target=call, args=(name,), daemon=True))
        threads[-1].start()
        until(functools.partial(is_longer, before))
    return threads


@contextmanager
def full(house: House) -> Iterator[None]:
    """Hold every turn of a server inside the block."""
    held = [house.services.turns.taking("somebody") for _ in range(AT_ONCE)]
    for one in held:
        one.__enter__()
    yield
    for one in held:
        one.__exit__(None, None, None)


def test_leaks_phone_is_served_first_whether_it_waits_or_comes_later() -> None:
    """Three wait; the third and a later one are hurried: these two, then the others in the order they came."""
    turns, served = Turns(at_once=1), list[str]()
    with turns.taking("lin"):
        threads = line_up(turns, ["zhao", "qian", "wang"], served)
        turns.hurry({"wang", "li"})
        threads += line_up(turns, ["li"], served)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert served == ["wang", "li", "zhao", "qian"]
    assert turns.waiting == 0


def test_turns_are_given_back_when_calls_fail_or_rest() -> None:
    """Two hundred callers, each third fails, the others rest: never more than three at a time, and all are served."""
    turns, lock, done = Turns(at_once=3), threading.Lock(), list[int]()
    inside, most = 0, 0

    def work(number: int) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        with lock:
            inside -= 1
        if number % 3 == 0:
            raise LookupError("planted")
        with turns.resting(str(number)):
            pass

    def call(number: int) -> None:
        with suppress(LookupError), turns.taking(str(number)):
            work(number)
        done.append(number)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert sorted(done) == list(range(200))
    assert 1 <= most <= 3
    with turns.taking("last") as has_waited:
        assert not has_waited


def test_call_is_not_served_when_its_line_is_dead_at_its_turn(house: House) -> None:
    """Wang's phone gave up while it waited and will call again: its events are not handled for nobody."""
    wang, statuses = Device(house), list[int]()
    wang.call()
    request = msgspec.json.encode(wire.SyncRequest(v=1, gen="g1", cursor=wang.cursor))
    headers = {"Authorization": f"Bearer {wang.identity.token}"}

    def call(*, is_dead: bool) -> None:
        environ: dict[str, Any] = {HUNG_UP: lambda: is_dead}
        answer = house.app.test_client().post("/api/v1/sync", data=request, headers=headers, environ_overrides=environ)
        statuses.append(answer.status_code)

    with full(house):
        thread = threading.Thread(target=call, kwargs={"is_dead": True}, daemon=True)
        thread.start()
        until(lambda: house.services.turns.waiting > 0)
    thread.join(PATIENCE_S)
    call(is_dead=True)  # nobody waited: it is served, whatever becomes of the answer
    assert statuses == [408, 200]


def test_phone_that_a_leak_waits_for_is_hurried_when_turns_are_short(house: House) -> None:
    """Wang was offered a leak and does not know yet: his phone is served before another that came earlier."""
    wang = Device(house)
    wang.call()
    house.report()
    who = accounts.hash_secret(wang.identity.token)
    served: list[str] = []
    with full(house):
        threads = line_up(house.services.turns, ["zhao", who], served)
        peers.hurry(house.services)
        hurried = [waiter.who for waiter in house.services.turns._first]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert hurried == [who]
    assert sorted(served) == sorted([who, "zhao"])


def test_line_is_known_to_be_dead_only_after_its_other_end_has_closed() -> None:
    """The gateway asks the socket itself, at once."""
    ours, theirs = socket.socketpair()
    with ours:
        assert not lines.has_hung_up(ours)
        theirs.close()
        assert lines.has_hung_up(ours)
