"""Rules at the door: hazards, closed doors, grades of leaks, the warranty's table, prices."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import (
    charges,
    closure,
    door_facts,
    facts,
    hazards,
    leak_grades,
    no_access,
    prices,
    service_record,
    visit,
    warranty,
)
from shared.door_facts import Exclusion, PriceLine, WarrantyJudged
from shared.errors import DomainError
from tests.shared import cases

HOME = cases.HOME / "catalog"
HAZARDS = hazards.HazardRules.from_toml((HOME / "hazards-2026.toml").read_bytes())
LADDER = no_access.Ladder.from_toml((HOME / "no-access-2026.toml").read_bytes())
GRADES = leak_grades.GradeRules.from_toml((HOME / "leak-grades-2026.toml").read_bytes())
POLICY = warranty.Policy.from_toml((HOME / "warranty-2026.toml").read_bytes())
PRICES = prices.PriceList.from_toml((HOME / "price-2026.toml").read_bytes())
INSPECTION = (cases.get_protocol("household-inspection"),)
REPAIR = cases.protocols_for("stove_fault")


def inspected(**answers: str) -> visit.VisitState:
    """Return an inspection with some answers."""
    ref = INSPECTION[0].ref
    return cases.fold([facts.StepAnswered(protocol=ref, step=step, outcome=told) for step, told in answers.items()])


def test_failing_item_is_a_finding_with_class_and_order() -> None:
    """Rubber hose: a major hazard, put right by a hose replacement; a passing item is none."""
    (found,) = hazards.list_findings(INSPECTION, inspected(hose="rubber", stove="flame_failure"))
    assert (found.step, found.hazard, found.follow_up, found.told) == ("hose", "major", "hose_replacement", "rubber")
    assert hazards.list_findings(INSPECTION, inspected(hose="metal")) == ()


def test_every_shipped_hazard_has_its_class_words_and_follow_up() -> None:
    """A class without rules, or an order of an unknown kind, would show at the customer's."""
    kinds = {fault.code for fault in cases.triage_rules().fault}
    for protocol in cases.protocols():
        choices = [choice for step in protocol.steps for choice in step.choices]
        hazardous = {(s.hazard, s.follow_up) for s in protocol.steps} | {(c.hazard, c.follow_up) for c in choices}
        for hazard, follow_up in hazardous - {("", "")}:
            assert HAZARDS.get_class(hazard).actions, protocol.ref
            assert cases.texts().find("en", f"hazard.{hazard}")
            assert follow_up in {"", *kinds}, protocol.ref


def test_worst_class_names_the_notice() -> None:
    """Immediately dangerous before major before the rest."""
    found = hazards.list_findings(INSPECTION, inspected(pipe="fail", hose="rubber", soap_test="fail"))
    assert hazards.worst(found, HAZARDS) == "immediately_dangerous"
    assert hazards.worst(found[:2], HAZARDS) == "major"
    assert hazards.worst((), HAZARDS) == ""


def test_hazard_that_nobody_was_told_of_keeps_the_record_from_being_signed() -> None:
    """Article 9: in writing, or it is the company's own hazard."""
    untold = inspected(hose="rubber", hazards_told="none")
    codes = [b.code for b in service_record.list_blockers(is_leak=False, protocols=INSPECTION, visit=untold)]
    assert "hazard_not_told" in codes
    for way in ("notice_served", "supply_cut", "refused"):
        told = inspected(hose="rubber", hazards_told=way)
        codes = [b.code for b in service_record.list_blockers(is_leak=False, protocols=INSPECTION, visit=told)]
        assert "hazard_not_told" not in codes


def test_unknown_hazard_class_is_refused() -> None:
    """A data file's slip is named."""
    with pytest.raises(DomainError) as refused:
        HAZARDS.get_class("spooky")
    assert refused.value.code == "hazard_rules_invalid"


def closed_door(*proofs: str, persons: tuple[str, ...] = (), photo: bool = True) -> visit.VisitState:
    """Return a visit at a closed door."""
    told: list[facts.Body] = [door_facts.HandedOver(to=to, person="陈立") for to in persons]
    if photo:
        told.append(facts.PhotoTaken(sha256="ab" * 32, size_bytes=9, mime="image/jpeg", purpose="door"))
    return cases.fold([*told, facts.NoAccessRecorded(reason="nobody_home", proofs=proofs)])


def test_closed_door_at_an_appointment_needs_knock_call_neighbours_photo_and_notice() -> None:
    """The photo is a photo, not a tick."""
    proofs = ("knocked", "phoned", "neighbours", "notice_left", "door_photo")
    assert no_access.list_missing(LADDER, is_leak=False, visit=closed_door(*proofs)) == ()
    assert no_access.list_missing(LADDER, is_leak=False, visit=closed_door(*proofs, photo=False)) == ("door_photo",)
    assert no_access.list_missing(LADDER, is_leak=False, visit=closed_door()) == (
        "knocked",
        "phoned",
        "neighbours",
        "notice_left",
    )


def test_closed_door_at_a_leak_needs_named_people_and_an_isolated_supply() -> None:
    """Ticks for them do not count; a valve closed outside does."""
    ticks = tuple(rung.code for rung in LADDER.rung)
    assert no_access.list_missing(LADDER, is_leak=True, visit=closed_door(*ticks)) == (
        "supervisor_told",
        "valve_outside",
    )
    both = closed_door(*ticks, persons=("supervisor", "fire_brigade"))
    assert no_access.list_missing(LADDER, is_leak=True, visit=both) == ()
    valve = msgspec.structs.replace(
        closed_door(*ticks, persons=("supervisor",)), made_safe_ms=1, made_safe_how="isolated"
    )
    assert no_access.list_missing(LADDER, is_leak=True, visit=valve) == ()


def test_proved_ladder_closes_no_leak() -> None:
    """Access blocked is not no leak (Flower Branch)."""
    ticks = tuple(rung.code for rung in LADDER.rung)
    state = closed_door(*ticks, persons=("supervisor", "fire_brigade"))
    assert closure.missing_evidence(True, state, cases.protocols_for("gas_leak"))  # noqa: FBT003  it is a leak


@pytest.mark.parametrize(
    ("readings", "conditions", "grade", "code"),
    [
        ({"confined": "80"}, (), 1, "confined_space"),
        ({"confined": "79.9"}, (), 3, "other"),
        ({"pavement": "40"}, (), 2, "under_pavement"),
        ({"pavement": "39"}, (), 3, "other"),
        ({"street": "100"}, (), 2, "in_street"),
        ({"street": "100", "outside_wall": "0.5"}, (), 1, "at_outside_wall"),
        ({"building": "0.1"}, (), 1, "in_or_under_building"),
        ({}, ("ignited",), 1, "ignited"),
        ({}, ("seen_or_heard",), 1, "seen_or_heard"),
        ({}, (), 3, "other"),
    ],
)
def test_leak_is_graded_by_where_how_much_and_what_was_seen(
    readings: dict[str, str], conditions: tuple[str, ...], grade: int, code: str
) -> None:
    """The most serious criterion decides."""
    found = leak_grades.grade(GRADES, {space: Decimal(lel) for space, lel in readings.items()}, conditions)
    assert (found.grade, found.code) == (grade, code)


def test_only_a_qualification_in_date_may_grade() -> None:
    """On its last moment it still counts, after it no more; another skill never does."""
    assert leak_grades.may_grade(GRADES, [("gas_leak", 100)], 100)
    assert not leak_grades.may_grade(GRADES, [("gas_leak", 100)], 101)
    assert not leak_grades.may_grade(GRADES, [("meter", 10**15)], 1)


def found(
    invoice_date: str = "2026-01-31", *, card: bool = True, quality: bool = True, photos: dict[str, str] | None = None
) -> WarrantyJudged:
    """Return what was found for the warranty; `photos` are exclusions with their evidence."""
    exclusions = tuple(Exclusion(code=code, photo=photo) for code, photo in (photos or {}).items())
    return WarrantyJudged(
        product="灶", invoice_date=invoice_date, has_card=card, is_quality_fault=quality, exclusions=exclusions
    )


@pytest.mark.parametrize(
    ("invoice_date", "on", "verdict"),
    [
        ("2025-11-18", "2026-11-18", "free"),
        ("2025-11-17", "2026-11-18", "charged"),
        ("2024-02-29", "2025-02-28", "free"),
        ("2024-02-29", "2025-03-01", "charged"),
        ("2023-02-28", "2024-02-28", "free"),
        ("2023-02-28", "2024-02-29", "charged"),
        ("2025-12-31", "2026-12-31", "free"),
        ("2026-11-19", "2026-11-18", "charged"),
    ],
)
def test_warranty_lasts_twelve_calendar_months_to_the_day(invoice_date: str, on: str, verdict: str) -> None:
    """WA-02: the last day counts; 29 February ends on the 28th; an invoice of tomorrow proves nothing."""
    assert warranty.decide(POLICY, found(invoice_date), dt.date.fromisoformat(on)).verdict == verdict


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-05-15", 12, "2027-05-15"),
    ],
)
def test_months_end_on_the_last_day_where_there_is_no_such_day(day: str, months: int, then: str) -> None:
    """Calendar months, never 30 days."""
    assert warranty.add_months(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(then)


@pytest.mark.parametrize("code", POLICY.exclusions)
def test_each_exclusion_ends_free_work_only_with_its_photo(code: str) -> None:
    """WA-04: six exclusions, each with evidence, each explained."""
    day = dt.date(2026, 11, 18)
    proved = warranty.decide(POLICY, found(photos={code: "ab" * 32}), day)
    claimed = warranty.decide(POLICY, found(photos={code: ""}), day)
    assert (proved.verdict, proved.rows[-1].code) == ("charged", f"exclusion_{code}")
    assert (claimed.verdict, claimed.ignored) == ("free", (code,))
    for row in proved.rows:
        assert "«" not in cases.texts().text("zh_CN", f"warranty.{row.code}", **row.data)


def test_missing_papers_and_another_cause_are_explained_row_by_row() -> None:
    """WA-03: card and invoice shown, and the product itself at fault."""
    decision = warranty.decide(POLICY, found("", card=False, quality=False), dt.date(2026, 11, 18))
    assert [row.code for row in decision.rows] == ["rule_no_invoice", "rule_not_quality"]
    assert decision.verdict == "charged"


@given(st.dates(min_value=dt.date(2000, 1, 1), max_value=dt.date(2090, 1, 1)), st.integers(0, 400))
def test_free_work_is_never_free_after_the_last_day(invoice: dt.date, days: int) -> None:
    """An independent count: a year later by month and day."""
    on = invoice + dt.timedelta(days=days)
    is_free = warranty.decide(POLICY, found(invoice.isoformat()), on).verdict == "free"
    assert is_free == ((on.year - invoice.year, on.month, on.day) <= (1, invoice.month, invoice.day))


def test_quote_follows_the_list_and_is_nothing_under_warranty() -> None:
    """WA-05: free work is charged under no name."""
    paid = prices.quote(PRICES, "stove_fault", is_free=False, parts={"hose_metal_1_5_m": 2})
    assert [(line.code, line.quantity, line.unit_cents) for line in paid] == [
        ("call_out", 1, 3000),
        ("stove_repair", 1, 6000),
        ("hose_metal_1_5_m", 2, 8500),
    ]
    assert prices.total(prices.quote(PRICES, "stove_fault", is_free=True)) == 0
    with pytest.raises(DomainError) as refused:
        prices.quote(PRICES, "stove_fault", is_free=False, parts={"goodwill": 1})
    assert refused.value.code == "price_not_in_list"


def test_list_of_the_day_is_chosen() -> None:
    """A new list is a new file; before the first one nothing may be charged."""
    later = msgspec.structs.replace(PRICES, edition="2027", effective_from=dt.date(2027, 1, 1))
    assert prices.choose([later, PRICES], dt.date(2026, 12, 31)).ref == "price@2026"
    assert prices.choose([later, PRICES], dt.date(2027, 1, 1)).ref == "price@2027"
    with pytest.raises(DomainError):
        prices.choose([PRICES], dt.date(2025, 12, 31))


def test_amounts_that_are_not_the_lists_are_named() -> None:
    """Above the list, below it by a free hand, and not in it at all."""
    lines = [PriceLine(code=c, unit_cents=v) for c, v in (("call_out", 3001), ("stove_repair", 5999), ("tip", 1))]
    assert prices.list_problems(PRICES, lines) == (
        ("call_out", "price_over_list"),
        ("stove_repair", "price_not_in_list"),
        ("tip", "price_not_in_list"),
    )


def agreed(*, is_agreed: bool = True, approval: str = "") -> facts.Body:
    """Return a price of sixty yuan as the customer saw it."""
    line = PriceLine(code="stove_repair", unit_cents=6000)
    return door_facts.PriceShown(list_ref=PRICES.ref, lines=(line,), is_agreed=is_agreed, approval=approval)


def test_record_charges_what_was_agreed_and_nothing_else() -> None:
    """No agreement, no charge."""
    assert charges.charge_of(cases.fold([agreed()])).total_cents == 6000
    assert charges.charge_of(cases.fold([agreed(is_agreed=False)])).total_cents == 0
    assert charges.charge_of(cases.fold([])).total_cents == 0


def test_price_shown_after_the_work_keeps_the_record_from_being_signed() -> None:
    """The customer sees the price before; a second person's approval lifts it."""
    done = facts.StepAnswered(protocol=REPAIR[0].ref, step="repaired", outcome="pass")

    def codes(*told: facts.Body) -> list[str]:
        state = cases.fold(told)
        return [b.code for b in service_record.list_blockers(is_leak=False, protocols=REPAIR, visit=state)]

    assert "charge_not_approved" not in codes(agreed(), done)
    assert "charge_not_approved" in codes(done, agreed())
    assert "charge_not_approved" not in codes(done, agreed(approval="a-1"))


def test_later_price_stands_and_voids_the_signature() -> None:
    """Any change of the price after signing needs a new signature."""
    state = msgspec.structs.replace(cases.fold([agreed()]), signed_ms=5)
    changed = visit.apply_fact(state, agreed(is_agreed=False), 6)
    assert changed.signed_ms is None
    assert changed.price is not None
    assert not changed.price.is_agreed


@pytest.mark.parametrize(
    "build",
    [
        lambda: door_facts.LeakGraded(grade=4, reason="x"),
        lambda: door_facts.LeakGraded(grade=1, reason=" "),
        lambda: door_facts.HandedOver(to="supervisor", person=" "),
        lambda: door_facts.PaymentTaken(amount_cents=0, method="cash", receipt="1"),
        lambda: door_facts.PaymentTaken(amount_cents=1, method="cash", receipt=""),
        lambda: door_facts.DamageClaimed(item="", value_cents=1),
        lambda: door_facts.DamageClaimed(item="x", value_cents=1, paid_cents=2),
        lambda: door_facts.PriceShown(list_ref="x", lines=(PriceLine(code="a", unit_cents=-1),), is_agreed=True),
        lambda: door_facts.PriceApprovalAsked(list_ref="x", lines=(), reason="r"),
    ],
)
def test_fact_that_says_nothing_is_refused_when_it_is_made(build: object) -> None:
    """On the phone it never comes into being; from the wire it goes to quarantine."""
    assert callable(build)
    with pytest.raises(DomainError):
        build()
