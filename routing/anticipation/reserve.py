"""Skill reserve: how scarce the qualified are for the rest of the day, and what follows for prices and margins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakForecast:
    """What the company's own history says about an hour of a day like this one: leaks and the seconds each takes."""

    leaks_per_hour: float
    seconds_per_leak: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """A setting that follows the load of the qualified: one value with time to spare, another when nothing is."""

    easy: float
    full: float
    easy_load: float = 0.8
    full_load: float = 1.0

    def at(self, load: float) -> float:
        """Return the value at a load, in between evenly."""
        if load >= self.full_load:
            return self.full
        spare = min(1.0, (self.full_load - load) / max(self.full_load - self.easy_load, 1e-9))
        return self.full + (self.easy - self.full) * spare


def learn_leaks(reported_s: list[float], taken_s: list[float], days: int, until_s: float) -> LeakForecast:
    """Return the forecast from all leaks of ``days`` past days, each with the seconds it took, driving included.

    ``until_s`` is the second of the day after which hardly any were reported. Raise ValueError without a day.
    """
    if days < 1:
        raise ValueError("days must be at least 1")
    early = [taken for reported, taken in zip(reported_s, taken_s, strict=True) if reported <= until_s]
    hours = days * until_s / 3600
    mean = sum(early) / len(early) if early else 0.0
    return LeakForecast(leaks_per_hour=len(early) / hours, seconds_per_leak=mean, until_s=until_s)


def expected_leak_work_s(forecast: LeakForecast, now_s: float) -> float:
    """Return the seconds of work that leaks not yet reported will still bring today."""
    left_h = max(0.0, forecast.until_s - now_s) / 3600
    return left_h * forecast.leaks_per_hour * forecast.seconds_per_leak


def skilled_load(known_work_s: float, leak_work_s: float, technicians: int, left_s: float) -> float:
    """Return work that needs the qualified, known and expected, over their remaining time; infinite without any."""
    capacity = technicians * left_s
    work = known_work_s + leak_work_s
    if capacity <= 0:
        return float("inf") if work > 0 else 0.0
    return work / capacity
