"""Words and phrases as somebody writes them in a hurry: capitals, accents, signs and line breaks do not matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´")  # “I've” is one word, with or without
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """The words alone, with one blank between them; "" where there are none."""
    apart = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    seen = "".join(letter for letter in apart if unicodedata.category(letter) not in {"Mn", "Cf"})
    return " ".join(_WORD.findall(seen))


def holds_any(text: str, phrases: Iterable[str]) -> bool:
    """Whether any of the phrases stands in the text, as whole words in this order."""
    words = f" {plain(text)} "
    return any(f" {plain(phrase)} " in words for phrase in phrases)
