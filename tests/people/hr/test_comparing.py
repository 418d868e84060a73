"""What a file would change, line by line: new, changed, gone, conflicting, same, faulty. Receiving changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.hr import imports
from mercat.people.models import Completion, HrRecord, ImportRow, Person
from mercat.people.moving import change_details
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.people.hr.files import applied, as_csv, as_json, found, line, line_of, received, the_row

pytestmark = pytest.mark.django_db

TRAINED = "01/02/2026"


@pytest.fixture
def trainer() -> Person:
    return make.trainer()


def trained(number: str, by: Person, **about: str) -> dict[str, str]:
    return line(number, **{"completed": TRAINED, "trainer": by.number, **about})


def known(*numbers: str) -> list[Person]:
    """People whom the HR system has named before."""
    make.unit()
    applied(*(line(number) for number in numbers), now=NOW - timedelta(days=1))
    return [Person.objects.get(number=number) for number in numbers]


def test_receiving_a_file_keeps_what_it_would_change_and_changes_nothing() -> None:
    make.unit()
    before = list(Person.objects.values())
    file = received(line("100"), line("101"))
    assert found(file) == [(2, "person", "new"), (3, "person", "new")]
    assert list(Person.objects.values()) == before
    assert (file.state, file.format, file.size, len(file.digest)) == (
        "waiting",
        "csv",
        len(as_csv(line("100"), line("101"))),
        64,
    )
    assert the_row(file, line=2).said == {
        "name": "Morag Fictive 100", "email": "hr100@mercat.example", "unit": "tayside", "rank": "constable",
        "is_active": True,
    }  # fmt: skip


def test_only_those_who_may_import_people_hand_a_file_in() -> None:
    with pytest.raises(Refused):
        received(line("100"), by=make.person("Officer"))
    administrator = make.person("Administrator", unit_key="ict", roles=("administrator",))
    assert received(line("100"), by=administrator).received_by == administrator


FAULTY = {
    "no staff number": ({"number": ""}, "It has no staff number."),
    "a staff number without end": ({"number": "9" * 40}, "longer than 32"),
    "no name": ({"forename": "", "surname": ""}, "It has no name."),
    "a name without end": ({"surname": "x" * 130}, "The name is too long."),
    "no e-mail": ({"email": ""}, "It has no e-mail."),
    "an e-mail that is none": ({"email": "morag at mercat"}, "“morag at mercat” is no e-mail."),
    "no rank": ({"rank": ""}, "It has no rank or grade."),
    "an unknown rank": ({"rank": "Bobby"}, "“Bobby” is not known here"),
    "an unknown unit": ({"unit": "Z Division"}, "“Z Division” is not known here"),
    "an unknown employment": ({"employment": "Volunteer"}, "“Volunteer” is not known here"),
    "an employment against the rank": ({"employment": "Police Staff"}, "does not go with this rank"),
    "a leaving date that is none": ({"left": "soon"}, "“soon” in “Leaving date” is no day such as 23/11/2026"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_bad_line_is_named_with_its_reason_and_the_others_count(name: str) -> None:
    make.unit()
    about, reason = FAULTY[name]
    file = received(line("100"), line(**{"number": "101", **about}), line("102"))
    assert [kind for _, _, kind in found(file)] == ["new", "faulty", "new"]
    assert reason in the_row(file, kind="faulty").reason


def test_everything_that_is_wrong_with_a_line_is_told() -> None:
    reason = the_row(received(line("100", rank="Bobby", email="x", unit="")), line=2).reason
    assert all(word in reason for word in ("Bobby", "“x” is no e-mail", "no unit"))


def test_ranks_units_and_employment_are_read_in_the_spellings_of_the_pack_in_any_case() -> None:
    make.unit()
    file = received(
        line("1", rank="ch insp", unit="n division", employment="POLICE OFFICER"),
        line("2", rank="Chief Inspector", unit="Highlands and Islands"),
        line("3", rank="chief-inspector", unit="highlands-and-islands"),
    )
    assert {(row.kind, row.said["rank"], row.said["unit"]) for row in file.rows.all()} == {
        ("new", "chief-inspector", "highlands-and-islands")
    }


def test_what_the_list_says_too_is_the_same() -> None:
    person = make.person("Morag Fictive")
    file = received(line_of(person))
    assert found(file) == [(2, "person", "same")]
    assert file.state == "closed", "nothing is to be decided"
    assert HrRecord.objects.get(person=person).said["email"] == person.email


def test_what_the_hr_system_changed_is_changed_and_told_from_old_to_new() -> None:
    (person,) = known("100")
    row = the_row(received(line("100", surname="Newname", rank="Sgt")))
    assert (row.kind, row.person) == ("changed", person)
    assert row.ours == {"name": "Morag Fictive 100", "rank": "constable"}
    assert (row.said["name"], row.said["rank"]) == ("Morag Newname", "sergeant")


def test_what_was_changed_here_since_is_a_conflict() -> None:
    (person,) = known("100")
    change_details(by=TEST, person=person, name="Morag Ours", reason="Married", now=NOW)
    row = the_row(received(line("100")))
    assert row.kind == "conflicting"
    assert row.reason == ("Changed here since the HR system last said it, or never taken from it: name.")


def test_somebody_added_by_hand_of_whom_the_file_says_otherwise_is_a_conflict() -> None:
    person = make.person("Morag Fictive")
    assert the_row(received(line_of(person, rank="Sgt"))).kind == "conflicting"


def test_an_email_that_is_anothers_is_a_conflict_for_the_new_and_for_the_known() -> None:
    owner = make.person("Owner")
    known("100")
    file = received(line("100", email=owner.email), line("101", email=owner.email.upper()))
    assert [kind for _, _, kind in found(file)] == ["conflicting", "conflicting"]
    assert f"that of Owner ({owner.number})" in the_row(file, line=2).reason


def test_two_people_of_one_file_with_one_email_are_a_conflict() -> None:
    make.unit()
    file = received(line("100", email="same@mercat.example"), line("101", email="same@mercat.example"))
    assert [kind for _, _, kind in found(file)] == ["conflicting", "conflicting"]


def test_two_lines_that_differ_for_one_person_are_a_conflict_and_two_that_agree_count_once() -> None:
    make.unit()
    file = received(line("100"), line("100", rank="Sgt"), line("101"), line("101"))
    assert [kind for _, _, kind in found(file)] == ["conflicting", "conflicting", "new", "faulty"]
    assert the_row(file, line=5).reason == "It says again what line 4 says."


def test_a_file_made_before_one_that_has_been_applied_is_a_conflict() -> None:
    known("100")
    applied(line("100", rank="Sgt"))
    file = received(line("100"), line("101"), made_at=NOW - timedelta(days=3))
    assert [kind for _, _, kind in found(file)] == ["conflicting", "conflicting"]
    assert "has been applied" in the_row(file, line=2).reason
    assert file.made_at == NOW - timedelta(days=3)


def test_a_file_cannot_claim_to_come_from_the_future() -> None:
    make.unit()
    assert received(line("100"), made_at=NOW + timedelta(days=300)).made_at == NOW


# Who is gone


def test_a_file_that_does_not_say_it_is_whole_says_nothing_of_those_it_does_not_name() -> None:
    known("100", "101")
    assert [kind for _, _, kind in found(received(line("100")))] == ["same"]


def test_those_whom_a_whole_file_does_not_name_are_gone() -> None:
    _, other = known("100", "101")
    file = received(line("100"), whole=True)
    assert found(file) == [(0, "person", "gone"), (2, "person", "same")]
    assert the_row(file, kind="gone").person == other


def test_those_whom_the_hr_system_never_named_are_not_simply_gone() -> None:
    by_hand = make.person("By hand")
    known("100")
    row = the_row(received(line("100"), whole=True), person=by_hand)
    assert row.kind == "conflicting"
    assert "never named" in row.reason


def test_a_faulty_line_names_its_person_all_the_same() -> None:
    known("100", "101")
    assert [kind for _, _, kind in found(received(line("100"), line("101", rank="Bobby"), whole=True))] == [
        "same",
        "faulty",
    ]


def test_with_a_line_whose_number_cannot_be_read_nobody_is_simply_gone() -> None:
    known("100", "101")
    file = received(line("100"), line(""), whole=True)
    assert "one of 1 lines without a staff number" in the_row(file, line=0).reason
    assert the_row(file, line=0).kind == "conflicting"


def test_a_file_of_courses_alone_is_never_whole() -> None:
    known("100")
    data = b"Staff number,Completed,Trainer number\r\n"
    assert not received(data=data + b"x,01/02/2026,9\r\n", whole=True).whole


def test_the_pack_and_the_file_itself_may_say_that_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    make.unit()
    assert received(data=as_json(line("100"), whole=True)).whole
    assert not received(data=as_json(line("100"), whole=True), whole=False).whole
    rule(monkeypatch, whole=True)
    assert received(line("100")).whole


def test_a_leaving_date_that_has_come_says_that_somebody_is_gone_and_one_ahead_does_not() -> None:
    known("100", "101", "102")
    file = received(line("100", left="23/11/2026"), line("101", left="24/11/2026"), line("999", left="01/01/2020"))
    assert [kind for _, _, kind in found(file)] == ["gone", "same", "same"]
    assert the_row(file, line=2).reason == "Left on 23 November 2026"


def test_somebody_who_left_here_and_is_in_the_file_is_a_conflict() -> None:
    (person,) = known("100")
    actions.mark_left(by=TEST, person=person, reason="Left", now=NOW)
    row = the_row(received(line("100")))
    assert (row.kind, row.ours) == ("conflicting", {"is_active": False})


# Courses


def test_a_completion_signed_off_by_a_trainer_of_then_is_new(trainer: Person) -> None:
    make.unit()
    file = received(trained("100", trainer))
    assert found(file) == [(2, "person", "new"), (2, "completion", "new")]
    assert the_row(file, about="completion").said == {"completed": "2026-02-01", "trainer": str(trainer.pk)}


def test_a_completion_without_a_trainer_of_corporate_communications_is_faulty_by_its_clause(trainer: Person) -> None:
    somebody = make.person("Somebody")
    file = received(
        trained("100", somebody), trained("101", trainer, trainer=""), trained("102", trainer, trainer="nobody"),
    )  # fmt: skip
    rows = file.rows.filter(about="completion")
    assert {(row.kind, row.clause) for row in rows} == {("faulty", "2.2")}
    assert [row.reason.partition(". ")[0] for row in rows] == [
        "Somebody was no trainer on 1 February 2026",
        "It names no trainer",
        "Nobody with the trainer’s staff number nobody is on the list",
    ]
    assert all("Only a trainer from Corporate Communications signs a completion off." in row.reason for row in rows)
    assert file.rows.filter(about="person", kind="new").count() == 3, "the person counts all the same"


def test_the_trainer_must_have_held_the_role_on_that_day() -> None:
    first = make.person(
        "First", unit_key="corporate-communications", roles=("social-media-trainer",), now=NOW - timedelta(days=90)
    )
    later = make.person(
        "Later", unit_key="corporate-communications", roles=("social-media-trainer",), now=NOW - timedelta(days=9)
    )
    actions.end_role(by=TEST, grant=first.role_grants.get(), reason="Moved", now=NOW - timedelta(days=30))

    def kind(trainer: Person, days: int) -> str:
        day = (NOW - timedelta(days=days)).strftime("%d/%m/%Y")
        return the_row(received(trained("100", trainer, completed=day)), about="completion").kind

    assert [kind(first, 60), kind(first, 20)] == ["new", "faulty"]
    assert [kind(later, 5), kind(later, 60)] == ["new", "faulty"]
    assert [kind(later, 200), kind(first, 200)] == ["new", "faulty"], (
        "before roles were kept, those of now are believed"
    )


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"completed": "24/11/2026"}, "lies ahead"),
        ({"completed": "31/02/2026"}, "is no day such as"),
        ({"completed": "01/01/1066"}, "which cannot be"),
        ({"completed": ""}, "no day on which the course was completed"),
    ],
)
def test_a_day_that_cannot_be_is_a_fault_of_the_course_alone(
    trainer: Person, about: dict[str, str], reason: str
) -> None:
    make.unit()
    file = received(trained("100", trainer, **about))
    assert found(file) == [(2, "person", "new"), (2, "completion", "faulty")]
    assert reason in the_row(file, about="completion").reason


def test_nobody_signs_off_their_own_training(trainer: Person) -> None:
    file = received(line_of(trainer, completed=TRAINED, trainer=trainer.number))
    assert (the_row(file, about="completion").kind, the_row(file, about="completion").clause) == ("faulty", "2.2")


def test_another_course_is_none_of_ours(trainer: Person) -> None:
    make.unit()
    file = received(trained("100", trainer, course="First aid"))
    assert found(file) == [(2, "person", "new")]
    file = received(trained("100", trainer, course="Business Skills - Social Media (Police Use of)"))
    assert found(file)[1] == (2, "completion", "new")


def test_a_completion_on_record_is_the_same_a_changed_day_a_conflict_and_one_years_later_new(trainer: Person) -> None:
    person = make.person("Morag Fictive")
    at = NOW - timedelta(days=1000)
    actions.record_completion(by=TEST, person=person, trainer=trainer, completed_at=at, now=NOW)

    def kind(days: int) -> str:
        day = (at + timedelta(days=days)).strftime("%d/%m/%Y")
        return the_row(received(line_of(person, completed=day, trainer=trainer.number)), about="completion").kind

    assert [kind(0), kind(1), kind(-30), kind(900), kind(-1000)] == [
        "same",
        "conflicting",
        "conflicting",
        "conflicting",
        "conflicting",
    ]
    make.as_if(Completion, completed_at=NOW - timedelta(days=1060))
    at = NOW - timedelta(days=1060)
    assert [kind(1050), kind(1020)] == ["new", "conflicting"]


def test_the_same_day_by_another_trainer_is_a_conflict(trainer: Person) -> None:
    person = make.person("Morag Fictive")
    other = make.person("Other", unit_key="corporate-communications", roles=("social-media-trainer",))
    actions.record_completion(by=TEST, person=person, trainer=other, completed_at=NOW - timedelta(days=30), now=NOW)
    row = the_row(received(line_of(person, completed="24/10/2026", trainer=trainer.number)), about="completion")
    assert (row.kind, row.reason) == ("conflicting", "The trainer differs from what is on record.")


def test_two_days_for_one_course_in_one_file_are_a_conflict_and_the_same_day_twice_counts_once(trainer: Person) -> None:
    make.unit()
    file = received(trained("100", trainer), trained("100", trainer), trained("100", trainer, completed="05/02/2026"))
    assert [row.kind for row in file.rows.filter(about="completion")] == ["new", "faulty", "conflicting"]


def test_a_course_of_somebody_who_is_neither_on_the_list_nor_in_the_file_is_faulty(trainer: Person) -> None:
    file = received(trained("100", trainer, rank="Bobby"))
    assert [row.kind for row in file.rows.all()] == ["faulty", "faulty"]
    assert "Nobody with this staff number" in the_row(file, about="completion").reason


def rule(monkeypatch: pytest.MonkeyPatch, **about: object) -> None:
    """The pack with another word on files of the HR system."""
    pack = guidance().pack.model_copy(update={"hr": guidance().pack.hr.model_copy(update=about)})
    other = replace(guidance(), pack=pack)
    for module in ("imports", "comparing", "applying"):
        monkeypatch.setattr(f"mercat.people.hr.{module}.guidance", lambda: other)


def test_a_bad_file_is_on_record_and_keeps_nothing() -> None:
    with pytest.raises(imports.BadFile):
        received(data=b"PK\x03\x04")
    assert not ImportRow.objects.exists()
