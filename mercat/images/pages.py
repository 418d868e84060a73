"""From a PDF to pictures of its pages: what a reader sees of it, and nothing of what lies beneath.

It runs in a process of its own (`worker.py`), like all that reads what somebody uploaded. PDFium has no scripts here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pypdfium2
from PIL import Image
from pypdfium2.raw import FPDF_ERR_PASSWORD

from mercat.images.rendering import NotAPicture

LONGEST_SIDE = 2_400  # pixels; 205 in an inch of A4. As a PNG no page is larger than an upload may be.


def pages_of(upload: bytes, most: int, *, when: str = "") -> Iterator[Image.Image]:
    """A picture of each page, in RGB. Raises `NotAPicture`, of more than `most` before the first; `when`: " today"
    where another day has room for more."""
    pdf = _opened(upload)
    try:
        if not 1 <= len(pdf) <= most:
            raise NotAPicture(_wrong_number(len(pdf), most, when))
        for number in range(len(pdf)):
            yield _picture(pdf, number)
    finally:
        pdf.close()


def _opened(upload: bytes) -> pypdfium2.PdfDocument:
    try:
        pdf = pypdfium2.PdfDocument(upload)
        pdf.init_forms()  # fields are drawn as readers draw them: what they say, and what they cover
        return pdf
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise NotAPicture("This PDF asks for a passphrase. Save a copy without one and choose that.") from None
        raise NotAPicture("This PDF is damaged: it cannot be read. Save it again and choose that.") from None


def _wrong_number(pages: int, most: int, when: str) -> str:
    if not pages:
        return "This PDF has no pages."
    room = f"{most or 'none'} more{when}"
    return f"This PDF has {pages:,} pages; there is room for {room}. Save those that are needed as a PDF of their own."


def _picture(pdf: pypdfium2.PdfDocument, number: int) -> Image.Image:
    try:
        page = pdf[number]
        image = page.render(scale=LONGEST_SIDE / max(page.get_size())).to_pil().convert("RGB")
        page.close()
    except (pypdfium2.PdfiumError, ValueError, ZeroDivisionError, MemoryError):
        raise NotAPicture(f"Page {number + 1} of this PDF cannot be read. Save it again and choose that.") from None
    return image
