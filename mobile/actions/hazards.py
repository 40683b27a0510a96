"""Names what earlier visits found to be dangerous at a job's home, in the technician's language."""

from __future__ import annotations

from mobile.actions.desk import Desk
from shared.errors import DomainError
from shared.hazards import KnownHazard


def name_hazard(desk: Desk, language: str, code: str) -> str:
    """Return a job's hazard in words: its class, where it was found, what was found there.

    Of an edition that this phone does not have, the class alone.
    """
    known = KnownHazard.from_code(code)
    grade = desk.texts.find(language, f"hazard.{known.hazard}") or known.hazard
    words = [word for word in _list_words(desk, language, known) if word]
    return f"{grade}: {' · '.join(words)}" if words else grade


def _list_words(desk: Desk, language: str, known: KnownHazard) -> tuple[str, ...]:
    try:
        protocol = desk.shelf.get_protocol(known.protocol)
    except DomainError:
        return ()
    step = next((step for step in protocol.steps if step.id == known.step), None)
    if step is None:
        return ()
    return step.text[language], next((one.text[language] for one in step.choices if one.code == known.told), "")
