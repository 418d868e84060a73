"""Uploads made by hand: as phones, scanners and ill-wishers send them."""

from __future__ import annotations

import io
import random
import re
import struct
import zlib

import pillow_heif
from fpdf import FPDF
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

SECRET = "55.8642N-4.2518W-phone-of-somebody"


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def quarters(mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Left half dark, right half light; the top left corner a mark."""
    image = Image.new("RGB", size, (30, 30, 30))
    image.paste((220, 220, 220), (size[0] // 2, 0, *size))
    image.paste((255, 0, 0), (0, 0, size[0] // 8, size[1] // 4))
    return image.convert(mode)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """What no encoder makes small."""
    return Image.frombytes(mode, (width, height), random.Random(7).randbytes(width * height * len(mode)))


def talkative_jpeg(*, orientation: int = 1) -> bytes:
    """With camera, place, captions and a comment in EXIF, GPS, XMP and IPTC."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET  # camera's maker
    exif.get_ifd(0x8825)[0x001D] = SECRET  # GPS date stamp
    exif.get_ifd(0x8769)[0x927C] = SECRET.encode()  # the maker's own notes
    plain = saved(quarters(), "JPEG", exif=exif, comment=SECRET, xmp=f"<x>{SECRET}</x>".encode(), quality=95)
    caption = b"\x1c\x02\x78" + struct.pack(">H", len(SECRET)) + SECRET.encode()
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(caption)) + caption
    iptc = b"Photoshop 3.0\x00" + resource
    return plain[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + plain[2:]


def talkative_png(image: Image.Image) -> bytes:
    said = PngInfo()
    said.add_text("Comment", SECRET)
    said.add_text("Zipped", SECRET, zip=True)
    said.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}</x>")
    exif = Image.Exif()
    exif[0x010F] = SECRET
    return saved(image, "PNG", pnginfo=said, exif=exif)


def jpeg_with_a_thumbnail_of_its_own() -> bytes:
    """In its EXIF a second picture, as cameras put there before somebody cut the face out of the first."""
    small = saved(quarters(size=(16, 8)), "JPEG", comment=SECRET)
    first = struct.pack(">HI", 0, 14)
    second = struct.pack(">HHHIHH", 3, 0x0103, 3, 1, 6, 0)
    second += struct.pack(">HHIIHHIII", 0x0201, 4, 1, 14 + 42, 0x0202, 4, 1, len(small), 0)
    exif = b"Exif\x00\x00MM\x00\x2a" + struct.pack(">I", 8) + first + second + small
    plain = saved(quarters(), "JPEG", quality=95)
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]


def talkative_mpo() -> bytes:
    """A second picture behind the first, and words after the end of both."""
    second = Image.new("L", (10, 5), 128)
    return saved(quarters(), "MPO", save_all=True, append_images=[second], comment=SECRET) + SECRET.encode()


def talkative_webp(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = SECRET
    return saved(image, "WEBP", exif=exif, xmp=f"<x>{SECRET}</x>".encode(), lossless=True)


def talkative_gif() -> bytes:
    return saved(quarters("P"), "GIF", comment=SECRET.encode())


def talkative_heic() -> bytes:
    """As phones send it: with EXIF, XMP and a thumbnail."""
    exif = Image.Exif()
    exif[0x010F] = SECRET
    exif.get_ifd(0x8825)[0x001D] = SECRET
    pillow_heif.register_heif_opener()
    return saved(quarters(size=(160, 80)), "HEIF", exif=exif.tobytes(), xmp=f"<x>{SECRET}</x>".encode(), quality=95)


def talkative_profile() -> bytes:
    """sRGB's profile, which says whose screen it describes: the name lies in a tag of its own at the end."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    words = b"text\x00\x00\x00\x00" + SECRET.encode() + b"\x00"
    profile += words
    place = profile.index(b"cprt")
    profile[place + 4 : place + 12] = struct.pack(">II", len(profile) - len(words), len(words))
    profile[:4] = struct.pack(">I", len(profile))
    return bytes(profile)


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(64)))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def phone_jpeg_with_depth_map() -> bytes:
    return saved(quarters(), "MPO", save_all=True, append_images=[Image.new("L", (10, 5), 128)])


def sixteen_bit_png() -> bytes:
    """Black to white from left to right, in 65,536 steps of grey."""
    image = Image.new("I;16", (64, 8))
    for x in range(64):
        for y in range(8):
            image.putpixel((x, y), x * 65535 // 63)
    return saved(image, "PNG")


def lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB's profile with red and blue exchanged: whoever ignores it shows red for blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def pdf(*texts: str, size: tuple[float, float] | None = None) -> bytes:
    """A page for each text."""
    made = _written(*texts, size=size)
    return bytes(made.output())


def talkative_pdf() -> bytes:
    """With an author, a file, a note, a link, and a name that a black box only covers; it would run a script too."""
    made = _written("What may be read")
    made.set_author(SECRET)
    made.set_keywords(SECRET)
    made.text(20, 60, SECRET)
    made.set_fill_color(0, 0, 0)
    made.rect(15, 50, 180, 15, style="F")
    made.embed_file(basename="case.txt", bytes=SECRET.encode())
    made.link(20, 20, 40, 10, f"https://example.org/{SECRET}")
    script = f"<< /S /JavaScript /JS (app.alert\\('{SECRET}'\\)) >>".encode()
    return re.sub(rb"/OpenAction \[[^]]*\]", b"/OpenAction " + script, bytes(made.output()))


def covered_pdf() -> bytes:
    """With a name that a field covers, as some redaction tools do it, and a field that somebody filled in."""
    box = b"<< /Type /XObject /Subtype /Form /BBox [0 0 %d %d] /Resources << >> /Length %d >>\nstream\n%s\nendstream"
    black = b"0 0 0 rg 0 0 400 40 re f"
    red = b"1 0 0 rg 0 0 400 40 re f"
    page = f"BT /F1 24 Tf 110 710 Td ({SECRET[:20]}) Tj ET".encode()
    field = b"<< /Type /Annot /Subtype /Widget /FT /%s /Ff %d /T (%s) /F 4 /Rect [100 %d 500 %d] /AP << /N %d 0 R >> >>"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 7 0 R] >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots [6 0 R 7 0 R] "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        field % (b"Btn", 65536, b"cover", 700, 740, 8),
        field % (b"Tx", 0, b"filled", 400, 440, 9),
        box % (400, 40, len(black), black),
        box % (400, 40, len(red), red),
    ]
    return (
        b"%PDF-1.7\n"
        + b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(parts, 1))
        + (b"trailer << /Root 1 0 R /Size 10 >>\n%%EOF")
    )


def locked_pdf() -> bytes:
    made = _written("What may be read")
    made.set_encryption(owner_password="owner", user_password="reader")
    return bytes(made.output())


def _written(*texts: str, size: tuple[float, float] | None = None) -> FPDF:
    """`size` of its pages in millimetres, else A4."""
    made = FPDF()
    made.set_font("helvetica", size=20)
    for text in texts:
        made.add_page(format=size or "")
        made.text(20, 30, text)
    return made
