"""Signing in, in a real browser: a passkey of a virtual authenticator, codes, a proof before an act, recovery."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone
from playwright.sync_api import CDPSession, Page, expect

from mercat.people import actions
from mercat.people.models import Person
from tests import factories as make
from tests.journeys.conftest import fits, no_findings, sign_in

WORDS = "mosaic saddle orchard"
OTHER = "violin pebble harvest"


@pytest.fixture
def person(house) -> Person:
    """Somebody of the body's own: what is left out for demonstration people binds them."""
    return make.person("Officer", passphrase=WORDS, now=timezone.now())


@pytest.fixture
def page(new_page, person) -> Page:
    """At localhost: browsers bind passkeys to names, not to addresses."""
    found = new_page()
    found.goto("/healthz")
    return found


@pytest.fixture
def authenticator(page: Page) -> Iterator[CDPSession]:
    """A device with a fingerprint reader, which always says yes."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    made = debugger.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield debugger
    debugger.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})


def at_localhost(page: Page, house: str, path: str) -> None:
    page.goto(house.replace("127.0.0.1", "localhost") + path)


def give_passphrase(page: Page, person: Person, words: str = WORDS) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.locator("#passphrase").fill(words)
    page.get_by_role("button", name="Sign in", exact=True).click()


def look(page: Page) -> None:
    no_findings(page)
    fits(page)


def is_home(page: Page) -> None:
    expect(page.get_by_role("heading", name="What needs me now?")).to_be_visible()


def test_a_passkey_is_made_at_the_first_sign_in_and_is_enough_ever_after(page, person, house, authenticator) -> None:
    at_localhost(page, house, "/sign-in/")
    look(page)
    give_passphrase(page, person)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    look(page)
    page.get_by_label("What to call it").fill("Laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    look(page)
    page.get_by_role("button", name="I have kept them").click()
    is_home(page)

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_home(page)

    page.get_by_role("button", name="Sign out").click()
    give_passphrase(page, person)
    expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Use your passkey").click()
    is_home(page)

    page.get_by_role("link", name="Officer").click()
    expect(page.get_by_text("Laptop", exact=True)).to_be_visible()
    look(page)
    page.get_by_role("link", name="Where you are signed in").click()
    expect(page.get_by_text("Chrome on")).to_be_visible()
    look(page)


def test_another_persons_passkey_is_refused(page, person, house, authenticator) -> None:
    """The device knows a passkey, and it is somebody else's."""
    at_localhost(page, house, "/sign-in/")
    give_passphrase(page, person)
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("button", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()
    thief = make.person("Thief", passphrase=OTHER, now=timezone.now())
    # Here it is the thief's; the passkey on the device says that it is the officer's, who has none any more.
    row = Authenticator.objects.get(user=person, type="webauthn")
    row.user = thief
    row.save(update_fields=["user"])
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").get_by_text("not one of yours here").first).to_be_visible()
    look(page)
    page.goto(page.url.split("/sign-in")[0] + "/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_one_time_codes_and_a_proof_need_no_script(new_page, person, javascript: bool, monkeypatch) -> None:
    actions.grant_role(by=make.TEST, person=person, role="administrator", unit=None, now=timezone.now())
    page = new_page(javascript=javascript)
    page.goto("/sign-in/")
    give_passphrase(page, person)
    key = re.sub(r"\s", "", page.get_by_text("Key:").inner_text().removeprefix("Key:"))
    page.get_by_label("Code").fill(pyotp.TOTP(key).now())
    page.get_by_role("button", name="Use one-time codes").click()
    page.get_by_role("button", name="I have kept them").or_(page.get_by_role("link", name="I have kept them")).click()
    is_home(page)

    leaver = Person.objects.get(email="new.officer@mercat.example")
    page.goto(f"/people/{leaver.pk}/")
    page.get_by_text("Mark as left", exact=True).first.click()
    page.locator("#left-reason").fill("Retired")
    monkeypatch.setattr("mercat.people.signing_in.step_up.last_proof", lambda session: None)
    page.get_by_role("button", name="Mark as left").click()
    expect(page.get_by_role("heading", name="Show again that it is you")).to_be_visible()
    if javascript:
        look(page)
    page.locator("#proof-passphrase").fill("wrong words")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This is not your passphrase").first).to_be_visible()
    if javascript:
        look(page)
    page.locator("#proof-passphrase").fill(WORDS)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("has left: signed out")).to_be_visible()
    assert not Person.objects.get(pk=leaver.pk).is_active


def test_two_people_set_up_a_sign_in_anew(new_page, person) -> None:
    first, second, lost = new_page(), new_page(width=320), new_page(width=320)
    sign_in(first, "administrator")
    first.goto(f"/people/{person.pk}/")
    first.get_by_role("link", name="setting up their sign-in anew").click()
    look(first)
    first.get_by_role("button", name="Open it").click()
    look(first)
    first.get_by_label("Why, and how do you know").fill("Came to the desk, with a warrant card")
    first.get_by_role("button", name="Open it").click()
    expect(first.get_by_text("must confirm it before")).to_be_visible()
    look(first)

    sign_in(second, "iso")
    second.goto(f"/people/{person.pk}/sign-in/")
    look(second)
    second.get_by_role("button", name="Confirm, and show the code").click()
    code = second.locator(".mercat-code").inner_text()
    look(second)

    lost.goto("/sign-in/")
    look(lost)
    lost.get_by_role("link", name="I have a code").click()
    look(lost)
    lost.get_by_label("E-mail").fill(person.email)
    lost.get_by_label("Code").fill(code)
    lost.locator("#passphrase").fill(OTHER)
    lost.locator("#again").fill(OTHER)
    lost.get_by_role("button", name="Go on").click()
    expect(lost.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    look(lost)


def test_ones_own_passphrase_is_changed_on_a_narrow_screen(new_page, house) -> None:
    page = new_page(width=320)
    sign_in(page, "local.officer")
    page.goto("/sign-in/mine/")
    expect(page.get_by_text("Demonstration people are let in without one")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Change it").click()
    look(page)
    page.get_by_role("button", name="Change the passphrase").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page)
    page.goto("/sign-in/mine/add/")
    look(page)
    page.goto("/sessions/")
    look(page)
