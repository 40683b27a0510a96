"""Signing a phone in with the picture at the desk."""

from typing import Any

import pytest

pytestmark = pytest.mark.kivy


@pytest.mark.parametrize(
    ("read", "asked"),
    [
        ("leakfirst:AB12CD34@https://gas.example.cn", ("https://gas.example.cn", "AB12CD34")),
        ("ab12 cd34", ("http://typed", "AB12CD34")),
    ],
)
def test_picture_brings_the_servers_address_and_a_typed_code_takes_the_typed_one(
    hand: Any, read: str, asked: tuple[str, str]
) -> None:
    """What the picture holds stands over the field; without an address the field counts."""
    told: list[tuple[str, str]] = []
    hand.ui.on_enrol = lambda server, code: told.append((server, code))
    hand.ui.go("enrol", server="http://typed")
    hand.ui.page.fields[1].text = read
    hand.tap(hand.t("phone.enrol_now"))
    assert told == [asked]
