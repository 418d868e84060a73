"""Counts and shows a status's text as Mastodon does (source: docs.joinmastodon.org/user/posting)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from mercat.sandbox.graphemes import count_graphemes

URL_LENGTH = 23
# A link needs its scheme and a host; the sentence's own punctuation after it is cut off below.
URL = re.compile(r"(?<![\w@#/])https?://[^\s/?#<>\"'.,:;!@][^\s<>\"]*", re.IGNORECASE)
MENTION = re.compile(r"(?<![=/\w])@([a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_]+)?)(?:@([\w.-]+\w(?::\d+)?))?", re.IGNORECASE)
HASHTAG = re.compile(r"(?<![=/)\w])#([\w·]*[^\W\d][\w·]*)")
TRAILING = ".,:;!?'\"…"
SHOWN_URL_CHARACTERS = 30

Profile = Callable[[str, str | None], str | None]


def count(text: str, warning: str = "") -> int:
    """Characters that count against the limit: a link 23, of @user@host only @user; a content warning counts too."""
    shortened = "".join("x" * URL_LENGTH if kind == "url" else _without_hosts(piece) for kind, piece in _pieces(text))
    return count_graphemes(warning) + count_graphemes(shortened)


def to_html(text: str, base: str, profile: Profile) -> str:
    """`base`: the address of the server. `profile` gives the address of a mentioned account, None for a stranger."""
    body = "".join(_html(kind, piece, base, profile) for kind, piece in _pieces(text.strip()))
    paragraphs = re.split(r"(?:\r?\n){2,}", body)
    return "".join("<p>" + re.sub(r"\r?\n", "<br />", paragraph) + "</p>" for paragraph in paragraphs if paragraph)


def mentioned(text: str) -> list[tuple[str, str | None]]:
    """Names and hosts, without those inside links."""
    plain = (piece for kind, piece in _pieces(text) if kind == "text")
    return [(match[1], match[2]) for piece in plain for match in MENTION.finditer(piece)]


def hashtags(text: str) -> list[str]:
    plain = (piece for kind, piece in _pieces(text) if kind == "text")
    return [match[1] for piece in plain for match in HASHTAG.finditer(piece)]


def _pieces(text: str) -> list[tuple[str, str]]:
    """The text cut into ("url", …) and ("text", …)."""
    pieces, at = [], 0
    for match in URL.finditer(text):
        url = _trimmed(match[0])
        pieces += [("text", text[at : match.start()]), ("url", url)]
        at = match.start() + len(url)
    return [*pieces, ("text", text[at:])]


def _trimmed(url: str) -> str:
    while url[-1] in TRAILING or (url[-1] == ")" and url.count(")") > url.count("(")):
        url = url[:-1]
    return url


def _without_hosts(text: str) -> str:
    return MENTION.sub(lambda match: f"@{match[1]}", text)


def _html(kind: str, piece: str, base: str, profile: Profile) -> str:
    if kind == "url":
        return _link(piece)
    parts, at = [], 0
    for match in sorted([*MENTION.finditer(piece), *HASHTAG.finditer(piece)], key=lambda match: match.start()):
        if match.start() < at:
            continue
        marked = _hashtag(match[1], base) if match[0].startswith("#") else _mention(match, profile)
        parts += [escape(piece[at : match.start()]), marked]
        at = match.end()
    return "".join([*parts, escape(piece[at:])])


def _hashtag(tag: str, base: str) -> str:
    address, name = escape(f"{base}/tags/{tag}"), escape(tag)
    return f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{name}</span></a>'


def _mention(match: re.Match[str], profile: Profile) -> str:
    address = profile(match[1], match[2])
    if address is None:
        return escape(match[0])
    link = f'<a href="{escape(address)}" class="u-url mention">@<span>{escape(match[1])}</span></a>'
    return f'<span class="h-card" translate="no">{link}</span>'


def _link(url: str) -> str:
    scheme = re.match(r"https?://(?:www\.)?", url, re.IGNORECASE)
    start = scheme.end() if scheme else 0
    shown, rest = url[start : start + SHOWN_URL_CHARACTERS], url[start + SHOWN_URL_CHARACTERS :]
    cut = "ellipsis" if rest else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(url[:start])}</span><span class="{cut}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )
