"""The standing page for people who use social media as themselves, and that nothing of theirs is kept (1.3, 8.1)."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.test import Client

from mercat.people.pack import guidance
from tests import factories as make
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

PAGE = "/personal-use/"


def test_the_page_is_reached_from_every_page_and_points_to_the_guidance_on_online_safety() -> None:
    client = signed_in(make.person())
    for page in ("/", "/guidance/", "/people/"):
        assert f'href="{PAGE}"' in client.get(page).content.decode()
    said = client.get(PAGE)
    assert guidance().pack.personal_use.title in text_of(said)
    assert "read the force's guidance on online safety first" in text_of(said)
    assert 'href="https://www.ncsc.gov.uk/guidance/social-media-how-to-use-it-safely"' in said.content.decode()
    assert "Mercat keeps nothing about anybody’s own accounts" in text_of(said)


def test_whoever_has_no_sign_in_reads_it_too() -> None:
    said = Client().get(PAGE)
    assert said.status_code == 200
    assert guidance().pack.personal_use.title in text_of(said)
    assert "Sign out" not in text_of(said)


def test_it_takes_nothing() -> None:
    client = signed_in(make.person())
    assert client.post(PAGE, {"account": "@me"}).status_code == 405
    main = client.get(PAGE).content.decode().partition("<main")[2].partition("</main>")[0]
    assert "<form" not in main
    assert "<input" not in main


def test_there_is_no_place_for_anybodys_own_account() -> None:
    """Accounts stand in places of the authorised structure alone, and a person has no field for one."""
    assert not apps.get_model("register", "Account")._meta.get_field("slot").null
    fields = {field.name for field in apps.get_model("people", "Person")._meta.get_fields() if field.concrete}
    assert not {name for name in fields if re.search(r"handle|account|profile|social", name)}
