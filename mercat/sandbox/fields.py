"""Reads what a caller sent, whether as JSON or as a form."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request


class BadBody(Exception):
    """The body is not what its content type says; the message is for the caller."""


def is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_json(request: Request) -> Any:
    """The body as JSON; None when it is empty. Raises BadBody."""
    body = await request.body()
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadBody("The body is not JSON.") from error


async def read_fields(request: Request) -> dict[str, Any]:
    """Form fields (`name[]` becomes a list called `name`), or the members of a JSON object. Raises BadBody."""
    if not is_form(request):
        body = await read_json(request)
        if body is not None and not isinstance(body, dict):
            raise BadBody("The body is not a JSON object.")
        return body or {}
    try:
        form = await request.form(max_part_size=64 * 1024 * 1024)
    except HTTPException as error:
        raise BadBody(f"The form cannot be read: {error.detail}") from error
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields
