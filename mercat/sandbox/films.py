"""Looks into uploaded bytes: which video they are, if any."""

from __future__ import annotations

import io
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Film:
    """`width` and `height` in pixels, `seconds` its length, `rate` in pictures a second; 0 where it is not told."""

    mime: str
    width: int
    height: int
    seconds: float
    rate: float


def inspect(data: bytes) -> Film | None:
    """None when the bytes are no MP4 with a moving picture in it. No frame is decoded."""
    if data[4:8] != b"ftyp":
        return None
    import av  # noqa: PLC0415 it holds all of FFmpeg, and the stand-ins stay small until there is a film

    try:
        with av.open(io.BytesIO(data), format="mp4") as film:
            if not film.streams.video:
                return None
            shown = film.streams.video[0]
            seconds, rate = (film.duration or 0) / 1_000_000, float(shown.average_rate or 0)
            return Film("video/mp4", shown.width, shown.height, seconds, rate)
    except (av.FFmpegError, ValueError):
        return None
