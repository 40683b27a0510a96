"""What must be heard when the server itself is in trouble: a missing auditor sounds the siren until heard."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

NOTHING = {"has_channel": True, "unsent": [], "device_orders": {}, "missed_pushes": []}
LOOKS_MS = 15_000  # the page asks every five seconds
TWICE = re.compile(r"^\d{2,}$")  # a siren has five tones
COUNT_TONES = """() => {
  document.body.dataset.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    document.body.dataset.tones = Number(document.body.dataset.tones) + 1;
    return start.apply(this, when);
  };
}"""


def test_missing_auditor_sounds_the_siren_once_sound_is_allowed_until_somebody_heard_it(page: Page) -> None:
    """It never beat: a line says so and, as for a leak, the page sounds after its first click; Lin's word ends it."""
    seen: dict[str, Any] = {"processes": [{"kind": "auditor", "beat_ms": None, "is_silent": True, "is_missing": True}]}
    page.evaluate(COUNT_TONES)
    page.route("**/api/v1/watch", lambda route: route.fulfill(json={**NOTHING, **seen}))
    body, strip = page.locator("body"), page.locator("#watch")
    expect(strip).to_contain_text("监督进程", timeout=LOOKS_MS)
    expect(body).to_have_attribute("data-tones", "0")
    page.locator("#clock").click()
    expect(body).to_have_attribute("data-tones", TWICE, timeout=LOOKS_MS)
    strip.locator("#hush").click()
    sounded = body.get_attribute("data-tones") or ""
    page.wait_for_timeout(3_000)
    expect(body).to_have_attribute("data-tones", sounded)
    expect(strip).to_contain_text("监督进程")
    seen["processes"] = [{"kind": "auditor", "beat_ms": 1, "is_silent": False, "is_missing": False}]
    expect(strip).not_to_contain_text("监督进程", timeout=LOOKS_MS)
