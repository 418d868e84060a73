"""From nomination to licence: each step by its rightful role, never for oneself, never two by one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Access, Acknowledgement, Authorisation, Completion, Licence, Nomination, Person
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import CHAIN, Act, Holders, another_trainer

pytestmark = pytest.mark.django_db

Until = Callable[[str], Person]

# Step: who may take it, and the clause that refuses everybody else.
RIGHTFUL = {
    "nominate": ({"comms", "commander", "unit spoc"}, "2.3"),
    "record_completion": ({"trainer"}, "2.2"),
    "authorise": ({"iso"}, "5.8"),
    "confirm_training": ({"comms"}, "5.9"),
    "open_access": ({"ict"}, "5.9"),
    "assign_licence": ({"comms", "ict"}, "5.1"),
    "end_access": ({"comms", "iso", "ict", "commander", "unit spoc"}, "5.6"),
}
# Step: the clauses that refuse it while one earlier step is missing.
NEEDS = {
    "authorise": {"nominate": "2.3", "record_completion": "5.8"},
    "confirm_training": {"record_completion": "5.9", "authorise": "5.8"},
    "open_access": {"acknowledge": "5.4", "authorise": "5.8", "confirm_training": "5.9"},
    "assign_licence": {"nominate": "2.3", "authorise": "5.8", "open_access": "5.9"},
}

# A step that another rests on is not left out: the database holds it. It may have ended since.
ENDED = {
    "nominate": Nomination,
    "record_completion": Completion,
    "authorise": Authorisation,
    "confirm_training": Access,
    "open_access": Access,
}
TAKEN = ["nominate", "record_completion", "authorise", "confirm_training", "open_access", "assign_licence"]


def clauses(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {refusal.clause for refusal in refused.value.decision.refusals}


def allowed(act: Act, by: Person, person: Person) -> bool:
    """Try it, and undo it."""
    try:
        with transaction.atomic():
            act(by, person)
            transaction.set_rollback(True)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("step", RIGHTFUL)
def test_a_step_is_for_its_rightful_roles_alone(holders: Holders, joined_until: Until, step: str) -> None:
    person = joined_until(step)
    rightful, _ = RIGHTFUL[step]
    assert {name for name, holder in holders.items() if allowed(CHAIN[step], holder, person)} == rightful


@pytest.mark.parametrize("step", RIGHTFUL)
def test_anybody_else_is_refused_by_the_steps_clause_and_nothing_is_kept(
    holders: Holders, joined_until: Until, step: str
) -> None:
    person = joined_until(step)
    before = kept()
    with pytest.raises(Refused) as refused:
        CHAIN[step](holders["auditor"], person)
    assert RIGHTFUL[step][1] in clauses(refused)
    assert not gained(before)


@pytest.mark.parametrize(("step", "missing"), [(step, gap) for step, gaps in NEEDS.items() for gap in gaps])
def test_a_step_is_refused_while_an_earlier_one_is_missing(
    holders: Holders, newcomer: Person, step: str, missing: str
) -> None:
    for name, act in CHAIN.items():
        if name == step:
            break
        if name != "acknowledge" or missing != name:
            act(TEST, newcomer)
    if missing in ENDED:
        ENDED[missing].objects.update(ended_at=NOW)
    by = holders[sorted(RIGHTFUL[step][0])[0]]
    with pytest.raises(Refused) as refused:
        CHAIN[step](by, newcomer)
    assert clauses(refused) == {NEEDS[step][missing]}


@pytest.mark.parametrize("step", [step for step in RIGHTFUL if step != "end_access"])
def test_nobody_takes_a_step_for_themselves(joined_until: Until, newcomer: Person, step: str) -> None:
    for role in ("corporate-communications", "social-media-trainer", "information-security-officer", "ict"):
        actions.grant_role(by=TEST, person=newcomer, role=role, unit=None, now=NOW)
    Person.objects.filter(pk=newcomer.pk).update(unit=make.unit("corporate-communications"))
    joined_until(step)
    with pytest.raises(Refused) as refused:
        CHAIN[step](newcomer, newcomer)
    assert clauses(refused) == {"M.5"}


@pytest.mark.parametrize("first", TAKEN)
def test_nobody_takes_two_steps_of_one_joining(newcomer: Person, first: str) -> None:
    all_roles = ("corporate-communications", "social-media-trainer", "information-security-officer", "ict")
    one = make.person("Holder of every role", unit_key="corporate-communications", roles=all_roles)
    order = list(CHAIN)[: list(CHAIN).index("end_access")]
    for step in order[: order.index(first)]:
        CHAIN[step](TEST, newcomer)
    CHAIN[first](one, newcomer)
    for step in TAKEN:
        if step != first:
            with pytest.raises(Refused) as refused:
                CHAIN[step](one, newcomer)
            assert "M.6" in clauses(refused)


def test_a_trainer_signs_only_what_they_saw_themselves(holders: Holders, newcomer: Person) -> None:
    """Else a colleague's name would hide who took this step."""
    colleague = another_trainer()
    before = kept()
    with pytest.raises(Impossible, match="signs off what they saw themselves"):
        actions.record_completion(by=holders["trainer"], person=newcomer, trainer=colleague, completed_at=NOW, now=NOW)
    assert not gained(before)


@pytest.mark.parametrize("step", ["nominate", "authorise", "confirm_training", "open_access", "assign_licence"])
def test_a_step_that_stands_is_not_taken_twice(
    holders: Holders, joined_until: Until, newcomer: Person, step: str
) -> None:
    joined_until(step)
    CHAIN[step](TEST, newcomer)
    before = kept()
    with pytest.raises(Impossible, match="already"):
        CHAIN[step](holders[sorted(RIGHTFUL[step][0])[0]], newcomer)
    assert not gained(before)


def test_access_that_nobody_confirmed_cannot_be_opened_by_the_system_either(newcomer: Person) -> None:
    with pytest.raises(Impossible, match="has not been confirmed"):
        actions.open_access(by=TEST, person=newcomer, now=NOW)


def test_an_authorisation_rests_on_the_completion_that_lasts_longest(newcomer: Person) -> None:
    actions.nominate(by=TEST, person=newcomer, now=NOW)
    for days in (400, 30, 90):
        actions.record_completion(
            by=TEST, person=newcomer, trainer=another_trainer(), completed_at=NOW - timedelta(days=days), now=NOW
        )
    row = actions.authorise(by=TEST, person=newcomer, now=NOW)
    assert row.completion.completed_at == NOW - timedelta(days=30)


@pytest.mark.parametrize("days", [-1, 1095, 2000])
def test_no_completion_in_force_no_authorisation(newcomer: Person, days: int) -> None:
    actions.nominate(by=TEST, person=newcomer, now=NOW)
    ago = NOW - timedelta(days=max(days, 0))
    if days >= 0:
        actions.record_completion(by=TEST, person=newcomer, trainer=another_trainer(), completed_at=ago, now=NOW)
    with pytest.raises(Impossible, match="no completed course in force"):
        actions.authorise(by=TEST, person=newcomer, now=NOW)


def test_a_completion_counts_only_with_a_trainer_of_the_role(newcomer: Person) -> None:
    colleague = make.person("Colleague")
    for trainer, counts in ((colleague, False), (another_trainer(), True)):
        completion = actions.record_completion(
            by=TEST, person=newcomer, trainer=trainer, completed_at=NOW - timedelta(days=1), now=NOW
        )
        assert completion.signed_off is counts
        assert person_facts(newcomer, now=NOW).training_signed_off is counts
    assert completion.expires_at == completion.completed_at + timedelta(days=guidance().pack.course.valid_days)


def test_a_better_completion_is_not_hidden_by_a_later_one_without_a_trainer(newcomer: Person) -> None:
    for trainer, days in ((another_trainer(), 100), (make.person("Colleague"), 1)):
        actions.record_completion(
            by=TEST, person=newcomer, trainer=trainer, completed_at=NOW - timedelta(days=days), now=NOW
        )
    assert person_facts(newcomer, now=NOW).training_signed_off


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"completed_at": NOW + timedelta(minutes=1)}, "lies ahead"),
        ({"trainer": "newcomer"}, "their own training"),
    ],
)
def test_a_completion_that_cannot_be_is_refused(newcomer: Person, about: dict, says: str) -> None:
    about = {"trainer": another_trainer(), "completed_at": NOW, **about}
    about["trainer"] = newcomer if about["trainer"] == "newcomer" else about["trainer"]
    before = kept()
    with pytest.raises(Impossible, match=says):
        actions.record_completion(by=TEST, person=newcomer, now=NOW, **about)
    assert not gained(before)


def test_a_procedure_is_acknowledged_once_by_oneself(newcomer: Person) -> None:
    (procedure,) = guidance().pack.procedures
    before = kept()
    first = actions.acknowledge(by=newcomer, document=procedure.key, now=NOW)
    again = actions.acknowledge(by=newcomer, document=procedure.key, now=NOW + timedelta(days=1))
    assert (first, again.at) == (again, NOW)
    assert gained(before) == {"people.Acknowledgement": 1, "audit.Event": 1, "audit.Pending": 1}
    assert person_facts(newcomer, now=NOW).acknowledged
    with pytest.raises(Impossible, match="not a procedure"):
        actions.acknowledge(by=newcomer, document="something-else", now=NOW)


def test_ended_access_closes_every_way_in_and_keeps_what_was(newcomer: Person, joined_until: Until) -> None:
    joined_until("end_access")
    later = NOW + timedelta(hours=1)
    actions.end_access(by=TEST, person=newcomer, reason="Left", now=later)
    for model in (Access, Authorisation, Licence):
        assert [row.ended_at for row in model.objects.filter(person=newcomer)] == [later]
    standing = person_facts(newcomer, now=later)
    assert (standing.authorised, standing.access, standing.licensed, standing.nominated) == (False, False, False, True)


def test_ending_access_says_why_and_finds_something_to_end(newcomer: Person, joined_until: Until) -> None:
    joined_until("end_access")
    with pytest.raises(Impossible, match="Say why"):
        actions.end_access(by=TEST, person=newcomer, reason="  ", now=NOW)
    assert person_facts(newcomer, now=NOW).access
    actions.end_access(by=TEST, person=newcomer, reason="Left", now=NOW)
    with pytest.raises(Impossible, match="nothing to end"):
        actions.end_access(by=TEST, person=newcomer, reason="Left", now=NOW)


def test_whoever_left_can_go_the_whole_way_again(newcomer: Person, joined_until: Until) -> None:
    joined_until("end_access")
    actions.end_access(by=TEST, person=newcomer, reason="Left", now=NOW)
    for step in ("authorise", "confirm_training", "open_access", "assign_licence"):
        CHAIN[step](TEST, newcomer)
    standing = person_facts(newcomer, now=NOW)
    assert (standing.authorised, standing.access, standing.licensed) == (True, True, True)


def test_who_has_left_takes_no_step_and_is_taken_no_further(holders: Holders, newcomer: Person) -> None:
    commander = holders["commander"]
    Person.objects.filter(pk=commander.pk).update(is_active=False)
    with pytest.raises(Refused) as refused:
        actions.nominate(by=commander, person=newcomer, now=NOW)
    assert clauses(refused) == {"M.7"}
    Person.objects.filter(pk=newcomer.pk).update(is_active=False)
    with pytest.raises(Refused) as refused:
        actions.nominate(by=holders["comms"], person=newcomer, now=NOW)
    assert clauses(refused) == {"M.7"}


JOINING = (Nomination, Completion, Acknowledgement, Authorisation, Access, Licence)


def rows_of(person: Person) -> list[dict]:
    """Every row of a joining, but for what tells it from another person's."""
    its_own = {"id", "person_id", "completion_id", "reference"}
    rows = [row for model in JOINING for row in model.objects.filter(person=person).order_by("pk").values()]
    return [{name: value for name, value in row.items() if name not in its_own} for row in rows]


def test_who_is_made_for_tests_stands_as_one_whom_the_steps_have_led_there() -> None:
    made, led = make.authorised(), make.joined()
    assert len(rows_of(made)) == 5 + len(guidance().pack.procedures)
    assert rows_of(made) == rows_of(led)
    assert person_facts(made, now=NOW) == replace(person_facts(led, now=NOW), id=str(made.pk))
