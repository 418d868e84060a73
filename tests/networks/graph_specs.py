"""Calls and answers held against Meta's own specs of the Graph API (`specs/meta`), which name parameters and fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.shared import shared

# What every call takes (developers.facebook.com/docs/graph-api/overview), and paging.
UNIVERSAL = {"fields", "appsecret_proof", "limit", "after", "since", "until", "method"}
# Documented in prose, and not in the specs: the file of a photo (reference/page/photos).
WITHOUT_SPEC = {"ContentPublishingLimitResponse"}  # what some calls tell of is not among the specs placed
IN_PROSE = {("Page", "POST", "photos"): {"source"}}

Kinds = Callable[[str], str]


@cache
def spec(node: str) -> Mapping[str, Any]:
    return json.loads(shared("meta", "graph-api-specs", f"{node}.json").read_text(encoding="utf-8"))


def calls(node: str) -> dict[tuple[str, str], set[str]]:
    """The parameters of every call of a node, by method and edge ("" for the node itself)."""
    return {
        (api["method"], api.get("endpoint") or ""): {param["name"] for param in api["params"]}
        for api in spec(node)["apis"]
    }


def fields(node: str) -> set[str]:
    """Its fields, and the edges that can be asked for among them."""
    edges = {edge for method, edge in calls(node) if method == "GET" and edge}
    return {field["name"] for field in spec(node)["fields"]} | edges | {"id"}


def wrong_with(request: httpx.Request, kind_of: Kinds) -> list[str]:
    """What a call has that Meta's specs do not. `kind_of` tells which kind of node an id is of; "" for another's."""
    _, _, native_id, *edges = request.url.path.split("/")
    node, edge = kind_of(native_id), "/".join(edges)
    if not node:
        return []
    known = calls(node).get((request.method, edge))
    if known is None:
        return [f"{node} has no {request.method} /{edge}"]
    given = {name.partition("[")[0] for name in parameters(request)}
    takes = known | UNIVERSAL | IN_PROSE.get((node, request.method, edge), set())
    unknown = [f"{request.method} {node}/{edge} takes no {name}" for name in sorted(given - takes)]
    target = returned(node, request.method, edge)
    if target in WITHOUT_SPEC:
        return unknown
    asked = top_level(parameters(request).get("fields", ""))
    return unknown + [f"{target} has no field {name}" for name in asked if name not in fields(target)]


def returned(node: str, method: str, edge: str) -> str:
    """The kind of node that a call tells of."""
    return next(
        api["return"] for api in spec(node)["apis"] if api["method"] == method and (api.get("endpoint") or "") == edge
    )


def top_level(asked: str) -> list[str]:
    """The names of ?fields= outside braces, without modifiers."""
    plain, depth = "", 0
    for letter in asked:
        depth -= letter in "})"
        plain += letter if depth == 0 and letter not in "})" else ""
        depth += letter in "{("
    return [name.partition("{")[0].partition(".")[0] for name in plain.split(",") if name]


def parameters(request: httpx.Request) -> dict[str, str]:
    """Of the address and the form, files by their names alone."""
    given = dict(request.url.params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return given | dict(parse_qsl(request.content.decode(), keep_blank_values=True))
    if kind.startswith("multipart/form-data"):
        boundary = kind.partition("boundary=")[2].encode()
        for part in request.content.split(b"--" + boundary)[1:-1]:
            head, _, value = part.partition(b"\r\n\r\n")
            name = head.partition(b'name="')[2].partition(b'"')[0].decode()
            given[name] = "" if b"filename=" in head else value.rstrip(b"\r\n").decode()
    return given


def wrong_fields(node: Mapping[str, Any], kind: str, of_the_edge: frozenset[str] = frozenset()) -> list[str]:
    """What an answer tells that Meta's specs do not. `of_the_edge`: what an edge adds to its nodes (a page's tasks)."""
    return sorted(set(node) - fields(kind) - of_the_edge)
