"""Formulas of protocols: what is computed, what is refused, and that garbage is only ever refused."""

import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import formula
from shared.errors import DomainError

VALUES = {"pipe_volume": decimal.Decimal("0.01"), "meter_volume": decimal.Decimal("0.006"), "zero": decimal.Decimal(0)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pipe_volume * 1.1 + meter_volume", "0.017"),
        ("1.5 * (pipe_volume * 1.1 + meter_volume)", "0.0255"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("8 - 3 - 2", "3"),
        ("8 / 4 / 2", "1"),
        ("-3 + 5", "2"),
        ("--3", "3"),
        ("0.1 + 0.2", "0.3"),
        ("min(4, 2, 3)", "2"),
        ("max(zero, 1)", "1"),
        ("below(pipe_volume, 0.02, 8, 4)", "8"),
        ("below(0.02, pipe_volume, 8, 4)", "4"),
        (" 1+1 ", "2"),
    ],
)
def test_formula_gives_the_exact_decimal(text: str, value: str) -> None:
    """Decimals, never floats; the usual order of operations."""
    found = formula.evaluate(formula.parse(text), VALUES)
    assert found is not None
    assert formula.plain(found) == value


@pytest.mark.parametrize("text", ["unknown + 1", "1 / zero", "1 / (pipe_volume - pipe_volume)"])
def test_formula_without_a_value_gives_none(text: str) -> None:
    """A missing reading and a division by zero decide nothing."""
    assert formula.evaluate(formula.parse(text), VALUES) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "1 2",
        "(1",
        "1)",
        "a b",
        "__import__('os')",
        "a.b",
        "a[0]",
        "1e9",
        "2 ** 3",
        "min()",
        "below(1, 2, 3)",
        "abs(1)",
        "A + 1",
        "1,2",
        "a" * 65,
        "1 + " * 200 + "1",
        "(" * 60 + "1" + ")" * 60,
        "-" * 60 + "1",
        "lambda: 1",
        "1; 2",
        "１ + 1",
    ],
)
def test_anything_outside_the_grammar_is_refused(text: str) -> None:
    """There is no way from a data file to code."""
    with pytest.raises(DomainError) as refused:
        formula.parse(text)
    assert refused.value.code == "formula_invalid"


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="0123456789.+-*/(), abmixnlowe_", max_size=60),
    )
)
def test_garbage_is_a_domain_error_or_a_number(text: str) -> None:
    """No text raises anything else, neither when read nor when computed."""
    parsed = parse_or_none(text)
    if parsed is not None:
        found = formula.evaluate(parsed, dict.fromkeys(parsed.names, decimal.Decimal("2.5")))
        assert found is None or formula.plain(found)


def parse_or_none(text: str) -> formula.Formula | None:
    """Return the formula, None when it is refused as every bad formula is."""
    try:
        return formula.parse(text)
    except DomainError as refused:
        return None if refused.code == "formula_invalid" else pytest.fail(refused.code)


@given(a=st.integers(-999, 999), b=st.integers(-999, 999), c=st.integers(1, 999))
def test_formula_agrees_with_exact_arithmetic(a: int, b: int, c: int) -> None:
    """An independent computation with integers: multiply both sides by c."""
    values = {"a": decimal.Decimal(a), "b": decimal.Decimal(b), "c": decimal.Decimal(c)}
    found = formula.evaluate(formula.parse("(a + b * c) - b * c + max(a, b) - min(a, b)"), values)
    assert found == a + abs(a - b)
