"""What holds after every step, whatever happened: asked of the tables by plain SQL, and of the server's answers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import sqlalchemy as sa

from shared import wire
from tests.soak.model.world import Member, World


class BrokenLawError(AssertionError):
    """A law of the product does not hold."""


def check(world: World) -> None:
    """Raise BrokenLawError with the first law that does not hold now; what nobody has touched is not asked again."""
    if not world.has_changed():
        return
    check_acceptance(world)
    check_evidence(world)
    for member in world.members:
        check_view(world, member)


def check_at_rest(world: World) -> None:
    """Raise BrokenLawError when something confirmed is missing though everybody has been heard."""
    check(world)
    kept = {str(row[0]) for row in _rows(world, "SELECT id FROM evidence")}
    aside = " ".join(str(row[0]) for row in _rows(world, "SELECT raw FROM quarantine"))
    done = {str(row[0]) for row in _rows(world, "SELECT event_id FROM processed_event")}
    for member in world.members:
        for event_id in sorted(member.line.confirmed | member.made):
            if event_id not in kept and event_id not in aside and event_id not in done:
                raise BrokenLawError(f"{member.name}'s {event_id} is lost")
        check_phone(world, member)


def check_acceptance(world: World) -> None:
    """One acceptance a round, one holder an order."""
    twice = _rows(
        world,
        "SELECT work_order_id, epoch FROM assignment WHERE accepted_ms IS NOT NULL"
        " GROUP BY work_order_id, epoch HAVING count(*) > 1",
    )
    held = _rows(
        world,
        "SELECT work_order_id FROM assignment WHERE state IN ('accepted', 'en_route', 'arrived', 'working')"
        " GROUP BY work_order_id HAVING count(*) > 1",
    )
    if twice or held:
        raise BrokenLawError(f"accepted twice: {twice} {held}")


def check_evidence(world: World) -> None:
    """Every fact is one that a phone made, kept once; none that was confirmed is missing, but after a restore.

    A restored server has forgotten until the phones have spoken: then only `check_at_rest` asks. What was done in a
    round of offering that it forgot is filed under the next one: the phones know that these were two.
    """
    rows = _rows(world, "SELECT id, device_id, work_order_id, assignment_id, type, body, occurred_ms FROM evidence")
    rounds = _map_rounds(world) if world.restores else {}
    doubled = [key for key, count in Counter((*row[1:], rounds.get(row[0])) for row in rows).items() if count > 1]
    if doubled:
        raise BrokenLawError(f"kept twice: {doubled[0]}")
    if world.restores:
        return
    done = {str(row[0]) for row in _rows(world, "SELECT event_id FROM processed_event")}
    lost = [i for member in world.members for i in member.line.confirmed if i not in done]
    if lost:
        raise BrokenLawError(f"confirmed, then lost: {lost[0]}")


def _map_rounds(world: World) -> dict[str, tuple[str, int]]:
    """Return assignment and epoch in which each fact was made, as the phones' own stores have it."""
    found: dict[str, tuple[str, int]] = {}
    for member in world.members:
        for table in ("pending_events", "archive"):
            with member.phone._store.read() as db:
                found |= {i: (a, epoch) for i, a, epoch in db.execute(f"SELECT id, assignment_id, epoch FROM {table}")}  # noqa: S608 - two names of ours
    return found


def check_view(world: World, member: Member) -> None:
    """What a device knows, with the changes since, is what it would read from the start.

    The visit is left to `check_phone`: a device folds its own facts itself, nobody tells it what it said.
    """
    _follow(world, member)
    known, fresh = _plain(member.shadow), _plain(_read_all(world, member))
    for job in (*known.values(), *fresh.values()):
        del job["visit"]
    if known != fresh:
        raise BrokenLawError(f"{member.name}'s jobs: {_differences(known, fresh)}")


def check_phone(world: World, member: Member) -> None:
    """A phone that is caught up shows what the server would tell it from the start."""
    shown = {job.work_order_id: job for job in member.phone.jobs()}
    fresh = _read_all(world, member)
    if _plain(shown) != _plain(fresh):
        raise BrokenLawError(f"{member.name} sees otherwise: {_differences(_plain(shown), _plain(fresh))}")
    audit = member.phone.audit()
    if audit.gaps or audit.doubled_change_ids:
        raise BrokenLawError(f"{member.name}: {audit.gaps} gaps, {audit.doubled_change_ids} twice")


def _follow(world: World, member: Member) -> None:
    """Let the shadow read on from where it stands."""
    answer = world.look(member, member.shadow_gen, member.shadow_cursor)
    if answer.reset:
        member.shadow, member.shadow_cursor, member.shadow_gen = {}, 0, answer.gen
        answer = world.look(member, answer.gen, 0)
    numbers = [change.seq for change in answer.changes]
    if numbers != list(range(member.shadow_cursor + 1, member.shadow_cursor + 1 + len(numbers))) or answer.more:
        raise BrokenLawError(f"{member.name}'s feed goes on after {member.shadow_cursor} with {numbers}")
    _apply(member.shadow, answer)
    member.shadow_gen, member.shadow_cursor = answer.gen, answer.cursor


def _read_all(world: World, member: Member) -> dict[str, wire.Job]:
    jobs: dict[str, wire.Job] = {}
    answer = world.look(member, "", 0)
    _apply(jobs, answer)
    while answer.more:
        answer = world.look(member, answer.gen, answer.cursor)
        _apply(jobs, answer)
    return jobs


def _apply(jobs: dict[str, wire.Job], answer: wire.SyncResponse) -> None:
    for change in answer.changes:
        if change.gone:
            jobs.pop(change.work_order_id, None)
        elif change.job is not None:
            jobs[change.work_order_id] = change.job


def _plain(jobs: dict[str, wire.Job]) -> dict[str, Any]:
    """Return jobs without what no change tells of: clocks run, the customer's past is other orders' business.

    Flags for the desk raise the order's version, and no phone is shown them.
    """
    return {
        order: msgspec.to_builtins(
            msgspec.structs.replace(job, ver=0, clocks=(), customer=msgspec.structs.replace(job.customer, history=()))
        )
        for order, job in sorted(jobs.items())
    }


def _differences(have: Any, wanted: Any, path: str = "") -> list[str]:
    """Return where two plain values differ, as `path: have, not wanted`."""
    if not (isinstance(have, dict) and isinstance(wanted, dict)):
        return [] if have == wanted else [f"{path}: {have!r}, not {wanted!r}"]
    keys = sorted(have.keys() | wanted.keys())
    return [line for key in keys for line in _differences(have.get(key), wanted.get(key), f"{path}/{key}")]


def _rows(world: World, statement: str) -> list[Any]:
    return list(world.house.read(lambda session: session.execute(sa.text(statement)).all()))
