"""Single sign-on with an OpenID Connect provider that others wrote; and those who try to come in by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mercat.audit.models import Event
from mercat.guidance.shape import GroupRule
from mercat.people import actions
from mercat.people.devices.here import DEVICE_CLAIM
from mercat.people.models import Person, RoleGrant, Session
from mercat.people.pack import guidance
from mercat.people.signing_in import recovery
from mercat.people.signing_in.adapters import IssuerOnly
from tests import factories as make
from tests.pages import passphrase_alone, text_of  # noqa: F401 - a fixture
from tests.servers import oidc_provider
from tests.servers.oidc_provider import SECRET, OidcProvider

pytestmark = [pytest.mark.django_db, pytest.mark.real]

BEGIN, BACK = "/sign-in/sso/", "/sign-in/sso/back/"
BASE = "http://127.0.0.1:8200"


@pytest.fixture(scope="module")
def provider(tmp_path_factory) -> Iterator[OidcProvider]:
    with oidc_provider.running(tmp_path_factory.mktemp("oidc"), BASE + BACK) as server:
        yield server


@pytest.fixture(autouse=True)
def _known(provider: OidcProvider, settings) -> None:
    settings.MERCAT_BASE_URL = BASE
    settings.MERCAT_OIDC = {
        "issuer": provider.issuer,
        "name": "the force’s sign-in",
        "client_id": "mercat",
        "secret": SECRET,
        "number": "employee_number",
        "groups": "groups",
        "device": "managed",
        "device_value": "true",
    }


@pytest.fixture
def person() -> Person:
    return make.person("Officer", now=timezone.now())


def by_groups(monkeypatch: pytest.MonkeyPatch, **groups: GroupRule) -> None:
    rule = guidance().pack.sign_in.model_copy(update={"groups": groups})
    other = replace(guidance(), pack=guidance().pack.model_copy(update={"sign_in": rule}))
    monkeypatch.setattr("mercat.people.signing_in.groups.guidance", lambda: other)


def leads_to(client: Client, **also: str) -> str:
    return client.get(BEGIN, also).url


def back(client: Client, address: str):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def comes_in(provider: OidcProvider, client: Client | None = None, **claims: object) -> Client:
    client = client or Client()
    back(client, provider.sign_in(leads_to(client), claims))
    return client


def is_in_now(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_whoever_is_on_the_list_comes_in_by_number_where_they_wanted_to(provider, person) -> None:
    client = Client()
    address = leads_to(client, next="/people/")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    before = client.cookies["sessionid"].value
    answer = back(client, provider.sign_in(address, {"employee_number": person.number}))
    assert answer.url == "/people/"
    assert is_in_now(client)
    assert client.cookies["sessionid"].value != before
    event = Event.objects.get(what="person.signed_in")
    assert (event.actor, event.facts) == (person.audit_ref, {"how": "single sign-on"})


@pytest.mark.parametrize(
    ("claims", "comes"),
    [
        ({"email": "OFFICER@mercat.example", "email_verified": True}, True),
        ({"email": "officer@mercat.example", "email_verified": False}, False),
        ({"email": "officer@mercat.example", "email_verified": "true"}, False),
        ({"email": "officer@mercat.example"}, False),
        ({"email": "nobody@mercat.example", "email_verified": True}, False),
        ({"employee_number": "nobody", "email": "officer@mercat.example", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_an_e_mail_counts_where_it_is_verified_and_no_number_says_otherwise(provider, person, claims, comes) -> None:
    Person.objects.filter(pk=person.pk).update(email="officer@mercat.example")
    people = Person.objects.count()
    assert is_in_now(comes_in(provider, **claims)) == comes
    assert Person.objects.count() == people, "nobody is made by it"


def test_whoever_has_left_stays_out_and_is_told_no_more_than_others(provider, person) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=False)
    gone, unknown = (comes_in(provider, employee_number=number) for number in (person.number, "nobody"))
    said = [text_of(client.get("/sign-in/")) for client in (gone, unknown)]
    assert "names nobody who is on the list" in said[0]
    assert said[0] == said[1]
    assert Event.objects.filter(what="person.sign_in_failed").count() == 2


def test_nobody_becomes_another_by_a_changed_number(provider, person) -> None:
    """Whoever keeps the list of people can change numbers; whom the provider means, they cannot."""
    administrator = make.person("Administrator", roles=("administrator",), now=timezone.now())
    own, theirs = person.number, administrator.number
    assert is_in_now(comes_in(provider, employee_number=own, sub="s-1"))
    Person.objects.filter(pk=person.pk).update(number="freed")
    Person.objects.filter(pk=administrator.pk).update(number=own)
    assert not is_in_now(comes_in(provider, employee_number=own, sub="s-1"))
    Person.objects.filter(pk=administrator.pk).update(number=theirs)
    Person.objects.filter(pk=person.pk).update(number=own)
    assert is_in_now(comes_in(provider, employee_number=own, sub="s-1"))
    assert not is_in_now(comes_in(provider, employee_number=own, sub="s-2")), "another account of the same number"


def test_two_people_let_the_provider_mean_somebody_anew(provider, person) -> None:
    comes_in(provider, employee_number=person.number, sub="before")
    now = timezone.now()
    one, other = (make.person(f"Administrator {n}", roles=("administrator",), now=now) for n in (1, 2))
    row = recovery.open_(by=one, person=person, reason="A new account at the provider", now=now)
    assert not is_in_now(comes_in(provider, employee_number=person.number, sub="after"))
    recovery.confirm(by=other, row=row, now=now)
    assert is_in_now(comes_in(provider, employee_number=person.number, sub="after"))


# Groups and devices


def test_groups_bring_the_roles_that_the_pack_maps_and_end_them(provider, person, monkeypatch) -> None:
    by_groups(
        monkeypatch,
        press=GroupRule(role="corporate-communications"),
        tayside=GroupRule(role="divisional-commander", unit="tayside"),
    )
    actions.grant_role(by=make.TEST, person=person, role="auditor", unit=None, now=timezone.now())
    who = {"employee_number": person.number}
    comes_in(provider, **who, groups=["press", "tayside", "administrators", 7])
    held = RoleGrant.objects.filter(person=person, ended_at=None)
    assert set(held.values_list("role", "unit", "source")) == {
        ("auditor", None, ""),
        ("corporate-communications", None, "press"),
        ("divisional-commander", "tayside", "tayside"),
    }
    comes_in(provider, **who, groups=["press"])
    assert set(held.values_list("role", "source")) == {("auditor", ""), ("corporate-communications", "press")}
    for groups in ("press", None, []):
        comes_in(provider, **who, groups=groups)
        assert set(held.values_list("role", flat=True)) == {"auditor"}, groups
    ended = RoleGrant.objects.filter(person=person, role="corporate-communications").exclude(ended_at=None)
    assert ended.exists(), "it stays on record"
    assert Event.objects.filter(what="person.role_ended", actor="", facts__group="press").exists()


def test_a_group_brings_no_role_that_the_pack_does_not_map(provider, person) -> None:
    assert guidance().pack.sign_in.groups == {}
    comes_in(provider, employee_number=person.number, groups=["administrator", "administrators", "press"])
    assert not RoleGrant.objects.filter(person=person).exists()


@pytest.mark.usefixtures("passphrase_alone")
def test_what_a_group_brought_ends_where_somebody_comes_in_by_another_way(provider, person, monkeypatch) -> None:
    by_groups(monkeypatch, press=GroupRule(role="corporate-communications"))
    words = "harbour lantern thistle"
    actions.set_passphrase(by=make.TEST, person=person, passphrase=words, now=timezone.now())
    actions.grant_role(by=make.TEST, person=person, role="auditor", unit=None, now=timezone.now())
    comes_in(provider, employee_number=person.number, groups=["press"])
    held = RoleGrant.objects.filter(person=person, ended_at=None).values_list("role", flat=True)
    assert set(held.all()) == {"auditor", "corporate-communications"}
    assert Client().post("/sign-in/", {"email": person.email, "passphrase": words}).status_code == 302
    assert set(held.all()) == {"auditor"}


def test_a_role_given_by_hand_is_not_taken_by_a_group_that_is_gone(provider, person, monkeypatch) -> None:
    by_groups(monkeypatch, press=GroupRule(role="corporate-communications"))
    actions.grant_role(by=make.TEST, person=person, role="corporate-communications", unit=None, now=timezone.now())
    for groups in (["press"], []):
        comes_in(provider, employee_number=person.number, groups=groups)
        assert RoleGrant.objects.filter(person=person, ended_at=None, source="").count() == 1


@pytest.mark.parametrize(
    ("claims", "own"), [({"managed": True}, True), ({"managed": "true"}, True), ({"managed": False}, False),
                        ({"managed": "yes"}, False), ({}, False)]
)  # fmt: skip
def test_what_the_provider_says_of_the_device_is_its_proof(provider, person, claims, own) -> None:
    away = {"REMOTE_ADDR": "203.0.113.9"}
    client = comes_in(provider, Client(**away), employee_number=person.number, **claims)
    assert client.session[DEVICE_CLAIM] is own
    assert client.post(reverse("people:read-all")).status_code == (302 if own else 403)


# Those who try


def test_an_answer_that_was_begun_elsewhere_or_comes_twice_lets_nobody_in(provider, person) -> None:
    mine, victim = Client(), Client()
    address = provider.sign_in(leads_to(mine), {"employee_number": person.number})
    back(victim, address)
    assert not is_in_now(victim), "the state is not theirs"
    leads_to(victim)
    back(victim, address)
    assert not is_in_now(victim), "nor when they have begun, too"
    assert back(mine, address).status_code == 302
    assert is_in_now(mine)
    mine.post(reverse("web:sign-out"))
    back(mine, address)
    assert not is_in_now(mine)


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"state": "x", "code": "x"}, {"error": "access_denied"}])
def test_what_is_no_answer_is_refused_in_words(query: dict[str, str]) -> None:
    client = Client()
    leads_to(client)
    answer = client.get(f"{BACK}?{urlencode(query)}", follow=True)
    assert "Single sign-on did not let you in" in text_of(answer)


def test_a_cancelled_sign_in_leads_back(provider) -> None:
    client = Client()
    state = parse_qs(urlsplit(leads_to(client)).query)["state"][0]
    answer = client.get(f"{BACK}?{urlencode({'state': state, 'error': 'access_denied'})}", follow=True)
    assert answer.redirect_chain == [("/sign-in/", 302)]


def test_the_nonce_is_the_one_that_was_sent(provider, person) -> None:
    client = Client()
    address = leads_to(client)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    back(client, provider.sign_in(address.replace(nonce, "another"), {"employee_number": person.number}))
    assert not is_in_now(client)


def test_the_code_alone_is_not_enough(provider, person) -> None:
    """PKCE: whoever took the code on its way, and begins by themselves, has another verifier."""
    taken = provider.sign_in(leads_to(Client()), {"employee_number": person.number})
    thief = Client()
    state = parse_qs(urlsplit(leads_to(thief)).query)["state"][0]
    code = parse_qs(urlsplit(taken).query)["code"][0]
    thief.get(f"{BACK}?{urlencode({'state': state, 'code': code})}")
    assert not is_in_now(thief)


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example"])
def test_it_leads_on_only_within_the_programme(provider, person, wanted) -> None:
    client = Client()
    address = leads_to(client, next=wanted)
    assert back(client, provider.sign_in(address, {"employee_number": person.number})).url == "/"


def test_nobody_but_the_issuer_is_called(provider) -> None:
    session = IssuerOnly(provider.issuer)
    for elsewhere in ("http://127.0.0.1:1/", provider.issuer.replace("http", "https"), "http://elsewhere.example/"):
        with pytest.raises(requests.RequestException, match="not the issuer"):
            session.get(elsewhere)
    assert session.get(f"{provider.issuer}/.well-known/openid-configuration", timeout=10).status_code == 200


def test_without_an_issuer_there_is_no_single_sign_on(settings) -> None:
    settings.MERCAT_OIDC = {**settings.MERCAT_OIDC, "issuer": ""}
    assert Client().get(BEGIN).status_code == 404
    assert Client().get(BACK).status_code == 404
    assert "the force’s sign-in" not in text_of(Client().get("/sign-in/"))


def test_an_issuer_that_does_not_answer_is_said_in_words(settings) -> None:
    settings.MERCAT_OIDC = {**settings.MERCAT_OIDC, "issuer": "http://127.0.0.1:1"}
    assert "Single sign-on did not let you in" in text_of(Client().get(BEGIN, follow=True))


# A recent proof


def grown_old(client: Client) -> None:
    session = client.session
    session["proved_at"] = (timezone.now() - timedelta(minutes=16)).isoformat()
    session.save()


def test_what_was_begun_goes_on_after_the_provider_asked_anew(provider) -> None:
    administrator = make.person("Admin", roles=("administrator",), now=timezone.now())
    leaver, who = make.person("Leaver", now=timezone.now()), {"employee_number": administrator.number}
    client = comes_in(provider, **who)
    grown_old(client)
    where = reverse("people:step", args=[leaver.pk, "mark_left"])
    asked = client.post(where, {"left-reason": "Retired"})
    assert asked.status_code == 403
    assert "Use single sign-on" in text_of(asked)
    address = leads_to(client)
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    answer = back(client, provider.sign_in(address, who))
    assert answer.url == "/prove/"
    page = client.get("/prove/")
    assert f'action="{where}"' in page.content.decode()
    assert "Retired" in page.content.decode()
    assert Person.objects.get(pk=leaver.pk).is_active, "nothing is done by coming back"
    assert client.post(where, {"left-reason": "Retired"}).status_code == 302
    assert not Person.objects.get(pk=leaver.pk).is_active


def test_somebody_elses_sign_in_proves_nothing_and_changes_nobody(provider, person) -> None:
    other = make.person("Other", now=timezone.now())
    client = comes_in(provider, employee_number=person.number)
    grown_old(client)
    back(client, provider.sign_in(leads_to(client), {"employee_number": other.number}))
    assert client.session["proved_at"] < (timezone.now() - timedelta(minutes=15)).isoformat()
    assert not Session.objects.filter(person=other).exists()
    assert "named somebody else" in text_of(client.get("/"))
