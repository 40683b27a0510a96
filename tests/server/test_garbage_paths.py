"""Garbage in paths, queries, tokens and forms: an answer with a code and words in both languages, never a crash."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import app as composition
from server.core.registry import Route
from tests.server import garbage
from tests.server.garbage import judge
from tests.server.house import Console, House, Wire

pytestmark = pytest.mark.slow  # hundreds of calls for each route

ROUTES: Final = composition.make_registry().routes
OPEN: Final = [r for r in ROUTES if "<" in r.rule or r.method == "GET"]


@pytest.fixture(scope="module")
def admin(shared_open_house: House) -> Console:
    """Return the console of somebody who may ask for everything."""
    return shared_open_house.sign_in("admin")


@pytest.mark.parametrize("route", OPEN, ids=lambda route: route.endpoint)
def test_garbage_in_path_and_query_is_refused_with_words(admin: Console, route: Route) -> None:
    """Names of things that cannot exist, cursors that are no numbers."""
    parts = [part for part in route.rule.split("/") if part.startswith("<")]

    @garbage.FEW
    @given(word=garbage.WORDS, query=st.sampled_from(["after", "query", "x"]), value=garbage.WORDS)
    def check(word: str, query: str, value: str) -> None:
        path = route.rule
        for part in parts:
            path = path.replace(part.split(".")[0], quote(word.encode("utf-8", "replace"), safe="") or "-")
        body = b"{}" if route.method == "POST" else None
        answer = admin.client.open(
            f"{path}?{query}={quote(value.encode('utf-8', 'surrogatepass'))}",
            method=route.method,
            data=body,
            headers={"X-CSRF-Token": admin.token},
        )
        judge(answer)

    check()
    assert admin.get("/api/v1/me").status_code == 200  # nobody was judged at a closed door


@garbage.FEW
@given(token=garbage.WORDS)
def test_garbage_in_place_of_a_token_is_signed_out(shared_open_house: House, token: str) -> None:
    """Whatever stands in the header."""
    line = token.encode("latin-1", "replace").decode("latin-1").replace("\n", "").replace("\r", "")
    reply = Wire(shared_open_house.app, line).post("/api/v1/sync", b'{"v":1,"gen":"","cursor":0}', 0)
    assert reply.status == 401


@garbage.FEW
@given(name=garbage.WORDS, password=garbage.WORDS)
def test_garbage_in_the_sign_in_form_is_refused(open_house: House, name: str, password: str) -> None:
    """The door takes any text."""
    form = {k: v.encode("utf-8", "replace").decode() for k, v in (("user_name", name), ("password", password))}
    console = Console(open_house.app)
    console._read_token()
    assert console.client.post("/sign-in", data=form).status_code in {401, 403, 429}


def test_body_that_is_too_large_is_refused_with_words(house: House) -> None:
    """Nobody fills the memory."""
    answer = house.lin.client.post(
        "/api/v1/intake/assess", data=b"x" * (5 * 1024 * 1024), headers={"X-CSRF-Token": house.lin.token}
    )
    assert answer.status_code == 413
    judge(answer)


def test_unknown_path_and_wrong_method_have_words(house: House) -> None:
    """Also what is not there at all."""
    for answer in (house.lin.get("/api/v1/nothing"), house.lin.post("/api/v1/board"), house.lin.get("/api/v1/sync")):
        assert answer.status_code in {404, 405}
        judge(answer)
