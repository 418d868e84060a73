"""Tokens and `/api/v1/`: who acts, under which scopes, once for each key, and every error as a problem (5.9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from openapi_spec_validator import OpenAPIV31SpecValidator

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.api import cli, once, tokens
from mercat.people.api.interface import api
from mercat.people.facts import person_facts
from mercat.people.models import SCOPES, Access, Answered, Person, Token
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.meanwhile import meanwhile
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401
from tests.people.conftest import Holders

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

REQUESTS = "/api/v1/access-requests"
MONTH = NOW + timedelta(days=30)
Until = Callable[[str], Person]


@pytest.fixture
def ict(db: None) -> Person:
    return make.person("Desk", unit_key="ict", roles=("ict",))


def token_of(owner: Person, *scopes: str) -> tuple[Token, str]:
    wanted = scopes or ("access:read", "access:write")
    return tokens.make_token(by=TEST, owner=owner, name="Desk system", scopes=wanted, expires_at=MONTH, now=NOW)


class Desk:
    """The service desk's own system."""

    def __init__(self, secret: str) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str = REQUESTS, **query: object) -> Any:
        return self.client.get(path, query, headers=self.headers)

    def post(self, path: str, body: object = None, *, key: str | None = "k1", **headers: str) -> Any:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {}), **headers}
        raw = body if isinstance(body, str) else json.dumps(body or {})
        return self.client.post(path, raw, content_type="application/json", headers=headers)


@pytest.fixture
def desk(ict: Person) -> Desk:
    return Desk(token_of(ict)[1])


@pytest.fixture
def confirmed(joined_until: Until) -> Access:
    joined_until("open_access")
    return Access.objects.get()


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    assert "sessionid" not in answer.cookies
    return said


# Tokens


def test_only_the_administrator_makes_and_revokes_tokens(holders: Holders) -> None:
    may = set()
    for name, holder in holders.items():
        try:
            row, _ = tokens.make_token(
                by=holder, owner=holders["ict"], name="Desk", scopes=["scim"], expires_at=MONTH, now=NOW
            )
            tokens.revoke(by=holder, token=row, now=NOW)
        except Refused:
            continue
        may.add(name)
    assert may == {"administrator"}


def test_the_secret_is_kept_nowhere_and_its_owner_is_told(ict: Person) -> None:
    row, secret = token_of(ict)
    assert secret.startswith("mercat_")
    dump = [str(list(model.objects.values())) for model in (Token, Event)]
    assert not any(secret in each or secret.removeprefix("mercat_") in each for each in dump)
    assert tokens.find(secret, now=NOW) == row
    assert ict.notices.get().subject == "A token acts in your name"


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"name": " "}, "what the token is for"),
        ({"scopes": []}, "Choose what"),
        ({"scopes": ["access:read", "root"]}, "Choose what"),
        ({"expires_at": NOW}, "expires after now"),
        ({"expires_at": NOW + timedelta(days=400)}, "within 366 days"),
    ],
)
def test_a_token_that_cannot_be_is_not_made(ict: Person, about: dict, words: str) -> None:
    before = kept()
    with pytest.raises(Impossible, match=words):
        tokens.make_token(
            **{"by": TEST, "owner": ict, "name": "Desk", "scopes": ["scim"], "expires_at": MONTH, "now": NOW, **about}
        )
    assert not gained(before)


@pytest.mark.parametrize("about", [{"scopes": ["root"]}, {"scopes": []}, {"expires_at": NOW - timedelta(days=1)}])
def test_the_database_takes_no_other_scopes_and_no_token_without_end(ict: Person, about: dict) -> None:
    row = {"name": "x", "owner": ict, "scopes": ["scim"], "digest": "0" * 64, "made_at": NOW, "expires_at": MONTH}
    with pytest.raises(DatabaseError, match="a_token_"), transaction.atomic():
        Token.objects.create(**{**row, **about})


@pytest.mark.parametrize("column", ["scopes", "owner_id", "digest", "expires_at"])
def test_what_a_token_may_is_never_changed(ict: Person, column: str) -> None:
    token_of(ict)
    connection.check_constraints()
    value = {"scopes": "ARRAY['scim']", "owner_id": "gen_random_uuid()", "digest": "'1'"}.get(column, "now()")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="only ever grows"):
        cursor.execute(f"UPDATE people_token SET {column} = {value}")


def test_a_token_ends_when_it_is_revoked_expires_or_its_owner_leaves(ict: Person) -> None:
    administrator = make.person("Admin", roles=("administrator",))
    row, secret = token_of(ict)
    assert tokens.find(secret, now=MONTH) is None
    assert tokens.find(secret + "x", now=NOW) is None
    actions.mark_left(by=TEST, person=ict, reason="Retired", now=NOW)
    assert tokens.find(secret, now=NOW) is None
    row.refresh_from_db()
    assert row.revoked_at == NOW
    assert administrator.notices.get().subject == "Tokens are revoked"
    actions.mark_returned(by=TEST, person=ict, now=NOW)
    assert tokens.find(secret, now=NOW) is None, "it stays revoked"


def test_the_command_line_makes_lists_and_revokes(ict: Person) -> None:
    run = CliRunner().invoke
    made = run(cli.token, ["make", "--for", ict.email, "--name", "Desk", "--scope", "access:read"])
    assert made.exit_code == 0, made.output
    row = tokens.find(made.stdout.strip().splitlines()[-1], now=SOON)
    assert row.scopes == ["access:read"]
    assert str(row.pk) in run(cli.token, ["list"]).output
    assert run(cli.token, ["revoke", str(row.pk)]).exit_code == 0
    assert run(cli.token, ["revoke", str(row.pk)]).exit_code == 1
    assert str(row.pk) not in run(cli.token, ["list"]).output
    assert "Nobody on the list" in run(cli.token, ["make", "--for", "x@y", "--name", "D", "--scope", "scim"]).output


# Reading


def test_requests_are_listed_by_state(desk: Desk, confirmed: Access) -> None:
    for state, expected in (("confirmed", 1), ("open", 0), ("ended", 0), ("rejected", 0), (None, 1)):
        answer = desk.get(**({"state": state} if state else {}))
        assert answer.status_code == 200
        assert len(answer.json()["items"]) == expected, state
    one = desk.get(f"{REQUESTS}/{confirmed.pk}").json()
    assert (one["reference"], one["state"], one["opened_at"]) == ("REQ-1", "confirmed", None)
    assert one["person"]["number"] == confirmed.person.number


def test_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercat.people.api.interface.ON_A_PAGE", 2)
    for _ in range(3):
        make.joined()
    first, second = (desk.get(page=page).json() for page in (1, 2))
    assert [len(each["items"]) for each in (first, second)] == [2, 1]
    assert (first["more"], second["more"]) == (True, False)


def test_people_are_read_with_their_own_scope(ict: Person, newcomer: Person) -> None:
    reader = Desk(token_of(ict, "people:read")[1])
    assert reader.get("/api/v1/people", number=newcomer.number).json()["items"][0]["id"] == str(newcomer.pk)
    assert reader.get(f"/api/v1/people/{newcomer.pk}").json()["active"] is True
    is_problem(reader.get(), 403)


# Writing


def test_a_confirmed_request_is_opened_by_the_token_for_its_owner(desk: Desk, confirmed: Access, ict: Person) -> None:
    answer = desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    assert (answer.status_code, answer.json()["state"]) == (200, "open")
    confirmed.refresh_from_db()
    assert confirmed.opened_by == ict
    event = Event.objects.get(what="person.access_opened")
    assert event.actor == Token.objects.get().audit_ref


def test_only_what_is_confirmed_can_be_opened(desk: Desk, joined_until: Until) -> None:
    joined_until("confirm_training")
    is_problem(desk.post(f"{REQUESTS}/1/open"), 404)
    assert not Access.objects.exists()


def test_the_guidance_is_asked_as_of_the_owner(confirmed: Access, holders: Holders) -> None:
    desk = Desk(token_of(holders["administrator"])[1])
    said = is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/open"), 403)
    assert said["refusals"] == [
        {
            "clause": "5.9",
            "reason": "Access is opened by ICT.",
            "remedy": "Leave the request in the queue of ICT.",
            "owner": "ICT service desk",
        }
    ]


def test_nobody_opens_their_own_access_through_a_token(ict: Person, joined_until: Until) -> None:
    person = joined_until("open_access")
    actions.grant_role(by=TEST, person=person, role="ict", unit=None, now=NOW)
    said = is_problem(Desk(token_of(person)[1]).post(f"{REQUESTS}/{Access.objects.get().pk}/open"), 403)
    assert {each["clause"] for each in said["refusals"]} == {"M.5"}


def test_a_request_is_rejected_with_a_reason_and_those_concerned_are_told(
    desk: Desk, confirmed: Access, ict: Person
) -> None:
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/reject"), 422)
    answer = desk.post(f"{REQUESTS}/{confirmed.pk}/reject", {"reason": "No account in the directory"}, key="k2")
    assert answer.json()["state"] == "rejected"
    assert not person_facts(confirmed.person, now=SOON).training_confirmed
    notice = confirmed.person.notices.get()
    assert notice.body == "By the token “Desk system”: No account in the directory"
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/open", key="k3"), 409)
    actions.confirm_training(by=TEST, person=confirmed.person, reference="REQ-2", now=SOON)
    assert [each["state"] for each in desk.get().json()["items"]] == ["confirmed", "rejected"]


def test_access_is_ended_with_a_reason(desk: Desk, confirmed: Access) -> None:
    desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    answer = desk.post(f"{REQUESTS}/{confirmed.pk}/end", {"reason": "Moved"}, key="k2")
    assert answer.json()["state"] == "ended"
    assert not person_facts(confirmed.person, now=SOON).access


def test_what_is_open_is_not_rejected(desk: Desk, confirmed: Access) -> None:
    desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/reject", {"reason": "Late"}, key="k2"), 409)
    with pytest.raises(DatabaseError, match="rejected_means_ended"), transaction.atomic():
        Access.objects.update(rejected_by=confirmed.person)


def test_a_token_reads_of_the_people_whom_its_owner_sees(ict: Person) -> None:
    make.person("Elsewhere", unit_key="edinburgh")
    officer = make.person("Officer")
    secret = token_of(officer, "people:read", "access:read")[1]
    assert [each["name"] for each in Desk(secret).get("/api/v1/people").json()["items"]] == ["Officer"]
    other = Person.objects.get(name="Elsewhere")
    is_problem(Desk(secret).get(f"/api/v1/people/{other.pk}"), 404)
    everybody = Desk(token_of(ict, "people:read")[1]).get("/api/v1/people").json()["items"]
    assert len(everybody) == Person.objects.count()


def test_a_token_made_for_another_is_in_force_once_they_accept_it(ict: Person) -> None:
    """Else whoever makes it could take the other's steps."""
    administrator = make.person("Administrator", unit_key="ict", roles=("administrator",))
    about = {"owner": ict, "name": "Desk system", "scopes": ["access:read"], "expires_at": MONTH, "now": NOW}
    row, secret = tokens.make_token(by=administrator, **about)
    is_problem(Desk(secret).get(), 401)
    assert ict.notices.get().subject == "A token is to act in your name"
    with pytest.raises(Impossible, match="no answer of yours"):
        tokens.accept(by=administrator, token=row, now=NOW)
    theirs = signed_in(ict)
    assert "Waits for you" in text_of(theirs.get("/tokens/mine/"))
    assert signed_in(administrator).post(f"/tokens/{row.pk}/accept/").status_code == 404
    assert theirs.post(f"/tokens/{row.pk}/accept/").status_code == 302
    assert Desk(secret).get().status_code == 200
    assert Event.objects.get(what="token.accepted").actor == ict.audit_ref
    assert not ict.notices.filter(read_at=None).exists()
    assert theirs.post(f"/tokens/{row.pk}/revoke/").url == "/tokens/mine/"
    is_problem(Desk(secret).get(), 401)


# Once for each key


def test_the_same_request_with_the_same_key_is_done_once_and_answered_alike(desk: Desk, confirmed: Access) -> None:
    first = desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    before = kept()
    second = desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second["Idempotent-Replayed"] == "true"
    assert not gained(before)
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/open", key="another"), 409)


def test_a_refusal_is_answered_alike_too(desk: Desk, confirmed: Access) -> None:
    desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    first, second = (desk.post(f"{REQUESTS}/{confirmed.pk}/open", key="k2") for _ in range(2))
    assert is_problem(first, 409) == is_problem(second, 409)


def test_another_request_under_the_same_key_is_refused(desk: Desk, confirmed: Access) -> None:
    desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/end", {"reason": "Moved"}), 422)
    assert person_facts(confirmed.person, now=SOON).access


def test_keys_are_of_one_token(confirmed: Access, ict: Person) -> None:
    one, other = Desk(token_of(ict)[1]), Desk(token_of(ict)[1])
    one.post(f"{REQUESTS}/{confirmed.pk}/open")
    assert other.post(f"{REQUESTS}/{confirmed.pk}/end", {"reason": "Moved"}).status_code == 200


@pytest.mark.parametrize("key", [None, "", "x" * 256])
def test_without_a_key_nothing_is_written(desk: Desk, confirmed: Access, key: str | None) -> None:
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/open", key=key), 422)
    assert not Answered.objects.exists()


def test_what_crashed_was_not_done_and_may_be_tried_again(
    desk: Desk, confirmed: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(actions, "record", lambda **_: 1 / 0)
        is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/open"), 500)
    assert Access.objects.get().opened_at is None
    assert desk.post(f"{REQUESTS}/{confirmed.pk}/open").json()["state"] == "open"


def test_answers_are_kept_for_a_day(desk: Desk, confirmed: Access) -> None:
    desk.post(f"{REQUESTS}/{confirmed.pk}/open")
    once.forget(now=SOON + timedelta(hours=23))
    assert Answered.objects.count() == 1
    once.forget(now=SOON + timedelta(hours=24))
    assert not Answered.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_it_is_being_done_another_is_told_so(desk: Desk, confirmed: Access) -> None:
    path = f"{REQUESTS}/{confirmed.pk}/open"
    desk.post(path)
    Answered.objects.update(status=None)
    with transaction.atomic():
        Answered.objects.select_for_update().get()
        answer = meanwhile(lambda: desk.post(path)).result()
    is_problem(answer, 409)


# Errors


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nothing"}, {"Authorization": "Basic eDp5"}])
def test_without_a_token_in_force_nothing_is_said(client: Client, headers: dict[str, str]) -> None:
    answer = client.get(REQUESTS, headers=headers)
    is_problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_signed_in_browser_is_no_token(ict: Person, confirmed: Access) -> None:
    client = Client()
    client.force_login(ict)
    is_problem(client.get(REQUESTS), 401)
    is_problem(client.post(f"{REQUESTS}/{confirmed.pk}/open", headers={"Idempotency-Key": "k"}), 401)


def test_a_token_does_what_its_scopes_say_and_no_more(ict: Person, confirmed: Access) -> None:
    for scope in SCOPES:
        caller = Desk(token_of(ict, scope)[1])
        assert (caller.get().status_code == 200) == (scope == "access:read"), scope
        allowed = caller.post(f"{REQUESTS}/0/open").status_code != 403
        assert allowed == (scope == "access:write"), scope


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/", 404),
        ("get", "/api/v1/nowhere", 404),
        ("get", f"{REQUESTS}/999999", 404),
        ("delete", REQUESTS, 405),
        ("put", f"{REQUESTS}/1/open", 405),
        ("get", f"{REQUESTS}/none", 422),
        ("get", f"{REQUESTS}?state=lost", 422),
        ("get", f"{REQUESTS}?page=0", 422),
    ],
)
def test_every_error_is_a_problem(desk: Desk, method: str, path: str, status: int) -> None:
    is_problem(getattr(desk.client, method)(path, headers=desk.headers), status)


def test_what_is_no_json_is_said_so(desk: Desk, confirmed: Access) -> None:
    is_problem(desk.post(f"{REQUESTS}/{confirmed.pk}/end", "{not json"), 400)


def test_a_token_has_its_rate(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_A_MINUTE", 2)
    assert [desk.get().status_code for _ in range(3)] == [200, 200, 429]
    answer = desk.get()
    is_problem(answer, 429)
    assert answer["Retry-After"] == "60"
    monkeypatch.setattr(timezone, "now", lambda: SOON + timedelta(minutes=2))
    assert desk.get().status_code == 200
    assert Token.objects.get().last_used_at == SOON + timedelta(minutes=2)


@pytest.fixture
def described() -> dict[str, Any]:
    return json.loads(Client().get("/api/v1/openapi.json").content)


def test_it_is_described_in_openapi_3_1_for_everybody(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(described).validate()
    assert described == json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    assert f"{REQUESTS}/{{number}}/open" in described["paths"]
