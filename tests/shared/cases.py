"""The shipped data files and small builders: a job of customer Zhao for technician Wang, and answers that pass."""

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

import shared
from shared import checklist, editions, facts, service_record, sla, text, triage, visit, wire
from shared.assignment import AssignmentState
from shared.protocol import Protocol, Step
from shared.work_order import WorkOrderState

HOME = Path(shared.__file__).parent
NOON_MS = int(dt.datetime(2026, 11, 18, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))).timestamp() * 1000)
MINUTE_MS = 60_000
WANG = service_record.Technician(id="technician-wang", name="王师傅")


@functools.cache
def triage_rules() -> triage.TriageRules:
    """Return the shipped triage rules."""
    return triage.TriageRules.from_toml((HOME / "catalog" / "triage-2026.toml").read_bytes())


@functools.cache
def profile() -> sla.Profile:
    """Return the shipped SLA profile."""
    return sla.Profile.from_toml((HOME / "catalog" / "sla-gas-cn-2026.toml").read_bytes())


@functools.cache
def protocols() -> tuple[Protocol, ...]:
    """Return every shipped protocol."""
    return tuple(Protocol.from_toml(path.read_bytes()) for path in sorted((HOME / "catalog/protocols").glob("*.toml")))


@functools.cache
def texts() -> text.Catalog:
    """Return the shipped texts of the rules."""
    found = {lang: sorted((HOME / "locale").glob(f"*.{lang}.toml")) for lang in text.LANGUAGES}
    return text.Catalog.from_toml({lang: [path.read_bytes() for path in paths] for lang, paths in found.items()})


@functools.cache
def protocols_for(fault_kind: str) -> tuple[Protocol, ...]:
    """Return the protocols of a fault kind on the day of the tests."""
    return editions.select(protocols(), fault_kind, dt.date(2026, 11, 18), "CN")


def get_protocol(protocol_id: str) -> Protocol:
    """Return the newest shipped edition of a protocol."""
    return max((p for p in protocols() if p.id == protocol_id), key=lambda p: p.effective_from)


def assess(fault_kind: str, location: str = "kitchen", **answers: triage.AnswerValue) -> triage.Triage:
    """Return the verdict of the shipped rules."""
    return triage.assess(triage.FaultReport(fault_kind=fault_kind, location=location, answers=answers), triage_rules())


def job(fault_kind: str = "gas_leak", *, is_leak: bool = True, number: str = "W-20261118-0001") -> wire.Job:
    """Return customer Zhao's job on technician Wang's phone."""
    return wire.Job(
        work_order_id=f"work-order-{number}",
        number=number,
        ver=3,
        state=WorkOrderState.ON_SITE,
        priority=1,
        fault_kind=fault_kind,
        is_leak=is_leak,
        location="kitchen",
        description="厨房有气味",
        address="河东路 12 号 3 单元 501",
        lat=37.86,
        lon=113.57,
        customer=wire.CustomerView(name="赵女士", phone="138****0001", account="0300112"),
        protocols=tuple(protocol.ref for protocol in protocols_for(fault_kind)),
        assignment=wire.AssignmentView(id="assignment-1", epoch=1, state=AssignmentState.WORKING, offered_ms=NOON_MS),
    )


def reading(protocol: Protocol, step: Step, value: str, valid_until: str = "2027-06-30") -> facts.ReadingRecorded:
    """Return a reading taken with a calibrated instrument."""
    return facts.ReadingRecorded(
        protocol=protocol.ref,
        step=step.id,
        value=value,
        unit=step.unit,
        instrument_serial="GX-1007",
        instrument_valid_until=valid_until,
    )


def passing(protocol: Protocol, step: Step, finding: str) -> facts.Body:
    """Return an answer that passes a step; the step named finding gets the outcome."""
    match step.kind:
        case "tick":
            return facts.StepAnswered(protocol=protocol.ref, step=step.id, outcome="pass")
        case "choice":
            first = next(choice.code for choice in step.choices if choice.passes)
            outcome = finding if step.id == "finding" else first
            return facts.StepAnswered(protocol=protocol.ref, step=step.id, outcome=outcome)
        case "reading":
            return reading(protocol, step, step.minimum or step.maximum or "1")
        case "timer":
            elapsed_ms = step.min_ms if step.min_ms is not None else step.max_ms or 0
            return facts.TimerStopped(protocol=protocol.ref, step=step.id, elapsed_ms=elapsed_ms)
        case "computed":
            raise LookupError(f"{step.id} is never answered")


def visit_facts(used: Sequence[Protocol], outcome: str, *, with_tests: bool = True) -> list[facts.Body]:
    """Return the facts of a whole visit that goes well, in order and without the signature."""
    told: list[facts.Body] = [facts.Departed(), facts.Arrived(), facts.SiteMadeSafe(how="isolated")]
    for protocol in used:
        if protocol.kind == "function_test" and not with_tests:
            continue
        for step in protocol.steps:
            if step.kind != "computed" and checklist.applies(protocol, step, fold(told)):
                told.append(passing(protocol, step, outcome))
    return [*told, facts.OutcomeDeclared(outcome=outcome, cause="joint", work_done="更换接头垫片")]


def fold(told: Iterable[facts.Body], gap_ms: int = 6 * MINUTE_MS) -> visit.VisitState:
    """Return the visit after facts that lie `gap_ms` apart, from noon on."""
    state = visit.VisitState()
    for count, body in enumerate(told):
        state = visit.apply_fact(state, body, NOON_MS + count * gap_ms)
    return state


def good_visit(fault_kind: str, outcome: str) -> visit.VisitState:
    """Return a visit with every step of the fault kind's protocols passed."""
    with_tests = outcome not in {"isolated", "all_clear"}
    return fold(visit_facts(protocols_for(fault_kind), outcome, with_tests=with_tests))


def good_record(number: str = "W-20261118-0001") -> service_record.ServiceRecord:
    """Return the record of a repaired leak, with its displayed lines."""
    return service_record.build(
        job(number=number),
        protocols_for("gas_leak"),
        good_visit("gas_leak", "repaired"),
        service_record.Charge(total_cents=0, reason="leak_response"),
        WANG,
        NOON_MS + 90 * MINUTE_MS,
        texts=texts(),
    )


def replaced(state: visit.VisitState, step: str, **change: object) -> visit.VisitState:
    """Return the visit with one answer changed."""
    answers = tuple(msgspec.structs.replace(a, **change) if a.step == step else a for a in state.answers)
    return msgspec.structs.replace(state, answers=answers)


def strokes() -> tuple[facts.Stroke, ...]:
    """Return a signature of two lines."""
    first = tuple((100 + 20 * i, 300 + 7 * i, 15 * i) for i in range(20))
    second = tuple((200 + 15 * i, 600 - 9 * i, 600 + 15 * i) for i in range(20))
    return facts.Stroke(points=first), facts.Stroke(points=second)
