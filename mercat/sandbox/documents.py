"""Looks into uploaded bytes: whether they are a PDF, and how its first page looks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pypdfium2

MIME = "application/pdf"
SHOWN = 800  # pixels of the longest side of a page


@dataclass(frozen=True, slots=True)
class Document:
    """`width` and `height` of the first page, in points."""

    pages: int
    width: int
    height: int


def inspect(data: bytes) -> Document | None:
    """None where the bytes are no PDF that can be read to its end, or one without pages."""
    try:
        with _opened(data) as pdf:
            sizes = [pdf.get_page_size(n) for n in range(len(pdf))]
    except pypdfium2.PdfiumError:
        return None
    return Document(len(sizes), *map(round, sizes[0])) if sizes else None


def first_page(data: bytes) -> bytes:
    """As a PNG."""
    with _opened(data) as pdf:
        page = pdf[0]
        image = page.render(scale=SHOWN / max(page.get_size())).to_pil()
        page.close()
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@contextmanager
def _opened(data: bytes) -> Iterator[pypdfium2.PdfDocument]:
    pdf = pypdfium2.PdfDocument(data)
    try:
        yield pdf
    finally:
        pdf.close()
