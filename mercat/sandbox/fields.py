"""Reads what a caller sent, whether as JSON or as a form."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_PART_BYTES = 64 * 1024 * 1024


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
        value = json.loads(body, parse_constant=_refuse_constant)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise BadBody("The body is not JSON.") from error
    return value


def _refuse_constant(name: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(name)


async def read_fields(request: Request) -> dict[str, Any]:
    """Form fields (`name[]` becomes a list called `name`, a file its bytes), or the members of a JSON object.

    Raises BadBody.
    """
    if not is_form(request):
        body = await read_json(request)
        if body is not None and not isinstance(body, dict):
            raise BadBody("The body is not a JSON object.")
        return body or {}
    try:
        async with request.form(max_part_size=MAX_PART_BYTES) as form:
            return await _form_fields(form)
    except HTTPException as error:
        raise BadBody(f"The form cannot be read: {error.detail}") from error


async def _form_fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, given in form.multi_items():
        value = await given.read() if isinstance(given, UploadFile) else given
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields
