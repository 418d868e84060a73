"""Text as the networks count and mark it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

import regex

# Links are recognised with their protocol only: without a list of all top-level domains "done.Next" would be one.
# What may stand before a link follows twitter-text, which Mastodon's own extractor grew from.
_LINK = regex.compile(
    r"(?<![A-Za-z0-9@$#＠＃])"
    r"https?://(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]+|\p{L}{2,})(?::\d{1,5})?"
    r"(?:[/?#][^\s<>\"]*)?",
    regex.IGNORECASE,
)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_TRAILING = ".,;:!?'\"*…’”"

MOST_HTML = 500_000  # characters; what a server shows of a post has a few thousand
# Possessive, and with its end left open: a tag that never closes is passed over once, not tried again from each "<".
_TAG = regex.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*+>?""")
_LINE_ENDS = {"<br": "\n", "</p": "\n\n"}
_LONG_REFERENCE = regex.compile(
    r"&#[0-9A-Fa-fxX]{9,}"
)  # no character has so high a number, and Python refuses to read it


def units(text: str) -> int:
    """Characters as the web counts them, in units of UTF-16: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: `start` and `end` in characters, end exclusive."""

    start: int
    end: int
    text: str

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def graphemes(text: str) -> int:
    """Extended grapheme clusters, what a reader takes for one character; `regex` counts as AT Protocol servers do."""
    return len(regex.findall(r"\X", text))


def links(text: str) -> list[Span]:
    """Every http or https link, without the punctuation that ends a sentence or closes a bracket around it."""
    return [_trimmed(match.start(), match.group()) for match in _LINK.finditer(text)]


def _trimmed(start: int, found: str) -> Span:
    held, end = Counter(found), len(found)
    while found[end - 1] in _TRAILING or _closes_outer(found[end - 1], held):
        end -= 1
        held[found[end]] -= 1
    return Span(start, start + end, found[:end])


def _closes_outer(last: str, held: Mapping[str, int]) -> bool:
    opening = _CLOSING.get(last)
    return opening is not None and held[last] > held[opening]


def byte_slice(text: str, span: Span) -> tuple[int, int]:
    """Where a span lies in the UTF-8 bytes of its text."""
    start = len(text[: span.start].encode())
    return start, start + len(text[span.start : span.end].encode())


def squashed(text: str) -> str:
    """Text with every run of white space as one blank: for comparing where a network re-flows paragraphs."""
    return " ".join(text.split())


def text_of_html(html: str) -> str | None:
    """What a person would read: paragraphs parted by an empty line, breaks as line ends. None where it is too long.

    For HTML as servers make it of a post. Time grows with the length alone, and nothing raises: what is no whole tag
    stays as text.
    """
    if len(html) > MOST_HTML:
        return None
    plain = _TAG.sub(lambda tag: _shown(tag.group()), html)
    return unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", plain)).strip("\n")


def _shown(tag: str) -> str:
    if not tag.endswith(">"):
        return tag
    name = regex.match(r"</?[a-z0-9]*", tag.lower())
    return _LINE_ENDS.get(name.group(), "") if name else ""
