"""The shipped travel rules with a run's own straight line in them: everything else of the edition stays in force."""

from __future__ import annotations

import re

from server.core import texts


def with_straight_line(edition: str, source: str, *, detour: float, speed_km_h: float, start_up_s: int) -> str:
    """Return the text of travel-2026.toml with another detour factor, speed (km/h) and start-up time (s)."""
    figures = {
        "edition": f'"{edition}"',
        "effective_from": "2000-01-01",
        "detour": str(detour),
        "speed_km_h": str(speed_km_h),
        "start_up_s": str(start_up_s),
        "source": f'"{source}"',
    }
    rules = texts.read_data("travel-2026.toml").decode()
    for name, value in figures.items():
        # The first line of that name stands above all tables: it is the straight line's.
        rules = re.sub(rf"^{name} = .*$", f"{name} = {value}", rules, count=1, flags=re.MULTILINE)
    return rules
