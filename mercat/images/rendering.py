"""From bytes that somebody uploaded to a picture that may go out: nothing is trusted, nothing hidden goes along.

The type is what the content says, not the name. Limits are checked before anything is decoded. The picture is encoded
anew, so that no location, camera or other metadata survives. It runs in a process of its own (`worker.py`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_UPLOAD = 20 * 1024 * 1024  # bytes
# Phones' largest photographs have 25 million. What is no JPEG can take 16 bytes of memory a pixel, here 400 MB, however
# small its file: hence this bound.
MAX_PIXELS = Image.MAX_IMAGE_PIXELS = 26_000_000
TOO_MANY_PIXELS = "This picture has more than 26 million pixels. Save a smaller copy and choose that."
SRGB = ImageCms.createProfile("sRGB")
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})  # ISO/IEC 23008-12, annex B
LONGEST_SIDE = 2048  # pixels; sharp on our own pages
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


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a picture is made into: at most so many pixels along its longest side and so many bytes; PNG where it shines
    through or is drawn and `png` says that it is taken, else JPEG."""

    longest_side: int
    max_bytes: int
    png: bool

    @property
    def key(self) -> str:
        return f"{self.longest_side}-{self.max_bytes}-{'png' if self.png else 'jpeg'}"


HOUSE = Recipe(LONGEST_SIDE, MAX_SENT, png=True)  # what our own pages show


def render(upload: bytes, recipe: Recipe = HOUSE) -> Rendition:
    """One rendition of an upload. Raises `NotAPicture`."""
    return render_all(upload, [recipe])[0]


def render_all(upload: bytes, recipes: Sequence[Recipe]) -> list[Rendition]:
    """A rendition for each recipe, in their order: decoded once, made smaller step by step. Raises `NotAPicture`."""
    if len(upload) > MAX_UPLOAD:
        raise NotAPicture(f"This file is larger than {MAX_UPLOAD // 1024**2} MB. Save a smaller copy and choose that.")
    image, drawn = _decoded(upload, max(recipe.longest_side for recipe in recipes))
    return renditions_of(image.convert("RGBA" if drawn or _has_transparency(image) else "RGB"), recipes)


def renditions_of(image: Image.Image, recipes: Sequence[Recipe]) -> list[Rendition]:
    """A rendition for each recipe, in their order, of pixels that are upright and in sRGB already."""
    image = _clean(image)
    made: dict[Recipe, Rendition] = {}
    for recipe in sorted(recipes, key=lambda each: (-each.longest_side, -each.max_bytes)):
        # Of what Pillow offers Lanczos takes twice as long, for a difference that no eye finds in steps this small.
        image.thumbnail((recipe.longest_side, recipe.longest_side), Image.Resampling.BICUBIC)
        made[recipe] = _as_good(made, image, recipe) or _encoded(image, recipe)
    return [made[recipe] for recipe in recipes]


def render_image(image: Image.Image, recipe: Recipe) -> Rendition:
    """The rendition of pixels that are upright and in sRGB already."""
    image = _clean(image.convert("RGB"))
    image.thumbnail((recipe.longest_side, recipe.longest_side), Image.Resampling.BICUBIC)
    return _encoded(image, recipe)


def _as_good(made: dict[Recipe, Rendition], image: Image.Image, recipe: Recipe) -> Rendition | None:
    """What a more generous recipe gave, where it is of this size and fits: the same bytes serve both."""
    fits = (
        each
        for other, each in made.items()
        if (each.width, each.height) == image.size
        and len(each.data) <= recipe.max_bytes
        and (image.mode == "RGB" or other.png == recipe.png)
    )
    return next(fits, None)


def _clean(image: Image.Image) -> Image.Image:
    """The pixels and nothing else."""
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def is_heic(start: bytes) -> bool:
    """Whether a file that starts with these bytes says that it is a phone's HEIC picture."""
    return start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS


def is_pdf(start: bytes) -> bool:
    """Whether a file that starts with these bytes says that it is a PDF."""
    return start.lstrip(b"\xef\xbb\xbf\t\n\r ").startswith(b"%PDF-")


def _decoded(upload: bytes, longest_side: int) -> tuple[Image.Image, bool]:
    """The picture, no larger than `longest_side`, upright and in sRGB; whether it is drawn. Raises `NotAPicture`."""
    try:
        image = Image.open(io.BytesIO(upload), formats=_heic() if is_heic(upload[:12]) else FORMATS)
        _check_frame(image)
        drawn = image.mode in ("1", "P")  # few colours and hard edges: JPEG would smear them
        return _in_srgb(ImageOps.exif_transpose(_shrunk(image, longest_side))), drawn
    except NotAPicture:
        raise
    except UnidentifiedImageError:
        raise NotAPicture("This file is not a picture. Choose a JPEG, PNG, WebP, GIF or HEIC file.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(TOO_MANY_PIXELS) from None
    except Exception:  # whatever a decoder makes of bytes that somebody bent
        raise NotAPicture(
            "This picture is damaged: it cannot be read to its end. Save it again and choose that."
        ) from None


def _heic() -> tuple[str]:
    """The format of phones, learned only where it is needed: that is a third of the start of the process."""
    import pillow_heif  # noqa: PLC0415

    pillow_heif.register_heif_opener(thumbnails=False)
    return ("HEIF",)


def _check_frame(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise NotAPicture(TOO_MANY_PIXELS)
    # A phone's JPEG may carry a depth or brightness map behind the picture (MPO), its HEIC others; they do not move.
    if image.format not in ("MPO", "HEIF") and getattr(image, "is_animated", False):
        raise NotAPicture("This picture moves. Only still pictures can be sent; save one frame of it.")


def _shrunk(image: Image.Image, longest_side: int) -> Image.Image:
    """No larger than it is sent: first of all, since every further step makes a copy."""
    scale = longest_side / max(image.size)
    image.draft(None, (int(image.width * scale) or 1, int(image.height * scale) or 1))  # spares a JPEG most of its size
    image.load()
    if image.mode in ("1", "P"):
        image = image.convert("RGBA")
    image = _in_eight_bits(image)
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
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


def _encoded(image: Image.Image, recipe: Recipe) -> Rendition:
    if image.mode == "RGBA" and recipe.png:
        png = _saved(image, "PNG")
        if len(png) <= recipe.max_bytes:
            return Rendition(png, "image/png", *image.size)
    return _as_jpeg(_on_white(image) if image.mode == "RGBA" else image, recipe.max_bytes)


def _as_jpeg(image: Image.Image, most: int) -> Rendition:
    """The best quality of at most `most` bytes; smaller only when no quality does."""
    while True:
        for quality in (92, 88, 84, 78, 70):
            # Not optimised: that fails on detail which takes more than a byte a pixel.
            data = _saved(image, "JPEG", quality=quality, subsampling=0 if quality > 85 else 2)
            if len(data) <= most:
                return Rendition(data, "image/jpeg", *image.size)
            if len(data) > 4 * most:  # no quality makes up for that
                break
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _has_transparency(image: Image.Image) -> bool:
    if "A" in image.mode:
        return image.getchannel("A").getextrema()[0] < 255
    return "transparency" in image.info


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
