"""Videos made by hand: as phones, drones and ill-wishers send them."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from tests.images.crafted import SECRET


def film(
    path: Path,
    *,
    seconds: float = 1.0,
    size: tuple[int, int] = (320, 180),
    rate: int = 25,
    codec: str = "libx264",
    sound: str | None = "aac",
    talkative: bool = True,
    subtitles: bool = False,
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """A bar that moves to the right over a red corner, with a tone. `talkative`: with place, camera and chapters."""
    container = {"movflags": "use_metadata_tags"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", container_options=container) as made:
        if talkative:
            for name in ("title", "comment", "location", "com.apple.quicktime.location.ISO6709", "make", "artist"):
                made.metadata[name] = SECRET
            made.set_chapters(
                [{"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": SECRET}}]
            )
        video = made.add_stream(codec, rate=rate, options=options or {})
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        if talkative:
            video.metadata["handler_name"] = SECRET
        audio = made.add_stream(sound, rate=48_000, layout="mono") if sound else None
        if audio and talkative:
            audio.metadata["handler_name"] = SECRET
        for n in range(round(seconds * rate)):
            made.mux(video.encode(av.VideoFrame.from_image(picture(n, size)).reformat(format=pix_fmt)))
        made.mux(video.encode(None))
        if audio:
            for packet in tone(audio, seconds):
                made.mux(packet)
    return path


def picture(n: int, size: tuple[int, int]) -> Image.Image:
    width, height = size
    image = Image.new("RGB", size, (40, 90, 140))
    image.paste((255, 0, 0), (0, 0, width // 8, height // 4))
    left = n * 4 % width
    image.paste((240, 240, 240), (left, height // 2, min(left + 20, width), height))
    return image


def tone(stream: av.AudioStream, seconds: float):
    samples = 1024
    for n in range(int(seconds * 48_000 / samples)):
        frame = av.AudioFrame(format="s16", layout="mono", samples=samples)
        values = (int(9000 * math.sin((n * samples + k) * 2 * math.pi * 440 / 48_000)) for k in range(samples))
        frame.planes[0].update(struct.pack(f"<{samples}h", *values))
        frame.sample_rate, frame.pts, frame.time_base = 48_000, n * samples, Fraction(1, 48_000)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def rotated(path: Path, degrees: int) -> Path:
    """The first track's matrix says that it is to be turned clockwise (ISO/IEC 14496-12, tkhd)."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 4 + 36  # version 0: the matrix stands 36 bytes behind the flags
    one = 0x10000
    turn = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[degrees]
    a, b, c, d = turn
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(data)
    return path


def with_atoms(path: Path) -> Path:
    """Words in boxes of their own, as cameras and editors leave them: user data, XMP, and free space."""
    secret = SECRET.encode()
    boxes = b"".join(
        struct.pack(">I", 8 + len(secret)) + kind + secret for kind in (b"free", b"skip", b"wide", b"udta")
    )
    xmp = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + secret  # Adobe's id of XMP
    path.write_bytes(path.read_bytes() + boxes + struct.pack(">I", 8 + len(xmp)) + b"uuid" + xmp)
    return path


def with_sei(path: Path) -> Path:
    """The name of the encoder, which x264 writes into the stream itself, becomes the mark."""
    data = path.read_bytes()
    place = data.index(b"x264 - core")
    path.write_bytes(data[:place] + SECRET.encode() + data[place + len(SECRET) :])
    return path
