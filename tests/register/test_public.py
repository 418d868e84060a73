"""The public register: what is open about official accounts, signed, for everybody; and whether an address is one."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from jsonschema import Draft202012Validator

from mercat.audit import verifier
from mercat.audit.log import signer
from mercat.audit.models import Event
from mercat.people.models import Unit
from mercat.register.models import Account, PublicEdition
from mercat.register.public import book as book_module
from mercat.register.public.actions import CLOCK, publish
from mercat.register.public.book import BARRED, NO, SHELF, UNKNOWN, YES, Book
from tests import factories as make
from tests.factories import NOW
from tests.pages import text_of
from tests.shared import ROOT

pytestmark = pytest.mark.django_db

SCHEMA = json.loads((ROOT / "docs" / "reference" / "public-register.schema.json").read_text(encoding="utf-8"))
DID = "did:plc:" + "a2" * 12
CHANNEL = "UC" + "aB3-_" * 4 + "xy"
PAGES = ("/official/", "/official/register.json", "/official/register.json.sig", "/official/key.pem", "/trust.txt")
ASKING = ("/official/verify?url=x", "/official/verify.json?url=x")


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path: Path) -> None:
    settings.MERCAT_AUDIT_KEY_FILE = tmp_path / "audit_key"
    settings.MERCAT_AUDIT_ORIGIN = "log.example/audit"
    SHELF.forget()
    yield
    SHELF.forget()


def listed(name: str, network: str, handle: str, url: str, native_id: str = "", **about: object) -> Account:
    row = make.account(name, network=network, **about)
    Account.objects.filter(pk=row.pk).update(handle=handle, url=url, native_id=native_id or f"id {row.pk}")
    row.refresh_from_db()
    return row


@pytest.fixture
def accounts() -> dict[str, Account]:
    return {
        "x": listed(
            "Police Scotland", "x", "PoliceScotland", "https://x.com/PoliceScotland", "123456", tier="corporate"
        ),
        "facebook": listed(
            "Dundee", "facebook", "DundeePolice", "https://www.facebook.com/DundeePolice", "100064567890123"
        ),
        "bluesky": listed("Perth", "bluesky", "perth.police.example", f"https://bsky.app/profile/{DID}", DID),
        "mastodon": listed("Force", "mastodon", "force@social.example", "https://social.example/@force", "109"),
        "youtube": listed("Films", "youtube", "PoliceFilms", "https://www.youtube.com/@PoliceFilms", CHANNEL),
    }


def book() -> Book:
    publish(by=CLOCK, now=NOW)
    return Book.of(PublicEdition.objects.order_by("-number").first())


def client() -> Client:
    SHELF.forget()
    return Client()


# Whether an address is official


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://twitter.com/policescotland?s=20", "Police Scotland"),
        ("https://x.com/i/user/123456", "Police Scotland"),
        ("@PoliceScotland", "Police Scotland"),
        ("facebook.com/dundee.police", "Dundee"),
        ("https://m.facebook.com/profile.php?id=100064567890123", "Dundee"),
        ("https://bsky.app/profile/perth.police.example", "Perth"),
        (f"https://bsky.app/profile/{DID}", "Perth"),
        (DID, "Perth"),
        ("at://perth.police.example", "Perth"),
        ("perth.police.example", "Perth"),
        ("@force@social.example", "Force"),
        ("SOCIAL.example/users/Force", "Force"),
        (f"https://youtube.com/channel/{CHANNEL}", "Films"),
    ],
)
def test_any_spelling_of_an_official_account_is_official(accounts: dict[str, Account], text: str, name: str) -> None:
    verdict = book().look_up(text)
    assert (verdict.verdict, [each["name"] for each in verdict.accounts]) == (YES, [name])


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("https://x.com/SomebodyElse", ""),
        ("@SomebodyElse", ""),
        ("https://www.facebook.com/100000000000001", ""),
        ("https://social.example/@other", ""),
        ("https://x.com/Роlice", "letters that names on X do not have"),
        ("https://x.com/Pоlice%53cotland", "looks like Police Scotland"),
        ("https://x.com/Polic%D0%B5Scotland", "looks like Police Scotland"),
        ("https://x.com/PoIiceScotIand", "looks like Police Scotland"),
        ("@Police_Scotland", "looks like Police Scotland"),
        ("@Pоlicеѕcotland", "looks like Police Scotland"),
        ("https://fаcebook.com/DundeePolice", "does not lead to facebook.com"),
        ("https://xn--fcebook-2fg.com/DundeePolice", "does not lead to facebook.com"),
        ("https://faceb00k.com/DundeePolice", "does not lead to facebook.com"),
        ("https://facebook.com.evil.example/DundeePolice", "does not lead to facebook.com"),
        ("https://sосial.example/@force", "does not lead to social.example"),
        ("https://x.com@evil.example/PoliceScotland", "before its @"),
        ("https://evil.example/@force", "looks like Force"),
        ("@perth.bsky.social", "looks like Perth"),
        ("https://www.linkedin.com/in/policescotland", "looks like Police Scotland"),
    ],
)
def test_another_account_is_not_official_and_what_it_looks_like_is_said(
    accounts: dict[str, Account], text: str, warning: str
) -> None:
    verdict = book().look_up(text)
    assert (verdict.verdict, verdict.accounts) == (NO, ())
    assert warning in verdict.warning
    assert bool(verdict.warning) == bool(warning)


@pytest.mark.parametrize(
    "text",
    ["", "Police Scotland", "PoliceScotland", "other.example", "https://police.example/contact", "x" * 3000,
     "https://x.com/PoliceScotland/status/17", "https://evil.example/@force@social.example",
     "https://www.youtube.com/user/PoliceFilms", "https://www.youtube.com/c/PoliceFilms"],
)  # fmt: skip
def test_what_cannot_be_read_as_an_account_is_unknown(accounts: dict[str, Account], text: str) -> None:
    verdict = book().look_up(text)
    assert (verdict.verdict, verdict.accounts) == (UNKNOWN, ())
    assert verdict.said


def test_a_name_alone_says_on_which_network_it_is_official(accounts: dict[str, Account]) -> None:
    verdict = book().look_up("@PoliceScotland")
    assert "Police Scotland on X (Twitter)" in verdict.said
    assert "any other network" in verdict.warning


def test_a_closed_account_says_until_when_it_was_official(accounts: dict[str, Account]) -> None:
    publish(by=CLOCK, now=NOW)
    make.put(accounts["x"], "closed")
    later = NOW + timedelta(days=3)
    publish(by=CLOCK, now=later)
    publish(by=CLOCK, now=later + timedelta(days=30))
    Unit.objects.update(name="Renamed")
    publish(by=CLOCK, now=later + timedelta(days=31))
    verdict = book().look_up("x.com/PoliceScotland")
    assert (verdict.verdict, verdict.said) == (
        NO,
        "Police Scotland was official until 26 November 2026, and is closed.",
    )
    assert verdict.accounts[0]["until"].startswith("2026-11-26T")


def test_a_suspended_account_is_the_bodys_and_not_to_be_trusted_for_now(accounts: dict[str, Account]) -> None:
    """It may be in somebody else's hands: that is what accounts are suspended for."""
    make.put(accounts["x"], "suspended")
    publish(by=CLOCK, now=NOW)
    verdict = book().look_up("x.com/PoliceScotland")
    assert verdict.verdict == BARRED
    assert verdict.said.endswith("and suspended. For now, do not trust what it says.")
    assert "x.com" not in client().get("/trust.txt").content.decode()
    page = client().get("/official/verify", {"url": "x.com/PoliceScotland"}).content.decode()
    assert "It is suspended: do not trust it now" in page
    assert "It is official" not in page
    assert "do not trust what it says" in client().get("/official/").content.decode()


def test_a_name_that_was_closed_and_given_again_is_official(accounts: dict[str, Account]) -> None:
    make.put(accounts["x"], "closed")
    listed("Anew", "x", "PoliceScotland", "https://x.com/PoliceScotland", "777")
    assert [each["name"] for each in book().look_up("x.com/policescotland").accounts] == ["Anew"]


def test_the_address_of_a_place_without_rules_is_known_to_the_letter() -> None:
    listed("Stand-in", "bluesky", "one", "http://127.0.0.1:8300/bluesky/profile/one")
    found = book()
    assert found.look_up("127.0.0.1:8300/bluesky/profile/one/").verdict == YES
    for other in ("127.0.0.1:8301/bluesky/profile/one", "127.0.0.1:8300/bluesky/profile/one?x=1"):
        assert found.look_up(other).verdict == UNKNOWN


# Editions


def test_an_edition_is_made_only_when_something_open_changes(accounts: dict[str, Account]) -> None:
    first = publish(by=CLOCK, now=NOW)
    assert publish(by=CLOCK, now=NOW + timedelta(days=1)) is None
    Account.objects.filter(pk=accounts["x"].pk).update(spoc_missing_since=None)
    assert publish(by=CLOCK, now=NOW + timedelta(days=2)) is None  # nothing else is open
    Account.objects.filter(pk=accounts["x"].pk).update(name="Police Scotland News")
    second = publish(by=CLOCK, now=NOW + timedelta(days=3))
    assert (first.number, second.number) == (1, 2)
    assert Event.objects.filter(what="register.published").count() == 2
    assert Event.objects.last().facts == {"digest": second.digest, "accounts": 5}


def test_only_what_is_open_is_said(accounts: dict[str, Account]) -> None:
    holder = make.person("Chief Byname", rank="chief-superintendent")
    Account.objects.filter(pk=accounts["x"].pk).update(holder=holder)
    make.spoc_of(accounts["facebook"], "Contact Byname")
    make.account("Not connected", connected=False)
    content = book().content.decode()
    assert "Byname" not in content
    assert "Not connected" not in content
    assert '"holder":"Chief Superintendent"' in content


def test_the_json_is_as_its_schema_says(accounts: dict[str, Account]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    said = json.loads(book().content)
    Draft202012Validator(SCHEMA).validate(said)
    assert not Draft202012Validator(SCHEMA).is_valid({**said, "secret": "x"})
    assert not Draft202012Validator(SCHEMA).is_valid({**said, "accounts": [{**said["accounts"][0], "holder_id": 7}]})


def test_the_signature_is_checked_by_openssl_and_by_the_verifier(
    accounts: dict[str, Account], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    publish(by=CLOCK, now=NOW)
    for name in ("register.json", "register.json.sig", "key.pem"):
        (tmp_path / name).write_bytes(client().get(f"/official/{name}").content)
    content, signed = tmp_path / "register.json", tmp_path / "register.json.sig"
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin"]
    command += ["-in", content, "-sigfile", signed]
    with_verifier = ["--signed", str(content), "--signature", str(signed), "--key", signer().key.vkey]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert verifier.main(with_verifier) == 0
    content.write_bytes(content.read_bytes().replace(b"PoliceScotland", b"PoIiceScotland"))
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    assert verifier.main(with_verifier) == 1
    assert "not what was signed" in capsys.readouterr().out


def test_nothing_but_a_json_object_is_signed_as_a_document() -> None:
    with pytest.raises(ValueError, match="Only JSON objects"):
        signer().document(b"log.example/audit\n7\nAAAA\n")


@pytest.mark.parametrize("sql", ["UPDATE register_publicedition SET digest = ''", "DELETE FROM register_publicedition"])
def test_what_was_said_in_public_stays(accounts: dict[str, Account], sql: str) -> None:
    publish(by=CLOCK, now=NOW)
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_no_number_is_given_twice(accounts: dict[str, Account]) -> None:
    first = publish(by=CLOCK, now=NOW)
    first.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)


def test_a_shelf_looks_for_a_newer_edition_every_other_second(accounts: dict[str, Account]) -> None:
    publish(by=CLOCK, now=NOW)
    seconds = [0.0]
    shelf = book_module._Shelf()
    assert shelf.current(clock=lambda: seconds[0]).number == 1
    Account.objects.filter(pk=accounts["x"].pk).update(name="New")
    publish(by=CLOCK, now=NOW)
    seconds[0] = 1.9
    assert shelf.current(clock=lambda: seconds[0]).number == 1
    seconds[0] = 2.0
    assert shelf.current(clock=lambda: seconds[0]).number == 2


# Pages


def test_the_page_lists_accounts_with_links_to_oneself_and_numbers_to_call(accounts: dict[str, Account]) -> None:
    publish(by=CLOCK, now=NOW)
    response = client().get("/official/")
    assert (
        '<a class="govuk-link mercat-strong-link" href="https://x.com/PoliceScotland" rel="me">'
        in response.content.decode()
    )
    text = text_of(response)
    for said in (
        "Official accounts of Police Scotland",
        "Call 101 to report a crime",
        "Call 999 in an emergency",
        "@DundeePolice",
    ):
        assert said in text
    assert 'name="robots"' not in response.content.decode()


def test_an_empty_register_says_that_nothing_is_official() -> None:
    publish(by=CLOCK, now=NOW)
    assert "No account is official yet" in text_of(client().get("/official/"))


@pytest.mark.parametrize("path", [*PAGES, *ASKING])
def test_before_the_first_edition_nothing_is_said_to_be_official_or_not(path: str) -> None:
    response = client().get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", [*PAGES, *ASKING, "/.well-known/trust.txt"])
def test_pages_for_everybody_know_nobody_and_set_no_cookie(accounts: dict[str, Account], path: str) -> None:
    publish(by=CLOCK, now=NOW)
    browser = client()
    browser.force_login(make.person("Somebody Signedin"))
    response = browser.get(path, REMOTE_ADDR="203.0.113.9")
    assert response.status_code == 200
    assert not response.cookies
    assert b"Signedin" not in response.content
    assert "Cookie" not in response.headers.get("Vary", "")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert browser.post(path).status_code == 405


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_kept_by_caches_until_they_change(accounts: dict[str, Account], path: str) -> None:
    publish(by=CLOCK, now=NOW)
    browser = client()
    first = browser.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=5, must-revalidate"
    again = browser.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    if "Last-Modified" in first.headers:
        assert first.headers["Last-Modified"] == "Mon, 23 Nov 2026 12:00:00 GMT"
        assert browser.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    Account.objects.filter(pk=accounts["x"].pk).update(url="https://x.com/Renamed", name="Renamed")
    publish(by=CLOCK, now=NOW + timedelta(minutes=1))
    changed = client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == (304 if path == "/official/key.pem" else 200)


def test_a_host_that_is_none_of_ours_is_not_answered(accounts: dict[str, Account]) -> None:
    publish(by=CLOCK, now=NOW)
    assert client().get("/official/", headers={"Host": "evil.example"}).status_code == 400


def test_verify_answers_people_and_machines(accounts: dict[str, Account]) -> None:
    publish(by=CLOCK, now=NOW)
    page = client().get("/official/verify", {"url": "https://twitter.com/policescotland"})
    assert "It is official" in text_of(page)
    for path, headers in (("/official/verify", {"Accept": "application/json"}), ("/official/verify.json", {})):
        response = client().get(path, {"url": "https://twitter.com/policescotland"}, headers=headers)
        said = response.json()
        Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": "#/$defs/answer"}).validate(said)
        assert (said["verdict"], said["accounts"][0]["address"]) == ("official", "https://x.com/PoliceScotland")
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_what_was_asked_is_shown_as_text(accounts: dict[str, Account]) -> None:
    publish(by=CLOCK, now=NOW)
    response = client().get("/official/verify", {"url": '"><script>alert(1)</script>'})
    assert b"<script>alert" not in response.content


def test_the_identity_of_the_account_whose_handle_is_the_host(accounts: dict[str, Account], settings) -> None:
    publish(by=CLOCK, now=NOW)
    settings.ALLOWED_HOSTS = ["perth.police.example", "police.example"]
    found = client().get("/.well-known/atproto-did", headers={"Host": "perth.police.example:443"})
    assert (found.content.decode(), found.headers["Content-Type"]) == (DID, "text/plain")
    assert client().get("/.well-known/atproto-did", headers={"Host": "police.example"}).status_code == 404


def test_trust_txt_names_each_account(accounts: dict[str, Account]) -> None:
    make.put(accounts["youtube"], "closed")
    publish(by=CLOCK, now=NOW)
    lines = client().get("/.well-known/trust.txt").content.decode().splitlines()
    assert lines[0] == "# Official accounts of Police Scotland"
    assert set(lines[1:]) == {f"social={row.url}" for name, row in accounts.items() if name != "youtube"}


def test_search_engines_may_read_the_public_register_and_networks_what_they_fetch_and_nothing_else() -> None:
    told = client().get("/robots.txt").content.decode()
    assert told == "User-agent: *\nAllow: /official/\nAllow: /sending/media/\nDisallow: /\n"
