"""Money and warranty at the door: the price before the work, the warranty's table, payment, receipt, damage.

No amount is typed in but one that a second person has to approve (WA-05).
"""

from __future__ import annotations

import decimal
from typing import Any, Final

from kivy.uix.widget import Widget

from mobile.actions import door
from mobile.platform import catalog
from mobile.screens import parts
from mobile.screens.evidence import part_name
from mobile.screens.page import Page
from mobile.screens.ui import Ui
from mobile.widgets.basics import PushButton, Surface, Text
from mobile.widgets.rows import ActionRow, Counter
from shared import prices, service_record, wire
from shared.door_facts import PriceLine
from shared.errors import DomainError
from shared.visit import Photo

_METHODS: Final = ("cash", "wechat", "alipay", "card")
_MOST_YUAN: Final = decimal.Decimal(100_000)


def money_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show the price to the customer before the work, the warranty's decision, and what is still to be paid."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("money.title"), job.number, chip=parts.line_chip(ui))
    chosen: dict[str, int] = arguments.setdefault("parts", {})
    decision = door.decide_warranty(ui.phone.desk, key)
    rows = parts.warranty_rows(ui, decision) if decision else [Text(ui.t("warranty.unknown"), role="ink_2")]
    page.add(Surface(Text(ui.t("money.warranty"), "name", bold=True), *rows, spacing=1))
    page.add(ActionRow("clock", ui.t("money.judge"), lambda: ui.go("warranty", job=key)))
    try:
        list_ref, lines = door.quote(ui.phone.desk, key, parts=chosen)
    except DomainError as refused:
        page.add(Surface(Text(ui.t(f"error.{refused.code}", **refused.data), role="p1", bold=True), role="p1_bg"))
        return page
    page.add(_price_card(ui, job, list_ref, lines), *_part_rows(ui, chosen))
    page.add(*(_approval_card(ui, job, approval) for approval in job.approvals))
    page.add(ActionRow("message", ui.t("money.ask"), lambda: ui.go("ask_price", job=key, parts=dict(chosen))))
    page.add(_payment_card(ui, page, job, arguments), *parts.cash_cards(ui))
    page.add(ActionRow("triangle", ui.t("money.damage"), lambda: ui.go("damage", job=key)))
    page.set_foot(
        PushButton(ui.t("money.refused"), lambda: _show(ui, key, is_agreed=False, parts=chosen)),
        PushButton(ui.t("money.agreed"), lambda: _show(ui, key, is_agreed=True, parts=chosen), primary=True),
    )
    return page


def _show(ui: Ui, key: str, *, is_agreed: bool, **data: Any) -> None:
    if ui.act("show_price", key, is_agreed=is_agreed, **data):
        ui.rebuild()


def price_name(ui: Ui, code: str) -> str:
    """Return an item's name."""
    return ui.phone.desk.texts.find(ui.spoken, f"price.{code}") or part_name(ui, code)


def _amount(ui: Ui, cents: int) -> str:
    return service_record.money(cents) if cents else ui.t("money.free")


def _price_card(ui: Ui, job: wire.Job, list_ref: str, lines: tuple[PriceLine, ...]) -> Widget:
    shown = [
        Text(f"{price_name(ui, line.code)} × {line.quantity}  {_amount(ui, line.quantity * line.unit_cents)}")
        for line in lines
    ]
    total = Text(f"{ui.t('money.total')}  {service_record.money(prices.total(lines))}", "name", bold=True)
    hint = Text(ui.t("money.price_hint", list=list_ref), "small", "ink_2")
    return Surface(Text(ui.t("money.price"), "name", bold=True), hint, *shown, total, _agreement(ui, job), spacing=1)


def _agreement(ui: Ui, job: wire.Job) -> Widget:
    told = job.visit.price
    if told is None:
        return Text(ui.t("money.not_shown"), role="p2", bold=True)
    key, role = ("money.agreed_at", "ok") if told.is_agreed else ("money.refused_at", "p1")
    words = f"{ui.t(key, time=parts.clock_text(told.at_ms))}  {service_record.money(told.total_cents)}"
    return Text(words, role=role, bold=True)


def _part_rows(ui: Ui, chosen: dict[str, int]) -> list[Widget]:
    """Return the parts of the van that have a price, to be quoted before they are fitted."""
    stock: dict[str, int] = {}
    for line in ui.phone.own.kit().stock:
        stock[line.part] = stock.get(line.part, 0) + line.quantity
    known = [code for code in sorted(stock) if any(p.find_amount(code) is not None for p in catalog.load_prices())]

    def choose(code: str, count: int) -> None:
        chosen.pop(code, None)
        chosen.update({code: count} if count else {})
        ui.rebuild()

    def row(code: str) -> Widget:
        hint = ui.t("phone.in_van", count=stock[code])
        change = lambda count: choose(code, count)  # noqa: E731 - one line of a counter
        return Surface(Counter(price_name(ui, code), hint, chosen.get(code, 0), change, most=stock[code]))

    return [row(code) for code in known]


def _approval_card(ui: Ui, job: wire.Job, approval: wire.Approval) -> Widget:
    """Return what a second person was asked for, with his answer; only his yes can be shown to the customer."""
    word = {"asked": "money.asked", "approved": "money.approved"}.get(approval.state, "money.not_approved")
    amount = service_record.money(prices.total(approval.lines))
    role = {"approved": "ok", "refused": "p1"}.get(approval.state, "p2")
    lines: list[Widget] = [Text(ui.t(word, amount=amount, note=approval.note), role=role, bold=True)]
    if approval.state == "approved":
        use = lambda: _show(ui, job.work_order_id, is_agreed=True, approval=approval.id)  # noqa: E731 - one line of a button
        lines.append(PushButton(ui.t("money.use_approved"), use))
    return Surface(*lines)


def _payment_card(ui: Ui, page: Page, job: wire.Job, arguments: dict[str, Any]) -> Widget:
    """Return what is still to be paid, how, and the receipt's number; the amount is what was agreed to."""
    left = prices.total(prices.list_agreed(job.visit)) - sum(p.amount_cents for p in job.visit.payments)
    title = Text(ui.t("money.pay"), "name", bold=True)
    if job.visit.payments:
        receipt = ActionRow("square", ui.t("money.receipt"), lambda: ui.go("receipt", job=job.work_order_id))
    else:
        receipt = Text(ui.t("money.nothing_to_pay"), role="ink_2")
    if left <= 0:
        return Surface(title, receipt)
    number = parts.kept_field(arguments, "receipt", ui.t("money.receipt_no"))
    page.fields = (number,)
    arguments.setdefault("method", "cash")
    methods = [(m, ui.t(f"payment.{m}")) for m in _METHODS]
    what = Text(f"{ui.t('money.pay_amount')}  {service_record.money(left)}", bold=True)

    def take() -> None:
        said = {"amount_cents": left, "method": arguments["method"], "receipt": number.text.strip()}
        if ui.act("take_payment", job.work_order_id, **said):
            ui.go("receipt", job=job.work_order_id)

    return Surface(
        title, what, parts.picks(ui, arguments, "method", methods), number, PushButton(ui.t("money.take"), take)
    )


def warranty_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Ask what decides the warranty; an exclusion counts with a photo only (WA-03, WA-04)."""
    key = arguments["job"]
    job = ui.phone.get_job(key)
    page = Page(ui, ui.t("money.warranty"), job.number)
    told = job.visit.warranty
    arguments.setdefault("product", told.product if told else "")
    arguments.setdefault("date", told.invoice_date if told else "")
    arguments.setdefault("found", set())
    product = parts.kept_field(arguments, "product", ui.t("money.product"))
    date = parts.kept_field(arguments, "date", ui.t("money.invoice_date"))
    page.fields = (product, date)
    page.add(Surface(Text(ui.t("money.product"), "small", "ink_2"), product))
    page.add(Surface(Text(ui.t("money.invoice_date"), "small", "ink_2"), date))
    yes_no = [(True, ui.t("public.opinion.yes")), (False, ui.t("public.opinion.no"))]
    for name in ("card", "quality"):
        arguments.setdefault(name, False)
        page.add(Surface(Text(ui.t(f"money.{name}"), bold=True), parts.picks(ui, arguments, name, yes_no)))
    page.add(_exclusion_card(ui, job, arguments))
    page.set_foot(PushButton(ui.t("money.judge"), lambda: _judge(ui, job, arguments), primary=True))
    return page


def _exclusion_card(ui: Ui, job: wire.Job, arguments: dict[str, Any]) -> Widget:
    found: set[str] = arguments["found"]
    photo = _last_photo(job)
    said = (
        ui.t("money.exclusion_photo", time=parts.clock_text(photo.at_ms)) if photo else ui.t("money.exclusion_no_photo")
    )

    def turn(code: str) -> None:
        found.symmetric_difference_update({code})
        ui.rebuild()

    buttons = [
        PushButton(ui.t(f"warranty.exclusion_{code}"), lambda code=code: turn(code), primary=code in found)
        for code in catalog.load_warranty().exclusions
    ]
    hint = Text(said, "small", "ink_2" if photo else "p2")
    return Surface(Text(ui.t("money.exclusions"), bold=True), hint, parts.choices(*buttons, columns=1))


def _last_photo(job: wire.Job) -> Photo | None:
    return max(job.visit.photos, key=lambda photo: photo.at_ms, default=None)


def _judge(ui: Ui, job: wire.Job, arguments: dict[str, Any]) -> None:
    photo = _last_photo(job)
    said = {
        "product": arguments["product"].strip(),
        "invoice_date": arguments["date"].strip(),
        "has_card": arguments["card"],
        "is_quality_fault": arguments["quality"],
        "exclusions": dict.fromkeys(sorted(arguments["found"]), photo.sha256 if photo else ""),
    }
    if ui.act("judge_warranty", job.work_order_id, **said):
        ui.back()


def ask_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Ask a second person for other amounts: the one place where an amount is typed, and it counts for nothing yet."""
    key = arguments["job"]
    page = Page(ui, ui.t("money.ask"), ui.phone.get_job(key).number)
    page.add(Text(ui.t("money.ask_hint"), role="ink_2"))
    _, lines = door.quote(ui.phone.desk, key, parts=arguments.get("parts"))
    fields = {}
    for line in lines:
        label = ui.t("money.ask_amount", item=price_name(ui, line.code))
        fields[line.code] = parts.kept_field(arguments, line.code, "")
        page.add(Surface(Text(label, "small", "ink_2"), fields[line.code]))
    reason = parts.kept_field(arguments, "reason", ui.t("money.ask_reason"))
    page.add(Surface(Text(ui.t("money.ask_reason"), "small", "ink_2"), reason))
    page.fields = (*fields.values(), reason)

    def ask() -> None:
        amounts = {code: yuan(field.text) for code, field in fields.items() if field.text.strip()}
        if ui.act("ask_price_approval", key, amounts=amounts, reason=reason.text.strip()):
            ui.back()

    page.set_foot(PushButton(ui.t("money.ask"), lambda: ui.attempt(ask), primary=True))
    return page


def yuan(text: str) -> int:
    """Return an amount in fen that was typed in yuan. Raises DomainError `price_invalid`."""
    try:
        amount = decimal.Decimal(text.strip() or "0")
    except decimal.InvalidOperation as fault:
        raise DomainError("price_invalid") from fault
    if not amount.is_finite() or not 0 <= amount <= _MOST_YUAN or amount != amount.quantize(decimal.Decimal("0.01")):
        raise DomainError("price_invalid")
    return int(amount * 100)


def receipt_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Show the receipts of the visit: from whom, how much, how, and by whom it was taken (WA-08)."""
    job = ui.phone.get_job(arguments["job"])
    identity = ui.phone.find_identity()
    page = Page(ui, ui.t("money.receipt"), job.number, chip=parts.line_chip(ui))
    for payment in job.visit.payments:
        page.add(
            Surface(
                Text(f"{ui.t('money.receipt_no')}  {payment.receipt}", "small", "ink_2"),
                Text(ui.t("money.receipt_from", name=job.customer.name), bold=True),
                Text(service_record.money(payment.amount_cents), "title", bold=True),
                Text(f"{ui.t(f'payment.{payment.method}')} · {identity.technician_name if identity else ''}"),
                spacing=1,
            )
        )
    if not job.visit.payments:
        page.add(Surface(Text(ui.t("money.no_receipt"), role="ink_2")))
    page.add(*parts.cash_cards(ui))
    page.set_foot(PushButton(ui.t("phone.to_job"), ui.back, primary=True))
    return page


def damage_page(ui: Ui, arguments: dict[str, Any]) -> Page:
    """Keep what was damaged at the customer's: what, its value, the photo, what was paid at once (ON-05)."""
    job = ui.phone.get_job(arguments["job"])
    page = Page(ui, ui.t("money.damage"), job.number)
    for claim in job.visit.damages:
        figures = {"value": service_record.money(claim.value_cents), "paid": service_record.money(claim.paid_cents)}
        page.add(Surface(Text(ui.t("money.damage_kept", item=claim.item, **figures), bold=True)))
    names = ("damage_item", "damage_value", "damage_paid", "damage_note")
    fields = {name: parts.kept_field(arguments, name, "") for name in names}
    for name, field in fields.items():
        page.add(Surface(Text(ui.t(f"money.{name}"), "small", "ink_2"), field))
    photo = next((p for p in reversed(job.visit.photos) if p.purpose == "damage"), _last_photo(job))
    page.add(
        ActionRow(
            "camera",
            ui.t("money.damage_photo", time=parts.clock_text(photo.at_ms)) if photo else ui.t("money.damage_no_photo"),
            lambda: ui.go("photos", job=job.work_order_id),
        )
    )
    page.fields = tuple(fields.values())

    def keep() -> None:
        said = {
            "item": fields["damage_item"].text.strip(),
            "value_cents": yuan(fields["damage_value"].text),
            "paid_cents": yuan(fields["damage_paid"].text),
            "note": fields["damage_note"].text.strip(),
            "photo": photo.sha256 if photo else "",
        }
        if ui.act("claim_damage", job.work_order_id, **said):
            ui.replace("damage", job=job.work_order_id)

    page.set_foot(PushButton(ui.t("money.damage_keep"), lambda: ui.attempt(keep), primary=True))
    return page
