"""The little Markdown that networks' guides are written in, as safe HTML: lists, paragraphs, strong, code, links.

Everything is escaped first; nothing that a guide says can become another tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

NUMBERED = re.compile(r"\d+\.\s+")
BULLET = re.compile(r"[-*]\s+")
INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\[([^\]]+)\]\((https://[^)\s]+)\)"), r'<a class="govuk-link" href="\2" rel="noreferrer">\1</a>'),
)


def markdown(text: str) -> Markup:
    return Markup("\n").join(_block(kind, list(group)) for kind, group in groupby(_whole(text), _kind))


def _whole(text: str) -> list[str]:
    """Paragraphs and items, each in one line: a line goes on what stands right above it, unless it begins an item."""
    found: list[str] = []
    goes_on = False
    for line in map(str.strip, text.splitlines()):
        if line and goes_on and _kind(line) == "p":
            found[-1] += f" {line}"
        elif line:
            found.append(line)
        goes_on = bool(line)
    return found


def _kind(line: str) -> str:
    if NUMBERED.match(line):
        return "ol"
    return "ul" if BULLET.match(line) else "p"


def _block(kind: str, lines: list[str]) -> Markup:
    if kind == "p":
        return Markup("").join(Markup('<p class="govuk-body">%s</p>') % _inline(line) for line in lines)
    return _list(kind, (re.sub(r"^(\d+\.|[-*])\s+", "", line) for line in lines))


def _list(tag: str, items: Iterator[str]) -> Markup:
    style = {"ol": "number", "ul": "bullet"}[tag]
    inner = Markup("").join(Markup("<li>%s</li>") % _inline(item) for item in items)
    # Both words come from the two tables above.
    return Markup(f'<{tag} class="govuk-list govuk-list--{style}">%s</{tag}>') % inner  # noqa: S704


def _inline(text: str) -> Markup:
    html = str(escape(text))
    for pattern, replacement in INLINE:
        html = pattern.sub(replacement, html)
    return Markup(html)  # noqa: S704 - escaped above; the replacements add only fixed tags
