"""Looks into uploaded bytes: which picture they are, if any."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")


@dataclass(frozen=True, slots=True)
class Picture:
    """`width` and `height` in pixels."""

    mime: str
    width: int
    height: int


def inspect(data: bytes) -> Picture | None:
    """None when the bytes are no picture of a known format, or a broken one. The pixels are not decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                picture = Picture(Image.MIME[image.format or ""], image.width, image.height)
                image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return picture
