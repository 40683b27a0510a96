"""Protocols: what loads, what is refused, and which edition applies on a day."""

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import checklist, editions
from shared.errors import DomainError
from shared.protocol import Protocol
from tests.shared import cases

SMALL = """
id = "small"
edition = "1"
kind = "checklist"
title = { zh_CN = "小表", en = "Small" }
clause = "X 1"
effective_from = 2026-01-01
jurisdiction = "CN"
faults = ["no_gas"]

[[steps]]
id = "first"
kind = "tick"
text = { zh_CN = "第一步", en = "First" }
"""
READING = '[[steps]]\nid = "r"\nkind = "reading"\nunit = "Pa"\ntext = { zh_CN = "读", en = "Read" }\n'
SHIPPED = [(p.ref, p) for p in cases.protocols()]


def test_each_fault_kind_has_a_checklist_and_each_repair_a_function_test() -> None:
    """No job goes out without its protocol (FT-01, FT-04)."""
    visits_only = {"inspection", "consultation"}
    for fault in cases.triage_rules().fault:
        kinds = [protocol.kind for protocol in cases.protocols_for(fault.code)]
        assert kinds[:1] == ["checklist"], fault.code
        assert ("function_test" in kinds) == (fault.code not in visits_only), fault.code


@pytest.mark.parametrize(("ref", "protocol"), SHIPPED)
@pytest.mark.parametrize("outcome", ["repaired", "isolated", "all_clear"])
def test_shipped_protocol_can_be_carried_out(ref: str, protocol: Protocol, outcome: str) -> None:
    """Each protocol passes when every step is answered well."""
    verdict = checklist.evaluate(protocol, cases.fold(cases.visit_facts([protocol], outcome)))
    assert verdict.passed, (ref, verdict)


@pytest.mark.parametrize(("ref", "protocol"), SHIPPED)
def test_unconfirmed_figures_say_that_they_are_to_be_verified(ref: str, protocol: Protocol) -> None:
    """CJJ 94 and company figures were not read in the original."""
    assert protocol.verify_locally, ref


@pytest.mark.parametrize(("day", "edition"), [(dt.date(2021, 12, 31), "2007"), (dt.date(2022, 1, 1), "2020")])
def test_edition_of_the_day_applies_when_the_standard_changes(day: dt.date, edition: str) -> None:
    """The same repair, a day apart, is tested by the edition in force."""
    chosen = editions.select(cases.protocols(), "stove_fault", day, "CN")
    assert [p.edition for p in chosen if p.id == "stove-test"] == [edition]


def test_older_edition_stands_in_the_overlap_unless_the_branch_prefers_the_newer() -> None:
    """Decision 27."""
    older = Protocol.from_toml(SMALL.encode())
    older = msgspec.structs.replace(older, effective_to=dt.date(2026, 9, 30))
    newer = msgspec.structs.replace(older, edition="2", effective_from=dt.date(2026, 3, 1), effective_to=None)
    both, june, october = (newer, older), dt.date(2026, 6, 1), dt.date(2026, 10, 1)
    assert editions.select(both, "no_gas", june, "CN") == (older,)
    assert editions.select(both, "no_gas", june, "CN", prefer=["small@2"]) == (newer,)
    assert editions.select(both, "no_gas", october, "CN") == (newer,)
    assert editions.select(both, "no_gas", june, "GB") == ()


def test_reference_to_a_missing_protocol_is_refused() -> None:
    """A phone without the edition says so."""
    with pytest.raises(DomainError) as refused:
        editions.resolve(cases.protocols(), ["stove-test@1999"])
    assert refused.value.code == "protocol_not_found"
    assert editions.resolve(cases.protocols(), ["stove-test@2020"])[0].edition == "2020"


@pytest.mark.parametrize(
    "broken",
    [
        SMALL.replace('"tick"', '"dance"'),
        SMALL.replace('en = "First"', 'en = " "'),
        SMALL.replace('zh_CN = "小表", ', ""),
        SMALL.replace('faults = ["no_gas"]', "faults = []"),
        SMALL.replace("2026-01-01", '"soon"'),
        SMALL.replace('"checklist"', '"function_test"'),
        SMALL + "colour = 1\n",
        SMALL + 'only_if = ["last", "pass"]\n',
        SMALL + 'evidence = "hope"\n',
        SMALL + 'evidence = "all_clear"\n',
        SMALL + SMALL[SMALL.index("[[steps]]") :],
        SMALL + READING.replace('unit = "Pa"\n', ""),
        SMALL + READING + 'minimum = "five"\n',
        SMALL + READING + 'minimum = "1e3"\n',
        SMALL + READING + 'minimum = "5"\nmaximum = "4"\n',
        SMALL + READING.replace('"reading"', '"timer"'),
        SMALL + READING.replace('"reading"', '"timer"') + "min_ms = 5\nmax_ms = 4\n",
        SMALL + READING.replace('"reading"', '"choice"'),
    ],
)
def test_protocol_that_cannot_be_carried_out_is_refused(broken: str) -> None:
    """Each fault of the file is found when it is loaded, not at the customer's."""
    assert Protocol.from_toml(SMALL.encode()).steps
    with pytest.raises(DomainError) as refused:
        Protocol.from_toml(broken.encode())
    assert refused.value.code == "protocol_invalid"
    assert refused.value.data["reason"]


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: (SMALL + text).encode())))
def test_garbage_is_a_domain_error_or_a_protocol(data: bytes) -> None:
    """No file can raise anything else."""
    assert code_of(data) in {"", "protocol_invalid"}


def code_of(data: bytes) -> str:
    """Return the code with which a file is refused, nothing for a protocol."""
    try:
        Protocol.from_toml(data)
    except DomainError as refused:
        return refused.code
    return ""


def test_deeply_nested_file_is_refused() -> None:
    """A file that would exhaust the stack is an error like any other."""
    with pytest.raises(DomainError):
        Protocol.from_toml(b"a = " + b"[" * 100_000)
