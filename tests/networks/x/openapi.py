"""Whether a request and its answer are what X's own description of its API says (OpenAPI 2.167, beside the project)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from functools import cache
from typing import Any

import httpx
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource, Specification

from tests.shared import shared

NAME = "urn:x-api"
OPAQUE: Specification[Any] = Specification.OPAQUE
OUTSIDE = ("/2/oauth2/token", "/2/oauth2/revoke", "/i/oauth2/authorize")  # the description says nothing of these


class Breach(AssertionError):
    """It is not what the description says."""


@cache
def _document() -> dict[str, Any]:
    """With every object closed that names its members, so that an invented one is found."""
    return _closed(json.loads(shared("x", "openapi-2.167-xdk.json").read_text(encoding="utf-8")))


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {name: _closed(value) for name, value in part.items()}
    if part.get("type") == "object" and part.get("properties"):
        closed.setdefault("additionalProperties", False)
    return closed


class Checked(httpx.BaseTransport):
    """Passes calls on, and checks each of them and its answer. `below`: the path under which the API lies."""

    def __init__(self, inner: httpx.BaseTransport, below: str = "") -> None:
        self.inner, self.below = inner, below
        self.seen: set[str] = set()  # the operations that were called

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        path = request.url.path.removeprefix(self.below)
        if path not in OUTSIDE:
            self.seen.add(check_request(request, path))
        told = self.inner.handle_request(request)
        answer = httpx.Response(told.status_code, headers=told.headers, content=told.read())
        told.close()
        if path not in OUTSIDE:
            check_answer(request, path, answer)
        return answer

    def close(self) -> None:
        self.inner.close()


def check_request(request: httpx.Request, path: str | None = None) -> str:
    """The name of the operation. Raises Breach."""
    operation, in_path = _operation(request.method, path or request.url.path)
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise Breach(f"{operation['operationId']} is not signed")
    _check_parameters(operation, in_path, request.url.params)
    _check_body(operation, request)
    return str(operation["operationId"])


def check_answer(request: httpx.Request, path: str, answer: httpx.Response) -> None:
    """Raises Breach. Of refusals the description knows few; the others must at least be problems."""
    operation, _ = _operation(request.method, path)
    if answer.is_success:
        _check(_content(operation["responses"][str(answer.status_code)]), answer.json(), operation["operationId"])
        return
    told = answer.json()
    if answer.headers["content-type"] != "application/problem+json" or told["status"] != answer.status_code:
        raise Breach(f"{operation['operationId']} answers {answer.status_code} with no problem")
    if not all(isinstance(told[name], str) for name in ("title", "detail", "type")):
        raise Breach(f"{operation['operationId']} answers {answer.status_code} with no problem")


def _operation(method: str, path: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    # A path without a variable comes before one with.
    for template, operations in sorted(_document()["paths"].items(), key=lambda one: one[0].count("{")):
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        if (found := re.fullmatch(pattern, path)) and method.lower() in operations:
            return operations[method.lower()], found.groupdict()
    raise Breach(f"{method} {path} is no operation")


def _check_parameters(operation: Mapping[str, Any], in_path: Mapping[str, str], query: httpx.QueryParams) -> None:
    known = {one["name"]: one for one in map(_meant, operation.get("parameters", ()))}
    given = {**in_path, **query}
    if len(query.multi_items()) != len(query) or set(given) - set(known):
        raise Breach(f"{operation['operationId']} does not know {set(given) - set(known)}, or it is there twice")
    for name, one in known.items():
        if name in given:
            _check(one["schema"], _typed(given[name], _meant(one["schema"])), name)
        elif one.get("required"):
            raise Breach(f"{operation['operationId']} lacks {name}")


def _meant(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands where a reference leads."""
    while "$ref" in part:
        found: Any = _document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    if schema["type"] == "array":
        return value.split(",")
    return int(value) if schema["type"] == "integer" else value


def _check_body(operation: Mapping[str, Any], request: httpx.Request) -> None:
    described = operation.get("requestBody")
    if described is None:
        if request.content:
            raise Breach(f"{operation['operationId']} takes no body")
        return
    kind = request.headers["content-type"].partition(";")[0]
    schema = described["content"][kind]["schema"]
    _check(schema, json.loads(request.content) if kind == "application/json" else dict(_parts(request)), kind)


def _parts(request: httpx.Request) -> Iterator[tuple[str, Any]]:
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    for part in message_from_bytes(head + request.content).get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        yield name, f"{len(content)} bytes" if part.get_filename() else int(content)


def _content(response: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = response["content"]["application/json"]["schema"]
    return schema


def _check(schema: Mapping[str, Any], value: Any, where: str) -> None:
    validator = OAS30Validator(_absolute(schema), registry=_registry())
    for error in validator.iter_errors(value):
        raise Breach(f"{where}: {error.json_path}: {error.message[:300]}")


@cache
def _registry() -> Registry[Any]:
    """The document under a name of its own, so that it is gone through once and not for each check."""
    return Registry().with_resource(NAME, Resource(contents=_document(), specification=OPAQUE))


def _absolute(part: Any) -> Any:
    """With references that lead into the named document."""
    if isinstance(part, list):
        return [_absolute(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: f"{NAME}{value}" if name == "$ref" and isinstance(value, str) else _absolute(value)
        for name, value in part.items()
    }
