"""Videos that people upload, and what of them may go out."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import pytest

from mercat.images import encoding
from mercat.images.encoding import prepare
from mercat.images.isolated import folder, run
from mercat.images.kinds import NotAVideo
from mercat.images.worker import VIDEO
from tests.images.crafted import SECRET
from tests.images.filmed import film, rotated, with_atoms, with_sei

WEBM = {"codec": "libvpx-vp9", "sound": "libopus"}
MPEG = {"codec": "mpeg2video", "sound": "mp2"}


def prepared(source: Path) -> tuple[encoding.Prepared, Path]:
    target = source.with_name("out.mp4")
    return prepare(source, target, lambda hundredths: None), target


@pytest.mark.parametrize(
    ("name", "about", "copied"),
    [
        ("a.mp4", {}, True),
        ("a.mov", {}, True),
        ("a.webm", WEBM, False),
        ("a.mpg", MPEG, False),
        ("a.ts", {}, False),
        ("a.mp4", {"sound": None}, True),
        ("a.mp4", {"size": (2560, 1440)}, False),
        ("a.mp4", {"rate": 100}, False),
        ("a.mp4", {"codec": "mpeg4"}, False),
        ("a.mp4", {"pix_fmt": "yuv444p"}, False),
    ],
)
def test_every_kind_becomes_one_that_every_network_takes(tmp_path: Path, name: str, about: dict, copied: bool) -> None:
    made, target = prepared(film(tmp_path / name, **about))
    assert made.copied is copied
    assert made.seconds == pytest.approx(1, abs=0.15)
    with av.open(str(target)) as file:
        (video,) = file.streams.video
        assert [each.codec.canonical_name for each in file.streams] == (
            ["h264"] if about.get("sound", "") is None else ["h264", "aac"]
        )
        assert (video.width, video.height) == (made.width, made.height)
        assert max(made.width, made.height) <= 1920
        assert video.format.name == "yuv420p"
        assert video.average_rate <= Fraction(60)
        assert sum(1 for _ in file.decode(video)) >= 24
    assert made.cover.data.startswith(b"\xff\xd8\xff")
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # it starts before all of it is there


@pytest.mark.parametrize(
    ("name", "about"),
    [("a.mp4", {}), ("a.mov", {}), ("a.webm", WEBM), ("a.ts", {}), ("b.mp4", {"size": (2560, 1440)})],
)
def test_nothing_hidden_goes_along(tmp_path: Path, name: str, about: dict) -> None:
    source = film(tmp_path / name, **about)
    if source.suffix in (".mp4", ".mov"):
        with_sei(with_atoms(source))
    assert SECRET.encode() in source.read_bytes()
    made, target = prepared(source)
    data = target.read_bytes()
    assert SECRET.encode() not in data + made.cover.data
    head = data[: data.index(b"mdat")]
    assert re.findall(rb"x264|Lavf|Lavc|uuid|\xa9xyz", head) == []
    assert b"\x00\x00\x00\x08ilst" in head  # the box for user data is there, and holds nothing
    with av.open(str(target)) as file:
        assert file.chapters() == []
        assert not file.metadata.keys() - {"major_brand", "minor_version", "compatible_brands"}
        assert {each.metadata.get("handler_name") for each in file.streams} <= {"VideoHandler", "SoundHandler"}


@pytest.mark.parametrize(("degrees", "corner"), [(90, (-3, 2)), (180, (-3, -3)), (270, (2, -3))])
def test_it_stands_upright_as_the_camera_meant_it(tmp_path: Path, degrees: int, corner: tuple[int, int]) -> None:
    made, target = prepared(rotated(film(tmp_path / "a.mp4"), degrees))
    assert (made.width, made.height) == ((320, 180) if degrees == 180 else (180, 320))
    with av.open(str(target)) as file:
        frame = next(file.decode(video=0))
        assert frame.rotation == 0
        image = frame.to_image()
    red, green, blue = image.getpixel(tuple(at % side for at, side in zip(corner, image.size, strict=True)))
    assert red > 200
    assert max(green, blue) < 80


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a video"),
        (b"hello, I am text" * 20, "not a video"),
        (b"\xff\xd8\xff\xe0" + bytes(500), "not a video"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret", "not a video"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(500), "damaged|no moving picture"),
        (b"\x1a\x45\xdf\xa3" + bytes(500), "damaged"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(tmp_path: Path, data: bytes, says: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(data)
    with pytest.raises(NotAVideo, match=says):
        prepared(source)


@pytest.mark.parametrize(
    ("name", "most", "says"),
    [("LONGEST", 0.5, "more than 4 hours"), ("MOST_PIXELS", 100, "larger than 4K"), ("MOST_STREAMS", 1, "streams")],
)
def test_limits_hold_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: float, says: str
) -> None:
    source = film(tmp_path / "a.mp4")
    monkeypatch.setattr(encoding, name, most)
    with pytest.raises(NotAVideo, match=says):
        prepared(source)
    assert not (tmp_path / "out.mp4").exists()


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    with av.open(str(film(tmp_path / "b.mp4"))) as given, av.open(str(source), "w") as made:
        out = made.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = out
                made.mux(packet)
    with pytest.raises(NotAVideo, match="no moving picture"):
        prepared(source)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_bytes_that_somebody_bent_give_a_clean_video_or_a_refusal(tmp_path: Path, name: str) -> None:
    """In the worker's own process: what a decoder does with them, it does there."""
    good = film(tmp_path / name, **(WEBM if name == "a.webm" else {})).read_bytes()
    for seed in range(6):
        with folder() as place:
            bent = bytearray(good)
            for n in range(8):
                bent[(seed * 7919 + n * 104_729) % len(bent)] ^= 0xFF
            (place / "source").write_bytes(bent)
            report = run(VIDEO, place, {}, seconds=60)
            assert report.keys() & {"refused", "made"}
            if "made" in report:
                assert SECRET.encode() not in (place / "video.mp4").read_bytes()


def test_the_worker_reports_what_it_made(tmp_path: Path) -> None:
    with folder() as place:
        film(tmp_path / "a.mp4").rename(place / "source")
        made = run(VIDEO, place, {}, seconds=60)["made"]
        assert (made["file"], made["width"], made["height"], made["copied"]) == ("video.mp4", 320, 180, True)
        assert (place / made["cover"]["file"]).read_bytes().startswith(b"\xff\xd8\xff")
