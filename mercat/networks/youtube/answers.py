"""Parts of YouTube's answers, whatever their shape turns out to be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.kit.steps import fields_of, text_of


def object_of(fields: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """What stands at the end of a path of names; empty where it is no object."""
    for name in names:
        value = fields.get(name)
        fields = value if isinstance(value, dict) else {}
    return fields


def objects_of(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def items_of(response: httpx.Response) -> list[Mapping[str, Any]] | None:
    """What an answer lists; None where it is no list. An empty list may be left out of the answer."""
    answer = fields_of(response)
    if not response.is_success or not text_of(answer, "kind").endswith("ListResponse"):
        return None
    items = answer.get("items", [])
    return objects_of(items) if isinstance(items, list) else None


def next_page(response: httpx.Response) -> str:
    """What to ask the next page by; empty where this is the last."""
    return text_of(fields_of(response), "nextPageToken")


def moment_of(fields: Mapping[str, Any], name: str) -> datetime | None:
    """A time with its zone; None where it is none."""
    try:
        at = datetime.fromisoformat(text_of(fields, name))
    except ValueError:
        return None
    return at if at.tzinfo else None


def number_of(fields: Mapping[str, Any], name: str) -> int | None:
    """A count, which YouTube writes as text."""
    text = text_of(fields, name, 19)
    return int(text) if text.isascii() and text.isdecimal() and int(text) < 2**63 else None
