"""Pages with an address of their own: the customers', the office's, the doors, the pages that say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import FilePayload, Page

from deploy.tour.stage import Stage
from deploy.tour.stops import PHONE, TABLET, Reach, Stop, page_at

_REFUSED: Final = ("Failed to load resource",)
_A4_PX: Final = (1123, 794)  # A4 across at 96 dpi
Step = Callable[[Page, Stage], None]


def then(path: str, *steps: Step) -> Reach:
    """Return a way that opens a page and goes on from there."""

    def reach(page: Page, stage: Stage) -> None:
        page_at(path)(page, stage)
        for step in steps:
            step(page, stage)
        page.wait_for_load_state("networkidle")

    return reach


def report_without_a_telephone(page: Page, _stage: Stage) -> None:
    """Send the form with a space for a telephone number: the server says what is missing."""
    page.locator("[name=fault_kind][value=stove_fault]").check(force=True)
    page.fill("#address", "学院路20号")
    page.fill("#name", "<b>赵敏</b>")
    page.locator("form.card button[type=submit]").click()


def wish(page: Page, _stage: Stage) -> None:
    """Open the wish for another time."""
    page.locator("details.card summary").click()


def give_opinion(page: Page, _stage: Stage) -> None:
    """Send the opinion card, unless it was sent on an earlier round."""
    if page.locator("[name=points]").count():
        page.locator("[name=points][value='4']").check(force=True)
        page.fill("#opinion-words", "师傅很准时,讲解也很清楚。")
        page.locator("form[action$=opinion] button").click()


def write_a_signature(page: Page, _stage: Stage) -> None:
    """Fill in the form and write two strokes on the pad."""
    page.locator("[name=relation]").first.check(force=True)
    page.fill("#opinion", "满意")
    page.locator("#pad").scroll_into_view_if_needed()
    area = page.locator("#pad").bounding_box()
    if area is None:
        raise LookupError("there is no pad")
    for start in (0.2, 0.5):
        page.mouse.move(area["x"] + start * area["width"], area["y"] + 0.3 * area["height"])
        page.mouse.down()
        for step in range(1, 5):
            across, down = start + 0.08 * step, 0.3 + 0.12 * (step % 3)
            page.mouse.move(area["x"] + across * area["width"], area["y"] + down * area["height"])
        page.mouse.up()


def send_signature(page: Page, stage: Stage) -> None:
    """Send a signature without an opinion: refused before the code is looked at, whose tries are counted."""
    write_a_signature(page, stage)
    page.fill("#opinion", " ")
    page.fill("#code", "000000")
    page.locator("form#sign button.primary").click()
    page.wait_for_selector("#error")


def sign_in_wrongly(page: Page, _stage: Stage) -> None:
    """Guess a password."""
    page.fill("#user_name", "stranger")
    page.fill("#password", "guess")
    page.press("#password", "Enter")
    page.wait_for_selector(".form-error")


def judge_nonsense(page: Page, _stage: Stage) -> None:
    """Drop a file that is no record on the verification page."""
    nonsense = FilePayload(name="record.json", mimeType="application/json", buffer=b'{"v": 1}')
    page.locator("input[type=file]").first.set_input_files(nonsense)
    page.wait_for_timeout(1_000)


def as_paper(page: Page, _stage: Stage) -> None:
    """Show the page as the printer gets it."""
    page.emulate_media(media="print")


def to_the_crews(page: Page, _stage: Stage) -> None:
    """Go down to the first technician who has something to do."""
    page.locator(".crew:has(tbody)").first.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.crew:has(tbody)').scrollIntoView()")


def break_down(page: Page, stage: Stage) -> None:
    """Let the server meet a fault of its own, in a copy that lives in this process."""
    page.route("**/broken", lambda route: route.fulfill(**stage.broken(route.request.headers)))
    page.goto(f"{stage.url}/broken")


_CUSTOMERS: Final[dict[str, tuple[Reach, tuple[str, ...]]]] = {
    "report": (page_at("/report"), ()),
    "report-refused": (then("/report", report_without_a_telephone), _REFUSED),
    "status-received-leak": (page_at("{link_leak}"), ()),
    "status-planned": (page_at("{link_planned}"), ()),
    "status-wish": (then("{link_heater_fault}", wish), ()),
    "status-new-time": (page_at("{link_moved}"), ()),
    "status-on-the-way": (page_at("{link_under_way}"), ()),
    "status-here": (page_at("{link_there}"), ()),
    "status-opinion": (page_at("{link_signed}"), ()),
    "status-opinion-given": (then("{link_liked}", give_opinion), ()),
    "status-cancelled": (page_at("{link_cancelled}"), ()),
    "status-gone": (page_at("{link_wrong}"), _REFUSED),
    "sign": (then("{to_sign}/sign", write_a_signature), ()),
    "sign-done": (page_at("{signed_away}/sign"), ()),
    "sign-refused": (then("{to_sign}/sign", send_signature), _REFUSED),
    "safety": (page_at("/safety"), ()),
    "faq": (page_at("/faq"), ()),
    "faq-nothing-found": (page_at("/faq?query=xyzzy"), ()),
    "verify": (page_at("/verify"), ()),
    "verify-refused": (then("/verify", judge_nonsense), _REFUSED),
    "sign-in": (page_at("/sign-in"), ()),
    "sign-in-refused": (then("/sign-in", sign_in_wrongly), _REFUSED),
    "error-404": (page_at("/nowhere"), _REFUSED),
}
NARROW: Final = tuple(
    Stop(f"phone-{name}", reach, user="", size=PHONE, is_whole=True, expects=expects)
    for name, (reach, expects) in _CUSTOMERS.items()
)
WIDE: Final = tuple(
    Stop(name, reach, user="", size=TABLET, is_whole=True, expects=expects)
    for name, (reach, expects) in _CUSTOMERS.items()
)
OFFICE: Final = (
    Stop("paper", page_at("/paper")),
    Stop("paper-crews", then("/paper", to_the_crews)),
    Stop("paper-printed", then("/paper", as_paper), size=_A4_PX),
    Stop("money", page_at("/money"), is_whole=True),
    Stop("stock", page_at("/stock"), is_whole=True),
    Stop("hazards", page_at("/hazards"), is_whole=True),
    Stop("messages", page_at("/messages"), is_whole=True),
    Stop("papers", page_at("/work-orders/{signed}/papers"), is_whole=True),
    Stop("people", page_at("/people"), user="admin", is_whole=True),
    Stop("quarantine", page_at("/quarantine"), user="admin", is_whole=True),
    Stop("record", page_at("/records/{signed}"), size=TABLET, is_whole=True),
    Stop("copy", page_at("/copies/{signed}"), size=TABLET, is_whole=True),
    Stop("error-403", page_at("/people"), expects=_REFUSED),
    Stop("error-404-signed-in", page_at("/records/nothing"), expects=_REFUSED),
    Stop("error-500", break_down, expects=_REFUSED),
)
