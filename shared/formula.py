"""Formulas of protocols: exact decimals in a small closed grammar, read by a parser of its own; nothing is executed.

    sum     := product (("+" | "-") product)*
    product := factor (("*" | "/") factor)*
    factor  := number | name | function "(" sum ("," sum)* ")" | "(" sum ")" | "-" factor

Names are ids of steps. Functions: `min`, `max`, and `below(a, b, x, y)`, which is x when a < b and else y.
"""

from __future__ import annotations

import decimal
import functools
import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from shared.errors import DomainError

LONGEST: Final = 400  # characters; bounds the depth of the parser as well
_DEEPEST: Final = 24
_TOKEN: Final = re.compile(r"\s*(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)|([a-z][a-z0-9_]{0,63})|([-+*/(),]))")
_ARITY: Final = {"min": range(1, 9), "max": range(1, 9), "below": range(4, 5)}
_TRAPS: Final = (decimal.InvalidOperation, decimal.Overflow, decimal.DivisionByZero)
_PRECISION: Final = decimal.Context(prec=28, Emax=99, Emin=-99, traps=list(_TRAPS))
_LARGEST: Final = decimal.Decimal(10**9)  # the bound of readings (decimal_text)


class Node(msgspec.Struct, frozen=True):
    """One node: `op` is number, name, or an operator or function applied to `parts`."""

    op: str
    number: decimal.Decimal = decimal.Decimal(0)
    name: str = ""
    parts: tuple[Node, ...] = ()


class Formula(msgspec.Struct, frozen=True):
    """A parsed formula and the step ids that it names."""

    text: str
    root: Node
    names: frozenset[str]


@functools.lru_cache(maxsize=512)
def parse(text: str) -> Formula:
    """Return the formula of a text. Raises DomainError `formula_invalid` for anything outside the grammar."""
    if len(text) > LONGEST:
        raise _invalid(text, "too long")
    parser = _Parser(text, _tokens(text))
    root = parser.sum(0)
    if parser.peek():
        raise _invalid(text, f"unexpected “{parser.peek()}”")
    return Formula(text, root, frozenset(_names(root)))


def evaluate(formula: Formula, values: Mapping[str, decimal.Decimal]) -> decimal.Decimal | None:
    """Return the value; None when a named value is missing or the result is undefined (division by zero, too large)."""
    if not formula.names <= values.keys():
        return None
    try:
        value = _value(formula.root, values)
    except decimal.DecimalException:
        return None
    return value if abs(value) < _LARGEST else None


def plain(value: decimal.Decimal) -> str:
    """Return a value as a plain decimal with at most six places, for screens and records."""
    text = f"{value.quantize(decimal.Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".") or "0"


def _invalid(text: str, reason: str) -> DomainError:
    return DomainError("formula_invalid", formula=text[:80], reason=reason)


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while text[place:].strip():
        token = _TOKEN.match(text, place)
        if token is None:
            raise _invalid(text, f"unexpected “{text[place:].strip()[:1]}”")
        found.append(next(part for part in token.groups() if part))
        place = token.end()
    return found


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text, self._tokens, self._place = text, tokens, 0

    def peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise _invalid(self._text, f"expected “{wanted or 'a value'}”")
        self._place += 1
        return token

    def sum(self, depth: int) -> Node:
        return self._chain(self._product, "+-", depth)

    def _product(self, depth: int) -> Node:
        return self._chain(self._factor, "*/", depth)

    def _chain(self, part: Callable[[int], Node], operators: str, depth: int) -> Node:
        node = part(depth)
        while self.peek() and self.peek() in operators:
            node = Node(self.take(), parts=(node, part(depth)))
        return node

    def _factor(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _invalid(self._text, "too deep")
        first = self.take()
        if first == "-":
            return Node("negative", parts=(self._factor(depth + 1),))
        if first == "(":
            node = self.sum(depth + 1)
            self.take(")")
            return node
        if first[0].isdigit():
            return Node("number", number=decimal.Decimal(first))
        if not first[0].isalpha():
            raise _invalid(self._text, f"unexpected “{first}”")
        return self._call(first, depth) if first in _ARITY else Node("name", name=first)

    def _call(self, function: str, depth: int) -> Node:
        self.take("(")
        parts = [self.sum(depth + 1)]
        while self.peek() == ",":
            self.take()
            parts.append(self.sum(depth + 1))
        self.take(")")
        if len(parts) not in _ARITY[function]:
            raise _invalid(self._text, f"{function} takes another number of values")
        return Node(function, parts=tuple(parts))


def _names(node: Node) -> set[str]:
    own = {node.name} if node.op == "name" else set()
    return own.union(*(_names(part) for part in node.parts))


_OPERATIONS: Final[dict[str, Callable[..., decimal.Decimal]]] = {
    "+": _PRECISION.add,
    "-": _PRECISION.subtract,
    "*": _PRECISION.multiply,
    "/": _PRECISION.divide,
    "negative": _PRECISION.minus,
    "min": min,
    "max": max,
    "below": lambda a, b, x, y: x if a < b else y,
}


def _value(node: Node, values: Mapping[str, decimal.Decimal]) -> decimal.Decimal:
    if node.op == "number":
        return node.number
    if node.op == "name":
        return values[node.name]
    return _OPERATIONS[node.op](*(_value(part, values) for part in node.parts))
