"""The path in a real browser, on servers that we did not write: connect, compose, approve, send, read back, prove."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.config import seed
from mercat.networks import registry
from mercat.people.models import Person
from mercat.register import actions as register
from mercat.register.models import Account
from tests.journeys.conftest import no_findings, sign_in, sign_out, working
from tests.journeys.steps import ALT, WORDS, approve, attach, submit, write
from tests.networks.conftest import atproto, mastodon_mock, server  # noqa: F401 - fixtures
from tests.pages import passphrase_alone  # noqa: F401 - a fixture

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("passphrase_alone")]


@pytest.fixture
def fields(server, settings) -> dict[str, str]:  # noqa: F811
    """What a person types to connect a fresh account of the server."""
    given = dict(server.new_account())
    parts = urlsplit(given["base_url"])
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([f"{parts.scheme}://{parts.netloc}"])
    return given


@pytest.fixture
def house(transactional_db, fields, settings, tmp_path, live_server):
    """An installation with the demonstration people and one account, granted and not yet connected."""
    settings.MEDIA_ROOT = tmp_path
    settings.MERCAT_BASE_URL = live_server.url
    seed.seed(people=True, accounts=False)
    return live_server.url


@pytest.fixture
def account(house, server) -> Account:  # noqa: F811
    now = timezone.now()
    row = seed.granted_account(server.slug, "local", "tayside", "Dundee Local Policing", now=now)
    spoc = Person.objects.get(number="demo-spoc")
    register.appoint_spoc(by=seed.DEMONSTRATION, account=row, person=spoc, now=now)
    return row


@pytest.mark.parametrize("server", ["atproto", "mastodon_mock"], indirect=True)
def test_the_path_on_a_network_we_did_not_write(new_page, account, server, fields) -> None:  # noqa: F811
    page = new_page()
    sign_in(page, "communications")
    connect(page, account, fields)
    no_findings(page)
    sign_out(page)
    with working():
        sign_in(page, "local.officer")
        write(page, "Dundee Local Policing")
        attach(page, javascript=True)
        address = submit(page)
        sign_out(page)
        sign_in(page, "spoc")
        approve(page)
        expect(page.get_by_text("1 of 1 account is out and read back.")).to_be_visible(timeout=20_000)
    account.refresh_from_db()
    ((text, alts),) = [(standing.text, tuple(standing.alts)) for standing in server.standing(account.native_id)]
    assert (text, alts) == (WORDS, (ALT,))
    page.goto(f"{address}proof/")
    expect(page.get_by_text("Holds", exact=True)).to_be_visible()
    no_findings(page)


def connect(page: Page, account: Account, fields: dict[str, str]) -> None:
    page.goto(f"/register/{account.pk}/connect/")
    for field in registry.get(account.network).spec.connect_fields:
        page.locator(f"#{field.name}").fill(fields[field.name])
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Working").first).to_be_visible()
