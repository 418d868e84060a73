"""Weighs, shortens and shows a post's text as X does (docs.x.com, “Counting characters”; twitter-text, version 3).

Links without a scheme are known here by the endings below, where X knows every top-level domain.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from html import escape

import regex

MAX_WEIGHT = 280
LINK_WEIGHT = 23
ENDINGS = "|".join(
    (
        *("com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "app", "dev", "social", "online", "scot"),
        *("police", "uk", "ie", "de", "fr", "es", "it", "nl", "eu", "us", "ca", "au", "jp", "co", "io", "ly", "me"),
    )
)
LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}_-]*[\p{L}\p{N}\p{M}])?"
REST = r"(?::\d+)?(?:[/?#][\p{Latin}\p{Cyrillic}0-9!*';:=+,.$/%#\[\]\-–_~@|&?()]*[\p{Latin}\p{Cyrillic}0-9)=&/_#+-]|/)?"
LINK = regex.compile(
    rf"(?<![A-Za-z0-9@＠$#＃])(?P<host>(?P<scheme>https?://)(?:{LABEL}\.)+\p{{L}}{{2,}}){REST}"
    rf"|(?<![\p{{L}}\p{{N}}@＠$#＃_./-])(?P<host>(?:[A-Za-z0-9-]+\.)+(?:{ENDINGS}))(?![\p{{L}}\p{{N}}@+-]){REST}",
    regex.IGNORECASE,
)
EMOJI = regex.compile(
    r"[0-9#*]\uFE0F?\u20E3|\p{Regional_Indicator}{2}"
    r"|\p{Extended_Pictographic}(?!\uFE0E)[\uFE0F\p{Emoji_Modifier}\U000E0020-\U000E007F]*"
    r"(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*)*"
)
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # ranges of characters that weigh 1; others weigh 2
MENTION = regex.compile(r"(?<![\w@＠/])[@＠](\w{1,15})(?![\w@])", regex.ASCII)
HASHTAG = regex.compile(r"(?<![\w&/])[#＃](\w*[^\W\d_]\w*)")
UNTAKEN = regex.compile(r"[\uFFFE\uFEFF\uFFFF]")


def weight(text: str) -> int:
    normal = unicodedata.normalize("NFC", text)
    return sum(LINK_WEIGHT if kind == "link" else _words(piece) for kind, piece in pieces(normal))


def _words(text: str) -> int:
    rest, emoji = EMOJI.subn("", text)
    return 2 * emoji + sum(1 if any(low <= ord(each) <= high for low, high in LIGHT) else 2 for each in rest)


def links(text: str) -> list[str]:
    return [piece for kind, piece in pieces(text) if kind == "link"]


def mentioned(text: str) -> list[str]:
    """Names in small letters, each once."""
    names = (found[1].lower() for kind, piece in pieces(text) if kind == "text" for found in MENTION.finditer(piece))
    return list(dict.fromkeys(names))


def pieces(text: str) -> list[tuple[str, str]]:
    """The text cut into ("link", …) and ("text", …)."""
    cut, at = [], 0
    for found in LINK.finditer(text):
        if all(_fits(label) for label in found["host"].removeprefix(found["scheme"] or "").split(".")):
            link = _closed(found[0])
            cut += [("text", text[at : found.start()]), ("link", link)]
            at = found.start() + len(link)
    return [*cut, ("text", text[at:])]


def _fits(label: str) -> bool:
    """A part of a host's name may have 63 bytes, as it is looked up."""
    return len(label if label.isascii() else b"xn--" + label.encode("punycode")) <= 63


def _closed(link: str) -> str:
    """Without a bracket that closes what was opened before the link."""
    while link.endswith(")") and link.count(")") > link.count("("):
        link = link[:-1]
    return link


def short(native_id: str, what: str) -> str:
    """X's own link to something in a post: always of the same length."""
    return f"https://t.co/{hashlib.sha256(f'{native_id} {what}'.encode()).hexdigest()[:10]}"


def completed(link: str) -> str:
    """A link as X follows it."""
    return link if link.lower().startswith(("http://", "https://")) else f"http://{link}"


def to_html(text: str, base: str, known: Callable[[str], bool]) -> str:
    """`base`: the path of the network's pages. `known` tells whether an account is called so."""
    body = "".join(_link(piece) if kind == "link" else _marked(piece, base, known) for kind, piece in pieces(text))
    return f'<p class="text">{body}</p>'


def _link(link: str) -> str:
    shown = regex.sub(r"^https?://(?:www\.)?", "", link, flags=regex.IGNORECASE)
    shown = shown if len(shown) <= 30 else shown[:29] + "…"
    return f'<a href="{escape(completed(link))}" rel="nofollow noopener">{escape(shown)}</a>'


def _marked(text: str, base: str, known: Callable[[str], bool]) -> str:
    made, at = [], 0
    for found in sorted([*MENTION.finditer(text), *HASHTAG.finditer(text)], key=lambda found: found.start()):
        if found.start() < at:
            continue
        made += [escape(text[at : found.start()]), _mark(found, base, known)]
        at = found.end()
    return "".join([*made, escape(text[at:])])


def _mark(found: regex.Match[str], base: str, known: Callable[[str], bool]) -> str:
    if found[0][0] in "#＃":
        return f'<a href="{escape(base)}/hashtag/{escape(found[1])}">{escape(found[0])}</a>'
    if known(found[1]):
        return f'<a href="{escape(base)}/{escape(found[1])}">{escape(found[0])}</a>'
    return escape(found[0])
