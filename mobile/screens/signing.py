"""The end of the visit: what is signed, the customer's hand, and the copy with its code."""

from __future__ import annotations

from typing import Any, Final

from kivy.uix.boxlayout import BoxLayout

from mobile.actions import records
from mobile.screens import parts
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import PushButton, Surface, Text
from mobile.widgets.inputs import Field, SignaturePad
from mobile.widgets.theme import gap
from shared import service_record, signature
from shared.errors import DomainError

_RELATIONS: Final = ("self", "family", "tenant", "property")
_OPINIONS: Final = ("satisfied", "polite", "clear", "slow")
_SHOWN_LINES: Final = 40


def signature_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show exactly what is signed, then let the customer choose who he is and what he thinks."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    language = job.customer.language
    page = Page(ui, ui.t("phone.signature"), job.number)
    try:
        draft = records.draft_record(ui.phone.desk, key, language=language)
    except DomainError as refused:
        blockers = [ui.t(f"blocker.{b.code}", **b.data) for b in refused.data.get("blockers", ())]
        page.add(
            Surface(Text("\n".join(blockers) or ui.t(f"error.{refused.code}"), "name", "p1", bold=True), role="p1_bg")
        )
        return page
    record = service_record.parse(draft.record_json)
    page.add(Surface(*(Text(line, "small") for line in draft.lines[:_SHOWN_LINES]), spacing=1))
    sum_text = service_record.money(record.charge.total_cents)
    page.add(Surface(Text(f"{ui.t('record.charge')}  {sum_text}", "name", bold=True), spacing=1))
    relation = arguments.get("relation", "self")
    opinion = arguments.get("opinion", "")
    chosen = [_pick(ui, "relation", r, arguments, is_chosen=r == relation) for r in _RELATIONS]
    page.add(Surface(Text(ui.t("record.signer"), "small", "ink_2"), parts.choices(*chosen)))
    said = [
        _pick(ui, "opinion", ui.t(f"phone.opinion_{o}"), arguments, is_chosen=ui.t(f"phone.opinion_{o}") == opinion)
        for o in _OPINIONS
    ]
    words = Field(opinion, ui.t("phone.opinion_hint"))
    page.add(Surface(Text(ui.t("record.opinion"), "small", "ink_2"), parts.choices(*said), words))
    page.set_foot(
        PushButton(ui.t("phone.not_signing"), lambda: ui.go("waive", job=key)),
        PushButton(
            ui.t("phone.to_pad"),
            lambda: ui.go("pad", job=key, draft=draft, relation=relation, opinion=words.text),
            primary=True,
        ),
    )
    return page


def _pick(ui: Ui, name: str, value: str, arguments: dict[str, Any], *, is_chosen: bool) -> PushButton:
    text = ui.t(f"relation.{value}") if name == "relation" else value
    return PushButton(text, lambda: ui.replace("signature", **{**arguments, name: value}), primary=is_chosen)


def pad_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """The customer's own screen: the sum, the code of what is signed, and the pad."""
    key, draft = arguments["job"], arguments["draft"]
    record = service_record.parse(draft.record_json)
    page = Page(ui, ui.t("phone.signature"), record.number)
    page.add(
        Surface(
            Text(f"{ui.t('record.charge')}  {service_record.money(record.charge.total_cents)}", "name", bold=True),
            Text(f"{ui.t('record.view_code')}  {draft.view_code}", "body", "ink_2"),
            spacing=1,
        )
    )
    pad = SignaturePad(ui.phone.clock.mono_ms)
    frame = BoxLayout()
    frame.add_widget(pad)
    page.fill(frame)
    page.pad = pad

    def submit() -> None:
        try:
            signature.check_strokes(pad.strokes)
        except DomainError as refused:
            ui.show(refused)
            return
        signed = {"strokes": pad.strokes, "signer_relation": arguments["relation"], "opinion": arguments["opinion"]}
        if ui.act("sign_record", key, draft=draft, **signed):
            ui.home()
            ui.go("customer_copy", job=key)

    page.set_foot(PushButton(ui.t("phone.clear"), pad.clear), PushButton(ui.t("phone.submit"), submit, primary=True))
    return page


def waive_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """No signature: refused, or absent with a second witness (SG-04)."""
    key = arguments["job"]
    page = Page(ui, ui.t("phone.not_signing"), ui.phone.get_job(key).number)
    witness = Field("", ui.t("phone.witness_hint"))

    def waive(reason: str) -> None:
        if ui.act("waive_signature", key, reason=reason, witness=witness.text):
            ui.home()
            ui.go("customer_copy", job=key)

    page.add(Surface(Text(ui.t("phone.witness"), "small", "ink_2"), witness))
    page.add(
        parts.choices(
            *(PushButton(ui.t(f"waive.{r}"), lambda r=r: waive(r)) for r in ("refused", "absent", "public_place")),
            columns=1,
        )
    )
    return page


def customer_copy(ui: Ui, arguments: dict[str, Any]) -> Page:
    """The customer's copy: its code in large letters, and where it will come from."""
    job = ui.phone.get_job(arguments["job"])
    page = Page(ui, ui.t("record.customer_copy"), job.number, chip=parts.line_chip(ui))
    seal = job.visit.seal_hash
    page.add(
        Surface(
            Text(ui.t("phone.sealed"), "name", "ok", bold=True),
            Text(parts.clock_text(job.visit.signed_ms or job.visit.waived_ms), role="ink_2"),
            role="ok_bg",
        )
    )
    page.add(
        Surface(
            Text(ui.t("record.seal"), "small", "ink_2"),
            Text(" ".join(seal[i : i + 4].upper() for i in range(0, 16, 4)), "title", bold=True, align="center"),
            Text(ui.t("phone.copy_hint"), "small", "ink_2"),
        )
    )
    page.add(parts.facts((ui.t("record.customer"), job.customer.name), (ui.t("record.address"), job.address)))
    page.body.padding = (gap(4), gap(4), gap(4), gap(6))
    page.set_foot(PushButton(ui.t("phone.to_list"), ui.home, primary=True))
    return page
