"""An address is found by what a caller says, well or badly spelt, in Chinese and in alphabets (IN-11)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.demo_town import town
from server.addresses import index, keeping, osm
from server.addresses.index import Address, AddressIndex
from shared.errors import DomainError
from tests.server.house import HOME, House

PORTO = Path(__file__).resolve().parents[3] / "../shared/data/osm/porto.osm.pbf"
SAMPLE = 300
TOP_ONE, TOP_FIVE = 0.95, 0.90
NEAR_DEGREES = 0.001  # about 100 m


def town_addresses() -> list[Address]:
    """Return the generated town's homes."""
    homes = town.generate(1, dt.date(2026, 6, 1), orders=1).customers
    found = []
    for home in homes:
        street, number = keeping.split(home.row["address"])
        place = {"lat": home.row["lat"], "lon": home.row["lon"]}
        found.append(Address(street=street, number=number, label=home.row["address"], kind="customer", **place))
    return found


def porto_addresses() -> list[Address]:
    """Return the houses of a real city, or skip."""
    if not PORTO.exists():
        pytest.skip("../shared/data/osm/porto.osm.pbf is absent")
    pytest.importorskip("osmium")
    return list(osm.read_addresses(PORTO))


@pytest.fixture(scope="module", params=[town_addresses, porto_addresses])
def city(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[AddressIndex, list[Address]]:
    """Return the index of a city and the houses to ask for."""
    addresses = request.param()
    path = tmp_path_factory.mktemp("city") / "addresses.sqlite"
    assert index.write(path, addresses) == len(addresses)
    houses = [one for one in addresses if one.number]
    return AddressIndex(path), random.Random(1).sample(houses, SAMPLE)


def share(city: tuple[AddressIndex, list[Address]], say: Callable[[Address], str], first: int) -> float:
    """Return how often one of the first answers lies where the house is."""
    book, houses = city
    hits = 0
    for house in houses:
        answers = book.search(say(house))[:first]
        hits += any(
            abs(one.lat - house.lat) < NEAR_DEGREES and abs(one.lon - house.lon) < NEAR_DEGREES for one in answers
        )
    return hits / len(houses)


def misspelt(address: Address) -> str:
    """Return the address with one letter of its street left out, the same one at each run."""
    letters = [at for at, sign in enumerate(address.street) if sign.isalpha()]
    at = random.Random(address.label).choice(letters)
    return address.label.replace(address.street, address.street[:at] + address.street[at + 1 :], 1)


def test_well_formed_address_is_the_first_answer(city: tuple[AddressIndex, list[Address]]) -> None:
    """What is spelt right is found at once, also in capitals."""
    assert share(city, lambda house: house.label, 1) >= TOP_ONE
    assert share(city, lambda house: house.label.upper(), 1) >= TOP_ONE


def test_misspelt_street_is_among_the_first_five(city: tuple[AddressIndex, list[Address]]) -> None:
    """One letter is missing."""
    assert share(city, misspelt, 5) >= TOP_FIVE


def test_two_chinese_characters_are_answered(tmp_path: Path) -> None:
    """A run of Chinese characters is no single word; either half of a street's name finds it."""
    index.write(tmp_path / "a.sqlite", town_addresses())
    book = AddressIndex(tmp_path / "a.sqlite")
    for asked in ("德胜", "德胜街", "文昌"):
        answers = book.search(asked)
        assert answers
        assert all(asked in one.label for one in answers)


@pytest.mark.parametrize("garbage", ["", "   ", '"', "* OR 1", "NEAR(", "%'--", "🙂", "\x00", "号" * 500, "a " * 500])
def test_garbage_finds_nothing_and_breaks_nothing(garbage: str, tmp_path: Path) -> None:
    """Signs of the query language are words like others."""
    index.write(
        tmp_path / "a.sqlite", [Address(street="文昌街", number="1", label="文昌街1号", lat=1, lon=1, kind="osm")]
    )
    assert AddressIndex(tmp_path / "a.sqlite").search(garbage) == []


def test_broken_file_is_named_with_its_reason(tmp_path: Path) -> None:
    """A file that is no index is refused, not searched in vain."""
    (tmp_path / "a.sqlite").write_bytes(b"not a database at all, but long enough to look at" * 40)
    with pytest.raises(DomainError) as refused:
        AddressIndex(tmp_path / "a.sqlite")
    assert (refused.value.code, refused.value.data["file"]) == ("addresses_unusable", "a.sqlite")


def test_hotline_finds_own_customer_and_sees_whether_it_was_a_guess(house: House) -> None:
    """Customer Zhao's address stands in the archive; a misspelling of it is offered as a guess."""
    keeping.refresh(house.services, HOME)
    assert keeping.refresh(house.services, HOME) is None
    [right] = house.lin.get("/api/v1/addresses?query=桃北中街218号3单元502室").json["items"]
    assert (right["ref"], right["is_sure"]) == ("zhao", True)
    guess = house.lin.get("/api/v1/addresses?query=桃被中街218号").json["items"][0]
    assert (guess["ref"], guess["is_sure"]) == ("zhao", False)


def test_stranger_never_sees_another_branch_s_customers(house: House) -> None:
    """Qian's branch has an index of its own, here none."""
    keeping.refresh(house.services, HOME)
    assert house.sign_in("qian").get("/api/v1/addresses?query=桃北中街").json["items"] == []
