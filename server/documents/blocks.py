"""How each kind of block is drawn. Lengths in millimetres, sizes in points; colours are the design's tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import segno
from fpdf import FPDF
from fpdf.enums import TextMode, XPos, YPos

from server.documents.fonts import FAMILY
from server.documents.sheet import Block, Box, Grid, Signatures, Strip, Table, Ticks, Tone, Total, Verdict, Words

LEFT_MM: Final = 15.0
WIDTH_MM: Final = 180.0
_Colour = tuple[int, int, int]
COLOURS: Final[dict[str, _Colour]] = {
    "ink": (20, 32, 43),
    "grey": (74, 91, 107),
    "brand": (11, 92, 138),
    "ok": (27, 122, 67),
    "warn": (168, 76, 6),
    "bad": (179, 38, 30),
}
TINTS: Final[dict[str, _Colour]] = {
    "ink": (248, 250, 252),
    "grey": (243, 245, 248),
    "brand": (227, 240, 248),
    "ok": (221, 242, 228),
    "warn": (252, 235, 211),
    "bad": (251, 228, 226),
}
_LINE: Final[_Colour] = (213, 220, 228)
_LABEL_MM: Final = 22.0
_ROW_MM: Final = 5.4
_QR_MM: Final = 27.0
_PAD: Final = 1000
_SIGN_MM: Final = 23.0
_BOLD_MM_PER_PT: Final = 0.009


def ink(pdf: FPDF, tone: str, points: float, *, bold: bool = False) -> None:
    """Set face and colour. Bold is the same outlines with a stroke around: a second face would double the file."""
    pdf.set_font(FAMILY, "", points)
    pdf.set_text_color(*COLOURS[tone])
    pdf.text_mode = TextMode.FILL_STROKE if bold else TextMode.FILL
    if bold:
        pdf.set_draw_color(*COLOURS[tone])
        pdf.set_line_width(points * _BOLD_MM_PER_PT)


def draw(pdf: FPDF, block: Block) -> None:
    """Draw one block below what stands already; what would be cut goes to the next page."""
    _DRAWN[type(block)](pdf, block)


def _title(pdf: FPDF, text: str, needs_mm: float = 12.0) -> None:
    pdf.ln(2.2)
    if pdf.will_page_break(needs_mm):
        pdf.add_page()
    if not text:
        return
    ink(pdf, "brand", 9.5, bold=True)
    pdf.cell(WIDTH_MM, 5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _rule(pdf)


def _rule(pdf: FPDF, gap_mm: float = 0.8) -> None:
    pdf.set_draw_color(*_LINE)
    pdf.set_line_width(0.2)
    pdf.line(LEFT_MM, pdf.get_y(), LEFT_MM + WIDTH_MM, pdf.get_y())
    pdf.ln(gap_mm)


def _grid(pdf: FPDF, block: Grid) -> None:
    _title(pdf, block.title)
    step = 1 if block.is_wide else 2
    for i in range(0, len(block.pairs), step):
        _pairs(pdf, block.pairs[i : i + step], WIDTH_MM / step)


def _pairs(pdf: FPDF, pairs: tuple[tuple[str, str], ...], width_mm: float) -> None:
    ink(pdf, "ink", 10)
    value_mm = width_mm - _LABEL_MM - 2
    counts = [_count_lines(pdf, value_mm, value) for _, value in pairs]
    height_mm = max(counts) * _ROW_MM
    if pdf.will_page_break(height_mm):
        pdf.add_page()
    top = pdf.get_y()
    for column, (label, value) in enumerate(pairs):
        pdf.set_xy(LEFT_MM + column * width_mm, top)
        ink(pdf, "grey", 8.5)
        pdf.cell(_LABEL_MM, _ROW_MM, label)
        ink(pdf, "ink", 10)
        pdf.multi_cell(value_mm, _ROW_MM, value, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)
    pdf.set_y(top + height_mm)


def _count_lines(pdf: FPDF, width_mm: float, text: str) -> int:
    lines: Any = pdf.multi_cell(width_mm, _ROW_MM, text, dry_run=True, output="LINES", align="L")
    return len(lines) or 1


def _verdict(pdf: FPDF, block: Verdict) -> None:
    pdf.ln(2.2)
    pdf.set_fill_color(*TINTS[block.tone])
    ink(pdf, block.tone, 12, bold=True)
    pdf.cell(WIDTH_MM, 9, f"  {block.sign}  {block.text}", fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(pdf: FPDF, block: Table) -> None:
    if not block.rows:
        return
    _title(pdf, block.title, 18)
    ink(pdf, "grey", 8)
    for i, (text, width_mm) in enumerate(zip(block.head, block.widths, strict=True)):
        pdf.cell(width_mm, 4.6, text, align="R" if i else "L")
    pdf.ln(4.8)
    for row, tone in zip(block.rows, block.tones, strict=True):
        _row(pdf, block.widths, row, tone)


def _row(pdf: FPDF, widths: tuple[float, ...], row: tuple[str, ...], tone: Tone) -> None:
    ink(pdf, "ink", 9.5)
    counts = [_count_lines(pdf, width - 1, text) for text, width in zip(row, widths, strict=True)]
    height_mm = max(counts) * 4.7 + 0.3
    if pdf.will_page_break(height_mm):
        pdf.add_page()
    top, x = pdf.get_y(), LEFT_MM
    for i, (text, width_mm) in enumerate(zip(row, widths, strict=True)):
        is_last = i == len(row) - 1
        ink(pdf, tone if is_last else "ink", 9.5, bold=is_last)
        pdf.set_xy(x, top)
        pdf.multi_cell(width_mm, 4.7, text, align="R" if i else "L")
        x += width_mm
    pdf.set_xy(LEFT_MM, top + height_mm)
    _rule(pdf, 0.3)


def _ticks(pdf: FPDF, block: Ticks) -> None:
    if not block.items:
        return
    _title(pdf, block.title)
    half_mm = WIDTH_MM / 2
    for i in range(0, len(block.items), 2):
        pair = block.items[i : i + 2]
        ink(pdf, "ink", 9)
        height_mm = max(_count_lines(pdf, half_mm - 8, text) for _, text, _ in pair) * 4.6
        if pdf.will_page_break(height_mm):
            pdf.add_page()
        top = pdf.get_y()
        for column, (sign, text, tone) in enumerate(pair):
            pdf.set_xy(LEFT_MM + column * half_mm, top)
            ink(pdf, tone, 9, bold=True)
            pdf.cell(5, 4.6, sign)
            ink(pdf, "ink", 9)
            pdf.multi_cell(half_mm - 8, 4.6, text, align="L")
        pdf.set_xy(LEFT_MM, top + height_mm)


def _words(pdf: FPDF, block: Words) -> None:
    if not block.text:
        return
    _title(pdf, block.title)
    ink(pdf, block.tone, 10, bold=block.is_boxed)
    if block.is_boxed:
        pdf.set_fill_color(*TINTS[block.tone])
        pdf.set_x(LEFT_MM)
    pdf.multi_cell(
        WIDTH_MM,
        5.4,
        block.text,
        align="L",
        fill=block.is_boxed,
        padding=2 if block.is_boxed else 0,
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )


def _total(pdf: FPDF, block: Total) -> None:
    _title(pdf, block.title)
    for label, amount in block.rows:
        ink(pdf, "ink", 9.5)
        pdf.cell(WIDTH_MM - 40, 5, label)
        pdf.cell(40, 5, amount, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    ink(pdf, "grey", 9)
    pdf.cell(WIDTH_MM - 90, 7.5, block.note)
    ink(pdf, "ink", 10)
    pdf.cell(40, 7.5, block.label, align="R")
    ink(pdf, "ink", 15, bold=True)
    pdf.cell(50, 7.5, block.amount, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _signatures(pdf: FPDF, block: Signatures) -> None:
    _title(pdf, block.title, _SIGN_MM + 10)
    width_mm, top = WIDTH_MM / max(1, len(block.boxes)), pdf.get_y()
    for column, box in enumerate(block.boxes):
        _box(pdf, box, LEFT_MM + column * width_mm, top, width_mm - 6)
    pdf.set_xy(LEFT_MM, top + _SIGN_MM + 5)


def _box(pdf: FPDF, box: Box, x: float, y: float, width_mm: float) -> None:
    ink(pdf, "grey", 8.5)
    pdf.set_xy(x, y)
    pdf.cell(width_mm, 4.5, box.label)
    pdf.set_draw_color(*COLOURS["ink"])
    pdf.set_line_width(0.35)
    pad_mm = min(width_mm, (_SIGN_MM - 5) * 3)
    for stroke in box.strokes:
        points = [(x + px / _PAD * pad_mm, y + 5 + py / _PAD * (_SIGN_MM - 5)) for px, py in stroke]
        if len(points) > 1:
            pdf.polyline(points)
    pdf.set_line_width(0.2)
    pdf.line(x, y + _SIGN_MM, x + width_mm, y + _SIGN_MM)
    pdf.set_xy(x, y + _SIGN_MM + 0.4)
    ink(pdf, "ink", 9)
    pdf.cell(width_mm, 4.6, box.caption)


def _strip(pdf: FPDF, block: Strip) -> None:
    pdf.ln(2.5)
    if pdf.will_page_break(_QR_MM + 3):
        pdf.add_page()
    top = pdf.get_y()
    pdf.set_fill_color(*TINTS["ink"])
    pdf.rect(LEFT_MM, top, WIDTH_MM, _QR_MM + 2, style="F")
    _qr(pdf, block.qr, LEFT_MM + 1, top + 1)
    pdf.set_xy(LEFT_MM + _QR_MM + 5, top + 1.5)
    ink(pdf, "grey", 8.5)
    pdf.cell(pdf.get_string_width(block.label) + 4, 7, block.label)
    ink(pdf, "brand", 16, bold=True)
    pdf.cell(60, 7, " ".join((block.code[:4], block.code[4:])), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    ink(pdf, "grey", 7.8)
    for line in block.lines:
        pdf.set_x(LEFT_MM + _QR_MM + 5)
        pdf.multi_cell(WIDTH_MM - _QR_MM - 8, 4, line, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_xy(LEFT_MM, top + _QR_MM + 3)


def _qr(pdf: FPDF, text: str, x: float, y: float) -> None:
    """Draw dark modules as rows of rectangles: sharp at any size and small in the file."""
    matrix = segno.make(text, error="m", micro=False).matrix
    step = _QR_MM / (len(matrix) + 2)
    pdf.set_fill_color(255, 255, 255)
    pdf.rect(x, y, _QR_MM, _QR_MM, style="F")
    pdf.set_fill_color(*COLOURS["ink"])
    for row, modules in enumerate(matrix):
        for start, length in _runs(modules):
            pdf.rect(x + (start + 1) * step, y + (row + 1) * step, length * step, step + 0.01, style="F")


def _runs(modules: Any) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for column, is_dark in enumerate(modules):
        if is_dark and found and sum(found[-1]) == column:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif is_dark:
            found.append((column, 1))
    return found


_DRAWN: Final[dict[type[Any], Callable[[FPDF, Any], None]]] = {
    Grid: _grid,
    Verdict: _verdict,
    Table: _table,
    Ticks: _ticks,
    Words: _words,
    Total: _total,
    Signatures: _signatures,
    Strip: _strip,
}
