"""The desk's dated settings: shared/catalog/dispatch-*.toml and travel-*.toml as frozen values."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from typing import Final

import msgspec

from routing.problem import Profile
from routing.waiting import QueueRules
from server.core import texts

_FILE: Final = "dispatch-2026.toml"
_TRAVEL: Final = "travel-2026.toml"
_KM_H_PER_M_S: Final = 3.6


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lateness costs per second and what leaving a job undone costs, in driving seconds."""

    lateness_weight: float
    unserved_penalty: float


class StormSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a storm is planned for: its span, what a leak binds, how far one looks back, how soon others can come."""

    horizon_s: int
    bound_s: int
    look_back_s: int
    call_in_s: int
    called_for_s: int


class DurationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which visits durations are learnt: of how many days, how long, how many, and how far they may lead."""

    days: int
    shortest_s: int
    longest_s: int
    least_visits: int
    least_of_technician: int
    most_factor: float
    most_spread: float
    refresh_every_s: int


class ReserveRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What plain work costs more with those who can go to a leak, by their load, and what that is learnt from."""

    easy_price: float
    full_price: float
    easy_load: float
    full_load: float
    drive_s: int
    days: int
    least_leaks: int


class DispatchRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the desk's settings."""

    edition: str
    effective_from: dt.date
    offer_lead_s: int
    queue_target_s: int
    queue_late_s: int
    queue_limit_s: int
    queue_limit_weight: float
    queue_redirect_s: int
    turn_under_way: bool
    turn_least_left_s: int
    offer_expires_s: int
    replan_every_s: int
    most_placed_singly: int
    horizon_s: int
    moved_stop_price: float
    promised_lateness_weight: float
    vulnerable_factor: float
    max_moved_stops: int
    told_tolerance_s: int
    tell_lead_s: int
    least_remaining_s: int
    end_of_shift_grace_s: int
    priority: dict[str, Weights]
    storm: StormSettings
    durations: DurationRules
    reserve: ReserveRules

    @property
    def queue_rules(self) -> QueueRules:
        """What waiting weighs when several emergencies wait."""
        return QueueRules(
            target_s=self.queue_target_s,
            late_s=self.queue_late_s,
            limit_s=self.queue_limit_s,
            limit_weight=self.queue_limit_weight,
        )


@functools.cache
def dispatch_rules() -> DispatchRules:
    """Return the settings in force. Raises msgspec.ValidationError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), DispatchRules)


@functools.cache
def travel_profile() -> Profile:
    """Return the straight-line travel profile in force: detour, speed in metres per second, start-up seconds."""
    table = tomllib.loads(texts.read_data(_TRAVEL).decode())
    speed_m_s = float(table["speed_km_h"]) / _KM_H_PER_M_S
    return Profile(detour=float(table["detour"]), speed_m_s=speed_m_s, start_up_s=int(table["start_up_s"]))
