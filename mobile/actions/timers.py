"""Running timers of steps: kept in the store, so that they go on while the screen is left or the app is killed."""

from __future__ import annotations

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import jobs, pocket
from mobile.store.pocket import RunningTimer
from shared import facts, wire
from shared.errors import DomainError


def start_timer(desk: Desk, work_order_id: str, *, protocol: str, step: str) -> None:
    """Start a step's timer; one that runs already goes on. Raises DomainError `order_not_here`, `not_on_site`."""
    with desk.store.write() as db:
        desks.check_on_site(jobs.get_job(db, work_order_id))
        running = pocket.list_timers(db)
        if _find(running, work_order_id, protocol, step) is None:
            timer = RunningTimer(
                work_order_id=work_order_id,
                protocol=protocol,
                step=step,
                boot_id=desk.clock.boot_id,
                mono_ms=desk.clock.mono_ms(),
                wall_ms=desk.clock.now_ms(),
            )
            pocket.set_timers(db, (*running, timer))


def drop_timer(desk: Desk, work_order_id: str, *, protocol: str, step: str) -> None:
    """Forget a step's timer: it was started by mistake."""
    with desk.store.write() as db:
        running = pocket.list_timers(db)
        pocket.set_timers(
            db, tuple(t for t in running if (t.work_order_id, t.protocol, t.step) != (work_order_id, protocol, step))
        )


def finish_timer(desk: Desk, work_order_id: str, *, protocol: str, step: str) -> wire.PhoneEvent:
    """Stop a step's timer and record how long it ran, in one transaction: a kill leaves both or neither.

    Raises DomainError `order_not_here`, `not_on_site`, `timer_not_running`.
    """
    with desk.store.write() as db:
        stored = jobs.get_job(db, work_order_id)
        desks.check_on_site(stored)
        running = pocket.list_timers(db)
        timer = _find(running, work_order_id, protocol, step)
        if timer is None:
            raise DomainError("timer_not_running")
        elapsed_ms = elapsed_of(desk, timer)
        pocket.set_timers(db, tuple(t for t in running if t is not timer))
        body = facts.TimerStopped(protocol=protocol, step=step, elapsed_ms=elapsed_ms)
        event = desks.queue(desk, db, stored.job, body)
    desk.on_append()
    return event


def elapsed_of(desk: Desk, timer: RunningTimer) -> int:
    """Return how many milliseconds a timer has run."""
    return timer.elapsed_ms(desk.clock.boot_id, desk.clock.mono_ms(), desk.clock.now_ms())


def _find(running: tuple[RunningTimer, ...], work_order_id: str, protocol: str, step: str) -> RunningTimer | None:
    wanted = (work_order_id, protocol, step)
    return next((t for t in running if (t.work_order_id, t.protocol, t.step) == wanted), None)
