"""Signing in: neutral, throttled, recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mercat.audit.models import Event
from mercat.people.signing_in.throttle import LIMITS, WINDOW
from tests import factories as make
from tests.pages import SOON, at_noon, passphrase_alone, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon", "passphrase_alone")]
PASSPHRASE = "thistle harbour lantern"
SIGN_IN = "/sign-in/"


@pytest.fixture
def person():
    return make.person("Officer", passphrase=PASSPHRASE)


def try_to(client: Client, email: str, passphrase: str = PASSPHRASE, **also: str):
    return client.post(SIGN_IN, {"email": email, "passphrase": passphrase, **also})


def test_the_right_passphrase_leads_home_in_a_new_session_and_is_recorded(person) -> None:
    client = Client()
    client.get(SIGN_IN)
    before = client.session.session_key
    response = try_to(client, person.email.upper())
    assert response.url == "/"
    assert client.session.session_key != before
    event = Event.objects.get(what="person.signed_in")
    assert event.actor == person.audit_ref


def test_a_wrong_passphrase_and_an_unknown_person_are_told_alike(person) -> None:
    wrong = text_of(try_to(Client(), person.email, "wrong")).replace(person.email, "")
    unknown = text_of(try_to(Client(), "nobody@mercat.example"))
    assert "do not belong together" in wrong
    assert wrong == unknown


def test_a_failure_is_recorded_without_the_address_in_the_log(person) -> None:
    try_to(Client(), person.email, "wrong")
    event = Event.objects.get(what="person.sign_in_failed")
    assert person.audit_ref in event.about
    assert person.email not in bytes(event.leaf).decode()
    assert event.personal.data["email"] == person.email


def test_after_too_many_wrong_ones_even_the_right_one_waits(person, monkeypatch) -> None:
    for _ in range(LIMITS["sign-in-pair"]):
        assert try_to(Client(), person.email, "wrong").status_code == 200
    response = try_to(Client(), person.email)
    assert response.status_code == 429
    assert "Wait 15 minutes" in text_of(response)
    later = SOON + WINDOW + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert try_to(Client(), person.email).status_code == 302


def test_wrong_ones_from_elsewhere_do_not_lock_a_person_out(person) -> None:
    for _ in range(LIMITS["sign-in-pair"]):
        try_to(Client(REMOTE_ADDR="10.9.9.9"), person.email, "wrong")
    assert try_to(Client(REMOTE_ADDR="10.1.1.1"), person.email).status_code == 302


def test_a_person_who_has_left_cannot_sign_in(person) -> None:
    person.is_active = False
    person.save()
    assert "do not belong together" in text_of(try_to(Client(), person.email))


def test_nothing_typed_is_two_errors_at_their_fields() -> None:
    response = Client().post(SIGN_IN, {})
    assert 'href="#email"' in response.content.decode()
    assert 'href="#passphrase"' in response.content.decode()


@pytest.mark.parametrize(
    ("wanted", "led"), [("/register/", "/register/"), ("https://elsewhere.example/", "/"), ("//x", "/")]
)
def test_it_leads_on_only_within_the_programme(person, wanted: str, led: str) -> None:
    assert try_to(Client(), person.email, next=wanted).url == led


def a_demonstration_person():
    row = make.person("Demonstration", passphrase=PASSPHRASE)
    row.number = "demo-communications"
    row.save()
    return row


def test_demonstration_people_sign_in_only_where_no_other_machine_asks(settings) -> None:
    row = a_demonstration_person()
    settings.MERCAT_LOOPBACK = False
    assert "do not belong together" in text_of(try_to(Client(), row.email))
    settings.MERCAT_LOOPBACK = True
    assert try_to(Client(), row.email).status_code == 302


def test_a_demonstration_persons_session_ends_when_other_machines_can_ask(settings) -> None:
    client = Client()
    try_to(client, a_demonstration_person().email)
    assert client.get("/").status_code == 200
    settings.MERCAT_LOOPBACK = False
    assert client.get("/").url.startswith(SIGN_IN)


@pytest.mark.parametrize(("shared", "status"), [(False, 429), (True, 302)])
def test_an_address_that_many_share_has_no_limit_of_its_own(person, settings, monkeypatch, shared, status) -> None:
    monkeypatch.setitem(LIMITS, "sign-in-address", 4)
    settings.MERCAT_SHARED_ADDRESS = shared
    for n in range(4):
        try_to(Client(), f"{n}@mercat.example", "wrong")
    assert try_to(Client(), person.email).status_code == status


def test_where_the_address_is_shared_the_account_keeps_its_limits(person, settings) -> None:
    settings.MERCAT_SHARED_ADDRESS = True
    for _ in range(LIMITS["sign-in-pair"]):
        try_to(Client(), person.email, "wrong")
    assert try_to(Client(), person.email).status_code == 429


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("2001:db8:1:2::a", "2001:db8:1:2:ffff::b", 429),
        ("2001:db8:1:2::a", "2001:db8:1:3::a", 302),
        ("::ffff:192.0.2.7", "192.0.2.7", 429),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", 302),
        ("not an address", "not an address", 429),
    ],
)
def test_whoever_has_a_whole_network_of_addresses_is_counted_once(person, first, second, status) -> None:
    for _ in range(LIMITS["sign-in-pair"]):
        try_to(Client(REMOTE_ADDR=first), person.email, "wrong")
    assert try_to(Client(REMOTE_ADDR=second), person.email).status_code == status


def test_signing_out_ends_the_session_and_is_recorded(person) -> None:
    client = signed_in(person)
    assert client.post(reverse("web:sign-out")).url == SIGN_IN
    assert client.get("/").status_code == 302
    assert Event.objects.filter(what="person.signed_out", actor=person.audit_ref).count() == 1


def test_demonstration_people_are_listed_only_in_a_demonstration(settings) -> None:
    row = make.person("Local Officer")
    row.number = "demo-local.officer"
    row.save()
    assert "Local Officer" not in text_of(Client().get(SIGN_IN))
    settings.MERCAT_DEMO = True
    said = text_of(Client().get(SIGN_IN))
    assert "Local Officer" in said
    assert "Training" in said
