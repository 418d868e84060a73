"""Which videos there are, told from their first bytes. Light enough for the pages, which decode nothing."""

from __future__ import annotations

# The demuxers by the first bytes of a file. Nothing else is even tried.
MOV, WEBM, MPEG, TS = "mov", "matroska", "mpeg", "mpegts"
OTHER_KIND = "This file is not a video that can be read. Choose an MP4, MOV, WebM or MPEG file."


class NotAVideo(ValueError):
    """The upload cannot be used; the message says why and what to do."""


def kind_of(start: bytes) -> str | None:
    """The demuxer for a file that starts with these bytes (189 at least, where it has so many); None for no video."""
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return MOV
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM
    if start.startswith((b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")):
        return MPEG
    return TS if start[:1] == b"\x47" and start[188:189] in (b"", b"\x47") else None
