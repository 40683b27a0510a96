"""Garbage made from the wire's own schemas: nearly right values with wrong parts, and plain noise."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES: Final = 1000 if os.environ.get("FULL") else 12
SETTINGS: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW: Final = settings(SETTINGS, max_examples=max(15, EXAMPLES // 4))
_DEEP: Final = 2000
_EACH: Final = 1 if os.environ.get("FULL") else 3
_LEFT_OUT: Final = object()

NASTY: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    2**31,
    2**63,
    10**40,
    1e308,
    "",
    "a\0b",
    "\ud800",
    "x" * 300,
    "x" * 9000,
    [],
    [[]],
    {},
)
WORDS: Final = st.one_of(
    st.sampled_from(
        ["", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202ex", "'; DROP TABLE journal;--", "%s{x}", "x" * 5000]
    ),
    st.text(max_size=20),
)
WEIRD: Final[st.SearchStrategy[Any]] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**31, 2**53, 2**63, -(2**63) - 1, 10**40, 1e308, -0.0, float("nan"), float("inf")]),
    WORDS,
    st.lists(st.integers() | WORDS, max_size=3),
    st.dictionaries(WORDS, st.integers() | WORDS, max_size=3),
)
NOISE: Final = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            b"null",
            b"[]",
            b'"',
            b'{"a":1,"a":2}',
            b"\xff\xfe",
            b'"\xed\xa0\x80"',
            b"[" * _DEEP,
            b"[" * _DEEP + b"]" * _DEEP,
            b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
            b"1e99999",
            b"9" * 5000,
        ]
    ),
)

_PLAIN: Final[dict[str, st.SearchStrategy[Any]]] = {
    "string": WORDS,
    "integer": st.integers(-10, 10**13),
    "number": st.floats(-200, 200),
    "boolean": st.booleans(),
    "null": st.none(),
}


def example(schema: Any) -> Any:
    """Return a body of the right shape with every part filled in; whether it makes sense is another matter."""
    (found,), named = msgspec.json.schema_components([schema])
    return _example(found, named)


def _example(schema: dict[str, Any], named: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(named[schema["$ref"].rsplit("/", 1)[-1]], named)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], named)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if kind == "object":
        return {name: _example(part, named) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        parts = (
            schema.get("prefixItems") or [schema["items"]] if schema.get("items") or schema.get("prefixItems") else []
        )
        return [_example(part, named) for part in parts]
    return {"string": "x", "integer": 1, "number": 1.0, "boolean": True}.get(kind)


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Return values of a msgspec type in which any part may be weird or missing, and strange parts may be added."""
    (found,), named = msgspec.json.schema_components([schema])
    return _values(found, named, 3)


def payloads(schema: Any, example: Any) -> st.SearchStrategy[bytes]:
    """Return bodies: a right example with one or two wrong parts, garbage of the type, or noise."""
    twice = spoilt(example).flatmap(spoilt)
    return st.one_of(spoilt(example).map(encode), twice.map(encode), values(schema).map(encode), NOISE)


def every_spoilt(example: Any) -> Iterator[Any]:
    """Yield the example once for each of its parts and each nasty value; every third of them, all under FULL=1.

    Three and the number of values share no factor, so that each part meets values from the whole list.
    """
    ways = ((way, value) for way in _places(example, ()) for value in (*NASTY, _LEFT_OUT))
    for way, value in itertools.islice(ways, 0, None, _EACH):
        yield _replace(example, way, value)


def spoilt(example: Any) -> st.SearchStrategy[Any]:
    """Return the example with one part, somewhere, replaced by something weird or left out."""
    places = list(_places(example, ()))
    change = st.one_of(WEIRD, WEIRD, WEIRD, st.just(_LEFT_OUT))
    return st.tuples(st.sampled_from(places), change).map(lambda drawn: _replace(example, *drawn))


def _places(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from _places(part, (*way, key))


def _replace(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    if not way:
        return None if new is _LEFT_OUT else new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(way) == 1 and new is _LEFT_OUT:
        del copy[way[0]]
    else:
        copy[way[0]] = _replace(value[way[0]], way[1:], new)
    return copy


def encode(value: Any) -> bytes:
    """Return JSON; lone surrogates as escapes, NaN and Infinity as they are not allowed."""
    return json.dumps(value).encode()


def _values(schema: dict[str, Any], named: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    right = _right(schema, named, depth)
    return st.one_of(right, right, right, right, WEIRD)


def _right(schema: dict[str, Any], named: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if depth == 0:
        return st.none()
    if "$ref" in schema:
        return _right(named[schema["$ref"].rsplit("/", 1)[-1]], named, depth)
    if "anyOf" in schema:
        return st.one_of(*(_values(part, named, depth) for part in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    return _typed(schema, named, depth)


def _typed(schema: dict[str, Any], named: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if schema.get("type") == "object":
        return _objects(schema, named, depth) if "properties" in schema else _tables(schema, named, depth)
    if schema.get("type") == "array":
        items: dict[str, Any] = schema.get("items") or next(iter(schema.get("prefixItems", [])), None) or {}
        return st.lists(_values(items, named, depth - 1), max_size=3)
    return _PLAIN.get(str(schema.get("type")), WEIRD)


def _tables(schema: dict[str, Any], named: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    return st.dictionaries(WORDS, _values(schema.get("additionalProperties") or {}, named, depth - 1), max_size=3)


def _objects(schema: dict[str, Any], named: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    parts = {name: _values(part, named, depth) for name, part in schema["properties"].items()}
    needed = {name: part for name, part in parts.items() if name in schema.get("required", [])}
    whole = st.fixed_dictionaries(needed, optional={n: p for n, p in parts.items() if n not in needed})
    broken = st.fixed_dictionaries({}, optional=parts)
    extra = st.tuples(whole, st.dictionaries(WORDS, WEIRD, max_size=2)).map(lambda pair: {**pair[0], **pair[1]})
    return st.one_of(whole, whole, whole, broken, extra)


def judge(answer: Any) -> None:
    """Want a success, or a refusal that a person can read."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        told = msgspec.json.decode(answer.data)
        assert told["code"]
        assert all(told["text"][lang] and "«" not in told["text"][lang] for lang in ("zh_CN", "en")), told
