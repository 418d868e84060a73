"""A post's text as safe HTML: facets become links, everything else is escaped."""

from __future__ import annotations

from html import escape
from typing import Any


def to_html(text: str, facets: list[dict[str, Any]]) -> str:
    """`facets` as checked when the record came in; where two overlap, the first wins."""
    data, parts, at = text.encode(), [], 0
    for facet in sorted(facets, key=lambda facet: facet["index"]["byteStart"]):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if start < at:
            continue
        parts += [escape(data[at:start].decode()), _linked(data[start:end].decode(), facet["features"])]
        at = end
    return '<p class="text">' + "".join(parts) + escape(data[at:].decode()) + "</p>"


def card(embed: dict[str, Any] | None) -> str:
    """The link card of a post that has one."""
    external = embed.get("external") if embed else None
    if external is None:
        return ""
    title = _linked(external["title"] or external["uri"], [{"uri": external["uri"]}])
    return f'<div class="card"><p>{title}</p><p>{escape(external["description"])}</p></div>'


def _linked(text: str, features: list[dict[str, Any]]) -> str:
    target = next((feature["uri"] for feature in features if "uri" in feature), "")
    if target.lower().startswith(("http://", "https://")):
        return f'<a href="{escape(target)}" rel="nofollow noopener noreferrer">{escape(text)}</a>'
    return f'<span class="facet">{escape(text)}</span>' if features else escape(text)
