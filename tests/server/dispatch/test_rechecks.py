"""Leaks that wait for a crew are looked at again when anything changed for them, and once for all that came before."""

from server.core import journal, relay
from server.core.unit_of_work import Tx
from server.dispatch import offers, repository
from server.dispatch import service as dispatch
from server.work_orders import repository as work_orders
from tests.server.house import HOME, LEAK, STOVE, House


def look(house: House, because_seq: int) -> None:
    """Let an event ask for a look."""
    house.write(lambda tx: dispatch.recheck_leaks(tx, house.settings.sla_profile, because_seq))


def newest(house: House) -> int:
    """Return the number of the newest event."""
    return house.read(lambda s: journal.find_chain_seq(s, HOME))


def looked_ms(house: House, leak: str) -> int:
    """Return as of when the proof of a leak that waits was made."""
    proof = house.read(lambda s: repository.find_proof(s, leak))
    assert proof is not None
    return proof.at_ms


def test_one_look_answers_all_events_before_it_and_the_next_event_asks_again(house: House) -> None:
    """Two crews, three leaks: hundreds of events of a healed line cost one look; what comes after it has its own."""
    *_, waits = (house.report(LEAK) for _ in range(3))
    old = newest(house)
    house.clock.pass_ms(5_000)
    look(house, old)
    at_ms = house.clock.now_ms()
    assert looked_ms(house, waits) == at_ms
    house.clock.pass_ms(5_000)
    for seq in (old, old - 1, 1):
        look(house, seq)
    assert looked_ms(house, waits) == at_ms
    house.report(STOVE)
    look(house, newest(house))
    assert looked_ms(house, waits) == house.clock.now_ms()


def test_look_that_was_undone_is_made_again(house: House) -> None:
    """The transaction of the look failed: the same event finds it still to do."""
    *_, waits = (house.report(LEAK) for _ in range(3))
    house.clock.pass_ms(5_000)
    seq = newest(house)

    def fail(tx: Tx) -> None:
        dispatch.recheck_leaks(tx, house.settings.sla_profile, seq)
        raise InterruptedError

    try:
        house.write(fail)
    except InterruptedError:
        look(house, seq)
    assert looked_ms(house, waits) == house.clock.now_ms()


def test_accept_frees_everybody_asked_beside_him_by_one_reaction(house: House) -> None:
    """Wang and Sun are asked for a leak, another waits; Wang accepts: Sun is offered the other, one event did it."""
    wang = house.phone()
    leak = house.report(LEAK)
    house.write(lambda tx: offers.offer_parallel(tx, work_orders.lock_order(tx.session, HOME, leak), ["wang", "sun"]))
    other = house.report(LEAK)
    assert live(house, other) == []
    wang.sync_once()
    wang.act("accept_assignment", leak)
    wang.sync_once()
    assert house.read(relay.count_waiting) == 1
    house.drain()
    assert (live(house, leak), live(house, other)) == (["wang"], ["sun"])


def live(house: House, work_order_id: str) -> list[str]:
    """Return who holds an order or is offered it."""
    return [a.technician_id for a in house.read(lambda s: repository.list_live_of_order(s, work_order_id))]
