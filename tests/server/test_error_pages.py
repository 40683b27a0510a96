"""A person who goes wrong reads a page; a program reads JSON."""

from typing import Any

from tests.server.house import House

HTML = {"Accept": "text/html,application/xhtml+xml"}


def code_of(answer: Any) -> str:
    """Return the code that a program reads."""
    return str(answer.json["code"])


def test_person_reads_a_page_and_a_program_reads_a_code_when_nothing_is_there(house: House) -> None:
    """The same refusal in the caller's way, in his language, for Lin and for nobody in particular."""
    lin, stranger = house.lin.client, house.app.test_client()
    page = lin.get("/nowhere", headers=HTML)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "没有找到" in page.text
    assert 'href="/"' in page.text
    assert 'href="/sign-in"' in stranger.get("/nowhere", headers=HTML).text
    for answer in (lin.get("/nowhere"), lin.get("/api/v1/nowhere", headers=HTML)):
        assert (answer.status_code, code_of(answer)) == (404, "not_found")
    stranger.set_cookie("language", "en")
    assert "Not found" in stranger.get("/nowhere", headers=HTML).text


def test_page_of_others_is_refused_in_words_and_a_signed_out_person_is_led_to_the_door(house: House) -> None:
    """403 says why; without a session there is the sign-in, also for the board on paper."""
    refused = house.sign_in("chen").client.get("/paper", headers=HTML)
    assert (refused.status_code, 'role="alert"' in refused.text) == (403, True)
    led = house.app.test_client().get("/paper", headers=HTML)
    assert (led.status_code, led.headers["Location"]) == (302, "/sign-in")


def test_fault_of_ours_is_a_page_and_stays_an_answer_when_the_page_fails_too(house: House) -> None:
    """With the database away even the page cannot be made: then the code alone."""

    def broken() -> Any:
        raise ZeroDivisionError

    house.app.add_url_rule("/broken", view_func=broken)
    page = house.app.test_client().get("/broken", headers=HTML)
    assert (page.status_code, page.mimetype) == (500, "text/html")
    house.app.template_context_processors[None].append(broken)
    bare = house.app.test_client().get("/broken", headers=HTML)
    assert (bare.status_code, code_of(bare)) == (500, "internal")
