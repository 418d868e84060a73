"""Captions: what is said in a video, as SRT or WebVTT comes in, and as WebVTT is kept."""

from __future__ import annotations

import html
import io
import re
import unicodedata

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

MOST = 200_000  # characters: three hours of somebody who talks fast; in a form they stay below 2 MB
ARROW = "-->"
TAGS = re.compile(r"</?(?:[bciuv]|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<\d[\d:.]*>")  # WebVTT's own, and SubRip's
NO_CAPTIONS = (
    "These are no captions that can be read. Choose an SRT or WebVTT file, or type lines such as "
    "“00:00:01.000 --> 00:00:04.000” with the words below each."
)


class NotCaptions(ValueError):
    """They cannot be used; the message says why and what to do."""


def webvtt_of(text: str) -> str:
    """The same captions as WebVTT without styles, places and notes; "" for none. Raises `NotCaptions`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").strip()
    if not text:
        return ""
    if len(text) > MOST:
        raise NotCaptions(f"These captions have {len(text):,} characters, more than the {MOST:,} that can be kept.")
    cues = _read(text)
    before = ""
    for number, cue in enumerate(cues, 1):
        if not before <= cue.start < cue.end:  # HH:MM:SS.mmm each, so that they sort as they are
            raise NotCaptions(
                f"Caption {number} ({cue.start}) ends before it begins, or begins before the one above it."
            )
        before = cue.start
    written = [f"{cue.start} {ARROW} {cue.end}\n{_words(cue.raw_text)}" for cue in cues]
    return "\n\n".join(["WEBVTT", *written]) + "\n"


def _read(text: str) -> list[webvtt.Caption]:
    shape = "vtt" if text.startswith("WEBVTT") else "srt"
    try:
        cues = list(webvtt.from_buffer(io.StringIO(text + "\n"), format=shape))
    except (MalformedFileError, MalformedCaptionError, ValueError, IndexError):
        raise NotCaptions(NO_CAPTIONS) from None
    if not cues and ARROW not in text:
        raise NotCaptions(NO_CAPTIONS)
    wanted = sum(ARROW in line for line in text.split("\n"))
    if len(cues) != wanted or not all(_words(cue.raw_text) for cue in cues):
        read = sum(bool(_words(cue.raw_text)) for cue in cues)
        raise NotCaptions(
            f"Only {read} of the {wanted} captions can be read: each needs a line with its times and words below it."
        )
    return cues


def _words(text: str) -> str:
    """Lines with words, in which nothing is taken for a mark of the format."""
    plain = html.unescape(TAGS.sub("", text)).replace("\r", "\n")
    kept = "".join(each for each in plain if each == "\n" or unicodedata.category(each) != "Cc")
    lines = (line.strip() for line in unicodedata.normalize("NFC", kept).split("\n"))
    return "\n".join(html.escape(line, quote=False) for line in lines if line)
