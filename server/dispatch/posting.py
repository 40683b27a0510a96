"""Advises idle technicians where to wait, by the company's own history of emergencies: advice, never an order.

Nobody is bound by it: who waits at a post is offered work like everybody else, and the advice ends with his next job.
"""

from __future__ import annotations

import collections
import datetime as dt
import functools
import math
import tomllib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import orm

from routing.anticipation.districts import DistrictHistory
from routing.problem import Place, Technician
from server.core import deadlines, texts
from server.dispatch import repository
from server.dispatch.models import WaitingPost
from server.dispatch.problem import Snapshot, take_snapshot
from server.dispatch.rules import travel_profile
from server.work_orders import repository as work_orders
from server.work_orders.repository import PastEmergency
from shared import events

if TYPE_CHECKING:
    from routing.anticipation.posting import Crew, Post
    from routing.anticipation.stations import StationRules
    from server.core.unit_of_work import Tx

LOOK: Final = "look_at_posts"
_FILE: Final = "stations-2026.toml"
_M_PER_DEGREE: Final = 111_195.0
_HOUR_MS: Final = 3_600_000
_HOURS: Final = 24
_NUMBER_ENDS: Final = "号"


class PostingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the settings: whether anybody is advised, when one looks, and the rule's own figures."""

    edition: str
    effective_from: dt.date
    is_on: bool
    settle_s: int
    look_every_s: int
    idle_s: int
    history_calls: int
    target_s: float
    late_s: float
    soft_s: float
    busy_share: float
    least_gain_s: float
    drive_price: float
    most_drive_s: float
    most_moves: int
    district_m: float
    hour_share: float
    least_calls: int

    def stations(self) -> StationRules:
        """Return what the rule itself takes; loads the compiled rule."""
        from routing.anticipation.stations import StationRules  # noqa: PLC0415 - a compiler, in the worker alone

        return StationRules(**{name: getattr(self, name) for name in StationRules.__dataclass_fields__})


@functools.cache
def posting_rules() -> PostingRules:
    """Return the settings in force. Raises msgspec.ValidationError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), PostingRules)


def keep_looking(tx: Tx) -> None:
    """Make sure that posts are looked at soon, once those who became free have got what is offered next."""
    rules = posting_rules()
    if rules.is_on and not deadlines.is_scheduled(tx, LOOK, tx.branch_id):
        deadlines.schedule(tx, LOOK, tx.branch_id, tx.now_ms + rules.settle_s * 1000, {})


def look(tx: Tx, profile: str) -> None:
    """Advise idle technicians anew; look again later while anybody is idle."""
    rules = posting_rules()
    history = work_orders.list_emergencies(tx.session, tx.branch_id, rules.history_calls)
    if not rules.is_on or len(history) < rules.least_calls:
        return
    snapshot = take_snapshot(tx.session, tx.branch_id, tx.now_ms, profile)
    posts = {row.technician_id: row for row in repository.list_posts(tx.session, tx.branch_id)}
    crews = _crews(snapshot, history, posts)
    idle = {crew.technician_id for crew in crews if crew.is_idle}
    for technician_id in sorted(posts.keys() - idle):
        _advise(tx, technician_id, None)
    for post in _choose(crews, history, tx.now_ms):
        _advise(tx, post.technician_id, (post, _words(history, post.place)))
    if idle:
        deadlines.schedule(tx, LOOK, tx.branch_id, tx.now_ms + rules.look_every_s * 1000, {})


def find_words(session: orm.Session, technician_id: str) -> str:
    """Return where a technician best waits, in words; empty without advice, and while he has a job."""
    row = session.get(WaitingPost, technician_id)
    if row is None or repository.list_live_of_technician(session, technician_id):
        return ""
    return row.words


def _crews(snapshot: Snapshot, history: list[PastEmergency], posts: dict[str, WaitingPost]) -> list[Crew]:
    """Return those who may go to most emergencies, each where he will be: at his post if he was sent to one."""
    from routing.anticipation.posting import Crew  # noqa: PLC0415 - a compiler, in the worker alone

    asked = collections.Counter(order.skills for order in history).most_common(1)[0][0]
    now_s, first = snapshot.problem.now_s, _first_starts(snapshot)
    found = []
    for one in snapshot.problem.technicians:
        if not set(asked) <= {skill.name for skill in one.skills}:
            continue
        post, is_idle = posts.get(one.id), _is_idle(one, first.get(one.id), now_s)
        place = Place(lat=post.lat, lon=post.lon) if post is not None and is_idle else one.place
        busy_s = max(one.available_s, one.shift_start_s) - now_s
        found.append(Crew(technician_id=one.id, place=place, delay_s=max(0, busy_s), is_idle=is_idle))
    return found


def _first_starts(snapshot: Snapshot) -> dict[str, int]:
    return {route.technician_id: route.stops[0].start_s for route in snapshot.plan.routes if route.stops}


def _is_idle(one: Technician, first_start_s: int | None, now_s: int) -> bool:
    """Tell whether somebody waits and will for a while: on duty, nothing held, nothing planned soon, none to leave."""
    rules = posting_rules()
    ahead_s = now_s + rules.idle_s
    is_here = one.shift_start_s <= now_s and ahead_s < min(one.shift_end_s, one.away_from_s or one.shift_end_s)
    is_free = one.available_s <= now_s and not one.committed
    return is_here and is_free and (first_start_s is None or first_start_s > ahead_s)


def _choose(crews: list[Crew], history: list[PastEmergency], now_ms: int) -> list[Post]:
    from routing.anticipation.posting import choose_posts  # noqa: PLC0415 - a compiler, in the worker alone

    rules = posting_rules()
    known, origin = DistrictHistory(rules.district_m, rules.hour_share), history[0]
    shrink = math.cos(math.radians(origin.lat))
    for order in history:
        north = (order.lat - origin.lat) * _M_PER_DEGREE
        east = (order.lon - origin.lon) * _M_PER_DEGREE * shrink
        known.learn(east, north, order.opened_ms // _HOUR_MS % _HOURS)
    centres = [
        Place(lat=origin.lat + north / _M_PER_DEGREE, lon=origin.lon + east / _M_PER_DEGREE / shrink)
        for east, north in known.centres_m().tolist()
    ]
    return choose_posts(crews, centres, known.weights(now_ms // _HOUR_MS % _HOURS), travel_profile(), rules.stations())


def _advise(tx: Tx, technician_id: str, to: tuple[Post, str] | None) -> None:
    """Write advice down, or take it back; his phones and the desk hear of it."""
    row = tx.session.get(WaitingPost, technician_id)
    if row is not None:
        tx.session.delete(row)
        tx.session.flush()
    words = ""
    if to is not None:
        post, words = to
        tx.session.add(
            WaitingPost(
                technician_id=technician_id,
                branch_id=tx.branch_id,
                lat=post.place.lat,
                lon=post.place.lon,
                words=words,
                drive_s=post.drive_s,
                at_ms=tx.now_ms,
            )
        )
        tx.session.flush()
    data = {"technician_id": technician_id, "place": words}
    tx.record(events.WAIT_ADVISED, data, technicians=(technician_id,))


def _words(history: Iterable[PastEmergency], place: Place) -> str:
    """Name a place by the street of the emergency nearest to it; the flat is nobody else's business."""
    nearest = min(history, key=lambda o: (o.lat - place.lat) ** 2 + (o.lon - place.lon) ** 2)
    head, mark, _ = nearest.address.partition(_NUMBER_ENDS)
    return head + mark if mark else nearest.address.split(",")[0]
