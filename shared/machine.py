"""State machines as tables: one row per transition, one function that looks a row up."""

from __future__ import annotations

import enum

import msgspec

from shared.errors import DomainError


class Role(enum.StrEnum):
    """Who gives a command. SYSTEM is the product itself: planner, timers, handlers."""

    ADMIN = "admin"
    DISPATCHER = "dispatcher"
    AGENT = "agent"
    TECHNICIAN = "technician"
    SYSTEM = "system"


class Transition(msgspec.Struct, frozen=True):
    """One row of a table: `command` given by one of `roles` leads from one of `sources` to `target`."""

    command: str
    sources: frozenset[str]
    target: str
    roles: frozenset[Role]


def row(command: str, sources: str, target: str, roles: str) -> Transition:
    """Build a row from blank-separated words, so that a table reads like a table."""
    return Transition(command, frozenset(sources.split()), target, frozenset(Role(r) for r in roles.split()))


def find_target(table: tuple[Transition, ...], state: str, command: str, role: Role) -> str | None:
    """Return the state that the command leads to, None when the table has no such row for this state and role."""
    return next((t.target for t in table if t.command == command and state in t.sources and role in t.roles), None)


def get_target(table: tuple[Transition, ...], state: str, command: str, role: Role) -> str:
    """Return the state that the command leads to. Raises DomainError `transition_not_allowed`."""
    target = find_target(table, state, command, role)
    if target is None:
        raise DomainError("transition_not_allowed", state=state, command=command, role=role.value)
    return target
