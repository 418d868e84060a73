"""Applications on pages: asked for in writing, seen by those whom they concern, decided by one role."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.people.models import Notice, Person
from mercat.register import actions
from mercat.register.models import Application, Slot
from tests import factories as make
from tests.factories import NOW
from tests.kept import gained, kept
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

OUTLINE = {"network": "bluesky", "kind": "local", "unit": "tayside"}
WORDS = {
    "name": "Broughty Ferry",
    "purpose": "To warn and inform the people of the Ferry.",
    "audience": "Those who live there.",
    "existing": "Dundee speaks of other things.",
    "languages": "English",
    "plan": "Tides and traffic, daily.",
}


def applied(by: Person, name: str = "Broughty Ferry", **about: object) -> Application:
    wanted = {"network": "bluesky", "kind": "local", "unit": by.unit, "purpose": "To warn and inform.", "now": NOW}
    return actions.apply_for_account(**{**wanted, "by": by, "name": name, **about})


def where(row: Application) -> str:
    return f"/register/applications/{row.pk}/"


@pytest.fixture
def officer(db: None) -> Person:
    return make.person("Officer")


@pytest.fixture
def head(db: None) -> Person:
    roles = ("head-of-communications-specialist-services",)
    return make.person("Head", unit_key="corporate-communications", roles=roles)


@pytest.fixture
def communications(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


# Applying


def begun(client, **about: str) -> str:
    """Through the first page to the second; its address."""
    return client.post("/register/apply/", {**OUTLINE, **about}).headers["location"]


def test_anybody_applies_and_is_shown_what_they_applied_for(officer: Person) -> None:
    client = signed_in(officer)
    assert '<option value="tayside" selected>' in client.get("/register/apply/").content.decode()
    address = begun(client)
    typed = {**WORDS, "contact": officer.number, "send": "yes"}
    said = text_of(client.post(address, typed, follow=True))
    assert "The application is made." in said
    assert "Application for Broughty Ferry" in said
    for words in WORDS.values():
        assert words in said
    row = Application.objects.get()
    assert (row.applicant, row.unit_id, row.purpose, row.holder) == (officer, "tayside", WORDS["purpose"], None)
    assert (row.contact, row.applied_at is not None) == (officer, True)
    assert client.get(address).status_code == 404, "what was applied for is written no more"


def test_a_draft_is_kept_as_far_as_it_is_written_and_only_its_author_sees_it(officer: Person, head: Person) -> None:
    client = signed_in(officer)
    address = begun(client)
    said = text_of(client.post(address, {"purpose": "To warn"}, follow=True))
    assert "The draft is kept. Nothing is sent yet." in said
    assert ">To warn</textarea>" in client.get(address).content.decode()
    row = Application.objects.get()
    assert row.applied_at is None
    assert "Draft" in text_of(client.get("/register/applications/"))
    other = signed_in(head)
    assert "No applications" in text_of(other.get("/register/applications/"))
    assert other.get(address).status_code == other.get(where(row)).status_code == 404
    assert other.post(address, {**WORDS, "send": "yes"}).status_code == 404
    client.post(f"{where(row)}withdraw/")
    row.refresh_from_db()
    assert row.withdrawn_at is not None


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"network": ""}, "network", "Choose a network"),
        ({"kind": "galactic"}, "kind", "Choose a kind of account"),
        ({"unit": "atlantis"}, "unit", "Choose one of the list"),
        ({"holder": "nobody"}, "holder", "Nobody on the list has this number"),
    ],
)
def test_what_is_wrong_at_the_beginning_is_named_at_its_field(
    officer: Person, change: dict[str, str], field: str, says: str
) -> None:
    before = kept()
    response = signed_in(officer).post("/register/apply/", {**OUTLINE, **change})
    assert response.status_code == 422
    page = response.content.decode()
    assert f'<a href="#{field}">{says}</a>' in page
    assert f'id="{field}-error"' in page
    assert not gained(before)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": " "}, "name", "Enter what the account is to be called"),
        ({"name": "x" * 121}, "name", "Shorten this to at most 120 characters"),
        ({"purpose": ""}, "purpose", "Say what the account is for"),
        ({"audience": ""}, "audience", "Say whom it is to reach"),
        ({"existing": ""}, "existing", "Say why an account that exists will not do"),
        ({"contact": ""}, "contact", "Enter the number of the person who will run it"),
        ({"contact": "nobody"}, "contact", "Nobody on the list has this number"),
        ({"review_on": "soon"}, "review_on", "Enter a real date"),
    ],
)
def test_what_is_missing_is_named_at_its_field_and_what_was_typed_stays(
    officer: Person, change: dict[str, str], field: str, says: str
) -> None:
    client = signed_in(officer)
    address = begun(client)
    before = kept()
    response = client.post(address, {**WORDS, "contact": officer.number, "send": "yes", **change})
    assert response.status_code == 422
    page = response.content.decode()
    assert f'<a href="#{field}">{says}' in page
    assert f'id="{field}-error"' in page
    assert "Tides and traffic, daily." in page
    assert not gained(before)


def test_the_rank_is_answered_before_the_rest_is_written_and_another_way_is_offered(officer: Person) -> None:
    holder = make.person("Sergeant", rank="sergeant")
    client = signed_in(officer)
    before = kept()
    typed = {**OUTLINE, "kind": "individual", "holder": holder.number}
    response = client.post("/register/apply/", typed)
    assert response.status_code == 422
    said = text_of(response)
    assert "4.7: An individual account is only for a Chief Superintendent" in said
    assert "Apply for a role-specific account instead, and say why the role needs it. (The applicant)" in said
    page = response.content.decode()
    assert '<a href="#kind">4.7' in page
    assert f'value="{holder.number}"' in page
    assert '<option value="individual" selected>' in page
    assert 'name="instead" value="role-specific"' in page
    assert 'name="instead" value="individual"' not in page
    assert not gained(before)
    address = client.post("/register/apply/", {**typed, "instead": "role-specific"}).headers["location"]
    row = Application.objects.get()
    assert (row.kind, row.holder) == ("role-specific", holder)
    assert "Why does the role need an account of its own?" in text_of(client.get(address))


def test_a_rank_lost_while_writing_is_answered_with_the_other_way_and_nothing_typed_is_lost(officer: Person) -> None:
    holder = make.person("Commander", rank="chief-superintendent")
    client = signed_in(officer)
    address = begun(client, kind="individual", holder=holder.number)
    Person.objects.filter(pk=holder.pk).update(rank="inspector")
    typed = {**WORDS, "contact": officer.number, "justification": "It is asked daily."}
    response = client.post(address, {**typed, "send": "yes"})
    assert response.status_code == 422
    assert "4.7" in text_of(response)
    assert "Tides and traffic, daily." in response.content.decode()
    client.post(address, {**typed, "instead": "role-specific"})
    client.post(address, {**typed, "send": "yes"})
    row = Application.objects.get()
    assert (row.kind, row.plan, row.applied_at is not None) == ("role-specific", WORDS["plan"], True)


def test_an_account_of_another_kind_has_no_holder(officer: Person) -> None:
    response = signed_in(officer).post("/register/apply/", {**OUTLINE, "holder": officer.number})
    assert response.status_code == 422
    assert '<a href="#holder">Leave this empty' in response.content.decode()


def test_the_holder_is_named_by_their_number_however_it_is_written(officer: Person) -> None:
    holder = make.person("Commander", rank="chief-superintendent")
    typed = {**OUTLINE, "kind": "individual", "holder": f" {holder.number.upper()} "}
    assert signed_in(officer).post("/register/apply/", typed).status_code == 302
    assert Application.objects.get().holder == holder


# Who sees what


def test_applicants_see_their_own_and_nobody_elses(officer: Person) -> None:
    own, other = applied(officer, "The Ferry"), applied(make.person("Other"), "Lochee")
    client = signed_in(officer)
    said = text_of(client.get("/register/applications/"))
    assert "The Ferry" in said
    assert "Lochee" not in said
    assert client.get(where(own)).status_code == 200
    assert client.get(where(other)).status_code == 404
    assert client.post(where(other), {"decision": "granted", "reasons": "Yes"}).status_code == 404


def test_a_commander_sees_no_applications_but_their_own(officer: Person) -> None:
    applied(officer, "The Ferry")
    commander = make.person("Commander", unit_roles=("divisional-commander",))
    assert "No applications" in text_of(signed_in(commander).get("/register/applications/"))


@pytest.mark.parametrize("who", ["head", "communications"])
def test_who_decides_and_who_registers_see_every_application(
    who: str, request: pytest.FixtureRequest, officer: Person
) -> None:
    row = applied(officer, "The Ferry")
    client = signed_in(request.getfixturevalue(who))
    assert "The Ferry" in text_of(client.get("/register/applications/"))
    assert "To warn and inform." in text_of(client.get(where(row)))


def test_what_is_wrong_with_an_application_does_not_hide_it_from_those_who_decide(officer, head) -> None:
    holder = make.person("Commander", rank="chief-superintendent")
    row = applied(officer, kind="individual", holder=holder)
    Person.objects.filter(pk=holder.pk).update(rank="constable")
    said = text_of(signed_in(head).get(where(row)))
    assert "Why it cannot be granted 4.7 An individual account is only for" in said
    signed_in(head).post(where(row), {"decision": "refused", "reasons": "The rank has gone."})
    row.refresh_from_db()
    assert row.decision == "refused"


def test_what_waits_stands_first_then_what_was_decided_last(officer, head) -> None:
    early, late = (applied(officer, name, now=NOW - timedelta(days=days)) for name, days in (("A", 9), ("B", 8)))
    applied(officer, "Waits longest", now=NOW - timedelta(days=7))
    applied(officer, "Waits since", now=NOW - timedelta(days=2))
    for day, row in enumerate((early, late)):
        decided = NOW - timedelta(days=5 - day)
        actions.decide_application(by=head, application=row, grant=False, reasons=f"No to {row.name}", now=decided)
    said = text_of(signed_in(officer).get("/register/applications/"))
    order = ["Waits longest", "Waits since", "No to B", "No to A"]
    assert sorted(order, key=said.index) == order
    assert "Refused 19 November 2026 , Head No to B" in said


def test_the_list_takes_the_same_queries_for_many(officer, head) -> None:
    client = signed_in(head)
    applied(officer)
    client.get("/register/applications/")
    few = queries_of(client, "/register/applications/")
    for n in range(5):
        row = applied(make.person())
        if n % 2:
            actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    assert queries_of(client, "/register/applications/") == few


def test_the_register_takes_the_same_queries_for_many_granted_places(officer, head, communications) -> None:
    def grant(name: str) -> None:
        row = applied(officer, name, holder=make.person())
        actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)

    client = signed_in(communications)
    grant("The Ferry")
    client.get("/register/")
    few = queries_of(client, "/register/")
    for n in range(5):
        grant(f"Place {n}")
    assert queries_of(client, "/register/") == few


# Deciding


def test_who_may_decide_grants_with_reasons_and_the_applicant_is_told(officer, head) -> None:
    row = applied(officer)
    client = signed_in(head)
    response = client.post(where(row), {"decision": "granted", "reasons": "The Ferry needs it."}, follow=True)
    said = text_of(response)
    assert "Application for Broughty Ferry is granted." in said
    assert "23 November 2026 , Head: The Ferry needs it." in said
    assert "Register the account" not in said
    assert Slot.objects.get().application == row
    assert Notice.objects.get().person == officer
    assert "The Ferry needs it." in text_of(signed_in(officer).get(where(row)))


def test_a_refusal_adds_no_place(officer, head) -> None:
    row = applied(officer)
    signed_in(head).post(where(row), {"decision": "refused", "reasons": "One is enough."})
    row.refresh_from_db()
    assert (row.decision, row.reasons) == ("refused", "One is enough.")
    assert not Slot.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field"), [({"reasons": "Typed already"}, "decision"), ({"decision": "refused"}, "reasons")]
)
def test_half_a_decision_is_none_and_what_was_typed_stays(officer, head, typed: dict[str, str], field: str) -> None:
    row = applied(officer)
    response = signed_in(head).post(where(row), typed)
    assert response.status_code == 422
    page = response.content.decode()
    assert f'<a href="#{field}">' in page
    assert "Nothing was decided." in page
    assert typed.get("reasons", "") in page
    assert 'value="refused" checked' in page or "decision" not in typed
    row.refresh_from_db()
    assert not row.decision


def test_what_another_decided_meanwhile_is_told(officer, head) -> None:
    row = applied(officer)
    actions.decide_application(by=head, application=row, grant=False, reasons="No", now=NOW)
    response = signed_in(head).post(where(row), {"decision": "granted", "reasons": "Yes"})
    assert response.status_code == 422
    assert "has been decided already" in text_of(response)


def test_nobody_else_decides_and_each_is_told_whose_it_is(officer, communications) -> None:
    row = applied(officer)
    client = signed_in(communications)
    said = text_of(client.get(where(row)))
    assert "Waits for: Head of Communications Specialist Services." in said
    assert "What is to become of it?" not in said
    response = client.post(where(row), {"decision": "granted", "reasons": "Yes"})
    assert response.status_code == 403
    assert "4.12 Applications are decided by" in text_of(response)


def test_the_head_does_not_decide_their_own(head) -> None:
    row = applied(head)
    client = signed_in(head)
    assert "M.5 Nobody decides their own application" in text_of(client.get(where(row)))
    assert client.post(where(row), {"decision": "granted", "reasons": "Yes"}).status_code == 403


def test_what_is_granted_leads_those_who_register_on_to_its_account(officer, head, communications) -> None:
    row = applied(officer)
    slot = actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    client = signed_in(communications)
    assert f'href="/register/places/{slot.pk}/"' in client.get(where(row)).content.decode()
    account = actions.register_account(by=communications, slot=slot, name="The Ferry", now=NOW)
    page = client.get(where(row)).content.decode()
    assert f'href="/register/{account.pk}/"' in page
    assert f'href="/register/places/{slot.pk}/"' not in page


# Asking first


def test_a_question_is_asked_and_answered_on_the_page(officer, head) -> None:
    row = applied(officer)
    deciding, own = signed_in(head), signed_in(officer)
    said = text_of(deciding.post(where(row), {"decision": "ask", "reasons": "Who writes at night?"}, follow=True))
    assert "The applicant is asked. It waits for the answer." in said
    assert "Asked about" in said
    assert "Your answer" in text_of(own.get(where(row)))
    assert "Your answer" not in said
    empty = own.post(f"{where(row)}answer/", {"text": " "})
    assert empty.status_code == 422
    said = text_of(own.post(f"{where(row)}answer/", {"text": "The control room."}, follow=True))
    assert "Question Who writes at night? Head" in said
    assert "Answer The control room. Officer" in said
    assert deciding.post(f"{where(row)}answer/", {"text": "I answer myself"}).status_code == 404


def test_whoever_applied_withdraws_and_nobody_else(officer, head) -> None:
    row = applied(officer)
    assert signed_in(head).post(f"{where(row)}withdraw/").status_code == 404
    said = text_of(signed_in(officer).post(f"{where(row)}withdraw/", follow=True))
    assert "The application is withdrawn. It stays on record." in said
    assert "Withdraw it" not in said
    assert "What is to become of it?" not in text_of(signed_in(head).get(where(row)))
