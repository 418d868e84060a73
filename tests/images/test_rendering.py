"""What people upload, and what of it may go out."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mercat.images.rendering import (
    HOUSE,
    LONGEST_SIDE,
    MAX_PIXELS,
    MAX_SENT,
    MAX_UPLOAD,
    NotAPicture,
    Recipe,
    Rendition,
    render,
    render_all,
)
from tests.images import crafted
from tests.images.crafted import SECRET, noise, quarters, saved
from tests.shared import ROOT


def hidden_in(data: bytes) -> bool:
    """The mark in any spelling: as it is, in UTF-16, or in a stream of zlib that begins anywhere."""
    spellings = [SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be")]
    places = [data, *(_inflated(data[at.start() :]) for at in re.finditer(rb"x[\x01\x5e\x9c\xda]", data))]
    return any(spelling in place for spelling in spellings for place in places)


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, 1_000_000)
    except zlib.error:
        return b""


def shown(rendition: Rendition) -> Image.Image:
    image = Image.open(io.BytesIO(rendition.data))
    image.load()
    assert (image.size, Image.MIME[image.format]) == ((rendition.width, rendition.height), rendition.mime)
    return image


def near(pixel: tuple[int, ...], wanted: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize(
    ("upload", "says"),
    [
        (b"", "not a picture"),
        (b"hello, I am text", "not a picture"),
        (b"%PDF-1.7\n...", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (saved(quarters(), "BMP"), "not a picture"),
        (saved(quarters(), "TIFF"), "not a picture"),
        (b"\xff\xd8\xff\xe0", "not a picture"),
        (saved(noise(60, 60), "JPEG")[:-900], "damaged"),
        (saved(noise(60, 60), "PNG")[:-900], "damaged"),
        (saved(noise(60, 60), "WEBP")[:-900], "damaged"),
        (crafted.png_claiming(300, 300), "damaged"),
        (crafted.png_claiming(50_000, 50_000), "26 million pixels"),
        (crafted.png_claiming(5_100, 5_100), "26 million pixels"),
        (crafted.png_claiming(MAX_PIXELS + 1, 1), "26 million pixels"),
        (crafted.moving("GIF"), "moves"),
        (crafted.moving("PNG"), "moves"),
        (crafted.moving("WEBP"), "moves"),
        (b"\xff" * (MAX_UPLOAD + 1), "larger than 20 MB"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(upload: bytes, says: str) -> None:
    with pytest.raises(NotAPicture, match=says) as refusal:
        render(upload)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF"])
def test_every_kind_becomes_one_that_every_network_takes(kind: str) -> None:
    rendition = render(saved(quarters(), kind))
    assert rendition.mime == ("image/png" if kind == "GIF" else "image/jpeg")
    assert (rendition.width, rendition.height) == (40, 20)
    assert near(shown(rendition).convert("RGB").getpixel((30, 15)), (220, 220, 220))
    assert len(rendition.sha256) == 64
    assert rendition.extension in ("jpg", "png")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Only Linux tells how much memory was used")
def test_a_phones_largest_photograph_works_and_is_not_decoded_whole() -> None:
    width, height = 5712, 4284
    upload = saved(Image.new("RGB", (width, height), "navy"), "JPEG")
    done = subprocess.run([sys.executable, "-c", MEASURED], input=upload, cwd=ROOT, capture_output=True, check=True)
    rendered_width, grown = map(int, done.stdout.split())
    assert rendered_width == LONGEST_SIDE
    assert grown < width * height * 4  # bytes; Pillow keeps four a pixel


MEASURED = """
import sys
from mercat.images.rendering import render

def peak():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))

upload = sys.stdin.buffer.read()
open("/proc/self/clear_refs", "w").write("5")
before = peak()
print(render(upload).width, peak() - before)
"""


def test_a_phones_depth_map_is_not_a_movement() -> None:
    rendition = render(crafted.phone_jpeg_with_depth_map())
    assert near(shown(rendition).getpixel((30, 15)), (220, 220, 220))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright_as_the_camera_meant_it(orientation: int) -> None:
    image = shown(render(crafted.talkative_jpeg(orientation=orientation)))
    assert image.size == ((40, 20) if orientation < 5 else (20, 40))
    corner = {1: (1, 1), 2: (-2, 1), 3: (-2, -2), 4: (1, -2), 5: (1, 1), 6: (-2, 1), 7: (-2, -2), 8: (1, -2)}
    x, y = (place % side for place, side in zip(corner[orientation], image.size, strict=True))
    red, green, blue = image.getpixel((x, y))
    assert red > 180
    assert max(green, blue) < 120


@pytest.mark.parametrize(
    "upload",
    [
        crafted.talkative_jpeg(),
        crafted.jpeg_with_a_thumbnail_of_its_own(),
        crafted.talkative_mpo(),
        crafted.talkative_png(quarters()),
        crafted.talkative_png(quarters("P")),
        crafted.talkative_png(Image.new("RGBA", (8, 8), (1, 2, 3, 4))),
        crafted.talkative_webp(quarters()),
        crafted.talkative_webp(Image.new("RGBA", (8, 8), (1, 2, 3, 4))),
        crafted.talkative_heic(),
        crafted.talkative_gif(),
        *(saved(quarters(), kind, icc_profile=crafted.talkative_profile()) for kind in ("JPEG", "PNG", "WEBP")),
    ],
)
@pytest.mark.parametrize("recipe", [HOUSE, Recipe(2048, 5_000_000, png=False)], ids=lambda recipe: recipe.key)
def test_nothing_hidden_goes_along(upload: bytes, recipe: Recipe) -> None:
    assert hidden_in(upload)
    rendition = render(upload, recipe)
    assert not hidden_in(rendition.data)
    image = shown(rendition)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for mark in (b"Exif", b"http://ns.adobe.com", b"Photoshop", b"iTXt", b"tEXt", b"zTXt", b"eXIf", b"ICC_PROFILE"):
        assert mark not in rendition.data


@pytest.mark.parametrize("mode", ["L", "CMYK", "YCbCr"])
def test_other_colours_come_out_as_they_look(mode: str) -> None:
    image = shown(render(saved(quarters(mode), "JPEG", quality=95)))
    assert image.mode == "RGB"
    assert near(image.getpixel((30, 15)), (220, 220, 220))


@pytest.mark.parametrize("mode", ["1", "P", "L", "LA"])
def test_palettes_and_greys_come_out_as_they_look(mode: str) -> None:
    image = shown(render(saved(quarters(mode), "PNG"))).convert("RGB")
    assert near(image.getpixel((30, 15)), (255, 255, 255) if mode == "1" else (220, 220, 220), by=40)


def test_sixteen_bits_of_grey_do_not_turn_white() -> None:
    image = shown(render(crafted.sixteen_bit_png())).convert("L")
    row = [image.getpixel((x, 4)) for x in range(64)]
    assert all(abs(value - x * 255 / 63) < 8 for x, value in enumerate(row))


def test_colours_are_those_that_the_profile_meant() -> None:
    upload = saved(Image.new("RGB", (8, 8), (250, 0, 0)), "PNG", icc_profile=crafted.swapped_profile())
    assert near(shown(render(upload)).getpixel((4, 4)), (0, 0, 250))


@pytest.mark.parametrize("profile", [b"nonsense", crafted.lab_profile()])
def test_a_profile_that_does_not_fit_is_ignored(profile: bytes) -> None:
    upload = saved(Image.new("RGB", (8, 8), (250, 0, 0)), "PNG", icc_profile=profile)
    assert near(shown(render(upload)).getpixel((4, 4)), (250, 0, 0))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_shines_through_still_does(mode: str) -> None:
    image = Image.new("RGBA", (16, 16), (0, 120, 0, 0))
    image.paste((0, 120, 0, 255), (8, 0, 16, 16))
    upload = saved(image.convert(mode), "PNG", **({"transparency": 0} if mode == "P" else {}))
    rendition = render(upload)
    assert rendition.mime == "image/png"
    alphas = shown(rendition).convert("RGBA").getchannel("A")
    assert alphas.getextrema() == (0, 255)


def test_opaque_pixels_in_a_format_with_transparency_make_a_jpeg() -> None:
    assert render(saved(quarters("RGBA"), "PNG")).mime == "image/jpeg"


def test_transparency_too_large_for_the_networks_goes_onto_white() -> None:
    image = noise(1000, 1000, "RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 500, 1000))
    rendition = render(saved(image, "PNG"))
    assert rendition.mime == "image/jpeg"
    assert near(shown(rendition).getpixel((200, 200)), (255, 255, 255))


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (30_000, 2), (2, 30_000)])
def test_the_smallest_and_the_widest_keep_their_shape(size: tuple[int, int]) -> None:
    rendition = render(saved(Image.new("RGB", size, "navy"), "PNG"))
    assert max(rendition.width, rendition.height) == min(max(size), LONGEST_SIDE)
    assert min(rendition.width, rendition.height) >= 1


def test_the_largest_side_fits_and_the_proportions_stay() -> None:
    rendition = render(saved(Image.new("RGB", (5000, 2500), "navy"), "PNG"))
    assert (rendition.width, rendition.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_what_no_quality_makes_small_enough_is_made_smaller() -> None:
    rendition = render(saved(noise(2000, 1600), "JPEG", quality=100))
    assert len(rendition.data) <= MAX_SENT
    assert rendition.mime == "image/jpeg"
    assert rendition.width / rendition.height == pytest.approx(1.25, abs=0.01)


@pytest.mark.parametrize("size", [(5000, 2500), (2500, 5000), (1500, 1000), (9, 9)])
def test_each_recipe_gets_the_largest_that_it_takes(size: tuple[int, int]) -> None:
    recipes = [Recipe(side, 5_000_000, png=png) for side in (800, 4096, 2048) for png in (True, False)]
    for recipe, made in zip(recipes, render_all(saved(quarters(size=size), "JPEG"), recipes), strict=True):
        assert max(made.width, made.height) == min(recipe.longest_side, max(size))
        assert made.width / made.height == pytest.approx(size[0] / size[1], rel=0.01)
        shown(made)


def test_recipes_of_one_size_share_their_bytes_unless_one_cannot_take_them() -> None:
    generous, strict, other = Recipe(600, 900_000, png=True), Recipe(600, 90_000, png=True), Recipe(600, 900_000, False)
    one, less, same = render_all(saved(noise(800, 600), "PNG"), [generous, strict, other])
    assert one == same
    assert len(less.data) <= 90_000 < len(one.data)
    transparent = saved(Image.new("RGBA", (8, 8), (1, 2, 3, 4)), "PNG")
    kinds = [made.mime for made in render_all(transparent, [generous, other])]
    assert kinds == ["image/png", "image/jpeg"]


def test_fine_lines_stay_apart_when_a_picture_is_made_smaller() -> None:
    """A missing person must arrive sharp: lines four pixels apart are still lines after every step of the way."""
    image = Image.new("L", (4000, 3000), 255)
    for x in range(0, 4000, 16):
        image.paste(0, (x, 0, x + 8, 3000))
    recipes = [Recipe(side, 5_000_000, png=True) for side in (4096, 2880, 2048, 1800)]
    for made in render_all(saved(image, "JPEG", quality=95), recipes):
        row = shown(made).convert("L").crop((100, 700, 1100, 701)).tobytes()
        assert min(row) < 30
        assert max(row) > 225


def test_the_same_upload_gives_the_same_bytes() -> None:
    upload = crafted.talkative_jpeg()
    assert render(upload) == render(upload)


BENT = [
    saved(quarters(), "JPEG"),
    crafted.talkative_jpeg(orientation=6),
    saved(quarters("P"), "GIF"),
    saved(quarters("P"), "PNG"),
    crafted.talkative_png(quarters()),
    saved(quarters(), "WEBP"),
    crafted.sixteen_bit_png(),
    crafted.phone_jpeg_with_depth_map(),
    saved(quarters(), "PNG", icc_profile=crafted.swapped_profile()),
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's words about what it forgives
@settings(deadline=None, max_examples=250)
@given(st.sampled_from(BENT), st.data())
def test_bent_bytes_give_a_clean_picture_or_a_refusal(upload: bytes, data: st.DataObject) -> None:
    bent = bytearray(upload)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(bent) - 1))
        bent[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        bent = bent or bytearray(b"\0")
    try:
        rendition = render(bytes(bent))
    except NotAPicture:
        return
    assert not shown(rendition).getexif()
