"""What a caller of an adapter brings, kept in memory."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import av
import httpx
from PIL import Image

from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Channel, Identity, Item, Medium, Network

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class MemoryCredentials:
    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def get(self) -> Mapping[str, str]:
        return dict(self.values)

    def replace(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def turn(self) -> nullcontext[bool]:
        return nullcontext(True)


class MemoryNotes:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def keep(self, name: str, value: str) -> None:
        self.values[name] = value


def nobodys(native_id: str) -> bool:
    """Where no other post is known."""
    return False


def picture(
    alt: str = "A road sign in the snow", *, size: tuple[int, int] = (4, 3), shade: int = 90, mime: str = "image/png"
) -> Medium:
    """A real picture, small."""
    file = io.BytesIO()
    Image.new("RGB", size, (shade, shade, 200)).save(file, mime.partition("/")[2].upper())
    return medium(file.getvalue(), alt=alt, mime=mime, width=size[0], height=size[1])


def picture_for(network: Network, alt: str = "A road sign in the snow", *, shade: int = 90) -> Medium:
    """A picture that the network takes, without a description where it takes none."""
    alt = alt if network.spec.media.max_alt else ""
    mime = "image/png" if "image/png" in network.spec.media.mimes else "image/jpeg"
    return picture(alt, size=(1080, 1080) if network.spec.fetches_media else (4, 3), shade=shade, mime=mime)


@cache
def _film(seconds: int, shade: int, size: tuple[int, int], rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for n in range(seconds * rate):
            still = Image.new("RGB", size, (shade, n % 256, 200))
            film.mux(stream.encode(av.VideoFrame.from_image(still)))
        film.mux(stream.encode())
    return file.getvalue()


def video(
    alt: str = "Snow falls on the road",
    *,
    seconds: int = 4,
    shade: int = 90,
    captions: str = "",
    size: tuple[int, int] = (64, 36),
    rate: int = 10,
) -> Medium:
    """A real video, small."""
    content = _film(seconds, shade, size, rate)
    plain = medium(content, alt=alt, mime="video/mp4", width=size[0], height=size[1])
    cover = picture("", mime="image/jpeg", size=size)

    def part(offset: int, size: int) -> bytes:
        return content[offset : offset + size]

    return replace(plain, seconds=float(seconds), part=part, captions=captions, cover=cover)


def reel(*, seconds: int = 4, shade: int = 90, captions: str = "", rate: int = 24) -> Medium:
    """A real video of the shape that Facebook publishes as a reel."""
    return video(seconds=seconds, shade=shade, captions=captions, size=(540, 960), rate=rate)


def medium_for(network: Network, alt: str = "A road sign in the snow", *, shade: int = 90) -> Medium:
    """A picture, or a video where the network takes nothing else; described where it takes descriptions."""
    return picture_for(network, alt, shade=shade) if network.spec.media.max_count else video("", shade=shade)


def spoilt(one: Medium, reading: Callable[..., bytes]) -> Medium:
    """The same, where reading it ends as `reading` does."""
    return replace(one, read=reading, part=reading if one.is_video else None)


def full_text(network: Network, limits: Mapping[str, int], letter: str) -> str:
    """A text of exactly the limit, but for what is less than a letter. Its first line is short: it may be a title."""
    head = "Snow.\n"
    left = network.count("", limits).limit - network.count(head, limits).used
    return head + letter * (left // network.count(letter, limits).used)


def medium(content: bytes, *, alt: str = "", mime: str = "image/png", width: int = 1, height: int = 1) -> Medium:
    digest = hashlib.sha256(content).hexdigest()
    return Medium(digest, mime, alt, width, height, len(content), lambda: content, f"https://media.example/{digest}")


def item(text: str = "Snow on the A9.", *media: Medium, created_at: datetime = NOW, key: str = "") -> Item:
    return Item(key or uuid.uuid4().hex, created_at, text, "en", media)


def channel_of(identity: Identity, http: httpx.Client) -> Channel:
    return Channel(
        identity.base_url,
        identity.native_id,
        identity.handle,
        MemoryCredentials(identity.credentials),
        http,
        identity.limits,
    )


def client_for(url: str, *, timeout: timedelta = timedelta(seconds=20)) -> httpx.Client:
    """The guarded client, allowed to reach the test server at `url`."""
    return guarded_client(timeout=timeout, allow_private=frozenset({url}))
