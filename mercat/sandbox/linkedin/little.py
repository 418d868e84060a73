"""LinkedIn's "little" text: what a reader sees of it, and the form in which it is given back
(learn.microsoft.com/linkedin, Community Management, little Text Format).

A reserved character that is not escaped and begins no element cuts the text off at that place, without a word: so the
real network has been found to do.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

RESERVED = frozenset("\\|{}@[]()<>#*_~")
# By `regex`, whose letters are those of a newer Unicode than the language's own.
HASHTAG = regex.compile(r"#([\p{L}\p{N}]+)")
TEMPLATE = regex.compile(r"\{hashtag\|\\?#\|([\p{L}\p{N}]+)\}")
MENTION = regex.compile(r"@\[((?:[^\[\]\\]|\\.)+)\] ?\((urn:li:(?:person|organization):[A-Za-z0-9_-]+)\)")


@dataclass(frozen=True, slots=True)
class Little:
    """`plain`: as a reader sees it. `canonical`: as it is given back. `mentions`: the names of who is named."""

    plain: str
    canonical: str
    mentions: tuple[str, ...]


def read(given: str) -> Little:
    plain: list[str] = []
    canonical: list[str] = []
    mentions: list[str] = []
    at = 0
    while at < len(given):
        if given[at] == "\\" and at + 1 < len(given) and given[at + 1] in RESERVED:
            plain.append(given[at + 1])
            canonical.append(given[at : at + 2])
            at += 2
        elif tag := HASHTAG.match(given, at) or TEMPLATE.match(given, at):
            plain.append(f"#{tag[1]}")
            canonical.append(f"{{hashtag|\\#|{tag[1]}}}")
            at = tag.end()
        elif mention := MENTION.match(given, at):
            plain.append(regex.sub(r"\\(.)", r"\1", mention[1]))
            canonical.append(mention[0])
            mentions.append(mention[2])
            at = mention.end()
        elif given[at] in RESERVED:
            break
        else:
            plain.append(given[at])
            canonical.append(given[at])
            at += 1
    return Little("".join(plain), "".join(canonical), tuple(mentions))
