"""Whether a request and its answer are what YouTube's discovery document says (v3, revision 20261104)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import httpx

from tests.shared import shared

OUTSIDE = ("/token", "/o/oauth2/v2/auth")  # Google's sign-in is not in the document
CHECKS = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict, "array": list}


class Breach(AssertionError):
    """It is not what the document says."""


@cache
def document() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(shared("youtube", "youtube.v3.json").read_text(encoding="utf-8"))
    return told


def _methods(resources: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from _methods(resource.get("resources", {}))


class Checked(httpx.BaseTransport):
    """Passes calls on, and checks each of them and its answer. `below`: the path under which everything lies."""

    def __init__(self, inner: httpx.BaseTransport, below: str = "") -> None:
        self.inner, self.below = inner, below
        self.seen: set[str] = set()  # the methods that were called

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        path = request.url.path.removeprefix(self.below)
        told = self.inner.handle_request(request)
        answer = httpx.Response(told.status_code, headers=told.headers, content=told.read())
        told.close()
        if path not in OUTSIDE:
            self.seen.add(check_request(request, path))
            check_answer(request, path, answer)
        return answer

    def close(self) -> None:
        self.inner.close()


def _method(verb: str, path: str) -> tuple[dict[str, Any], bool]:
    """The method, and whether it is asked where files go."""
    for method in _methods(document()["resources"]):
        upload = method.get("mediaUpload", {}).get("protocols", {}).get("simple", {}).get("path")
        if path == upload and verb in {method["httpMethod"], "PUT"}:
            return method, True
        if path == f"/{method['path']}" and verb == method["httpMethod"]:
            return method, False
    raise Breach(f"{verb} {path} is no method")


def check_request(request: httpx.Request, path: str | None = None) -> str:
    """The name of the method. Raises Breach."""
    method, uploads = _method(request.method, path or request.url.path)
    name = str(method["id"])
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise Breach(f"{name} is not signed")
    if uploads and request.method == "PUT":
        return f"{name} (bytes)"  # to the address that the session named
    _check_query(method, request.url.params, uploads)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        _check(method["request"]["$ref"], json.loads(request.content), name)
    elif kind == "multipart/related":
        _check(method["request"]["$ref"], json.loads(request.content.split(b"\r\n\r\n")[1].split(b"\r\n--")[0]), name)
    elif request.content and not uploads:
        raise Breach(f"{name} takes no {kind}")
    if uploads and len(request.content) > int(method["mediaUpload"]["maxSize"]):
        raise Breach(f"{name} takes less")
    return name


def _check_query(method: Mapping[str, Any], query: httpx.QueryParams, uploads: bool) -> None:
    known = dict(method.get("parameters", {}))
    if uploads:
        known["uploadType"] = document()["parameters"]["uploadType"]
    if len(query.multi_items()) != len(query) or set(query) - set(known):
        raise Breach(f"{method['id']} does not know {set(query) - set(known)}, or it is there twice")
    for name, about in known.items():
        if name not in query:
            if about.get("required"):
                raise Breach(f"{method['id']} lacks {name}")
            continue
        value = query[name]
        if "enum" in about and value not in about["enum"]:
            raise Breach(f"{method['id']}: {name} is {value}")
        if about["type"] == "integer" and not int(about.get("minimum", 0)) <= int(value) <= int(about["maximum"]):
            raise Breach(f"{method['id']}: {name} is {value}")
        if about["type"] == "boolean" and value not in {"true", "false"}:
            raise Breach(f"{method['id']}: {name} is {value}")


def check_answer(request: httpx.Request, path: str, answer: httpx.Response) -> None:
    """Raises Breach. Refusals are not in the document; they must have Google's shape."""
    method, uploads = _method(request.method, path)
    in_upload = uploads and request.url.params.get("uploadType") == "resumable"
    if in_upload and answer.status_code in {200, 308} and not answer.content:
        return  # a session was begun, or more is to come
    if not answer.is_success:
        error = answer.json()["error"]
        if error["code"] != answer.status_code or not all(one["reason"] and one["domain"] for one in error["errors"]):
            raise Breach(f"{method['id']} answers {answer.status_code} in another shape")
        return
    if "response" not in method:
        if answer.content:
            raise Breach(f"{method['id']} answers nothing")
        return
    _check(method["response"]["$ref"], answer.json(), str(method["id"]))


def _check(schema: str, value: Any, where: str) -> None:
    _check_part({"$ref": schema}, value, where)


def _check_part(about: Mapping[str, Any], value: Any, where: str) -> None:
    if "$ref" in about:
        about = document()["schemas"][about["$ref"]]
    kind = about["type"]
    if kind != "any" and (not isinstance(value, CHECKS[kind]) or (kind == "integer" and isinstance(value, bool))):
        raise Breach(f"{where} is no {kind}: {value!r:.100}")
    if "enum" in about and value not in about["enum"]:
        raise Breach(f"{where} is {value!r}")
    if about.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        raise Breach(f"{where} is no moment: {value}")
    if about.get("format") == "uint64" and not value.isdecimal():
        raise Breach(f"{where} is no number: {value}")
    if kind == "array":
        for n, each in enumerate(value):
            _check_part(about["items"], each, f"{where}[{n}]")
    if kind == "object" and "properties" in about:
        if unknown := set(value) - set(about["properties"]):
            raise Breach(f"{where} has {unknown}")
        for name, each in value.items():
            _check_part(about["properties"][name], each, f"{where}.{name}")
