"""What a stop of the tour is: a name, who looks, and how he gets there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from deploy.tour.stage import Stage

Reach = Callable[[Page, Stage], None]
DESKTOP: Final = (1440, 900)
SMALL: Final = (1280, 800)
LARGE: Final = (1920, 1080)
PHONE: Final = (390, 844)
TABLET: Final = (1024, 900)


@dataclasses.dataclass(frozen=True)
class Stop:
    """One page or state. `user` is who is signed in (nobody when empty); `is_whole` takes the page in its full length.

    `expects` names words of console errors that belong to the state, such as a refused request. `is_live` looks at the
    console that is open already; every other stop has a tab of its own.
    """

    name: str
    reach: Reach
    user: str = "lin"
    size: tuple[int, int] = DESKTOP
    is_whole: bool = False
    expects: tuple[str, ...] = ()
    is_live: bool = False


def page_at(path: str) -> Reach:
    """Return how a page is reached that has an address of its own; `{name}` in it is a place of the stage."""

    def reach(page: Page, stage: Stage) -> None:
        page.goto(stage.url + path.format_map(stage.places))

    return reach
