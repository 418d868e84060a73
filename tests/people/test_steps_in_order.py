"""By no route is a step of a joining skipped, taken twice by one person, changed or deleted: nor by plain SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.models import Access, Authorisation, Completion, Licence, Nomination, Person, RequiredStep
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.people.conftest import CHAIN, another_trainer
from tests.people.test_database import up_to

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def sql(statement: str, *values: object) -> None:
    """As somebody types it who has the database and goes around every action."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def nominate(person: Person, by: UUID | None = None) -> None:
    sql("INSERT INTO people_nomination (person_id, by_id, at) VALUES (%s, %s, %s)", person.pk, by, NOW)


def train(person: Person, by: UUID, source: str = "trainer") -> None:
    sql(
        "INSERT INTO people_completion (person_id, trainer_id, course, completed_at, expires_at, signed_off, source, "
        "recorded_at) VALUES (%s, %s, %s, %s, %s, true, %s, %s)",
        person.pk, by, guidance().pack.course.key, NOW, LATER, source, NOW,
    )  # fmt: skip


def authorise(person: Person, by: UUID | None = None, *, on: int | None = None) -> None:
    sql(
        "INSERT INTO people_authorisation (person_id, by_id, at, completion_id) VALUES (%s, %s, %s, %s)",
        person.pk, by, NOW, on or Completion.objects.filter(person=person).latest("pk").pk,
    )  # fmt: skip


def confirm(person: Person, by: UUID | None = None) -> None:
    sql(
        "INSERT INTO people_access (person_id, reference, confirmed_at, confirmed_by_id) VALUES (%s, 'R', %s, %s)",
        person.pk, NOW, by,
    )  # fmt: skip


def open_(person: Person, by: UUID | None = None) -> None:
    sql(
        "UPDATE people_access SET opened_at = %s, opened_by_id = %s WHERE person_id = %s AND ended_at IS NULL",
        NOW, by, person.pk,
    )  # fmt: skip


def license_(person: Person, by: UUID | None = None) -> None:
    sql("INSERT INTO people_licence (person_id, by_id, at) VALUES (%s, %s, %s)", person.pk, by, NOW)


TYPED: dict[str, Callable[..., None]] = {
    "nominate": nominate,
    "record_completion": train,
    "authorise": authorise,
    "confirm_training": confirm,
    "open_access": open_,
    "assign_licence": license_,
}


@pytest.fixture
def person() -> Person:
    return make.person("Newcomer")


def test_the_whole_chain_can_be_typed_in_its_order(person: Person) -> None:
    """Else what follows would prove nothing."""
    people = [make.person().pk for _ in TYPED]
    CHAIN["acknowledge"](TEST, person)
    for act, by in zip(TYPED.values(), people, strict=True):
        act(person, by)
    assert Licence.objects.get().by_id == people[-1]


# What is missing, how it is made to be missing, the step that is then typed, and a word of the refusal.
SKIPPED: dict[str, tuple[str, Callable[[Person], object], Callable[[Person], None], str]] = {
    "authorised without a nomination": (
        "authorise", lambda person: Nomination.objects.update(ended_at=NOW), authorise, "Nobody has nominated",
    ),
    "authorised on a completion that was sent back": (
        "authorise", lambda person: Completion.objects.update(ended_at=NOW), authorise, "signed off and in force",
    ),
    "confirmed without an authorisation": (
        "confirm_training", lambda person: Authorisation.objects.update(ended_at=NOW), confirm, "not been authorised",
    ),
    "opened without an authorisation": (
        "open_access", lambda person: Authorisation.objects.update(ended_at=NOW), open_, "not been authorised",
    ),
    "opened without a nomination": (
        "open_access", lambda person: Nomination.objects.update(ended_at=NOW), open_, "Nobody has nominated",
    ),
    "licensed without access": (
        "assign_licence", lambda person: Access.objects.update(ended_at=NOW), license_, "not been opened",
    ),
    "licensed on access that is not open": ("open_access", lambda person: None, license_, "not been opened"),
}  # fmt: skip


@pytest.mark.parametrize("case", SKIPPED)
def test_no_step_is_skipped_by_plain_sql(person: Person, case: str) -> None:
    before, end, act, said = SKIPPED[case]
    up_to(before, person)
    end(person)
    with pytest.raises(IntegrityError, match=said):
        act(person)


def bad_completions(person: Person, other: Person) -> Iterator[Completion]:
    about = {"person": person, "trainer": another_trainer(), "recorded_at": NOW, "source": "scope"}
    course = guidance().pack.course.key
    sound = {"course": course, "completed_at": NOW - timedelta(days=9), "expires_at": LATER, "signed_off": True}
    for wrong in (
        {"signed_off": False},
        {"course": "dog-handling"},
        {"expires_at": NOW},
        {"completed_at": NOW + timedelta(minutes=1)},
        {"ended_at": NOW},
        {"person": other},
    ):
        yield Completion.objects.create(**{**about, **sound, **wrong})


def test_an_authorisation_rests_on_nothing_but_a_sound_completion_of_that_person(person: Person) -> None:
    nominate(person)
    for row in bad_completions(person, make.person("Other")):
        with pytest.raises(IntegrityError, match="signed off and in force"):
            authorise(person, on=row.pk)


def test_access_is_not_opened_before_every_procedure_is_accepted(person: Person) -> None:
    for step in ("nominate", "record_completion", "authorise", "confirm_training"):
        CHAIN[step](TEST, person)
    with pytest.raises(IntegrityError, match="not accepted every procedure"):
        open_(person)


def test_access_is_not_confirmed_and_opened_in_one_row(person: Person) -> None:
    up_to("confirm_training", person)
    with pytest.raises(IntegrityError, match="after the training was confirmed"):
        sql(
            "INSERT INTO people_access (person_id, reference, confirmed_at, opened_at) VALUES (%s, 'R', %s, %s)",
            person.pk, NOW, NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [(first, second) for n, first in enumerate(TYPED) for second in list(TYPED)[n + 1 :]],
)
def test_nobody_is_typed_into_two_steps_of_one_joining(person: Person, first: str, second: str) -> None:
    """Whatever their roles: the database knows of none."""
    one = make.person("Of every step")
    CHAIN["acknowledge"](TEST, person)

    def all_of_them() -> None:
        for name, act in TYPED.items():
            act(person, one.pk if name in (first, second) else make.person().pk)

    with pytest.raises(IntegrityError, match=r"two steps|access_takes_two_people"):
        all_of_them()


def test_whoever_has_taken_a_later_step_does_not_nominate_anew(person: Person) -> None:
    one = make.person("One")
    up_to("authorise", person)
    authorise(person, one.pk)
    Nomination.objects.update(ended_at=NOW)
    with pytest.raises(IntegrityError, match="two steps"):
        nominate(person, one.pk)
    nominate(person, make.person().pk)


def test_an_imported_completion_is_kept_whoever_signed_it_and_carries_no_second_step(person: Person) -> None:
    one = make.person("Nominator and trainer")
    nominate(person, one.pk)
    train(person, one.pk, source="scope")
    with pytest.raises(IntegrityError, match="two steps"):
        authorise(person)


def test_a_trainer_signs_off_the_same_course_again(person: Person) -> None:
    trainer = make.trainer()
    for _ in range(2):
        train(person, trainer.pk)
    nominate(person)
    authorise(person)
    train(person, trainer.pk)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("people_nomination", "by_id = NULL"),
        ("people_nomination", "at = at - interval '1 day'"),
        ("people_nomination", "person_id = (SELECT id FROM people_person WHERE name = 'Other')"),
        ("people_completion", "trainer_id = (SELECT id FROM people_person WHERE name = 'Other')"),
        ("people_completion", "expires_at = expires_at + interval '1 day'"),
        ("people_completion", "signed_off = NOT signed_off"),
        ("people_authorisation", "by_id = NULL"),
        ("people_authorisation", "at = at - interval '1 day'"),
        ("people_access", "confirmed_by_id = NULL"),
        ("people_access", "opened_by_id = NULL"),
        ("people_access", "opened_at = opened_at + interval '1 day'"),
        ("people_access", "opened_at = NULL, opened_by_id = NULL"),
        ("people_access", "reference = 'another'"),
        ("people_licence", "person_id = (SELECT id FROM people_person WHERE name = 'Other')"),
        ("people_acknowledgement", "version = '9'"),
        ("people_sentback", "reason = 'another'"),
    ],
)
def test_what_stands_stays_as_it_was_written(person: Person, table: str, change: str) -> None:
    everything(person)
    with pytest.raises(DatabaseError, match=r"only ever grows|stays as it is"):
        sql(f"UPDATE {table} SET {change}")


def everything(person: Person) -> None:
    """The whole chain, each step by somebody, and a step that was sent back on the way."""
    make.person("Other")
    CHAIN["acknowledge"](TEST, person)
    for act in TYPED.values():
        act(person, make.person().pk)
    sql(
        "INSERT INTO people_sentback (person_id, at, step, to_, reason) VALUES (%s, %s, 'a', 'b', 'Why')".replace(
            "to_", '"to"'
        ),
        person.pk, NOW,
    )  # fmt: skip


@pytest.mark.parametrize("table", ["nomination", "completion", "authorisation", "access", "licence", "sentback"])
def test_an_end_is_an_end_and_nothing_is_deleted(person: Person, table: str) -> None:
    everything(person)
    sql(f"UPDATE people_{table} SET ended_at = %s", LATER)
    for again in ("NULL", "now()"):
        with pytest.raises(IntegrityError, match="stays as it is"):
            sql(f"UPDATE people_{table} SET ended_at = {again}")
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # else PostgreSQL has reasons of its own
    for statement in (f"DELETE FROM people_{table}", f"TRUNCATE people_{table} CASCADE"):
        with pytest.raises(DatabaseError, match="only ever grows"):
            sql(statement)


def test_who_opened_access_is_not_added_afterwards(person: Person) -> None:
    up_to("assign_licence", person)
    with pytest.raises(IntegrityError, match="Who opened access stays"):
        sql("UPDATE people_access SET opened_by_id = %s", make.person().pk)


def test_what_access_had_ended_is_not_opened(person: Person) -> None:
    up_to("open_access", person)
    Access.objects.update(ended_at=NOW)
    with pytest.raises(IntegrityError, match="stays as it is"):
        sql("UPDATE people_access SET opened_at = %s", NOW)


def test_nothing_is_taken_while_the_packs_steps_are_unknown(person: Person) -> None:
    up_to("authorise", person)
    RequiredStep.objects.all().delete()
    with pytest.raises(IntegrityError, match="have not been laid down"):
        authorise(person)


def test_the_packs_steps_are_laid_down_once_and_follow_the_pack(person: Person) -> None:
    wanted = {("record_completion", "business-skills-social-media"), ("acknowledge", "personal-mobile-phones")}
    wanted |= {(step, "") for step in ("nominate", "authorise_access", "confirm_training", "open_access")}
    wanted.add(("assign_licence", ""))
    assert set(RequiredStep.objects.values_list("step", "subject")) == wanted
    RequiredStep.objects.filter(step="nominate").update(step="something-else")
    actions.lay_down_steps(by=TEST, now=NOW)
    assert set(RequiredStep.objects.values_list("step", "subject")) == wanted


def test_a_step_that_the_pack_lacks_is_not_demanded(person: Person) -> None:
    """As in a body that neither authorises nor confirms nor gives licences."""
    trainer, kept = make.trainer(), ("nominate", "record_completion", "open_access")
    RequiredStep.objects.exclude(step__in=kept).delete()
    insert = "INSERT INTO people_access (person_id, reference, confirmed_at, opened_at) VALUES (%s, '', %s, %s)"
    with pytest.raises(IntegrityError, match="Nobody has nominated"):
        sql(insert, person.pk, NOW, NOW)
    nominate(person)
    with pytest.raises(IntegrityError, match="no completion"):
        sql(insert, person.pk, NOW, NOW)
    train(person, trainer.pk)
    sql(insert, person.pk, NOW, NOW)


def test_the_actions_say_in_words_what_the_database_refuses(person: Person) -> None:
    """As for the programme itself, which guidance is not asked about."""
    with pytest.raises(Impossible, match="not been authorised"):
        actions.confirm_training(by=TEST, person=person, reference="R", now=NOW)
    with pytest.raises(Impossible, match="not been opened"):
        actions.assign_licence(by=TEST, person=person, now=NOW)
    up_to("record_completion", person)
    train(person, another_trainer().pk)
    assert not Access.objects.exists()
