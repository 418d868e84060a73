"""Pages of tokens and webhooks: for the administrator, secrets shown once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from mercat.people import actions
from mercat.people.api import tokens
from mercat.people.models import Delivery, Endpoint, Person, Token
from mercat.people.webhooks.actions import add
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

TOKENS, WEBHOOKS = reverse("people:tokens"), reverse("people:webhooks")


@pytest.fixture
def administrator() -> Person:
    return make.person("Administrator", roles=("administrator",))


@pytest.fixture
def endpoint() -> Endpoint:
    return add(by=TEST, url="https://desk.example/hook", events=["person.left"], now=NOW)[0]


@pytest.mark.parametrize("page", [TOKENS, WEBHOOKS])
def test_they_are_the_administrators_alone(page: str) -> None:
    answer = signed_in(make.person("Officer")).get(page)
    assert answer.status_code == 403
    assert "M.9" in text_of(answer)


def test_empty_pages_teach(administrator: Person) -> None:
    client = signed_in(administrator)
    assert "No other programme acts here." in text_of(client.get(TOKENS))
    assert "No other programme is told" in text_of(client.get(WEBHOOKS))


def test_a_token_is_made_shown_once_and_revoked(administrator: Person) -> None:
    client, ict = signed_in(administrator), make.person("Desk", roles=("ict",))
    typed = {"name": "Desk system", "owner": ict.number, "scopes": ["access:read"], "days": "90"}
    said = text_of(client.post(TOKENS, typed))
    secret = re.search(r"mercat_[\w-]{40,}", said).group()
    row = Token.objects.get()
    assert tokens.find(secret, now=SOON) is None  # its owner has not said yes
    desk = signed_in(ict)
    assert "Desk system" in text_of(desk.get(reverse("people:own-tokens")))
    assert client.post(reverse("people:token-accept", args=[row.pk])).status_code == 404
    assert desk.post(reverse("people:token-accept", args=[row.pk])).status_code == 302
    assert tokens.find(secret, now=SOON) == row
    assert (row.owner, row.expires_at, row.made_by) == (ict, SOON + timedelta(days=90), administrator)
    assert secret not in text_of(client.get(TOKENS))
    assert "Desk system" in text_of(client.get(TOKENS))
    assert client.post(reverse("people:token-revoke", args=[row.pk])).status_code == 302
    assert tokens.find(secret, now=SOON) is None


def test_what_is_wrong_is_said_and_nothing_made(administrator: Person) -> None:
    answer = signed_in(administrator).post(TOKENS, {"name": "", "owner": "nobody", "days": "7"})
    said = text_of(answer)
    assert answer.status_code == 422
    for words in ("Enter what the token is for", "Nobody on the list has this staff number", "Choose what the token"):
        assert words in said
    assert not Token.objects.exists()


def test_an_address_is_added_shown_once_and_ended(administrator: Person) -> None:
    client = signed_in(administrator)
    said = text_of(client.post(WEBHOOKS, {"url": "https://desk.example/hook", "events": ["person.left"]}))
    assert re.search(r"whsec_[\w-]{40,}", said)
    assert "whsec_" not in text_of(client.get(WEBHOOKS))
    row = Endpoint.objects.get()
    client.post(reverse("people:webhook-end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_at == SOON
    answer = client.post(WEBHOOKS, {"url": "http://desk.example/hook", "events": ["person.left"]})
    assert answer.status_code == 422
    assert "must begin with https" in text_of(answer)


def test_the_log_tells_each_try_and_sends_again(administrator: Person, endpoint: Endpoint) -> None:
    client, log = signed_in(administrator), reverse("people:webhook-log", args=[endpoint.pk])
    assert "Nothing yet" in text_of(client.get(log))
    actions.mark_left(by=TEST, person=make.person(), reason="Retired", now=NOW)
    row = Delivery.objects.get()
    row.tries.create(at=NOW, status=503)
    Delivery.objects.update(due_at=None)
    said = text_of(client.get(log))
    assert "Given up" in said
    assert "503" in said
    assert client.post(reverse("people:webhook-replay", args=[row.pk])).status_code == 302
    assert Delivery.objects.get().due_at == SOON


def test_nobody_else_sends_again_or_ends(endpoint: Endpoint) -> None:
    client = signed_in(make.person("Officer"))
    assert client.post(reverse("people:webhook-end", args=[endpoint.pk])).status_code == 403
    assert Endpoint.objects.get().ended_at is None
