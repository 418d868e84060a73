"""A post's words as the pages of Meta's stand-ins show them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

_URL = re.compile(r"(?<![\w@#/])https?://[^\s/?#<>\"'.,:;!@][^\s<>\"]*", re.IGNORECASE)
_MARKED = re.compile(r"(?<![=/\w])#([\w]*[^\W\d]\w*)|(?<![=/\w])@([A-Za-z0-9._]+[A-Za-z0-9_])")
_TRAILING = ".,:;!?'\"…)"


def paragraphs(text: str, tags: str, profile: Callable[[str], str | None]) -> str:
    """Safe HTML. `tags`: the address below which tags have their pages; `profile`: the address of a named account."""
    body, at = "", 0
    for match in _URL.finditer(text):
        url = match[0].rstrip(_TRAILING)
        body += _marked(text[at : match.start()], tags, profile)
        body += f'<a href="{escape(url)}" rel="nofollow noopener noreferrer">{escape(url)}</a>'
        at = match.start() + len(url)
    body += _marked(text[at:], tags, profile)
    parts = re.split(r"(?:\r?\n){2,}", body.strip())
    return "".join("<p>" + re.sub(r"\r?\n", "<br>", part) + "</p>" for part in parts if part)


def _marked(text: str, tags: str, profile: Callable[[str], str | None]) -> str:
    html, at = "", 0
    for match in _MARKED.finditer(text):
        address = f"{tags}/{match[1]}" if match[1] else profile(match[2])
        html += escape(text[at : match.start()])
        html += f'<a href="{escape(address)}">{escape(match[0])}</a>' if address else escape(match[0])
        at = match.end()
    return html + escape(text[at:])


def card(link: str) -> str:
    """A link as it stands below a post."""
    if not link:
        return ""
    return f'<p class="card"><a href="{escape(link)}" rel="nofollow noopener noreferrer">{escape(link)}</a></p>'
