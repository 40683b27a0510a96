"""What every screen works with: the phone, the language, and the way to other screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kivy.uix.floatlayout import FloatLayout

from mobile.service import Phone
from mobile.widgets.theme import THEME
from shared.errors import DomainError
from shared.text import LANGUAGES

Builder = Callable[["Ui", dict[str, Any]], Any]
HOME: Final = "job_list"


class Ui(FloatLayout):
    """The window's root: one screen at a time, rebuilt from the store at any moment."""

    def __init__(self, phone: Phone, builders: dict[str, Builder], language: str = LANGUAGES[0]) -> None:
        """`builders` makes a screen by its name."""
        super().__init__()
        self.phone, self.language = phone, language
        self._builders = builders
        self._trail: list[tuple[str, dict[str, Any]]] = []
        self.page: Any = None
        self.problem = ""
        self.instrument = ("", "")
        self.on_enrol: Callable[[str, str], None] = lambda _server, _code: None

    @property
    def theme_name(self) -> str:
        """Return the theme in force."""
        return THEME.name

    @property
    def text_scale(self) -> float:
        """Return the text size in force."""
        return THEME.text_scale

    def enrol(self, server_url: str, code: str) -> None:
        """Sign the phone in. Raises DomainError."""
        self.on_enrol(server_url, code)

    def wake(self) -> None:
        """Exchange with the server soon."""
        self.phone.ring(None)

    # Words

    def t(self, key: str, **data: Any) -> str:
        """Return a text in the language in force."""
        return self.phone.desk.texts.text(self.language, key, **data)

    def words(self, both: dict[str, str]) -> str:
        """Return what a protocol says in the language in force."""
        return both.get(self.language) or next(iter(both.values()), "")

    # The way

    @property
    def name(self) -> str:
        """Return the name of the screen that is shown."""
        return self._trail[-1][0] if self._trail else ""

    def go(self, name: str, **arguments: Any) -> None:
        """Show another screen."""
        self._trail.append((name, arguments))
        self.problem = ""
        self.rebuild()

    def home(self) -> None:
        """Show the job list and forget the way."""
        self._trail = [(HOME, {})]
        self.problem = ""
        self.rebuild()

    def back(self) -> bool:
        """Show the screen before; tell whether there was one (the Android back button)."""
        if len(self._trail) < 2:  # noqa: PLR2004 - the first screen has none before it
            return False
        self._trail.pop()
        self.problem = ""
        self.rebuild()
        return True

    def replace(self, name: str, **arguments: Any) -> None:
        """Show another screen in the place of this one."""
        self._trail[-1] = (name, arguments)
        self.rebuild()

    def rebuild(self) -> None:
        """Make the screen anew from the store."""
        name, arguments = self._trail[-1]
        scroll = (
            getattr(self.page, "scroll_y", 1.0) if getattr(self.page, "key", None) == (name, str(arguments)) else 1.0
        )
        self.clear_widgets()
        self.page = self._builders[name](self, arguments)
        self.page.key = (name, str(arguments))
        self.page.scroll_y = scroll
        self.add_widget(self.page)

    def tick(self) -> None:
        """Let running figures go on."""
        if self.page is not None:
            self.page.tick()

    # Commands

    def act(self, command: str, work_order_id: str, **data: Any) -> bool:
        """Give a command; what is refused is shown in words. Tell whether it was taken."""
        try:
            self.phone.act(command, work_order_id, **data)
        except DomainError as refused:
            self.show(refused)
            return False
        self.problem = ""
        return True

    def show(self, refused: DomainError) -> None:
        """Show an error's text on the screen."""
        blockers = refused.data.get("blockers", ())
        reasons = [self.t(f"blocker.{b.code}", **b.data) for b in blockers]
        self.problem = "\n".join([self.t(f"error.{refused.code}", **refused.data), *reasons])
        self.rebuild()

    def choose_language(self, language: str) -> None:
        """Switch the language at run time."""
        self.language = language
        self.rebuild()

    def choose_theme(self, name: str) -> None:
        """Switch the theme at run time."""
        THEME.name = name
        self.rebuild()

    def choose_text_scale(self, scale: float) -> None:
        """Switch the text size at run time."""
        THEME.text_scale = scale
        self.rebuild()
