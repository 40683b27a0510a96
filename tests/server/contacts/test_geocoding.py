"""Remote addresses: asked by the worker, turned into WGS-84, failures shown; intake never waits. No network here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import geopy.adapters
import geopy.exc
import prcoords
import pytest

from server.geocoding import providers, rules, service
from server.geocoding.providers import Found
from server.geocoding.rules import GeocodingRules, Provider
from shared.errors import DomainError
from tests.server.house import House

HERE = (37.861, 113.571)
SERVICES = (Provider(name="nominatim"), Provider(name="baidu", key_env="K"), Provider(name="amap", key_env="K"))
NEAR_DEG = 1e-5  # about a metre


class Told(geopy.adapters.BaseSyncAdapter):  # type: ignore[misc]  # the library has no types
    """An adapter that answers with what a test says, or fails as the network does."""

    answer: Any = None

    def __init__(self, **_options: Any) -> None:
        """Take no proxies: there is no network."""
        super().__init__(proxies=None, ssl_context=None)

    def get_json(self, _url: str, **_options: Any) -> Any:
        """Return the answer, or raise it."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get_text(self, url: str, **options: Any) -> str:
        """Return the answer as text."""
        return json.dumps(self.get_json(url, **options))


def telling(answer: Any) -> Callable[..., Told]:
    """Return an adapter that gives one answer."""
    return type("Adapter", (Told,), {"answer": answer})


def answers() -> dict[str, Any]:
    """Return how each service tells the same house, in its own frame."""
    gcj, baidu = prcoords.wgs_gcj(HERE), prcoords.wgs_bd(HERE)
    return {
        "nominatim": [{"lat": str(HERE[0]), "lon": str(HERE[1]), "display_name": "桃北中街218号"}],
        "baidu": {"status": 0, "result": {"location": {"lat": baidu.lat, "lng": baidu.lon}, "level": "门址"}},
        "amap": {
            "status": "1",
            "geocodes": [{"location": f"{gcj.lon},{gcj.lat}", "formatted_address": "桃北中街218号"}],
        },
    }


@pytest.mark.parametrize("provider", SERVICES, ids=lambda one: one.name)
def test_place_of_every_service_is_the_same_place_in_wgs84(provider: Provider) -> None:
    """Baidu speaks BD-09, AMap GCJ-02: half a kilometre beside, if nobody turned them back."""
    found = providers.ask(provider, "桃北中街218号", 1.0, {"K": "secret"}, telling(answers()[provider.name]))
    assert found is not None
    assert (found.lat, found.lon) == pytest.approx(HERE, abs=NEAR_DEG)


@pytest.mark.parametrize("provider", SERVICES, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "answer",
    [
        geopy.exc.GeocoderTimedOut("late"),
        {"status": "0", "info": "INVALID_USER_KEY"},
        {"status": "1", "geocodes": [{}]},
    ],
    ids=["late", "refused", "nonsense"],
)
def test_silence_refusal_and_nonsense_are_failures_in_words(provider: Provider, answer: Any) -> None:
    """Whatever comes back, the worker goes on."""
    with pytest.raises(DomainError) as failed:
        providers.ask(provider, "桃北中街218号", 1.0, {"K": "secret"}, telling(answer))
    assert failed.value.code == "geocoder_failed"
    assert failed.value.data["reason"]


def test_service_without_its_key_is_not_asked() -> None:
    """The failure names the variable that the operator forgot."""
    with pytest.raises(DomainError) as failed:
        providers.ask(SERVICES[2], "桃北中街218号", 1.0, {}, telling(None))
    assert failed.value.data["reason"] == "K is not set"


def told_rules(*names: str) -> GeocodingRules:
    """Return an edition with these services."""
    chosen = tuple(one for one in SERVICES if one.name in names)
    shipped = rules.geocoding_rules()
    return GeocodingRules(
        id=shipped.id,
        edition="test",
        effective_from=shipped.effective_from,
        timeout_s=shipped.timeout_s,
        give_up_s=shipped.give_up_s,
        provider=chosen,
    )


def ask_at_desk(house: House, monkeypatch: pytest.MonkeyPatch, *names: str) -> tuple[str, GeocodingRules]:
    """Ask at Lin's desk with these services set up; return the question's path and the rules."""
    edition = told_rules(*names)
    monkeypatch.setattr(service, "geocoding_rules", lambda: edition)
    asked = house.lin.post("/api/v1/intake/lookups", {"query": "桃北中街218号"})
    assert asked.status_code == 202
    return f"/api/v1/intake/lookups/{asked.json['lookup_id']}", edition


def test_second_service_answers_when_the_first_is_silent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer stands beside who failed; a report can be taken meanwhile."""
    path, edition = ask_at_desk(house, monkeypatch, "nominatim", "amap")
    assert house.lin.get(path).json["state"] == "wanted"
    house.report()

    def ask(provider: Provider, _query: str, _timeout_s: float) -> Found | None:
        if provider.name == "nominatim":
            raise DomainError("geocoder_failed", reason="late")
        return Found(*HERE, "桃北中街218号")

    assert service.answer_next(house.uow, ask, edition) == 1
    found = house.lin.get(path).json
    assert (found["state"], found["provider"], found["lat"]) == ("found", "amap", HERE[0])
    assert found["failures"] == "nominatim: late"
    assert service.answer_next(house.uow, ask, edition) == 0


def test_question_of_a_call_that_is_over_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an outage of the worker old questions cost no service a request."""
    path, edition = ask_at_desk(house, monkeypatch, "nominatim")
    house.clock.pass_ms(edition.give_up_s * 1000 + 1)

    def never(_provider: Provider, _query: str, _timeout_s: float) -> Found | None:
        raise AssertionError("nobody is to be asked")

    service.answer_next(house.uow, never, edition)
    assert house.lin.get(path).json["state"] == "failed"


def test_unknown_address_is_told_as_unknown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing found is not a failure; stranger Qian cannot read the question."""
    path, edition = ask_at_desk(house, monkeypatch, "nominatim")
    service.answer_next(house.uow, lambda *_: None, edition)
    assert house.lin.get(path).json["state"] == "nothing"
    assert house.sign_in("qian").get(path).status_code == 404


def test_without_any_service_the_desk_is_told_so(house: House) -> None:
    """None is the default."""
    assert house.lin.post("/api/v1/intake/lookups", {"query": "学院路9号"}).json["code"] == "geocoder_none"
