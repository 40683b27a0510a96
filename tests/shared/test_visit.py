"""The visit as a fold of facts, the same on phone and server, and the facts on the wire."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import facts, ids, visit, wire
from shared.errors import DomainError
from tests.shared import cases

PROTOCOLS = cases.protocols_for("gas_leak")
GOOD = cases.visit_facts(PROTOCOLS, "repaired")
WAIVED = facts.SignatureWaived(
    record_json="{}",
    reason="refused",
    seal=facts.Seal(alg="Ed25519", key_id="k", chain_seq=1, previous_hash="", content_hash="", seal_hash="abc"),
)


@given(st.permutations(range(len(GOOD))))
def test_order_of_different_steps_does_not_matter(order: list[int]) -> None:
    """Facts that arrive out of order give the same evidence when each carries its own time."""
    straight, mixed = visit.VisitState(), visit.VisitState()
    for place in range(len(GOOD)):
        straight = visit.apply_fact(straight, GOOD[place], place)
    for place in order:
        mixed = visit.apply_fact(mixed, GOOD[place], place)
    assert {(a.step, a.at_ms, a.outcome, a.value) for a in straight.answers} == {
        (a.step, a.at_ms, a.outcome, a.value) for a in mixed.answers
    }
    assert (straight.arrived_ms, straight.made_safe_ms, straight.outcome) == (
        mixed.arrived_ms,
        mixed.made_safe_ms,
        mixed.outcome,
    )


def test_later_answer_stands_and_the_first_arrival_stays() -> None:
    """A corrected tick replaces, a second arrival does not move the first."""
    answers = [facts.StepAnswered(protocol="p@1", step="s", outcome=o) for o in ("pass", "fail")]
    state = cases.fold([facts.Arrived(), *answers, facts.Arrived()])
    found = visit.find_answer(state, "p@1", "s")
    assert found is not None
    assert found.outcome == "fail"
    assert state.arrived_ms == cases.NOON_MS
    assert visit.find_answer(state, "p@2", "s") is None


@pytest.mark.parametrize(
    "correction",
    [
        facts.StepAnswered(protocol="p@1", step="s", outcome="fail"),
        facts.ReadingRecorded(protocol="p@1", step="s", value="1", unit="Pa"),
        facts.TimerStopped(protocol="p@1", step="s", elapsed_ms=1),
        facts.OutcomeDeclared(outcome="isolated"),
    ],
)
def test_correction_after_signing_voids_the_signature(correction: facts.Body) -> None:
    """What was signed is no longer what is said (reliability C10)."""
    state = cases.fold([*GOOD, WAIVED])
    assert (state.waived_ms is not None, state.seal_hash) == (True, "abc")
    voided = visit.apply_fact(state, correction, cases.NOON_MS)
    assert (voided.waived_ms, voided.signed_ms, voided.seal_hash) == (None, None, "")
    assert (state.voided_ms, voided.voided_ms) == (None, cases.NOON_MS)
    assert visit.apply_fact(voided, WAIVED, cases.NOON_MS).voided_ms is None


def test_remark_and_remaining_time_do_not_void_the_signature() -> None:
    """They are no part of the verdict."""
    state = cases.fold([*GOOD, WAIVED, facts.NoteAdded(text="狗"), facts.RemainingTimeEstimated(remaining_s=600)])
    assert state.seal_hash == "abc"
    assert (state.notes, state.remaining_s) == (("狗",), 600)


@pytest.mark.parametrize("body", [*GOOD[:8], WAIVED, facts.NoAccessRecorded(reason="nobody_home")])
def test_fact_survives_the_wire(body: facts.Body) -> None:
    """Its name is the tag, and it comes back as it was."""
    raw = msgspec.json.encode(body)
    assert msgspec.json.decode(raw, type=facts.AnyBody) == body
    assert msgspec.json.decode(raw)["type"] == facts.name_of(body)


def test_every_fact_has_words_in_both_languages() -> None:
    """The history line of a fact is a sentence."""
    for kind in facts.AnyBody.__args__:
        assert "«" not in cases.texts().text("en", f"fact.{kind.__struct_config__.tag}")


@given(st.binary(max_size=200))
def test_garbage_is_never_a_phone_event(data: bytes) -> None:
    """What cannot be read is refused by the decoder, which the server turns into quarantine."""
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        msgspec.json.decode(data, type=wire.PhoneEvent)


@pytest.mark.parametrize(
    ("lat", "lon"), [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (0.0, float("inf")), (1.0, None), (None, 1.0)]
)
def test_place_outside_the_earth_is_refused(lat: float | None, lon: float | None) -> None:
    """Half a place and what is no number as well."""
    with pytest.raises(DomainError) as refused:
        facts.Arrived(lat=lat, lon=lon)
    assert refused.value.code == "place_invalid"


@given(st.integers(0, (1 << 48) - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_ids_grow_with_time(now_ms: int, first: bytes, second: bytes) -> None:
    """A later id sorts behind an earlier one, whatever the chance bytes."""
    assert ids.uuid7(now_ms, first) < ids.uuid7(now_ms + 1, second)
    assert ids.uuid7(now_ms, first)[14] == "7"


def test_id_needs_ten_bytes_of_chance() -> None:
    """Fewer would make equal ids likely."""
    with pytest.raises(ValueError, match="ten random bytes"):
        ids.uuid7(0, b"short")
