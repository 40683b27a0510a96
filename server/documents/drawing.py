"""Draws a sheet on A4 (design.md, paper): one column, 1 px lines instead of boxes, figures to one edge."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.output import OutputProducer
from fpdf.syntax import Name, PDFContentStream, PDFObject

from server.documents import blocks, fonts
from server.documents.sheet import Sheet, list_texts
from shared.proof import ATTACHMENT_NAME

_FOOT_MM: Final = 12.0
_ALWAYS: Final = "0123456789/·–√× "


class Paper(FPDF):
    """A4 with the sheet's head on the first page and number and page at every foot."""

    def __init__(self, sheet: Sheet) -> None:
        """Set margins, faces and everything that would else depend on the moment of drawing."""
        super().__init__(format="A4")
        self.sheet = sheet
        self.set_margins(blocks.LEFT_MM, 12, blocks.LEFT_MM)
        self.set_auto_page_break(auto=True, margin=_FOOT_MM + 2)
        made = dt.datetime.fromtimestamp(sheet.made_ms / 1000, dt.UTC)
        self.set_creation_date(made)
        self.set_title(f"{sheet.title} {sheet.number}")
        self.set_author(sheet.company)
        self.set_lang("zh-CN" if sheet.language == "zh_CN" else "en")
        fonts.add_faces(self, "".join([*list_texts(sheet), _ALWAYS]))

    def file_id(self) -> str:
        """Return an id that depends on the sheet alone."""
        digest = hashlib.sha256("\n".join(list_texts(self.sheet)).encode()).hexdigest()[:32].upper()
        return f"<{digest}><{digest}>"

    def footer(self) -> None:
        """Write number, language-neutral page and title at the foot of each page."""
        self.set_y(-_FOOT_MM)
        blocks.ink(self, "grey", 7.5)
        told = f"{self.sheet.title} · {self.sheet.role} · {self.sheet.number}" if self.sheet.role else self.sheet.title
        self.cell(blocks.WIDTH_MM - 30, 4, told)
        page = self.sheet.page_label.replace("{page}", str(self.page_no()))
        self.cell(30, 4, page, align="R")


class _SmallProducer(OutputProducer):
    """Packs every plain stream as tightly as Flate can: the library leaves the characters' map unpacked."""

    def _add_pdf_obj(self, pdf_obj: PDFObject, trace_label: str | None = None) -> int:
        if isinstance(pdf_obj, PDFContentStream):
            raw = pdf_obj.content_stream()
            packed = zlib.compress(raw if pdf_obj.filter is None else zlib.decompress(raw), 9)
            pdf_obj.filter, pdf_obj.length, pdf_obj._contents = Name("FlateDecode"), len(packed), packed  # noqa: SLF001 - the library has no setter
        return int(super()._add_pdf_obj(pdf_obj, trace_label))


def draw(sheet: Sheet) -> bytes:
    """Return the PDF; the same sheet gives the same bytes. Raises DomainError `fonts_missing`."""
    paper = Paper(sheet)
    paper.add_page()
    _draw_head(paper, sheet)
    for block in sheet.blocks:
        blocks.draw(paper, block)
    if sheet.attachment:
        made = dt.datetime.fromtimestamp(sheet.made_ms / 1000, dt.UTC)
        paper.embed_file(
            bytes=sheet.attachment,
            basename=ATTACHMENT_NAME,
            modification_date=made,
            mime_type="application/json",
            desc=sheet.title,
            compress=True,
        )
    return bytes(paper.output(output_producer_class=_SmallProducer))


def _draw_head(paper: Paper, sheet: Sheet) -> None:
    """Company to the left, title and role to the right, a strong line below."""
    top = paper.get_y()
    blocks.ink(paper, "brand", 13, bold=True)
    paper.cell(blocks.WIDTH_MM * 0.55, 7, sheet.company, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    blocks.ink(paper, "grey", 8.5)
    paper.multi_cell(blocks.WIDTH_MM * 0.55, 4.5, sheet.contact, align="L")
    left_end = paper.get_y()
    paper.set_xy(blocks.LEFT_MM + blocks.WIDTH_MM * 0.45, top - 1)
    blocks.ink(paper, "ink", 18, bold=True)
    paper.cell(blocks.WIDTH_MM * 0.55, 9, sheet.title, align="R", new_x=XPos.LEFT, new_y=YPos.NEXT)
    if sheet.role:
        _draw_role(paper, sheet.role)
    paper.set_y(max(left_end, paper.get_y()) + 1)
    paper.set_draw_color(*blocks.COLOURS["brand"])
    paper.set_line_width(0.7)
    paper.line(blocks.LEFT_MM, paper.get_y(), blocks.LEFT_MM + blocks.WIDTH_MM, paper.get_y())
    paper.ln(2)
    blocks.ink(paper, "grey", 9)
    paper.cell(blocks.WIDTH_MM / 2, 5, f"{sheet.number_label}  {sheet.number}")
    paper.cell(blocks.WIDTH_MM / 2, 5, sheet.date, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _draw_role(paper: Paper, role: str) -> None:
    blocks.ink(paper, "brand", 9.5, bold=True)
    width = paper.get_string_width(role) + 6
    paper.set_x(blocks.LEFT_MM + blocks.WIDTH_MM - width)
    paper.set_fill_color(*blocks.TINTS["brand"])
    paper.cell(width, 6, role, align="C", fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
