"""The pages on which the list of people is kept: adding, roles, passphrases, and who has left."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from mercat.people.models import KnownDevice, Person
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, passphrase_alone, queries_of, signed_in, text_of  # noqa: F401
from tests.people.conftest import grant_role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NEW = {
    "name": "Ann Example",
    "email": "Ann@Mercat.Example",
    "number": "n-1",
    "unit": "tayside",
    "rank": "sergeant",
}
WORDS, OTHER = "harbour lantern thistle", "mosaic pebble walnut"


@pytest.fixture
def administrator() -> Person:
    return make.person("Administrator", unit_key="ict", roles=("administrator",))


@pytest.fixture
def client(administrator: Person) -> Client:
    return signed_in(administrator)


def page(person: Person) -> str:
    return reverse("people:person", args=[person.pk])


def step(person: Person, action: str) -> str:
    return reverse("people:step", args=[person.pk, action])


def passphrase_of(person: Person) -> str:
    return reverse("people:passphrase", args=[person.pk])


def test_somebody_is_added_and_shown(client: Client) -> None:
    assert reverse("people:add") in client.get("/people/").content.decode()
    assert "Add a person" in text_of(client.get("/people/new/"))
    response = client.post("/people/new/", NEW)
    person = Person.objects.get(number="n-1")
    assert (person.email, person.unit_id, person.rank, person.employment) == (
        "ann@mercat.example", "tayside", "sergeant", "officer",
    )  # fmt: skip
    assert response.url == page(person)
    said = text_of(client.get(response.url))
    assert "Ann Example is on the list." in said
    assert "Sergeant officer" in said


def test_staff_follows_from_the_grade(client: Client) -> None:
    client.post("/people/new/", {**NEW, "rank": "manager"})
    assert Person.objects.get(number="n-1").employment == "staff"


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("name", " ", "Enter the name"),
        ("name", "x" * 121, "at most 120 characters"),
        ("email", "no address", "Enter an e-mail like name@example.org"),
        ("email", "TAKEN@mercat.example", "Somebody with this e-mail is on the list already"),
        ("number", "", "Enter the staff number"),
        ("number", "taken", "Somebody with this staff number is on the list already"),
        ("unit", "", "Choose where they work"),
        ("unit", "atlantis", "Choose a place of the list"),
        ("rank", "", "Choose a rank or grade"),
        ("rank", "field-marshal", "Choose a rank or grade of the list"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(
    client: Client, field: str, typed: str, says: str
) -> None:
    client.post("/people/new/", {**NEW, "email": "taken@mercat.example", "number": "taken"})
    before = Person.objects.count()
    response = client.post("/people/new/", {**NEW, field: typed})
    html = response.content.decode()
    assert response.status_code == 422
    assert f'<a href="#{field}">' in html
    assert f'id="{field}-error"' in html
    assert text_of(response).count(says) == 2
    kept = {"name": 'value="Ann Example"', "email": 'value="Ann@Mercat.Example"', "number": 'value="n-1"'}
    chosen = {"unit": '<option value="tayside" selected>', "rank": '<option value="sergeant" selected>'}
    for name, shown in {**kept, **chosen}.items():
        assert (shown in html) is (name != field)
    assert Person.objects.count() == before


@pytest.mark.parametrize(("roles", "may"), [(("corporate-communications",), True), (("ict",), False), ((), False)])
def test_adding_is_for_whom_the_guidance_allows_it(roles: tuple[str, ...], may: bool) -> None:
    client = signed_in(make.person(unit_key="ict", roles=roles))
    assert (reverse("people:add") in client.get("/people/").content.decode()) is may
    response = client.get("/people/new/")
    assert response.status_code == (200 if may else 403)
    assert ("M.9" in text_of(response)) is not may
    assert client.post("/people/new/", NEW).status_code == (302 if may else 403)
    assert Person.objects.filter(number="n-1").exists() is may


def test_a_role_is_given_in_a_unit_and_ended_with_a_reason(client: Client) -> None:
    person = make.person()
    assert "Roles None." in text_of(client.get(page(person)))
    client.post(step(person, "grant_role"), {"role": "divisional-commander", "unit": "fife"})
    grant = person.role_grants.get()
    assert (grant.role, grant.unit_id) == ("divisional-commander", "fife")
    assert "Divisional Commander or head of department, Fife" in text_of(client.get(page(person)))
    end = reverse("people:end-role", args=[person.pk, grant.pk])
    response = client.post(end, {})
    assert response.status_code == 422
    assert f'<a href="#role-{grant.pk}-reason">' in response.content.decode()
    assert client.post(end, {f"role-{grant.pk}-reason": "Moved"}).status_code == 302
    grant.refresh_from_db()
    assert grant.ended_at == SOON
    assert "Roles None." in text_of(client.get(page(person)))


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"role": "", "unit": "fife"}, "role", "Choose a role"),
        ({"role": "king"}, "role", "Choose a role of the list"),
        ({"role": "auditor"}, "role", "holds this role already"),
        ({"role": "ict", "unit": "fife"}, "unit", "is held everywhere, not in one unit"),
        ({"role": "spoc", "unit": ""}, "unit", "is held in a unit: say in which"),
        ({"role": "spoc", "unit": "atlantis"}, "unit", "Choose a place of the list"),
    ],
)
def test_a_role_that_cannot_be_given_is_told_at_its_field(
    client: Client, typed: dict[str, str], field: str, says: str
) -> None:
    person = make.person(roles=("auditor",))
    response = client.post(step(person, "grant_role"), typed)
    html = response.content.decode()
    assert response.status_code == 422
    assert f'<a href="#{field}">' in html
    assert says in text_of(response)
    if typed["role"] in ("auditor", "ict", "spoc"):
        assert f'<option value="{typed["role"]}" selected>' in html
    assert person.role_grants.count() == 1


def test_a_role_is_ended_on_the_page_of_whoever_holds_it(client: Client) -> None:
    grant = grant_role(make.TEST, make.person("Holder"))
    end = reverse("people:end-role", args=[make.person("Another").pk, grant.pk])
    assert client.post(end, {f"role-{grant.pk}-reason": "Moved"}).status_code == 404


def test_an_administrators_role_is_ended_by_another_and_never_by_themselves(
    client: Client, administrator: Person
) -> None:
    another = make.person("Another", unit_key="ict", roles=("administrator",))
    grant = administrator.role_grants.get()
    end = reverse("people:end-role", args=[administrator.pk, grant.pk])
    assert client.post(end, {f"role-{grant.pk}-reason": "Moved"}).status_code == 403
    assert signed_in(another).post(end, {f"role-{grant.pk}-reason": "Moved"}).status_code == 302


@pytest.mark.parametrize(
    "holder",
    [
        {},
        {"unit_key": "corporate-communications", "roles": ("corporate-communications",)},
        {"unit_key": "fife", "unit_roles": ("divisional-commander",)},
        {"unit_key": "tayside", "unit_roles": ("divisional-commander",)},
    ],
)
def test_nobody_else_is_offered_or_allowed_any_of_it(holder: dict[str, object]) -> None:
    person = make.person()
    grant = grant_role(make.TEST, person)
    client = signed_in(make.person(**holder))
    html = client.get(page(person)).content.decode()
    end = reverse("people:end-role", args=[person.pk, grant.pk])
    for address, typed in [
        (step(person, "grant_role"), {"role": "ict"}),
        (end, {f"role-{grant.pk}-reason": "Moved"}),
        (step(person, "mark_left"), {"left-reason": "Retired"}),
        (step(person, "mark_returned"), {}),
        (passphrase_of(person), {"passphrase": WORDS, "again": WORDS}),
    ]:
        assert address not in html
        response = client.post(address, typed)
        assert response.status_code == 403
        assert {"M.9", "5.6"} & set(text_of(response).split())  # 5.6 where not even the person's page is open
    assert client.get(passphrase_of(person)).status_code == 403
    person.refresh_from_db()
    assert (person.is_active, person.has_usable_password()) == (True, False)
    assert [row.ended_at for row in person.role_grants.all()] == [None]


@pytest.mark.usefixtures("passphrase_alone")
def test_whoever_has_left_is_at_the_sign_in_with_their_next_request_and_stays_there(client: Client) -> None:
    leaver = make.joined("Leaver")
    theirs = Client()
    make.people.set_passphrase(by=make.TEST, person=leaver, passphrase=WORDS, now=NOW)
    sign_in = {"email": leaver.email, "passphrase": WORDS}
    assert theirs.post("/sign-in/", sign_in).status_code == 302
    assert theirs.get("/people/").status_code == 200
    assert client.post(step(leaver, "mark_left"), {"left-reason": ""}).status_code == 422
    client.post(step(leaver, "mark_left"), {"left-reason": "Retired"})
    assert theirs.get("/people/").url == "/sign-in/?next=/people/"
    assert theirs.post(step(leaver, "acknowledge")).url.startswith("/sign-in/")
    assert "do not belong together" in text_of(theirs.post("/sign-in/", sign_in))
    said = text_of(client.get(page(leaver)))
    assert "Has left" in said
    for offered in ("Give a role", "Set a passphrase", "Mark as left", "End access"):
        assert offered not in said


def test_whoever_left_is_shown_so_and_put_back_without_the_sessions_of_before(client: Client) -> None:
    leaver = make.person("Leaver", passphrase=WORDS)
    theirs = signed_in(leaver)
    client.post(step(leaver, "mark_left"), {"left-reason": "A mistake"})
    assert "Has left" in text_of(client.get("/people/?text=Leaver"))
    assert step(leaver, "mark_returned") in client.get(page(leaver)).content.decode()
    assert client.post(step(leaver, "mark_returned")).status_code == 302
    said = text_of(client.get(page(leaver)))
    assert "Leaver is back on the list" in said
    assert "Give a role" in said
    assert theirs.get("/people/").url.startswith("/sign-in/")


def test_nobody_is_offered_to_mark_themselves(client: Client, administrator: Person) -> None:
    assert "Mark as left" not in text_of(client.get(page(administrator)))
    response = client.post(step(administrator, "mark_left"), {"left-reason": "Retired"})
    assert response.status_code == 422
    assert "another administrator does it" in text_of(response)


def test_a_passphrase_is_set_and_never_shown(client: Client) -> None:
    person = make.person("Ann")
    assert passphrase_of(person) in client.get(page(person)).content.decode()
    assert "Passphrase for Ann" in text_of(client.get(passphrase_of(person)))
    response = client.post(passphrase_of(person), {"passphrase": f" {WORDS}", "again": f" {WORDS}"}, follow=True)
    assert "Ann signs in with the new passphrase from now on." in text_of(response)
    assert WORDS not in response.content.decode()
    assert Client().post("/sign-in/", {"email": person.email, "passphrase": f" {WORDS}"}).status_code == 302


def test_an_administrator_changes_their_own_for_the_old_one_alone(client: Client, administrator: Person) -> None:
    for answer in (
        client.get(passphrase_of(administrator)),
        client.post(passphrase_of(administrator), {"passphrase": WORDS, "again": WORDS}),
    ):
        assert answer.url == "/sign-in/mine/passphrase/"
    administrator.refresh_from_db()
    assert not administrator.has_usable_password()


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"passphrase": "", "again": ""}, "passphrase", "Enter a passphrase"),
        ({"passphrase": WORDS, "again": ""}, "again", "Enter the passphrase again"),
        ({"passphrase": WORDS, "again": f"{WORDS} "}, "again", "The two passphrases differ"),
        ({"passphrase": "short", "again": "short"}, "passphrase", "too short"),
    ],
)
def test_a_passphrase_that_cannot_be_is_told_at_its_field_and_not_shown(
    client: Client, typed: dict[str, str], field: str, says: str
) -> None:
    person = make.person()
    response = client.post(passphrase_of(person), typed)
    html = response.content.decode()
    assert response.status_code == 422
    assert f'<a href="#{field}">' in html
    assert says in text_of(response)
    assert WORDS not in html
    assert not Person.objects.get(pk=person.pk).has_usable_password()


def test_the_page_of_somebody_with_many_roles_takes_the_same_queries(client: Client) -> None:
    person = make.person()
    client.get(page(person))
    few = queries_of(client, page(person))
    for key in ("fife", "edinburgh", "tayside"):
        make.people.grant_role(by=make.TEST, person=person, role="spoc", unit=make.unit(key), now=NOW)
    assert queries_of(client, page(person)) == few


def test_a_second_passphrase_is_not_one_administrators_to_give(client: Client) -> None:
    """Else they could enrol a factor of their own for somebody who has none, and be both of two people."""
    person = make.person()
    client.post(passphrase_of(person), {"passphrase": WORDS, "again": WORDS})
    person.refresh_from_db()
    first = person.password
    assert person.has_usable_password()
    KnownDevice.objects.create(person=person, digest="d", at=NOW)
    response = client.post(passphrase_of(person), {"passphrase": OTHER, "again": OTHER})
    assert response.status_code == 422
    assert "is opened by two people" in text_of(response)
    person.refresh_from_db()
    assert person.password == first


def test_somebody_who_comes_back_begins_anew_with_a_first_passphrase(client: Client) -> None:
    person = make.person()
    KnownDevice.objects.create(person=person, digest="d", at=NOW)
    client.post(step(person, "mark_left"), {"left-reason": "Retired"})
    client.post(step(person, "mark_returned"))
    assert client.post(passphrase_of(person), {"passphrase": WORDS, "again": WORDS}).status_code == 302
