"""Text as X weighs it: the third version of its published rules (twitter-text, config/v3.json), counted by ourselves.

Every link weighs 23 and every emoji 2, however many characters it is made of; of the rest Latin and its neighbours
weigh 1 a character, everything else 2. Proven by the conformance cases that come with the rules.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from importlib.resources import files

import regex

from mercat.networks.kit.text import Span

LINK = 23  # transformedURLLength: whatever its length, X shows a link by one of its own
MOST_LINK = 4_096  # characters; what is longer stays text
MOST_LABEL = 63  # bytes of one part of a host's name, as it is looked up

# The ranges of weight 1 in config/v3.json; all else is of the default weight 2.
_HEAVY = regex.compile(r"[^\u0000-\u10FF\u2000-\u200D\u2010-\u201F\u2032-\u2037]")
_EMOJI = regex.compile(
    r"[0-9#*]\uFE0F?\u20E3"
    r"|\p{Regional_Indicator}{2}"
    r"|\p{Extended_Pictographic}(?!\uFE0E)[\uFE0F\p{Emoji_Modifier}]*[\U000E0020-\U000E007F]*"
    r"(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*)*"
)

_TLDS = frozenset(
    line
    for line in files("mercat.networks.x").joinpath("tlds.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
_LONGEST_TLD = max(map(len, _TLDS))
_LETTER = r"[^\p{Z}\p{C}\p{P}$+<=>^`|~]"  # of a host's name, in any alphabet
_DOTTED = rf"(?:{_LETTER}|[_-])++(?:\.(?:{_LETTER}|[_-])++)++"
_BAD = r"\uFFFE\uFEFF\uFFFF"
# Where a host could stand, as far as it could reach; every start is tried once, so that time grows with length alone.
_CANDIDATE = regex.compile(
    rf"(?<![A-Za-z0-9@＠$#＃{_BAD}])(?P<scheme>https?://)(?P<dotted>{_DOTTED})"
    rf"|(?:\G|(?<!{_LETTER}|[@＠$#＃_./-]|[{_BAD}]))(?P<dotted>{_DOTTED})",
    regex.IGNORECASE,
)
_LABEL = regex.compile(rf"{_LETTER}(?:(?:{_LETTER}|[_-])*{_LETTER})?")
_LOOKED_UP_TLD = regex.compile(r"xn--[-0-9a-z]{1,59}(?![0-9A-Za-z@+-])", regex.IGNORECASE)
_NOT_AFTER_TLD = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@+-")
_IN_PATH = r"\p{Latin}\p{Cyrillic}\p{M}0-9!*';:=+,.$/%#\[\]\-–_~@|&"
_ENDS_PATH = r"\p{Latin}\p{Cyrillic}\p{M}0-9+\-=_#/"
_IN_BRACKETS = rf"\((?:[{_IN_PATH}]|\([{_IN_PATH}]*+\))*+\)"
_PATH = rf"/(?:(?:[{_IN_PATH}]|{_IN_BRACKETS})*(?:[{_ENDS_PATH}]|{_IN_BRACKETS}))?"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
_REST = regex.compile(rf"(?::\d+)?(?:{_PATH})?(?:{_QUERY})?", regex.IGNORECASE)
# Without its scheme a host is a link only where it is written in Latin letters, up to its last part.
_PLAIN_HOST = regex.compile(
    r"(?:[-0-9\p{Latin}\u0300-\u036F]++\.)+(?:xn--[-0-9a-z]+|\L<tlds>)(?![0-9A-Za-z@+-])", regex.IGNORECASE, tlds=_TLDS
)
_SHORT = regex.compile(rf"https?://t\.co/([a-z0-9]+)(?:{_QUERY})?", regex.IGNORECASE)  # X's own have no more than this
_MOST_SHORT = 40


def weight(text: str) -> int:
    """How much of the limit a text takes."""
    text = unicodedata.normalize("NFC", text)
    total, at = 0, 0
    for link in links(text):
        total += _weight_of_words(text[at : link.start]) + LINK
        at = link.end
    return total + _weight_of_words(text[at:])


def _weight_of_words(text: str) -> int:
    rest, emoji = _EMOJI.subn("", text)
    weighed: int = 2 * emoji + len(rest) + len(_HEAVY.findall(rest))
    return weighed


def links(text: str) -> list[Span]:
    """Everything that X makes a link of, also without its scheme (“example.org”), in order."""
    found: list[Span] = []
    at = 0
    while candidate := _CANDIDATE.search(text, at):
        start, host = candidate.start(), candidate.start("dotted")
        at = candidate.end()
        if end := _end_of_host(text, host, candidate.end()):
            here = list(_with_scheme(text, start, host, end) if candidate["scheme"] else _plain(text, host, end))
            found += here
            at = max([end, *(span.end for span in here)])
    return found


def _end_of_host(text: str, start: int, end: int) -> int:
    """Where the longest host ends that begins at `start`; 0 where none does."""
    longest, at, before = 0, start, "_"
    for label in text[start:end].split("."):
        if "_" not in before and (tld := _tld_at(text, at, at + len(label))):
            longest = tld
        if not _LABEL.fullmatch(label) or len(_looked_up(label)) > MOST_LABEL:
            break
        before, at = label, at + len(label) + 1
    return longest


def _tld_at(text: str, start: int, end: int) -> int:
    """Where the longest top-level domain ends that begins at `start`; 0 where none does."""
    if looked_up := _LOOKED_UP_TLD.match(text, start):
        return start + len(looked_up[0])
    for at in range(min(end, start + _LONGEST_TLD), start, -1):
        if text[start:at].lower() in _TLDS and text[at : at + 1] not in _NOT_AFTER_TLD:
            return at
    return 0


def _looked_up(label: str) -> bytes:
    """A part of a host's name as it is looked up (RFC 3492). One that is written so already has no other letters."""
    if label.isascii():
        return label.encode()
    return b"?" * (MOST_LABEL + 1) if label.lower().startswith("xn--") else b"xn--" + label.encode("punycode")


def _with_scheme(text: str, start: int, at: int, end: int) -> Iterator[Span]:
    rest = _REST.match(text, end)
    link = text[start : rest.end() if rest else end]
    if text[at:end].lower() == "t.co" and (short := _SHORT.match(text, start)):
        if len(short[1]) > _MOST_SHORT:
            return
        link = short[0]
    if len(link) <= MOST_LINK:
        yield Span(start, start + len(link), link)


def _plain(text: str, start: int, end: int) -> Iterator[Span]:
    for host in _PLAIN_HOST.finditer(text[start:end]):
        rest = _REST.match(text, end) if start + host.end() == end else None  # it belongs to the last one
        link = host[0] + (rest[0] if rest else "")
        if len(link) <= MOST_LINK:
            yield Span(start + host.start(), start + host.start() + len(link), link)
