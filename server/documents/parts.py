"""The blocks that forms are made of, by the names that the table of forms uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from server.documents import case as cases
from server.documents.case import Case
from server.documents.sheet import (
    Block,
    Box,
    Grid,
    Signatures,
    Strip,
    Table,
    Ticks,
    Tone,
    Total,
    Verdict,
    Words,
)
from shared.protocol import FAIL, PASS
from shared.service_record import RecordStep

_BOXED: Final = frozenset({"next", "warning", "duty", "after"})
_TONES: Final[dict[str, Tone]] = {"next": "brand", "after": "brand", "warning": "bad", "duty": "warn"}
_RESULTS: Final[dict[str, tuple[str, Tone]]] = {PASS: ("√", "ok"), FAIL: ("×", "bad")}
_SEAL_GROUP: Final = 8


def paragraph(text: str, key: str) -> Block:
    """Return words of the form's own; warnings and next steps are boxed."""
    return Words(title="", text=text, tone=_TONES.get(key, "ink"), is_boxed=key in _BOXED)


def _verdict(case: Case) -> Block | None:
    if case.record is None:
        return None
    outcome = case.record.outcome
    is_good = outcome in {"repaired", "done", "all_clear"}
    sign, tone = ("√", "ok") if is_good else ("!", "warn")
    return Verdict(sign=sign, text=case.known("outcome", outcome), tone="ok" if tone == "ok" else "warn")


def _parties(case: Case) -> Block:
    pairs = (
        (case.t("record.customer"), case.customer or "–"),
        (case.t("paper.account"), case.account or "–"),
        (case.t("record.fault"), case.known("fault", case.fault_kind)),
        (case.t("record.technician"), case.technician or "–"),
    )
    return Grid(title=case.t("paper.parties"), pairs=(*pairs, (case.t("record.address"), case.address)))


def _found(case: Case) -> Block:
    record = case.record
    pairs = [(case.t("paper.reported"), case.description)]
    if record is not None:
        pairs += [
            (case.t("record.cause"), case.known("cause", record.cause)),
            (case.t("record.work_done"), record.work_done),
            (case.t("paper.arrived"), case.moment(record.arrived_ms)),
            (case.t("paper.made_safe"), _made_safe(case)),
            *((case.t("record.note"), note) for note in record.notes),
            (case.t("record.photos"), str(len(record.photos)) if record.photos else ""),
        ]
    return Grid(title=case.t("paper.found"), pairs=tuple(p for p in pairs if p[1] not in {"", "–"}), is_wide=True)


def _made_safe(case: Case) -> str:
    record = case.record
    if record is None or record.made_safe_ms is None:
        return ""
    return f"{case.moment(record.made_safe_ms)}  {case.known('made_safe', record.made_safe_how)}"


def _readings(case: Case) -> Block:
    steps = [step for step in case.steps() if _is_measured(step)]
    return Table(
        title=case.t("paper.readings"),
        head=tuple(case.t(f"paper.{name}") for name in ("item", "reading", "limit", "instrument", "verdict")),
        widths=(72.0, 30.0, 30.0, 26.0, 22.0),
        rows=tuple(
            (_label(case, s), _measured(s), s.limits or "–", s.instrument_serial or "–", _judged(case, s))
            for s in steps
        ),
        tones=tuple(_tone(step) for step in steps),
    )


def _checks(case: Case) -> Block:
    steps = [step for step in case.steps() if not _is_measured(step)]
    return Ticks(
        title=case.t("paper.checks"),
        items=tuple((_RESULTS.get(s.result, ("–", "grey"))[0], _statement(case, s), _tone(s)) for s in steps),
    )


def _checks_in_short(case: Case) -> Block:
    """Count what passed and name what did not: the whole list is in the signed record, one page is for reading."""
    steps = [step for step in case.steps() if not _is_measured(step)]
    passed = sum(1 for step in steps if step.result != FAIL and not step.flag)
    odd = [step for step in steps if step.result == FAIL or step.flag]
    first: tuple[str, str, Tone] = ("√", case.t("paper.checks_passed", count=passed), "ok")
    return Ticks(
        title=case.t("paper.checks"),
        items=(first, *((_RESULTS.get(s.result, ("–", "grey"))[0], _statement(case, s), _tone(s)) for s in odd)),
    )


def _failed(case: Case) -> Block:
    steps = [step for step in case.steps() if step.result == FAIL]
    return Table(
        title=case.t("paper.failed"),
        head=tuple(case.t(f"paper.{name}") for name in ("item", "finding", "limit", "verdict")),
        widths=(80.0, 44.0, 32.0, 24.0),
        rows=tuple((_label(case, s), _finding(case, s), s.limits or "–", _judged(case, s)) for s in steps),
        tones=tuple(_tone(step) for step in steps),
    )


def _charge(case: Case) -> Block | None:
    if case.record is None:
        return None
    charge = case.record.charge
    return Total(
        title=case.t("paper.charge"),
        rows=tuple((case.known("price", item.code), cases.money(item.amount_cents)) for item in charge.items),
        label=case.t("paper.total"),
        amount=cases.money(charge.total_cents),
        note=case.known("charge", charge.reason) or ("" if charge.total_cents else case.t("paper.free")),
    )


def _payments(case: Case) -> Block | None:
    rows = tuple(
        (f"{case.known('payment', p.method)} · {p.receipt}", cases.money(p.amount_cents)) for p in case.visit.payments
    )
    paid = sum(p.amount_cents for p in case.visit.payments)
    return Total(title=case.t("paper.paid"), rows=rows, label=case.t("paper.total"), amount=cases.money(paid))


def _damage(case: Case) -> Block:
    rows = tuple((f"{d.item} {d.note}".strip(), cases.money(d.paid_cents)) for d in case.visit.damages)
    paid = sum(d.paid_cents for d in case.visit.damages)
    return Total(title=case.t("paper.damage"), rows=rows, label=case.t("paper.total"), amount=cases.money(paid))


def _parts(case: Case) -> Block:
    used = case.visit.parts
    return Table(
        title=case.t("paper.parts"),
        head=tuple(case.t(f"paper.{name}") for name in ("item", "lot", "quantity")),
        widths=(100.0, 50.0, 30.0),
        rows=tuple((case.known("part", part.part), part.lot, str(part.quantity)) for part in used),
        tones=tuple("ink" for _ in used),
    )


def _proofs(case: Case) -> Block:
    return Ticks(
        title=case.t("paper.proofs"),
        items=tuple(("√", case.known("rung", code), "ok") for code in case.visit.no_access_proofs),
    )


def _opinion(case: Case) -> Block:
    return Words(title=case.t("record.opinion"), text=f"“{case.opinion}”" if case.opinion else "–")


def _opinion_blank(case: Case) -> Block:
    return Words(title=case.t("record.opinion"), text="\n\n\n")


def _signatures(case: Case) -> Block:
    technician = Box(label=case.t("record.technician"), caption=f"{case.technician} · {case.moment(case.at_ms)}")
    return Signatures(title=case.t("paper.signatures"), boxes=(cases.signer(case), technician))


def _sign_blank(case: Case) -> Block:
    boxes = tuple(Box(label=case.t(key), caption="") for key in ("record.signature", "record.technician"))
    return Signatures(title=case.t("paper.signatures"), boxes=boxes)


def _seal(case: Case) -> Block | None:
    if not case.seal:
        return None
    seal_hash = str(case.seal["seal_hash"])
    grouped = " ".join(seal_hash[i : i + _SEAL_GROUP] for i in range(0, len(seal_hash), _SEAL_GROUP))
    lines = (
        f"{case.t('record.seal')} {case.seal['alg']} · {case.seal['key_id']} · {case.seal['chain_seq']}",
        grouped,
        case.t("paper.how_to_check"),
    )
    return Strip(qr=qr_text(case.code, seal_hash), label=case.t("record.view_code"), code=case.code, lines=lines)


def qr_text(code: str, seal_hash: str) -> str:
    """Return what the QR says: the eight characters and the whole seal."""
    return f"LEAKFIRST:1:{code}:{seal_hash}"


def _is_measured(step: RecordStep) -> bool:
    return bool(step.value) or step.elapsed_ms is not None


def _measured(step: RecordStep) -> str:
    if step.value:
        return f"{step.value} {step.unit}".strip()
    return "–" if step.elapsed_ms is None else f"{step.elapsed_ms / 1000:.1f} s"


def _finding(case: Case, step: RecordStep) -> str:
    return (
        " ".join(
            word for word in (_measured(step) if _is_measured(step) else "", _chosen(case, step), step.note) if word
        )
        or "–"
    )


def _label(case: Case, step: RecordStep) -> str:
    found = _find_step(case, step)
    return str(found.text[case.language]) if found is not None else f"{step.protocol} {step.step}"


def _statement(case: Case, step: RecordStep) -> str:
    words = (_chosen(case, step), step.note)
    told = " · ".join(word for word in words if word)
    return f"{_label(case, step)}: {told}" if told else _label(case, step)


def _chosen(case: Case, step: RecordStep) -> str:
    found = _find_step(case, step)
    choices = found.choices if found is not None else ()
    return next((str(c.text[case.language]) for c in choices if c.code == step.outcome), "")


def _find_step(case: Case, step: RecordStep) -> Any:
    protocol = next((p for p in case.protocols if p.ref == step.protocol), None)
    return next((s for s in protocol.steps if s.id == step.step), None) if protocol else None


def _judged(case: Case, step: RecordStep) -> str:
    if step.flag:
        return case.known("flag", step.flag)
    sign = _RESULTS.get(step.result, ("–", "grey"))[0]
    return f"{sign} {case.known('result', step.result)}".strip()


def _tone(step: RecordStep) -> Tone:
    return "warn" if step.flag else _RESULTS.get(step.result, ("–", "grey"))[1]


MAKERS: Final[dict[str, Callable[[Any], Block | None]]] = {
    "verdict": _verdict,
    "parties": _parties,
    "found": _found,
    "readings": _readings,
    "checks": _checks,
    "checks_in_short": _checks_in_short,
    "failed": _failed,
    "charge": _charge,
    "payments": _payments,
    "damage": _damage,
    "parts": _parts,
    "proofs": _proofs,
    "opinion": _opinion,
    "opinion_blank": _opinion_blank,
    "signatures": _signatures,
    "sign_blank": _sign_blank,
    "seal": _seal,
}
