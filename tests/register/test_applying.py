"""Applications before they are decided: answered at once by rank, drafted, asked about, answered, withdrawn."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Notice, Person
from mercat.register import actions as register
from mercat.register.applying import actions
from mercat.register.models import Application, Question
from mercat.register.queries import applications_to_decide
from tests import factories as make
from tests.factories import NOW
from tests.kept import gained, kept
from tests.people.conftest import Holders

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(db: None) -> Person:
    roles = ("head-of-communications-specialist-services",)
    return make.person("Head", unit_key="corporate-communications", roles=roles)


def begun(by: Person, **about: object) -> Application:
    wanted = {"network": "bluesky", "kind": "local", "unit": make.unit(), "holder": None, "now": NOW}
    return actions.begin(by=by, **{**wanted, **about})


def words(**but: object) -> dict[str, object]:
    whole = {name: f"The {name}" for name in actions.NEEDED}
    return {**whole, "contact": make.person("Runs it"), **but}


def sent(by: Person, **about: object) -> Application:
    row = begun(by, **about)
    actions.save_draft(by=by, application=row, words=words(justification="The role needs it."), now=NOW)
    actions.send(by=by, application=row, now=NOW)
    row.refresh_from_db()
    return row


def test_the_rank_is_answered_before_anything_is_written_and_another_way_is_open(holders: Holders) -> None:
    constable = make.person(rank="constable")
    before = kept()
    with pytest.raises(Refused, match=r"4\.7"):
        begun(holders["officer"], kind="individual", holder=constable)
    assert not gained(before)
    row = begun(holders["officer"], kind="role-specific", holder=constable)
    assert (row.holder, row.applied_at) == (constable, None)


def test_a_draft_is_kept_and_sent_when_it_is_whole(holders: Holders) -> None:
    officer = holders["officer"]
    row = begun(officer)
    actions.save_draft(by=officer, application=row, words={"name": "The Ferry"}, now=NOW)
    with pytest.raises(Impossible, match="Say what it is for, whom it is to reach"):
        actions.send(by=officer, application=row, now=NOW)
    actions.save_draft(by=officer, application=row, words=words(), now=NOW)
    actions.send(by=officer, application=row, now=NOW)
    row.refresh_from_db()
    assert (row.applied_at, row.audience) == (NOW, "The audience")
    with pytest.raises(Impossible, match="stays as it is"):
        actions.save_draft(by=officer, application=row, words={"name": "Else"}, now=NOW)


def test_a_role_specific_one_says_why_before_it_is_sent(holders: Holders) -> None:
    row = begun(holders["officer"], kind="role-specific")
    actions.save_draft(by=holders["officer"], application=row, words=words(), now=NOW)
    with pytest.raises(Refused, match=r"4\.8"):
        actions.send(by=holders["officer"], application=row, now=NOW)


def test_a_draft_is_its_authors_alone_and_nobody_decides_it(holders: Holders, head: Person) -> None:
    row = begun(holders["officer"])
    for act in (
        lambda: actions.save_draft(by=holders["commander"], application=row, words={"name": "x"}, now=NOW),
        lambda: actions.send(by=holders["commander"], application=row, now=NOW),
        lambda: actions.withdraw(by=holders["commander"], application=row, now=NOW),
        lambda: actions.ask_applicant(by=head, application=row, question="Why?", now=NOW),
        lambda: register.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW),
    ):
        before = kept()
        with pytest.raises(Impossible):
            act()
        assert not gained(before)
    with pytest.raises(IntegrityError, match="a_decision_is_of_what_was_applied_for"), transaction.atomic():
        Application.objects.update(decision="granted", reasons="x", decided_at=NOW)


def test_a_question_waits_for_the_applicant_and_its_answer_for_the_decision(holders: Holders, head: Person) -> None:
    officer = holders["officer"]
    row = sent(officer)

    def waiting() -> list[Application]:
        return applications_to_decide(person_facts(head, now=NOW), now=NOW)

    assert waiting() == [row]
    with pytest.raises(Refused, match=r"4\.12"):
        actions.ask_applicant(by=holders["comms"], application=row, question="Who writes?", now=NOW)
    actions.ask_applicant(by=head, application=row, question="Who writes at night?", now=NOW)
    assert waiting() == []
    assert Notice.objects.get(person=officer).body == "Who writes at night?"
    with pytest.raises(Impossible, match="for whoever applied"):
        actions.answer(by=holders["comms"], application=row, text="I do", now=NOW)
    actions.answer(by=officer, application=row, text="The control room.", now=NOW)
    assert Notice.objects.get(person=officer).read_at == NOW
    assert Notice.objects.get(person=head).body.endswith("The control room.")
    assert waiting() == [row]
    with pytest.raises(Impossible, match="No question waits"):
        actions.answer(by=officer, application=row, text="And more", now=NOW)
    assert [each.is_answer for each in Question.objects.all()] == [False, True]


def test_what_was_applied_for_stays_in_writing(holders: Holders, head: Person) -> None:
    row = sent(holders["officer"])
    for change in ({"purpose": "Another"}, {"kind": "corporate"}, {"applicant": head}, {"applied_at": None}):
        with pytest.raises(IntegrityError, match="stays in writing"), transaction.atomic():
            Application.objects.update(**change)
    actions.ask_applicant(by=head, application=row, question="Why?", now=NOW)
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic():
        Question.objects.update(text="Because")
    register.decide_application(by=head, application=row, grant=False, reasons="No", now=NOW)
    with pytest.raises(IntegrityError, match="decided or withdrawn stays"), transaction.atomic():
        Application.objects.update(reasons="Yes")
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        Application.objects.filter(pk=begun(holders["officer"]).pk).delete()


def test_it_is_withdrawn_by_whoever_made_it_and_decided_no_more(holders: Holders, head: Person) -> None:
    row = sent(holders["officer"])
    actions.withdraw(by=holders["officer"], application=row, now=NOW)
    with pytest.raises(Impossible, match="was withdrawn"):
        register.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    with pytest.raises(Impossible, match="was withdrawn"):
        actions.withdraw(by=holders["officer"], application=row, now=NOW)
    assert applications_to_decide(person_facts(head, now=NOW), now=NOW) == []


def test_an_applicant_whose_holder_lost_the_rank_can_still_withdraw(holders: Holders) -> None:
    holder = make.person(rank="chief-superintendent")
    row = sent(holders["officer"], kind="individual", holder=holder)
    Person.objects.filter(pk=holder.pk).update(rank="constable")
    actions.withdraw(by=holders["officer"], application=row, now=NOW)
