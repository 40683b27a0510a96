"""The picture at the desk is read as it was written, and a typed code works as before."""

import pytest

from shared import invitation


def test_picture_carries_address_and_code() -> None:
    """Scanned once: nothing is left to type."""
    text = invitation.write("AB12CD34", "https://gas.example.cn/")
    assert invitation.read(text) == ("https://gas.example.cn", "AB12CD34")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ab12 cd34", ("", "AB12CD34")),
        (" leakfirst:ab12cd34 ", ("", "AB12CD34")),
        ("LEAKFIRST:AB12CD34", ("", "AB12CD34")),
        ("leakfirst:AB12CD34@", ("", "AB12CD34")),
        ("leakfirst:AB12CD34@javascript:alert(1)", ("", "AB12CD34")),
        ("leakfirst:AB12CD34@http://10.0.0.5:8080", ("http://10.0.0.5:8080", "AB12CD34")),
        ("", ("", "")),
    ],
)
def test_typed_and_older_codes_are_read_without_an_address(text: str, read: tuple[str, str]) -> None:
    """Only a web address counts as the server's."""
    assert invitation.read(text) == read
