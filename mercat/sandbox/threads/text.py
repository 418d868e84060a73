"""Counts a text as Threads does: emoji by their UTF-8 bytes, links that differ, the first tag."""

from __future__ import annotations

import regex

_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")
_LINK = regex.compile(r"(?<![\w./@-])(?:https?://|www\.)[\w-]+(?:\.[\w-]+)+[^\s<>\"]*", regex.IGNORECASE)
_TAG = regex.compile(r"(?<![\w&#/])#([\w]*[^\W\d]\w*)")
_TRAILING = ".,:;!?'\"…)"


def count(text: str) -> int:
    return sum(len(part.encode()) if _EMOJI.search(part) else len(part) for part in regex.findall(r"\X", text))


def links(text: str) -> set[str]:
    return {match[0].rstrip(_TRAILING) for match in _LINK.finditer(text)}


def topic(text: str) -> str | None:
    """The first tag is the post's topic; others are words."""
    found = _TAG.search(text)
    return found[1] if found else None
