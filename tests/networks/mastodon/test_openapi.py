"""What the adapter asks and what the stand-in answers, against the API's own description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from mercat.networks.mastodon.adapter import NETWORK
from mercat.networks.port import NewProfile, Sent
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, picture
from tests.networks.servers import Sandbox
from tests.shared import shared

OPENAPI = json.loads(shared("mastodon", "openapi-schema.json").read_text(encoding="utf-8"))


class Watching:
    """Every call that a client makes, with its operation in the description."""

    def __init__(self, base: str) -> None:
        self.prefix = httpx.URL(base).path
        self.seen: list[tuple[httpx.Request, httpx.Response]] = []

    def __call__(self, response: httpx.Response) -> None:
        response.read()
        self.seen.append((response.request, response))

    def operation(self, request: httpx.Request) -> tuple[str, dict[str, Any]]:
        parts = request.url.path.removeprefix(self.prefix).split("/")
        known = [path for path in OPENAPI["paths"] if _fits(path.split("/"), parts)]
        path = min(known, key=lambda path: path.count("{"))
        return f"{request.method} {path}", OPENAPI["paths"][path][request.method.lower()]


def _fits(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(p == q or p.startswith("{") for p, q in zip(pattern, parts, strict=True))


def _properties(schema: dict[str, Any]) -> set[str]:
    """The names of a body's fields, whichever of its forms has them."""
    if "$ref" in schema:
        return _properties(OPENAPI["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    forms = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())]
    return set(schema.get("properties", ())).union(*map(_properties, forms))


def _check(schema: Any, value: Any, where: str) -> None:
    whole = {**schema, "components": OPENAPI["components"]}
    errors = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in Draft202012Validator(whole).iter_errors(value)
    ]
    assert not errors, (where, errors[:20])


@pytest.fixture
def watched(sandbox: Sandbox) -> Iterator[Any]:
    assert NETWORK.connector
    watching = Watching(sandbox.base_url)
    with client_for(sandbox.origin) as http:
        http.event_hooks["response"].append(watching)
        station, walker = (
            channel_of(NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC)), http)
            for _ in range(2)
        )
        yield watching, station, walker


@pytest.mark.parametrize("sandbox", ["mastodon"], indirect=True)
def test_every_call_and_every_answer_fits_the_description(watched: Any) -> None:
    watching, station, walker = watched
    _everything(station, walker)
    names = set()
    for request, response in watching.seen:
        name, operation = watching.operation(request)
        names.add(name)
        told = {each["name"].removesuffix("[]") for each in operation.get("parameters", ()) if each["in"] == "query"}
        assert {each.removesuffix("[]") for each in request.url.params} <= told, name
        kind = request.headers.get("content-type", "")
        if kind == "application/json":
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            body = json.loads(request.content)
            assert {each.removesuffix("[]") for each in _properties(schema)} >= set(body), name
        answer = operation["responses"][str(response.status_code)]["content"]["application/json"]["schema"]
        _check(answer, response.json(), name)
    assert {
        "PUT /api/v1/statuses/{id}",
        "PATCH /api/v1/accounts/update_credentials",
        "GET /api/v1/notifications",
        "GET /api/v1/statuses/{id}/context",
        "GET /api/v2/search",
        "POST /api/v1/reports",
    } <= names


def _everything(station: Any, walker: Any) -> None:
    now = datetime.now(UTC)
    notes = MemoryNotes()
    one = item("Snow.", picture(), created_at=now)
    sent = NETWORK.publisher.publish(station, one, notes, now=now)
    assert isinstance(sent, Sent)
    walker_says = item(f"@{station.handle.partition('@')[0]} Thank you!", created_at=now)
    NETWORK.publisher.publish(walker, walker_says, MemoryNotes(), now=now)
    for native_id in (sent.native_id, None):
        NETWORK.reader.find(station, one, notes, native_id=native_id, is_another=nobodys, now=now)
    assert NETWORK.lister
    assert NETWORK.lister.posts(station, since=now - timedelta(minutes=1), now=now)
    assert NETWORK.editor
    assert NETWORK.profiler
    assert NETWORK.metrics
    assert NETWORK.listener
    assert NETWORK.searcher
    assert NETWORK.reporter
    assert NETWORK.remover
    NETWORK.editor.edit(station, item("Ice.", picture("Ice")), native_id=sent.native_id, now=now)
    NETWORK.profiler.change(station, NewProfile("Tayside", "Call 101."), now=now)
    NETWORK.profiler.profile(station, now=now)
    NETWORK.metrics.figures(station, native_id=sent.native_id, now=now)
    assert NETWORK.listener.mentions(station, since=now - timedelta(minutes=1), now=now)
    NETWORK.listener.comments(station, native_id=sent.native_id, now=now)
    NETWORK.searcher.accounts(station, walker.handle, now=now)
    NETWORK.reporter.report(station, account=walker.native_id, words="It pretends to be us.", now=now)
    NETWORK.remover.remove(station, native_id=sent.native_id, now=now)
