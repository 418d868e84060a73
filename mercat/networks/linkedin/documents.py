"""A document: the pictures of an item as the pages of a PDF, and its limits.

What people approved are the pictures and their descriptions, so that nothing else may be in it: no text that a page
does not show, no link, no script, no attachment. The same item always gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime

from fpdf import FPDF
from fpdf.prefs import ViewerPreferences

from mercat.networks.kit.media import megabytes
from mercat.networks.kit.steps import bytes_of
from mercat.networks.kit.text import units
from mercat.networks.linkedin.spec import NAME
from mercat.networks.port import DocumentRules, Item, Problem

LONGEST_SIDE = 842  # points of a page, as those of an A4 sheet


def pdf_of(item: Item, *, now: datetime) -> bytes:
    """Pictures go in as they are; their descriptions are what a screen reader says of the pages.

    Raises Altered or Halt as `bytes_of` does.
    """
    pdf = FPDF(unit="pt")
    pdf.set_creation_date(item.created_at)
    pdf.set_title(item.document)
    pdf.set_lang(item.language)
    pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
    pdf.set_auto_page_break(False)
    for medium in item.media:
        scale = LONGEST_SIDE / max(medium.width, medium.height)
        width, height = medium.width * scale, medium.height * scale
        pdf.add_page(format=(width, height))
        picture = io.BytesIO(bytes_of(medium, now=now))
        pdf.image(picture, x=0, y=0, w=width, h=height, alt_text=medium.alt)
    return bytes(pdf.output())


def too_large(size: int, rules: DocumentRules) -> str:
    """Of the PDF, or of its pages by themselves: PNGs are packed anew in it, and may grow."""
    has, most = megabytes(size), megabytes(rules.max_bytes)
    return f"The document has {has} MB; {NAME} is given up to {most} MB from here. Take out some pages."


def problems(item: Item, rules: DocumentRules) -> Iterator[Problem]:
    """Every limit of `rules` that a document breaks."""
    if any(medium.is_video for medium in item.media) or not item.media:
        yield Problem("media", "The pages of a document are pictures. Add them, or take out the title of the document.")
        return
    if len(item.media) > rules.max_pages:
        over = len(item.media) - rules.max_pages
        yield Problem(
            "media", f"The document has {len(item.media)} pages; {NAME} takes {rules.max_pages}. Take out {over}."
        )
    if (size := sum(medium.size for medium in item.media)) > rules.max_bytes:
        yield Problem("media", too_large(size, rules))
    if (length := units(item.document)) > rules.max_title:
        yield Problem(
            "document",
            f"The title of the document has {length} characters; {NAME} takes {rules.max_title}. Shorten it.",
        )
