"""The body's own devices: what proves one, what others may do, and the leave that two people give."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.devices import break_glass
from mercat.people.devices.here import DEVICE_CLAIM, Device, situation, working_from
from mercat.people.models import BreakGlass, Notice, Person
from mercat.people.pack import guidance
from mercat.posts.models import Post
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

AWAY = {"REMOTE_ADDR": "203.0.113.9"}
HOME = reverse("web:home")
NEW = reverse("posts:new")
PAGE = reverse("people:device")


@pytest.fixture
def officer() -> Person:
    return make.person("Officer")


@pytest.fixture
def security() -> Person:
    return make.person("Security", unit_key="information-security", roles=("information-security-officer",))


def away(person: Person) -> Client:
    client = Client(**AWAY)
    client.force_login(person)
    return client


def asked(officer: Person) -> BreakGlass:
    return break_glass.ask(by=officer, reason="The laptop is broken, and a child is missing", now=NOW)


# What proves a device


def is_managed(client: Client, **headers: str) -> bool:
    """Whether something can be changed from there."""
    return client.post(reverse("people:read-all"), **headers).status_code == 302


def test_an_address_in_a_network_of_the_body_is_proof(officer: Person, settings) -> None:
    settings.MERCAT_DEVICE_NETWORKS = [ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("2001:db8::/48")]
    client = away(officer)
    for address, expected in (
        ("10.20.3.4", True),
        ("::ffff:10.20.3.4", True),
        ("2001:db8:0:7::1", True),
        ("10.21.3.4", False),
        ("127.0.0.1", False),
        ("2001:db9::1", False),
        ("", False),
        ("unix:", False),
    ):
        assert is_managed(client, REMOTE_ADDR=address) == expected, address


def test_an_address_is_no_proof_where_everybody_has_that_of_the_web_server_before(officer: Person, settings) -> None:
    settings.MERCAT_SHARED_ADDRESS = True
    assert not is_managed(signed_in(officer))


def test_a_certificate_counts_only_beside_the_secret_of_the_web_server(officer: Person, settings) -> None:
    client, shown = away(officer), {"HTTP_MERCAT_DEVICE": "CN=laptop-17"}
    assert not is_managed(client, **shown, HTTP_MERCAT_PROXY_SECRET="")  # none is set up: an empty one is no secret
    settings.MERCAT_PROXY_SECRET = "a long secret"
    assert is_managed(client, **shown, HTTP_MERCAT_PROXY_SECRET="a long secret")
    assert not is_managed(client, **shown, HTTP_MERCAT_PROXY_SECRET="another secret")
    assert not is_managed(client, **shown)
    assert not is_managed(client, HTTP_MERCAT_DEVICE=" ", HTTP_MERCAT_PROXY_SECRET="a long secret")


def test_what_the_identity_provider_said_counts_and_nothing_like_it(officer: Person) -> None:
    client = away(officer)
    for said, expected in ((True, True), ("true", False), (1, False), (False, False)):
        session = client.session
        session[DEVICE_CLAIM] = said
        session.save()
        assert is_managed(client) == expected, said


def test_a_proof_that_the_pack_does_not_count_is_none(officer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = guidance().pack.devices.model_copy(update={"proof": ["certificate"]})
    without_addresses = replace(guidance(), pack=guidance().pack.model_copy(update={"devices": rule}))
    monkeypatch.setattr("mercat.people.devices.here.guidance", lambda: without_addresses)
    assert not is_managed(signed_in(officer))


# What may be done from another device


def test_from_another_device_everything_is_read_and_nothing_changed(officer: Person) -> None:
    client = away(officer)
    said = text_of(client.get(HOME))
    assert "This is not a device of the force. From here you can read, and change nothing." in said
    answer = client.post(NEW)
    assert answer.status_code == 403
    assert "6.4 This is not a device of the force" in text_of(answer)
    assert not Post.objects.exists()
    assert client.post(reverse("web:sign-out")).status_code == 302


def test_signing_in_is_possible_from_anywhere(officer: Person) -> None:
    actions.set_passphrase(by=officer, person=officer, passphrase="harbour lantern mosaic", now=NOW)
    answer = Client(**AWAY).post(
        reverse("web:sign-in"), {"email": officer.email, "passphrase": "harbour lantern mosaic"}
    )
    assert answer.status_code == 302


def test_an_action_asks_by_itself_whatever_page_calls_it(security: Person, officer: Person) -> None:
    with working_from(Device()), pytest.raises(Refused, match="not a device of the force"):
        actions.end_access(by=security, person=officer, reason="It is time", now=NOW)
    assert situation(now=NOW).managed_device, "outside a request: the body's own server"


# Break-glass


def test_two_people_let_one_of_them_work_from_another_device_for_some_hours(
    officer: Person, security: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = away(officer)
    assert client.post(PAGE, {"reason": "The laptop is broken"}).status_code == 302
    row = BreakGlass.objects.get()
    alarm = Notice.objects.get(person=security)
    assert "Break-glass" in alarm.subject
    assert not is_managed(client), "asking changes nothing"
    answer = signed_in(security).post(reverse("people:device-answer", args=[row.pk]), {"answer": "allow"})
    assert answer.status_code == 302
    assert is_managed(client)
    assert "You work from another device until" in text_of(client.get(HOME))
    used = Event.objects.filter(what="device.break_glass_used")
    assert [event.facts for event in used] == [{"page": "people:read-all"}], "what is tried is on record"
    monkeypatch.setattr(timezone, "now", lambda: SOON + timedelta(hours=4))
    client.force_login(officer)  # the session of before is over, too
    assert not is_managed(client), "it ends by itself"


def test_it_is_ended_early_by_either(officer: Person, security: Person) -> None:
    for who in (officer, security):
        row = asked(officer)
        break_glass.answer(by=security, row=row, allow=True, now=NOW)
        break_glass.end(by=who, row=row, now=SOON)
        assert not is_managed(away(officer))
        with pytest.raises(Impossible, match="ended already"):
            break_glass.end(by=who, row=row, now=SOON)


def test_what_is_refused_opens_nothing_and_may_be_asked_again(officer: Person, security: Person) -> None:
    row = asked(officer)
    with pytest.raises(Impossible, match="asked already"):
        asked(officer)
    break_glass.answer(by=security, row=row, allow=False, now=NOW)
    assert not is_managed(away(officer))
    with pytest.raises(Impossible, match="answered already"):
        break_glass.answer(by=security, row=row, allow=True, now=NOW)
    asked(officer)


def test_nobody_answers_their_own_and_not_everybody_answers(security: Person, officer: Person) -> None:
    row = asked(security)
    with pytest.raises(Refused, match="for themselves"):
        break_glass.answer(by=security, row=row, allow=True, now=NOW)
    with pytest.raises(Refused, match="those who answer for security"):
        break_glass.answer(by=officer, row=row, allow=True, now=NOW)
    assert signed_in(officer).get(reverse("people:device-requests")).status_code == 403


def test_the_database_refuses_it_too(security: Person) -> None:
    row = asked(security)
    sql = "UPDATE people_breakglass SET answered_at = now(), answered_by_id = person_id WHERE id = %s"
    for statement in (sql, "UPDATE people_breakglass SET until = now() WHERE id = %s"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [row.pk])


def test_the_pages_say_where_one_stands(officer: Person, security: Person) -> None:
    assert "This is a device of the force" in text_of(signed_in(officer).get(PAGE))
    client = away(officer)
    assert "Ask to work from this device" in text_of(client.get(PAGE))
    assert client.post(PAGE, {"reason": " "}).status_code == 422
    assert client.post(PAGE, {"reason": "No laptop"}).status_code == 302
    assert "You asked" in text_of(client.get(PAGE))
    reader = signed_in(security)
    requests = reverse("people:device-requests")
    assert "Waits for an answer" in text_of(reader.get(requests))
    row = BreakGlass.objects.get()
    reader.post(reverse("people:device-answer", args=[row.pk]), {"answer": "allow"})
    assert "In force" in text_of(reader.get(requests))
    assert "You may work from this device until" in text_of(client.get(PAGE))
    assert client.post(reverse("people:device-end", args=[row.pk])).status_code == 302
    assert "Over" in text_of(reader.get(requests))


def test_without_any_request_the_page_teaches(security: Person) -> None:
    assert "Nobody has asked" in text_of(signed_in(security).get(reverse("people:device-requests")))
