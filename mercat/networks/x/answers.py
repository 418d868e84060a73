"""Parts of X's answers, whatever their shape turns out to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from mercat.networks.kit.steps import fields_of, text_of


def data_of(response: httpx.Response) -> Mapping[str, Any]:
    """The one thing that an answer is about; empty where it is none."""
    return object_of(fields_of(response), "data")


def listed_in(response: httpx.Response) -> list[Mapping[str, Any]] | None:
    """The things that an answer lists; None where it is no list. X leaves the list out where it would be empty."""
    answer = fields_of(response)
    listed = answer.get("data", [] if isinstance(answer.get("meta"), dict) else None)
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return None
    return listed


def next_page(response: httpx.Response) -> str:
    """What to ask the next page by; empty where this is the last."""
    return text_of(object_of(fields_of(response), "meta"), "next_token")


def included(includes: Any, name: str) -> list[Mapping[str, Any]]:
    return objects_of(includes.get(name)) if isinstance(includes, dict) else []


def object_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def strings_of(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
