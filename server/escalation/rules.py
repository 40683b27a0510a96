"""The ladders: shared/catalog/escalation-*.toml as frozen values, chosen by date; own editions stand first."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import tomllib
import zoneinfo
from typing import Final, Literal

import msgspec

from server.core import texts
from shared.errors import DomainError

_FILES: Final = "escalation-*.toml"
_STANDARD: Final = "standard"
SIREN: Final = "siren"
DISPATCHER: Final = "dispatcher"
_zone: Final = [zoneinfo.ZoneInfo("Asia/Shanghai")]


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung: seconds after the start, what is done, how many more are asked, and whom the channels tell."""

    after_s: float
    action: Literal["repeat", "offer_next", "offer_all", "siren"]
    technicians: int = 0
    tell: tuple[str, ...] = ()


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rungs in their order, and what is repeated for ever after the last."""

    rungs: tuple[Rung, ...]
    forever: Rung

    def __post_init__(self) -> None:
        """Refuse a ladder that falls back, or ends without a human. Raises DomainError `ladder_invalid`."""
        is_rising = all(a.after_s <= b.after_s for a, b in itertools.pairwise(self.rungs))
        if not is_rising or self.forever.action != SIREN or self.forever.after_s <= 0:
            raise DomainError("ladder_invalid")

    def rung(self, step: int) -> Rung:
        """Return what is done at a step."""
        return self.rungs[step] if step < len(self.rungs) else self.forever

    def due_ms(self, step: int, started_ms: int) -> int:
        """Return when a step is due (Unix ms): from the start, so that one late step delays no other."""
        if step < len(self.rungs):
            return started_ms + round(self.rungs[step].after_s * 1000)
        last_s = self.rungs[-1].after_s if self.rungs else 0.0
        rounds = step - len(self.rungs) + 1
        return started_ms + round((last_s + rounds * self.forever.after_s) * 1000)

    def step_from(self, step: int, started_ms: int, now_ms: int) -> int:
        """Return the step to set next: every rung once, but of the repeats at the end only those still to come.

        A server that was down for hours rings once when it is back, not once for every minute that it missed.
        """
        missed_ms = now_ms - self.due_ms(len(self.rungs), started_ms)
        if step < len(self.rungs) or missed_ms < 0:
            return step
        return max(step, len(self.rungs) + 1 + int(missed_ms // (self.forever.after_s * 1000)))

    def must_call(self, step: int) -> bool:
        """Tell whether the rung that tells the dispatcher has been climbed when `step` is next: now people are called.

        (Reliability 3.7: 60 s.)
        """
        return any(DISPATCHER in self.rung(climbed).tell for climbed in range(min(step, len(self.rungs) + 1)))

    def find_first_siren(self) -> int:
        """Return the first step at which a human hears of it."""
        return next((i for i, rung in enumerate(self.rungs) if rung.action == SIREN), len(self.rungs))


class VoiceContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is called by voice when nobody accepts; of every branch when none is named."""

    kind: Literal["supervisor", "duty", "neighbour"]
    name: str
    telephone: str
    branches: tuple[str, ...] = ()


class EscalationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the settings."""

    edition: str
    effective_from: dt.date
    audit_every_s: float
    overdue_s: float
    unplaced_s: float
    silent_after_s: float
    start_grace_s: float
    voice_technicians: int
    phone_silent_after_s: float
    ladders: dict[str, Ladder]
    branches: dict[str, str] = {}
    voice: tuple[VoiceContact, ...] = ()

    @property
    def phone_silent_ms(self) -> int:
        """How long a phone may be silent before it counts as offline (ms)."""
        return round(self.phone_silent_after_s * 1000)

    def ladder_for(self, branch_id: str) -> Ladder:
        """Return a branch's ladder."""
        return self.ladders[self.branches.get(branch_id, _STANDARD)]


def configure(time_zone: str) -> None:
    """Say in which zone an edition's first day begins; called once at the start of a process."""
    _zone[:] = [zoneinfo.ZoneInfo(time_zone)]


@functools.cache
def list_editions() -> tuple[tuple[EscalationRules, ...], ...]:
    """Return the company's own editions and the shipped ones, each by their first day.

    Raises msgspec.ValidationError or DomainError for a broken file, at start, also for one not yet in force.
    """
    read = [
        [msgspec.convert(tomllib.loads(data.decode()), EscalationRules) for data in found]
        for found in texts.list_editions(_FILES)
    ]
    return tuple(tuple(sorted(found, key=lambda one: one.effective_from)) for found in read)


def escalation_rules(now_ms: int) -> EscalationRules:
    """Return the settings in force at a moment (Unix ms): the newest of the company's own, else of those shipped.

    Before the first day of all of them the first stands: no leak is ever without a ladder.
    """
    day = dt.datetime.fromtimestamp(now_ms / 1000, _zone[0]).date()
    found = [[one for one in editions if one.effective_from <= day] for editions in list_editions()]
    in_force = next((editions for editions in found if editions), None)
    if in_force is not None:
        return in_force[-1]
    return min(itertools.chain(*list_editions()), key=lambda one: one.effective_from)


def ladder_of(branch_id: str, started_ms: int) -> Ladder:
    """Return the ladder of a leak that began to climb at a moment: it ends on the edition on which it began."""
    return escalation_rules(started_ms).ladder_for(branch_id)
