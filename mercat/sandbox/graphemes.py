"""Counts what a person sees as one character."""

from __future__ import annotations

import regex

_GRAPHEME = regex.compile(r"\X")


def count_graphemes(text: str) -> int:
    return sum(1 for _ in _GRAPHEME.finditer(text))
