"""Captions as networks take them: ours are WebVTT (w3.org/TR/webvtt1), many take SubRip (SRT) alone."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import regex

_AT = r"((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})"
_TIMES = regex.compile(rf"\s*{_AT}[ \t]+-->[ \t]+{_AT}(?:[ \t].*)?")
_TAG = regex.compile(r"</?[A-Za-z0-9][^<>]*>")  # who speaks, moments, slants: what SRT players would show as it is


def srt(webvtt: str) -> str:
    """The same cues as SRT; empty where there are none. Notes, styles and the cues' places are left out."""
    told = [f"{n}\n{cue}\n" for n, cue in enumerate(_cues(webvtt), 1)]
    return "\n".join(told)


def _cues(webvtt: str) -> Iterator[str]:
    plain = webvtt.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for block in regex.split(r"\n{2,}", plain):
        lines = block.strip("\n").split("\n")
        # The times are a cue's first line, or the second where it has a name.
        at = next((n for n, line in enumerate(lines[:2]) if _TIMES.fullmatch(line)), None)
        times = _TIMES.fullmatch(lines[at]) if at is not None else None
        words = [line for line in (unescape(_TAG.sub("", line)).strip() for line in lines[(at or 0) + 1 :]) if line]
        if times and words:
            yield f"{_moment(times[1])} --> {_moment(times[2])}\n" + "\n".join(words)


def _moment(told: str) -> str:
    """Hours are left out of WebVTT where there are none, never of SRT, which parts the thousandths by a comma."""
    return (told if told.count(":") == 2 else f"00:{told}").replace(".", ",")
