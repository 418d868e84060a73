"""Text as the networks count and mark it."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

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
    while found[-1] in _TRAILING or _closes_outer(found):
        found = found[:-1]
    return Span(start, start + len(found), found)


def _closes_outer(found: str) -> bool:
    opening = _CLOSING.get(found[-1])
    return opening is not None and found.count(found[-1]) > found.count(opening)


def byte_slice(text: str, span: Span) -> tuple[int, int]:
    """Where a span lies in the UTF-8 bytes of its text."""
    start = len(text[: span.start].encode())
    return start, start + len(text[span.start : span.end].encode())


def squashed(text: str) -> str:
    """Text with every run of white space as one blank: for comparing where a network re-flows paragraphs."""
    return " ".join(text.split())


def text_of_html(html: str) -> str:
    """What a person would read: paragraphs parted by an empty line, breaks as line ends."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.pieces).strip("\n")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
