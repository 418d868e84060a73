"""Webhooks: told in the same transaction, signed, tried for a day, sent again from the log, and never elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.models import Delivery, Endpoint, Person, Try
from mercat.people.webhooks import sending
from mercat.people.webhooks.actions import EVENTS, add, end, replay, secret_of
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import Holders
from tests.shared import ROOT

pytestmark = pytest.mark.django_db

ALL = sorted(EVENTS.values())


class Receiver(HTTPServer):
    """The other programme: answers with `status`, and remembers what it was told."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def endpoint(receiver: Receiver, settings) -> Endpoint:
    settings.MERCAT_PRIVATE_ORIGINS = frozenset({receiver.url.removesuffix("/hook"), "http://127.0.0.1:9"})
    return add(by=TEST, url=receiver.url, events=ALL, now=NOW)[0]


def leave(person: Person | None = None) -> Person:
    person = person or make.person()
    actions.mark_left(by=TEST, person=person, reason="Retired", now=NOW)
    return person


# Addresses


def test_only_the_administrator_says_who_is_told(holders: Holders) -> None:
    may = set()
    for name, holder in holders.items():
        try:
            row, _ = add(by=holder, url=f"https://desk.example/{name}", events=ALL, now=NOW)
            end(by=holder, endpoint=row, now=NOW)
        except Refused:
            continue
        may.add(name)
    assert may == {"administrator"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://desk.example/hook", "must begin with https"),
        ("http://127.0.0.1:5432/", "must begin with https"),
        ("ftp://desk.example", "whole address"),
        ("desk.example", "whole address"),
        ("https://me:secret@desk.example/", "neither a password"),
        ("https://desk.example/#here", "neither a password"),
    ],
)
def test_an_address_that_cannot_be_told_is_not_kept(db: None, url: str, words: str) -> None:
    with pytest.raises(Impossible, match=words):
        add(by=TEST, url=url, events=ALL, now=NOW)
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("events", [[], ["person.nobody"]])
def test_an_address_is_told_of_something_that_there_is(db: None, events: list[str]) -> None:
    with pytest.raises(Impossible, match="Choose what"):
        add(by=TEST, url="https://desk.example/", events=events, now=NOW)


def test_the_secret_is_sealed_to_its_address(db: None) -> None:
    row, secret = add(by=TEST, url="https://desk.example/", events=ALL, now=NOW)
    assert secret_of(Endpoint.objects.get()) == secret
    dump = str([list(model.objects.values()) for model in (Endpoint, Event)])
    assert secret not in dump
    assert secret.encode() not in bytes(row.sealed)
    Endpoint.objects.update(url="https://elsewhere.example/")
    status, problem = sending._call(Delivery(endpoint=Endpoint.objects.get(), body="{}"), now=NOW)
    assert status is None
    assert "do not open" in problem
    with pytest.raises(Impossible, match="told already"):
        add(by=TEST, url="https://elsewhere.example/", events=ALL, now=NOW)


# What is told


def test_what_is_told_is_kept_with_what_happened(endpoint: Endpoint) -> None:
    person = leave()
    row = Delivery.objects.get(event="person.left")
    event = Event.objects.get(what="person.left")
    assert row.occurrence == event.uid
    assert json.loads(row.body) == {
        "id": str(event.uid),
        "type": "person.left",
        "at": NOW.isoformat(),
        "data": {"person": {"id": str(person.pk), "number": person.number}},
    }


def _leave_and_fail(person: Person) -> None:
    leave(person)
    raise OSError("not after all")


def test_what_did_not_happen_is_not_told(endpoint: Endpoint) -> None:
    person = make.person()
    before = kept()
    with pytest.raises(OSError, match="after all"), transaction.atomic():
        _leave_and_fail(person)
    assert not gained(before)


def test_the_whole_of_an_access_is_told(endpoint: Endpoint) -> None:
    person = make.joined()
    actions.end_access(by=TEST, person=person, reason="Moved", now=NOW)
    told = list(Delivery.objects.filter(event__startswith="access.").order_by("pk").values_list("event", "body"))
    assert sorted(event for event, _ in told) == ["access.confirmed", "access.ended", "access.opened"]
    request = json.loads(told[0][1])["data"]["access_request"]
    assert request["reference"] == f"REQ-{person.number}"


def test_only_what_was_chosen_and_only_while_it_is_told(db: None) -> None:
    row, _ = add(by=TEST, url="https://desk.example/", events=["access.opened"], now=NOW)
    leave()
    assert not Delivery.objects.exists()
    end(by=TEST, endpoint=row, now=NOW)
    make.joined()
    assert not Delivery.objects.exists()


def test_an_event_is_for_an_address_once(endpoint: Endpoint) -> None:
    leave()
    row = Delivery.objects.get(event="person.left")
    with pytest.raises(DatabaseError, match="an_event_is_for_an_address_once"), transaction.atomic():
        Delivery.objects.create(
            endpoint=endpoint, event=row.event, occurrence=row.occurrence, body=row.body, at=NOW, due_at=NOW
        )


# Calling


def test_a_call_is_signed_and_its_answer_kept(endpoint: Endpoint, receiver: Receiver) -> None:
    leave()
    Delivery.objects.exclude(event="person.left").delete()
    sending.run(now=NOW)
    ((headers, body),) = receiver.told
    row = Delivery.objects.get()
    assert (headers["Mercat-Delivery"], headers["Mercat-Event"]) == (str(row.pk), "person.left")
    stamp, signed = (part.split("=")[1] for part in headers["Mercat-Signature"].split(","))
    expected = hmac.new(secret_of(endpoint).encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert (int(stamp), signed) == (int(NOW.timestamp()), expected)
    assert (row.delivered_at, row.due_at) == (NOW, None)
    assert Try.objects.get().status == 204
    sending.run(now=NOW + timedelta(days=1))
    assert len(receiver.told) == 1, "once"


def test_what_fails_is_tried_again_with_longer_waits_for_a_day(endpoint: Endpoint, receiver: Receiver) -> None:
    administrator = make.person("Admin", roles=("administrator",))
    leave()
    Delivery.objects.exclude(event="person.left").delete()
    receiver.status = 503
    waits: list[timedelta] = []
    now: datetime | None = NOW
    while now is not None:
        sending.run(now=now)
        due = Delivery.objects.get().due_at
        waits.append(due - now if due else timedelta())
        now = due
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[0] == timedelta(seconds=10)
    assert timedelta(hours=12) < sum(waits, timedelta()) <= timedelta(hours=24)
    assert {each.status for each in Try.objects.all()} == {503}
    assert administrator.notices.get().subject == "A webhook was given up"
    receiver.status = 200
    replay(by=administrator, delivery=Delivery.objects.get(), now=NOW + timedelta(days=2))
    sending.run(now=NOW + timedelta(days=2))
    assert Delivery.objects.get().delivered_at == NOW + timedelta(days=2)
    assert len({headers["Mercat-Delivery"] for headers, _ in receiver.told}) == 1, "under the same id"


def test_who_does_not_answer_keeps_no_other_waiting(endpoint: Endpoint, receiver: Receiver) -> None:
    dead, _ = add(by=TEST, url="http://127.0.0.1:9/", events=ALL, now=NOW)
    for _ in range(3):
        leave()
    sending.run(now=NOW)
    assert len(receiver.told) == Delivery.objects.filter(endpoint=endpoint).count()
    assert Try.objects.filter(delivery__endpoint=dead).count() == 1
    assert "Connect" in Try.objects.get(delivery__endpoint=dead).problem


def test_no_private_address_is_called(db: None) -> None:
    add(by=TEST, url="https://10.0.0.7/hook", events=ALL, now=NOW)
    leave()
    sending.run(now=NOW)
    assert "does not lie on a public address" in Try.objects.latest("pk").problem


def test_what_two_workers_take_is_not_the_same(endpoint: Endpoint) -> None:
    leave()
    Delivery.objects.exclude(event="person.left").delete()
    assert sending._take(set(), now=NOW) is not None
    assert sending._take(set(), now=NOW) is None, "leased"
    assert sending._take(set(), now=NOW + sending.LEASE) is not None, "who died with it left it"


def test_tries_only_grow(endpoint: Endpoint) -> None:
    leave()
    sending.run(now=NOW)
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic():
        Try.objects.update(status=200)


def test_the_receiver_of_the_how_to_knows_a_true_call_from_a_false_one() -> None:
    page = (ROOT / "docs" / "how-to" / "service-desk.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(code, names)
    is_true = names["is_true"]
    header = sending.signature("whsec_x", '{"a": 1}', at=NOW)
    at = NOW.timestamp()
    assert is_true("whsec_x", header, b'{"a": 1}', now=at + 200)
    assert not is_true("whsec_x", header, b'{"a": 2}', now=at)
    assert not is_true("whsec_y", header, b'{"a": 1}', now=at)
    assert not is_true("whsec_x", header, b'{"a": 1}', now=at + 301), "too old: it may have been recorded"
    assert not is_true("whsec_x", "nonsense", b"", now=at)
