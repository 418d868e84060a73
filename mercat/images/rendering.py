"""From bytes that somebody uploaded to a picture that may go out: nothing is trusted, nothing hidden goes along.

The type is what the content says, not the name. Limits are checked before anything is decoded. The picture is encoded
anew, so that no location, camera or other metadata survives.
"""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_UPLOAD = 20 * 1024 * 1024  # bytes
# Phones' largest photographs have 25 million. What is no JPEG can take 16 bytes of memory a pixel, here 400 MB, however
# small its file: hence this bound, and one picture at a time in a process.
MAX_PIXELS = Image.MAX_IMAGE_PIXELS = 26_000_000
TOO_MANY_PIXELS = "This picture has more than 26 million pixels. Save a smaller copy and choose that."
TURN = threading.Lock()
PATIENCE = 20  # seconds; a picture takes one or two
SRGB = ImageCms.createProfile("sRGB")
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LONGEST_SIDE = 2560  # pixels; sharp on every network's largest view
# The strictest picture limit of the networks so far: Bluesky's (2,000,000 bytes).
MAX_SENT = 1_950_000


class NotAPicture(ValueError):
    """The upload cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture ready to send. `width` and `height` in pixels."""

    data: bytes
    mime: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def extension(self) -> str:
        return {"image/jpeg": "jpg", "image/png": "png"}[self.mime]


def render(upload: bytes) -> Rendition:
    """The rendition of an upload. Raises `NotAPicture`."""
    if len(upload) > MAX_UPLOAD:
        raise NotAPicture(f"This file is larger than {MAX_UPLOAD // 1024**2} MB. Save a smaller copy and choose that.")
    if not TURN.acquire(timeout=PATIENCE):
        raise NotAPicture("Others are adding pictures. Add this one again in a minute.")
    try:
        return _encoded(*_decoded(upload))
    finally:
        TURN.release()


def _decoded(upload: bytes) -> tuple[Image.Image, bool]:
    """The picture, as large as it is sent, upright and in sRGB; and whether it is drawn. Raises `NotAPicture`."""
    try:
        image = Image.open(io.BytesIO(upload), formats=FORMATS)
        _check_frame(image)
        drawn = image.mode in ("1", "P")  # few colours and hard edges: JPEG would smear them
        return _in_srgb(ImageOps.exif_transpose(_shrunk(image))), drawn
    except NotAPicture:
        raise
    except UnidentifiedImageError:
        raise NotAPicture("This file is not a picture. Choose a JPEG, PNG, WebP or GIF file.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(TOO_MANY_PIXELS) from None
    except Exception:  # whatever a decoder makes of bytes that somebody bent
        raise NotAPicture(
            "This picture is damaged: it cannot be read to its end. Save it again and choose that."
        ) from None


def _check_frame(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise NotAPicture(TOO_MANY_PIXELS)
    # A phone's JPEG may carry a depth or brightness map behind the picture (MPO); it does not move.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise NotAPicture("This picture moves. Only still pictures can be sent; save one frame of it.")


def _shrunk(image: Image.Image) -> Image.Image:
    """No larger than it is sent: first of all, since every further step makes a copy."""
    scale = LONGEST_SIDE / max(image.size)
    image.draft(None, (int(image.width * scale) or 1, int(image.height * scale) or 1))  # spares a JPEG most of its size
    image.load()
    if image.mode in ("1", "P"):
        image = image.convert("RGBA")
    image = _in_eight_bits(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen bits of grey, which Pillow would cut off at 255: everything but black would be white."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours that the picture's profile meant; the rendition carries none. An unreadable profile is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("L", "RGB", "RGBA", "CMYK"):
        return image
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, meant, SRGB, outputMode="RGBA" if image.mode == "RGBA" else "RGB")
    except (OSError, ImageCms.PyCMSError):
        return image


def _encoded(image: Image.Image, drawn: bool) -> Rendition:
    image = image.convert("RGBA" if drawn or _has_transparency(image) else "RGB")
    if image.mode == "RGBA":
        png = _saved(image, "PNG", optimize=True)
        if len(png) <= MAX_SENT:
            return Rendition(png, "image/png", *image.size)
        image = _on_white(image).convert("RGB")
    return _as_jpeg(image)


def _as_jpeg(image: Image.Image) -> Rendition:
    """The best quality that fits; smaller only when no quality does."""
    while True:
        for quality in (92, 88, 84, 78, 70):
            # Not optimised: that fails on detail which takes more than a byte a pixel.
            data = _saved(image, "JPEG", quality=quality, subsampling=0 if quality > 85 else 2)
            if len(data) <= MAX_SENT:
                return Rendition(data, "image/jpeg", *image.size)
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, kind, **options)
    return out.getvalue()


def _has_transparency(image: Image.Image) -> bool:
    if "A" in image.mode:
        return image.getchannel("A").getextrema()[0] < 255
    return "transparency" in image.info


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image)
