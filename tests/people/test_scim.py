"""SCIM 2.0: the directory keeps the list of people; its leavers leave and its movers move, and nothing is deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from mercat.audit.models import Event
from mercat.people import actions
from mercat.people.api import tokens
from mercat.people.facts import person_facts
from mercat.people.models import DirectoryEntry, Person, Token
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.pages import SOON, at_noon  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = "/scim/v2/Users"


@pytest.fixture
def administrator(db: None) -> Person:
    return make.person("Administrator", unit_key="ict", roles=("administrator",))


@pytest.fixture
def secret(administrator: Person) -> str:
    return tokens.make_token(
        by=TEST, owner=administrator, name="Directory", scopes=["scim"], expires_at=NOW + timedelta(days=30), now=NOW
    )[1]


@pytest.fixture
def call(client, secret: str):
    def call(method: str, path: str = USERS, body: object = None, *, status: int, token: str = secret) -> Any:
        raw = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        answer = client.generic(
            method, path, raw, content_type="application/scim+json", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status, answer.content
        if status >= 400:
            assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert status == 204 or answer["Content-Type"] == "application/scim+json"
        return answer.json() if answer.content else None

    return call


def user(**about: object) -> dict[str, Any]:
    enterprise = {"employeeNumber": about.pop("number", "4711"), "department": about.pop("department", "D Division")}
    return {
        "schemas": [CORE, ENTERPRISE],
        "userName": "pat@force.example",
        "displayName": "Pat Example",
        "title": "PC",
        "emails": [{"value": "pat@force.example", "primary": True}],
        "active": True,
        ENTERPRISE: enterprise,
        **about,
    }


def patch(*operations: dict[str, object]) -> dict[str, object]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def pat() -> Person:
    return Person.objects.get(number="4711")


# What is made


def test_a_user_becomes_a_person_in_the_packs_own_words(call) -> None:
    made = call("POST", body=user(nickName="left alone"), status=201)
    row = pat()
    assert made["id"] == str(row.pk)
    assert made["meta"]["location"].endswith(f"{USERS}/{row.pk}")
    assert (row.name, row.email, row.rank, row.employment, row.unit_id) == (
        "Pat Example",
        "pat@force.example",
        "constable",
        "officer",
        "tayside",
    )
    assert made["title"] == "PC", "as the directory spells it"
    assert not row.has_usable_password()
    event = Event.objects.filter(what="person.registered").latest("id")
    assert event.actor == Token.objects.get().audit_ref


@pytest.mark.parametrize(
    "about",
    [
        {"title": "Admiral"},
        {"department": "Z Division"},
        {"emails": []},
        {"emails": [{"value": "no address"}]},
        {"displayName": None},
        {"active": "perhaps"},
    ],
)
def test_what_the_body_does_not_know_is_refused_and_nothing_kept(call, about: dict) -> None:
    before = kept()
    said = call("POST", body=user(**about), status=409 if about.get("emails") else 400)
    assert said["detail"]
    assert not gained(before)


@pytest.mark.parametrize("about", [{"number": "1"}, {"userName": "x"}, {"emails": [{"value": "x@y.example"}]}])
def test_nobody_is_made_twice(call, about: dict) -> None:
    call("POST", body=user(), status=201)
    other = {"number": "1", "userName": "x", "emails": [{"value": "x@y.example"}]}
    for name in about:
        other.pop(name)
    assert call("POST", body=user(**other), status=409)["scimType"] == "uniqueness"


# Leavers and movers


def joined() -> Person:
    row = make.joined("Officer", passphrase="harbour lantern mosaic")
    actions.grant_role(by=TEST, person=row, role="spoc", unit=row.unit, now=NOW)
    return row


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
    ],
)
def test_not_active_is_a_leaver(call, client, operation: dict) -> None:
    row = joined()
    client.force_login(row)
    assert client.get("/").status_code == 200
    said = call("PATCH", f"{USERS}/{row.pk}", patch(operation), status=200)
    assert said["active"] is False
    standing = person_facts(row, now=SOON)
    assert not any((standing.active, standing.access, standing.licensed, standing.unit_roles))
    assert client.get("/").status_code == 302, "signed out"
    assert Event.objects.get(what="person.left").personal.data == {"reason": "The directory says so"}


def test_active_again_is_back_and_begins_anew(call) -> None:
    row = joined()
    for value in (False, True):
        call("PATCH", f"{USERS}/{row.pk}", patch({"op": "replace", "path": "active", "value": value}), status=200)
    standing = person_facts(row, now=SOON)
    assert (standing.active, standing.access) == (True, False)


def test_another_department_or_title_is_a_move(call) -> None:
    row = joined()
    call(
        "PATCH",
        f"{USERS}/{row.pk}",
        patch(
            {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "E Division"},
            {"op": "replace", "path": "title", "value": "Police Sergeant"},
        ),
        status=200,
    )
    row.refresh_from_db()
    assert (row.unit_id, row.rank) == ("edinburgh", "sergeant")
    assert not person_facts(row, now=SOON).unit_roles
    assert call("GET", f"{USERS}/{row.pk}", status=200)[ENTERPRISE]["department"] == "E Division"


def test_a_whole_user_replaces_another(call) -> None:
    made = call("POST", body=user(), status=201)
    body = user(displayName="Pat Married", emails=[{"value": "pat.married@force.example"}], title="Inspector")
    call("PUT", f"{USERS}/{made['id']}", body, status=200)
    row = pat()
    assert (row.name, row.email, row.rank) == ("Pat Married", "pat.married@force.example", "inspector")


def test_deleted_is_a_leaver_who_stays_on_record_and_can_come_back(call) -> None:
    made = call("POST", body=user(), status=201)
    before = kept()
    call("DELETE", f"{USERS}/{made['id']}", status=204)
    assert not [label for label, more in gained(before).items() if more < 0]
    assert not pat().is_active
    call("GET", f"{USERS}/{made['id']}", status=404)
    call("DELETE", f"{USERS}/{made['id']}", status=404)
    assert call("POST", body=user(), status=201)["id"] == made["id"]
    assert pat().is_active


def test_a_namesake_does_not_come_back_as_somebody_who_left_with_a_course(call) -> None:
    made = call("POST", body=user(), status=201)
    actions.record_completion(
        by=TEST, person=pat(), trainer=make.trainer(), completed_at=NOW - timedelta(days=1), now=NOW
    )
    call("PATCH", f"{USERS}/{made['id']}", patch({"op": "replace", "path": "active", "value": False}), status=200)
    other = patch({"op": "replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "4712"})
    said = call("PATCH", f"{USERS}/{made['id']}", other, status=409)
    assert "keeps their number" in said["detail"]
    assert not pat().is_active


def test_the_last_administrator_stays_and_nothing_of_it_is_kept(call, administrator: Person) -> None:
    before = kept()
    body = patch({"op": "replace", "path": "active", "value": False})
    said = call("PATCH", f"{USERS}/{administrator.pk}", body, status=409)
    assert "last administrator" in said["detail"]
    assert not gained(before)
    assert Person.objects.get(pk=administrator.pk).is_active


def test_a_directory_says_so_of_its_tokens_own_owner_too(call, administrator: Person, secret: str) -> None:
    make.person("Second", roles=("administrator",))
    body = patch({"op": "replace", "path": "active", "value": False})
    call("PATCH", f"{USERS}/{administrator.pk}", body, status=200)
    call("GET", status=401)
    assert tokens.find(secret, now=SOON) is None


# Finding


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('userName eq "PAT@force.example"', {"4711"}),
        ('externalId eq "e-1"', {"4711"}),
        ('emails.value sw "pat"', {"4711"}),
        (f'{ENTERPRISE}:employeeNumber eq "4711"', {"4711"}),
        ('active eq false and displayName co "Pat"', set()),
        ('displayName eq "Nobody"', set()),
        ('not (active eq true) or title eq "PC"', {"4711"}),
        ('userName eq "\' OR 1=1 --"', set()),
    ],
)
def test_users_are_found_by_filters(call, text: str, numbers: set[str]) -> None:
    call("POST", body=user(externalId="e-1"), status=201)
    said = call("GET", f"{USERS}?filter={quoted(text)}", status=200)
    assert {each[ENTERPRISE]["employeeNumber"] for each in said.get("Resources", [])} == numbers
    assert said["totalResults"] == len(numbers)


def quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


@pytest.mark.parametrize(
    "text",
    [
        "userName",
        'password eq "x"',
        'nickName eq "x" or active eq true',
        "userName zz 1",
        'id eq "x" and (',
        "(" * 99,
        'active gt "x"',
        'userName eq "' + "x" * 2000 + '"',
    ],
)
def test_a_filter_that_is_none_finds_nobody(call, text: str) -> None:
    assert call("GET", f"{USERS}?filter={quoted(text)}", status=400)["scimType"] in {"invalidFilter", "invalidValue"}


def test_pages_and_attributes(call) -> None:
    for _ in range(3):
        make.person()
    said = call("GET", f"{USERS}?startIndex=2&count=2&attributes=userName", status=200)
    assert (said["totalResults"], said["startIndex"], said["itemsPerPage"]) == (4, 2, 2)
    assert set(said["Resources"][0]) <= {"schemas", "id", "userName"}
    assert call("GET", f"{USERS}?count=0", status=200)["totalResults"] == 4


# Who may


def test_only_with_a_token_of_this_scope(call, administrator: Person) -> None:
    other = tokens.make_token(
        by=TEST, owner=administrator, name="Desk", scopes=["access:read"], expires_at=NOW + timedelta(days=1), now=NOW
    )[1]
    call("GET", status=401, token="nothing")
    call("GET", status=403, token=other)
    call("GET", "/scim/v2/ServiceProviderConfig", status=401, token="")


def test_the_guidance_is_asked_as_of_the_owner(call, administrator: Person) -> None:
    officer = make.person("Officer")
    other = tokens.make_token(
        by=TEST, owner=officer, name="D", scopes=["scim"], expires_at=NOW + timedelta(days=1), now=NOW
    )[1]
    before = kept()
    assert "M.9" in call("POST", body=user(), status=403, token=other)["detail"]
    assert "people.Person" not in gained(before)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", USERS, "{no json", 400),
        ("POST", USERS, [], 400),
        ("PATCH", f"{USERS}/00000000-0000-0000-0000-000000000000", {}, 404),
        ("GET", f"{USERS}/none", None, 404),
        ("GET", "/scim/v2/Groups", None, 404),
        ("PUT", USERS, {}, 405),
    ],
)
def test_every_error_is_one_of_scim(call, method: str, path: str, body: object, status: int) -> None:
    call(method, path, body, status=status)


# By other makers' programmes


@pytest.fixture
def scim(secret: str) -> Iterator[WSGISCIMClient]:
    # What Django's own test client does too: the test's connection is not closed with the request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield _scim(secret)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _scim(secret: str) -> WSGISCIMClient:
    client = WSGISCIMClient(
        WSGIHandler(), base_url="http://localhost/scim/v2", headers={"Authorization": f"Bearer {secret}"}
    )
    client.discover()
    return client


def test_a_client_of_another_maker_works_with_it(scim: WSGISCIMClient) -> None:
    model = scim.get_resource_model("User")
    made = scim.create(model.model_validate(user()))
    assert scim.query(model, made.id).user_name == "pat@force.example"
    made.active = False
    scim.replace(made)
    assert not pat().is_active
    scim.delete(model, made.id)
    assert DirectoryEntry.objects.get().deleted_at == SOON


def test_the_compliance_tester_finds_nothing(scim: WSGISCIMClient, administrator: Person, monkeypatch) -> None:
    monkeypatch.setattr(tokens, "MOST_A_MINUTE", 10_000)
    results = check_server(scim)
    assert len(results) > 20
    found = [f"{each.title}: {each.reason}" for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    assert "\n".join(found) == ""
