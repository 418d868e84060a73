"""The register's pages, and connecting an account to a stand-in network by both ways."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from mercat.people.pack import guidance
from mercat.register import actions
from mercat.register.models import Account, Connection
from mercat.register.presenters import STATES, state_of
from mercat.sandbox.server import running
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def communications():
    return signed_in(make.authorised(unit_key="corporate-communications", roles=("corporate-communications",)))


@pytest.fixture(scope="module")
def sandbox():
    with running() as server:
        yield server.url


@pytest.fixture
def reachable(settings, sandbox):
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([sandbox])


def stand_in(sandbox: str, network: str, handle: str) -> dict[str, str]:
    return httpx.post(f"{sandbox}/_control/{network}/accounts", json={"handle": handle}).json()


def test_every_place_of_the_structure_stands_in_the_register() -> None:
    make.unit()
    actions.found_structure(by=TEST, now=NOW)
    said = text_of(signed_in(make.person()).get("/register/"))
    assert f"{len(guidance().pack.slots)} places" in said
    assert "X (Twitter) 0 of 84" in said
    assert said.count("Vacant") == len(guidance().pack.slots) + 2  # and as a choice, and above a column


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Bluesky One", "Mastodon Two", "Empty"}),
        ("network=mastodon", {"Mastodon Two"}),
        ("tier=divisional", {"Mastodon Two"}),
        ("unit=edinburgh", {"Mastodon Two"}),
        ("state=vacant", {"Empty"}),
        ("state=active", {"Bluesky One", "Mastodon Two"}),
        ("text=blue", {"Bluesky One"}),
    ],
)
def test_the_register_can_be_narrowed(query: str, names: set[str]) -> None:
    make.account("Bluesky One")
    make.account("Mastodon Two", network="mastodon", tier="divisional", unit_key="edinburgh")
    make.slot("empty", network="x", name="Empty")
    table = text_of(signed_in(make.person()).get(f"/register/?{query}")).partition("Places in the authorised")[2]
    assert {name for name in ("Bluesky One", "Mastodon Two", "Empty") if name in table} == names


def test_the_register_takes_the_same_queries_for_many_places() -> None:
    client = signed_in(make.person())
    make.spoc_of(make.account())
    client.get("/register/")
    few = queries_of(client, "/register/")
    for _ in range(5):
        make.spoc_of(make.account())
    assert queries_of(client, "/register/") == few
    assert few <= 14


@pytest.mark.parametrize(
    ("about", "state"),
    [
        ({"connected": False}, "unconnected"),
        ({"broken": True}, "broken"),
        ({}, "active"),
        ({"status": Account.Status.SUSPENDED}, "other"),
    ],
)
def test_an_accounts_state_is_what_stands_in_its_way(about: dict, state: str) -> None:
    row = make.account(connected=about.get("connected", True))
    if about.get("broken"):
        Connection.objects.update(state=Connection.State.BROKEN)
    if "status" in about:
        make.put(row, about["status"])
    assert state_of(Account.objects.select_related("connection").get(pk=row.pk)) == state
    assert state in STATES


def test_an_accounts_page_names_its_people_and_its_connection() -> None:
    row = make.account("Dundee")
    make.spoc_of(row, "Contact")
    said = text_of(signed_in(make.person()).get(f"/register/{row.pk}/"))
    assert "Contact since 23 November 2026" in said
    assert "Part of the founding structure" in said
    assert "Through https://network.example" in said
    assert "Connect again" not in said


def test_an_account_without_a_point_of_contact_says_what_follows() -> None:
    row = make.account("Dundee")
    said = text_of(signed_in(make.person()).get(f"/register/{row.pk}/"))
    assert "None To be appointed by: Divisional Commander or head of department; without one it stops speaking" in said


@pytest.mark.usefixtures("reachable")
def test_an_account_is_connected_with_typed_credentials_that_are_never_shown_again(communications, sandbox) -> None:
    row = make.account("Dundee", connected=False)
    made = stand_in(sandbox, "bluesky", "dundee.example")
    where = f"/register/{row.pk}/connect/"
    assert "Add App Password" in text_of(communications.get(where))
    typed = {"base_url": f"{sandbox}/bluesky", "handle": made["handle"], "app_password": made["password"]}
    response = communications.post(where, typed, follow=True)
    assert f"Dundee is connected to {made['handle']}." in text_of(response)
    row.refresh_from_db()
    assert row.status == "active"
    assert made["password"] not in response.content.decode()


@pytest.mark.usefixtures("reachable")
def test_wrong_credentials_are_told_and_the_secret_is_not_repeated(communications, sandbox) -> None:
    row = make.account(connected=False)
    typed = {"base_url": f"{sandbox}/bluesky", "handle": "nobody.example", "app_password": "a-wrong-secret"}
    response = communications.post(f"/register/{row.pk}/connect/", typed)
    assert response.status_code == 422
    assert "Nothing was connected." in text_of(response)
    assert "nobody.example" in response.content.decode()
    assert "a-wrong-secret" not in response.content.decode()
    assert not Connection.objects.exists()


@pytest.mark.usefixtures("reachable")
def test_an_account_is_connected_by_the_networks_own_sign_in(communications, sandbox, settings) -> None:
    settings.MERCAT_BASE_URL = "http://testserver"
    row = make.account("Perth", network="mastodon", connected=False)
    stand_in(sandbox, "mastodon", "perth")
    leaving = communications.post(f"/register/{row.pk}/connect/begin/", {"base_url": f"{sandbox}/mastodon"})
    address = (
        leaving.content.decode().split('class="govuk-button" role="button" draggable="false" href="')[1].split('"')[0]
    )
    code, state = agree(address.replace("&amp;", "&"))
    response = communications.get("/register/connected/", {"code": code, "state": state}, follow=True)
    assert "Perth is connected to perth@" in text_of(response)
    again = communications.get("/register/connected/", {"code": code, "state": state}, follow=True)
    assert "was not begun here, was used already, or took more than ten minutes." in text_of(again)


@pytest.mark.usefixtures("reachable")
def test_an_answer_that_was_not_asked_for_connects_nothing(communications, sandbox) -> None:
    row = make.account(network="mastodon", connected=False)
    communications.post(f"/register/{row.pk}/connect/begin/", {"base_url": f"{sandbox}/mastodon"})
    response = communications.get("/register/connected/", {"code": "x", "state": "forged"}, follow=True)
    assert "was not begun here" in text_of(response)
    assert not Connection.objects.exists()


@pytest.mark.usefixtures("reachable")
def test_a_network_that_says_no_connects_nothing(communications, sandbox) -> None:
    row = make.account(network="mastodon", connected=False)
    communications.post(f"/register/{row.pk}/connect/begin/", {"base_url": f"{sandbox}/mastodon"})
    state = communications.session["connecting"]["state"]
    response = communications.get("/register/connected/", {"error": "access_denied", "state": state})
    assert "The network did not agree." in text_of(response)


def test_a_network_without_its_own_sign_in_has_none(communications) -> None:
    row = make.account(connected=False)
    assert communications.post(f"/register/{row.pk}/connect/begin/", {}).status_code == 404


def agree(address: str) -> tuple[str, str]:
    """Sign in on the stand-in as the account, as a person would, and come back with the code."""
    with httpx.Client() as browser:
        page = browser.get(address).text
        asked = {
            name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
        }
        account = re.findall(r'<option value="([^"]+)"', page)[0]
        to = httpx.URL(address).copy_with(query=None)
        answer = browser.post(to, data={**asked, "account": account, "decision": "allow"})
    back = httpx.URL(answer.headers["location"])
    return back.params["code"], back.params["state"]
