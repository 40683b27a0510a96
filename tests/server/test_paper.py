"""The board on paper: complete, leaks first, on disk for when the server is off, and for the desk alone."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from server.board import paper_files
from tests.server.house import DAY_MS, HOME, LEAK, STOVE, House

LATER = {"window_start_ms": 1_790_042_400_000 + DAY_MS, "window_end_ms": 1_790_042_400_000 + DAY_MS + 7_200_000}
NASTY = '<script>alert("x")</script>&<b>王'


def file_of(house: House, language: str = "zh_CN") -> Path:
    """Return where the worker keeps the branch's page."""
    return paper_files.path_of(house.settings.data_dir, HOME, language)


def written(house: House, language: str = "zh_CN") -> str:
    """Let the worker write, and return what lies on the disk."""
    assert paper_files.write_all(house.services) == 4  # two branches, two languages
    return file_of(house, language).read_text("utf-8")


def test_leak_stands_first_on_the_page_when_an_older_order_waits(house: House) -> None:
    """Lin reads it without the server: address, telephone, class, due time, skill, what to beware of."""
    stove = house.order(house.report({**STOVE, **LATER})).number
    leak = house.order(house.report(LEAK)).number
    page = written(house)
    assert page.index(leak) < page.index(stove)
    leaks = page[page.index('class="leaks"') : page.index('class="waiting"')]
    assert leak in leaks
    assert stove not in leaks
    for words in ("桃北中街218号", "13800000001", "◆", "⚠", "data-leak"):
        assert words in leaks
    assert "10:00:00" in page


def test_page_on_disk_follows_a_change_and_stays_when_the_server_is_off(house: House) -> None:
    """A new order stands on it at the next writing, with the new time; with everything closed it still opens."""
    assert "没有未结的漏气" in written(house)
    number = house.order(house.report(LEAK)).number
    house.pass_ms(20_000)
    assert number in written(house)
    house.services.uow.database.close()
    page = file_of(house).read_text("utf-8")
    assert (number in page, "10:00:20" in page) == (True, True)
    assert not re.search(r'(src|href)="(?!#|data:)', page)  # nothing is fetched from anywhere


def test_page_is_for_the_owners_eyes_and_is_replaced_whole(house: House) -> None:
    """Names and telephone numbers: mode 0600 in a folder 0700; no half-written file lies beside it."""
    written(house)
    written(house, "en")
    path = file_of(house)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {one.suffix for one in path.parent.iterdir()} == {".html"}


def test_markup_in_names_and_words_is_shown_as_it_was_typed(house: House) -> None:
    """What a caller says never becomes part of the page."""
    caller = {"name": NASTY, "phone": "1<i>2"}
    house.report({**STOVE, "description": NASTY, "address": NASTY, "caller": caller})
    page = written(house, "en")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;") >= 3


def test_every_open_order_stands_on_the_page_once_under_its_technician_or_as_nobodys(house: House) -> None:
    """What the plan has given away stands under the name; leaks stand above once more."""
    house.phone("wang")
    numbers = [house.order(house.report(body)).number for body in (STOVE, {**STOVE, "address": "南大街1号"}, LEAK)]
    page = written(house)
    below = page[page.index('class="waiting"') :]
    assert [below.count(number) for number in numbers] == [1, 1, 1]
    assert "王建国" in page


def test_desk_opens_and_saves_the_page_and_another_branch_sees_its_own(house: House) -> None:
    """The console's page offers itself as a file; Qian's holds nothing of ours."""
    number = house.order(house.report(LEAK)).number
    shown, saved = house.lin.get("/paper"), house.lin.get("/paper?save=1")
    assert number in shown.text
    assert "/paper?save=1" in shown.text
    assert "<nav" not in saved.text
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert number not in house.sign_in("qian").get("/paper").text
