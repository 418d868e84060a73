"""What was chosen is done, once, on the list that it was compared with; nothing else is."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.db import IntegrityError, transaction

from mercat.audit.log import integrate
from mercat.audit.models import Event, Pending
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.hr import applying, imports
from mercat.people.models import Completion, HrRecord, Import, ImportRow, Notice, Person, RoleGrant
from mercat.people.moving import change_details
from tests import factories as make
from tests.factories import NOW, TEST
from tests.people.hr.files import HR, applied, line, line_of, received, the_row
from tests.people.hr.test_comparing import known, rule, trained

pytestmark = pytest.mark.django_db


def done(file: Import, **chosen: object) -> list[tuple[int, str, str]]:
    """Choose, do it, and say what came of it."""
    imports.choose(**{"by": HR, "file": file, "now": NOW, **chosen})
    imports.finish(file, now=lambda: NOW)
    file.refresh_from_db()
    rows = file.rows.exclude(outcome="").order_by("line", "-about")
    return list(rows.values_list("line", "outcome", "told"))


# Whole groups


def test_new_people_are_on_the_list_with_all_that_the_file_says_and_cannot_sign_in() -> None:
    make.unit()
    file = applied(line("100", rank="Sgt", unit="N Division"), line("101", rank="Staff manager"))
    one, other = Person.objects.filter(number__in=["100", "101"]).order_by("number")
    assert (one.name, one.email, one.rank, one.employment) == (
        "Morag Fictive 100", "hr100@mercat.example", "sergeant", "officer",
    )  # fmt: skip
    assert (one.unit_id, other.employment, one.is_active) == ("highlands-and-islands", "staff", True)
    assert not one.has_usable_password()
    assert one.password != other.password
    assert file.state == "closed"


def test_each_new_person_is_one_event_of_one_batch_with_names_outside_the_leaf(settings, tmp_path) -> None:
    settings.MERCAT_AUDIT_KEY_FILE, settings.MERCAT_AUDIT_ORIGIN = tmp_path / "key", "log.example/audit"
    make.unit()
    file = applied(line("100"), line("101"))
    events = Event.objects.filter(what="person.registered")
    assert events.count() == 2
    for event in events:
        person = Person.objects.get(pk=event.about[0].removeprefix("person:"))
        assert event.about[1] == file.audit_ref
        assert event.personal.data == {"name": person.name, "email": person.email, "number": person.number}
        assert b"Morag" not in bytes(event.leaf)
    assert Pending.objects.count() == Event.objects.count(), "each waits for its leaf"
    assert integrate(now=NOW).size == Event.objects.count()
    assert [event.what for event in Event.objects.filter(about__contains=[file.audit_ref]).order_by("pk")] == [
        "import.received", "import.chosen", "person.registered", "person.registered", "import.applied",
    ]  # fmt: skip


def test_changes_are_made_by_the_same_action_as_by_hand(administrator: Person) -> None:
    (person,) = known("100")
    actions.nominate(by=TEST, person=person, now=NOW)
    actions.grant_role(by=TEST, person=person, role="spoc", unit=person.unit, now=NOW)
    applied(line("100", unit="E Division", rank="Sgt", surname="Newname"))
    person.refresh_from_db()
    assert (person.unit_id, person.rank, person.name) == ("edinburgh", "sergeant", "Morag Newname")
    assert not RoleGrant.objects.filter(person=person, ended_at=None).exists(), "the roles of the old unit end"
    assert not person_facts(person, now=NOW).nominated
    assert Event.objects.filter(what="person.changed", about__contains=[person.audit_ref]).count() == 1


def test_leavers_lose_everything_at_once() -> None:
    leaver = make.joined("Leaver", unit_roles=("spoc",))
    others = [make.person() for _ in range(30)]
    received(*map(line_of, [leaver, *others]))
    file = received(*map(line_of, others), whole=True)
    assert done(file, kinds=["gone"]) == [(0, "done", "")]
    leaver.refresh_from_db()
    standing = person_facts(leaver, now=NOW)
    assert not leaver.is_active
    assert not any((standing.access, standing.licensed, standing.authorised, standing.nominated, standing.unit_roles))


def test_the_last_administrator_is_not_taken_out_by_a_file(administrator: Person) -> None:
    people = [make.person() for _ in range(40)]
    received(*map(line_of, [administrator, *people]))
    file = received(*map(line_of, people), whole=True)
    ((_, outcome, told),) = done(file, kinds=["gone"])
    assert outcome == "failed"
    assert "last administrator" in told
    administrator.refresh_from_db()
    assert administrator.is_active


def test_only_what_was_chosen_is_done() -> None:
    known("100")
    file = received(line("100", rank="Sgt"), line("101"), line("102"))
    assert done(file, take=[the_row(file, number="101").pk]) == [(3, "done", "")]
    assert file.state == "waiting"
    assert not Person.objects.filter(number="102").exists()
    assert Person.objects.get(number="100").rank == "constable"
    assert len(done(file, kinds=["new", "changed"])) == 3
    assert file.state == "closed"


def test_somebody_new_is_done_once() -> None:
    """Rows that were just added are no changes of people on the list."""
    make.unit()
    file = received(line("100"), line("101"))
    with mock.patch.object(applying, "change_details") as changed:
        if file.state == Import.State.WAITING:
            imports.choose(by=HR, file=file, kinds=["new"], now=NOW)
        imports.finish(file, now=lambda: NOW)
    assert Person.objects.filter(number__in=["100", "101"]).count() == 2
    assert not changed.called


def test_nobody_takes_what_a_file_says_of_themselves() -> None:
    """By hand they could not change it either: a file that they wrote would be a way around that."""
    comms = make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    other = make.person("Other")
    file = received(line_of(comms, rank="chief-constable"), line_of(other, rank="sergeant"))
    imports.choose(by=comms, file=file, take=[row.pk for row in file.rows.all()], now=NOW)
    imports.finish(file, now=lambda: NOW)
    assert Person.objects.get(pk=other.pk).rank == "sergeant"
    assert Person.objects.get(pk=comms.pk).rank == "constable"
    with pytest.raises(Impossible, match="Choose what"):
        imports.choose(by=comms, file=file, take=[file.rows.get(number=comms.number).pk], now=NOW)


def test_a_trainer_is_told_of_courses_in_their_name_by_a_file_that_was_handed_in() -> None:
    trainer, person = make.trainer(), make.person("Person")
    day = (NOW - timedelta(days=3)).strftime("%d/%m/%Y")
    for source, told in (("folder", 0), ("upload", 1)):
        file = received(line_of(person, completed=day, trainer=trainer.number), source=source)
        imports.choose(by=HR, file=file, kinds=["new"], now=NOW)
        imports.finish(file, now=lambda: NOW)
        assert trainer.notices.filter(subject="Courses in your name").count() == told
        day = (NOW - timedelta(days=1200)).strftime("%d/%m/%Y")


def test_neither_faults_nor_whole_groups_of_conflicts_can_be_taken() -> None:
    known("100")
    change_details(by=TEST, person=Person.objects.get(number="100"), name="Ours", reason="So", now=NOW)
    file = received(line("100"), line("101", rank="Bobby"))
    with pytest.raises(Impossible, match="one by one"):
        imports.choose(by=HR, file=file, kinds=["conflicting"], now=NOW)
    with pytest.raises(Impossible, match="Choose what is to be done"):
        imports.choose(by=HR, file=file, kinds=["new"], take=[the_row(file, kind="faulty").pk], now=NOW)
    with pytest.raises(IntegrityError, match="nothing_of_a_faulty_line_is_taken"), transaction.atomic():
        ImportRow.objects.filter(kind="faulty").update(choice="file")


def test_rows_of_another_import_are_not_taken() -> None:
    make.unit()
    file, other = received(line("100")), received(line("101"))
    with pytest.raises(Impossible, match="Choose what is to be done"):
        imports.choose(by=HR, file=file, take=[the_row(other).pk], now=NOW)


# Conflicts


def test_a_conflict_is_decided_by_choice_for_the_file_or_for_ours() -> None:
    for number in known("100", "101"):
        change_details(by=TEST, person=number, name="Morag Ours", reason="Married", now=NOW)
    file = received(line("100", rank="Sgt"), line("101"))
    first, other = the_row(file, line=2), the_row(file, line=3)
    assert done(file, take=[first.pk], keep=[other.pk]) == [(2, "done", ""), (3, "kept", "")]
    assert list(Person.objects.filter(number__startswith="10").order_by("number").values_list("name", "rank")) == [
        ("Morag Fictive 100", "sergeant"), ("Morag Ours", "constable"),
    ]  # fmt: skip


def test_where_ours_was_kept_nobody_is_asked_again_until_one_of_both_says_otherwise() -> None:
    (person,) = known("100")
    change_details(by=TEST, person=person, name="Morag Ours", reason="Married", now=NOW)
    file = received(line("100"))
    done(file, keep=[the_row(file).pk])
    assert the_row(received(line("100"))).kind == "same"
    assert the_row(received(line("100", surname="Third"))).kind == "conflicting"
    change_details(by=TEST, person=person, name="Morag Fourth", reason="Again", now=NOW)
    assert the_row(received(line("100"))).kind == "conflicting"


def test_an_email_of_somebody_else_stays_with_them_whatever_is_chosen() -> None:
    owner = make.person("Owner")
    (person,) = known("100")
    file = received(line("100", email=owner.email, rank="Sgt"))
    assert done(file, take=[the_row(file).pk]) == [(2, "done", "")]
    person.refresh_from_db()
    assert (person.email, person.rank) == ("hr100@mercat.example", "sergeant")
    assert the_row(received(line("100", email=owner.email, rank="Sgt"))).kind == "same", "it was decided"


def test_of_two_lines_for_one_person_one_is_taken() -> None:
    make.unit()
    file = received(line("100"), line("100", rank="Sgt"))
    rows = list(file.rows.values_list("pk", flat=True))
    with pytest.raises(Impossible, match="Two rows are chosen for staff number 100"):
        imports.choose(by=HR, file=file, take=rows, now=NOW)
    done(file, take=rows[1:])
    assert Person.objects.get(number="100").rank == "sergeant"


def test_somebody_who_left_here_comes_back_only_by_choice_and_begins_anew() -> None:
    (person,) = known("100")
    actions.mark_left(by=TEST, person=person, reason="Left", now=NOW)
    file = received(line("100"))
    done(file, take=[the_row(file).pk])
    person.refresh_from_db()
    assert person.is_active
    assert not person.has_usable_password()


# What changed since


def test_what_changed_here_since_the_file_was_compared_is_not_overwritten_and_looked_at_again() -> None:
    (person,) = known("100")
    file = received(line("100", surname="Newname"), line("101"))
    change_details(by=TEST, person=person, name="Morag Ours", reason="Married", now=NOW)
    make.people.register_person(
        by=TEST, name="Other", email="other@mercat.example", number="101", unit=person.unit, rank="constable",
        employment="officer", now=NOW,
    )  # fmt: skip
    assert [outcome for _, outcome, _ in done(file, kinds=["new", "changed"])] == ["stale", "stale"]
    person.refresh_from_db()
    assert person.name == "Morag Ours"
    assert imports.look_again(by=HR, file=file, now=NOW) == 2
    assert [(row.kind, row.outcome) for row in file.rows.all()] == [("conflicting", ""), ("conflicting", "")]
    done(file, take=[the_row(file, line=2).pk])
    person.refresh_from_db()
    assert person.name == "Morag Newname"


def test_nothing_is_looked_at_again_where_nothing_changed() -> None:
    make.unit()
    with pytest.raises(Impossible, match="Nothing of this file has to be looked at again"):
        imports.look_again(by=HR, file=applied(line("100")), now=NOW)


def test_what_is_being_applied_or_done_with_takes_no_further_choice() -> None:
    make.unit()
    file = received(line("100"), line("101"))
    imports.choose(by=HR, file=file, take=[the_row(file, line=2).pk], now=NOW)
    with pytest.raises(Impossible, match="being applied"):
        imports.choose(by=HR, file=file, kinds=["new"], now=NOW)
    imports.finish(file, now=lambda: NOW)
    imports.close(by=HR, file=file, now=NOW)
    with pytest.raises(Impossible, match="done with"):
        imports.choose(by=HR, file=file, kinds=["new"], now=NOW)
    assert not Person.objects.filter(number="101").exists()


def test_a_long_file_is_done_slice_by_slice_and_each_slice_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "SLICE", 2)
    make.unit()
    trainer = make.trainer()
    file = received(*(trained(str(number), trainer) for number in range(100, 103)))
    imports.choose(by=HR, file=file, kinds=["new"], now=NOW)
    assert imports.carry_on(file, now=NOW) == 4
    assert Person.objects.filter(number__startswith="10").count() == 2
    imports.run(now=NOW)
    file.refresh_from_db()
    assert (file.state, Completion.objects.count()) == ("closed", 3)
    assert imports.carry_on(file, now=NOW) == 0, "once is enough"


# The brake


def those_who_leave(people: int, leavers: int) -> Import:
    make.unit()
    everybody = [line(str(number)) for number in range(100, 100 + people)]
    applied(*everybody, now=NOW - timedelta(days=2))
    return received(*everybody[leavers:], whole=True)


def test_up_to_the_packs_share_one_person_marks_leavers(administrator: Person) -> None:
    file = those_who_leave(people=99, leavers=5)  # of 100 with the administrator, whom HR has never named
    imports.choose(by=administrator, file=file, kinds=["gone"], now=NOW)
    assert file.state == "applying"


def test_beyond_the_packs_share_leavers_wait_for_a_second_person(administrator: Person, second: Person) -> None:
    file = those_who_leave(people=98, leavers=6)
    imports.choose(by=administrator, file=file, kinds=["gone"], now=NOW)
    assert file.state == "confirming"
    imports.finish(file, now=lambda: NOW)
    assert Person.objects.filter(is_active=False).count() == 0
    assert Notice.objects.get(person=second, read_at=None).subject == imports.SECOND
    with pytest.raises(Impossible, match="You chose it yourself"):
        imports.confirm(by=administrator, file=file, now=NOW)
    with pytest.raises(IntegrityError, match="take_two_people"), transaction.atomic():
        Import.objects.filter(pk=file.pk).update(confirmed_by=administrator)
    with pytest.raises(Refused):
        imports.confirm(by=make.person("Officer"), file=file, now=NOW)
    imports.confirm(by=second, file=file, now=NOW)
    imports.finish(file, now=lambda: NOW)
    assert Person.objects.filter(is_active=False).count() == 6
    assert not Notice.objects.filter(subject=imports.SECOND, read_at=None).exists()


def test_leavers_in_slices_within_a_day_are_no_fewer(administrator: Person) -> None:
    file = those_who_leave(people=99, leavers=6)
    rows = list(file.rows.filter(kind="gone").values_list("pk", flat=True))
    done(file, take=rows[:5])
    imports.choose(by=administrator, file=file, take=rows[5:], now=NOW)
    assert file.state == "confirming"


def test_either_takes_back_what_waits_for_a_second_person(administrator: Person) -> None:
    file = those_who_leave(people=10, leavers=5)
    imports.choose(by=administrator, file=file, kinds=["gone"], now=NOW)
    imports.take_back(by=administrator, file=file, now=NOW)
    assert (file.state, file.rows.exclude(choice="").count()) == ("waiting", 0)


# Courses


def test_a_course_counts_from_its_day_and_runs_out_by_the_pack() -> None:
    make.unit()
    trainer = make.trainer()
    applied(trained("100", trainer))
    row = Completion.objects.get()
    assert (row.person.number, row.trainer, row.signed_off, row.source) == ("100", trainer, True, "hr")
    assert (row.expires_at - row.completed_at).days == 1095
    standing = person_facts(row.person, now=NOW)
    assert standing.training_signed_off
    assert standing.trained_until == row.expires_at
    event = Event.objects.get(what="person.trained")
    assert set(event.about) >= {row.person.audit_ref, trainer.audit_ref}
    assert [each.kind for each in received(trained("100", trainer)).rows.all()] == ["same", "same"]


def test_a_changed_day_is_taken_only_by_choice_and_the_old_one_stays_on_record() -> None:
    make.unit()
    trainer = make.trainer()
    applied(trained("100", trainer))
    file = received(trained("100", trainer, completed="05/02/2026"))
    row = the_row(file, about="completion")
    assert (row.kind, row.ours["completed"]) == ("conflicting", "2026-02-01")
    done(file, take=[row.pk])
    old, new = Completion.objects.order_by("pk")
    assert old.ended_at == NOW
    assert new.ended_at is None
    assert person_facts(new.person, now=NOW).trained_until == new.expires_at


def test_a_day_that_was_not_taken_is_not_asked_again() -> None:
    make.unit()
    trainer = make.trainer()
    applied(trained("100", trainer))
    other = trained("100", trainer, completed="05/02/2026")
    file = received(other)
    assert done(file, keep=[the_row(file, about="completion").pk]) == [(2, "kept", "")]
    assert the_row(received(other), about="completion").kind == "same"
    assert Completion.objects.filter(ended_at=None).count() == 1


def test_a_completion_is_imported_once() -> None:
    make.unit()
    trainer = make.trainer()
    one, other = received(trained("100", trainer)), received(trained("100", trainer))
    done(one, kinds=["new"])
    assert {outcome for _, outcome, _ in done(other, kinds=["new"])} == {"stale"}
    row = Completion.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="a_completion_is_imported_once"), transaction.atomic():
        row.save(force_insert=True)


def test_a_course_whose_person_was_not_taken_is_told_as_not_possible() -> None:
    make.unit()
    file = received(trained("100", make.trainer()))
    ((_, outcome, told),) = done(file, take=[the_row(file, about="completion").pk])
    assert (outcome, told) == ("failed", "Nobody with this staff number is on the list: take that row first.")


# Without being asked


def test_from_the_folder_or_the_api_a_file_waits_unless_the_pack_says_otherwise(
    administrator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = received(line("100"), source="api")
    assert file.state == "waiting"
    notice = Notice.objects.get(person=administrator)
    assert (notice.subject, notice.link) == (imports.WAITS, f"/people/imports/{file.pk}/")
    rule(monkeypatch, apply="unconflicted")
    assert received(line("101")).state == "waiting", "an upload is somebody's to decide"
    file = received(line("102"), line("103", rank="Bobby"), line_of(administrator, rank="Sgt"), source="api")
    assert file.state == "applying"
    imports.run(now=NOW)
    file.refresh_from_db()
    assert Person.objects.filter(number="102").exists()
    assert file.state == "waiting", "the conflict is left to be decided"
    assert "1 conflicting" in Notice.objects.filter(person=administrator).first().body


def test_nobody_is_marked_as_having_left_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    known("100", "101")
    rule(monkeypatch, apply="unconflicted")
    file = received(line("100"), whole=True, source="folder")
    assert file.state == "waiting"
    imports.run(now=NOW)
    assert Person.objects.get(number="101").is_active


def test_a_notice_is_settled_by_whoever_decides(administrator: Person, second: Person) -> None:
    file = received(line("100"), source="folder")
    assert Notice.objects.filter(read_at=None).count() == 2
    done(file, by=second, kinds=["new"])
    assert not Notice.objects.filter(read_at=None, subject=imports.WAITS).exists()


@pytest.mark.parametrize("act", ["choose", "confirm", "take_back", "close", "look_again"])
def test_every_act_is_for_those_who_may_import_people(act: str) -> None:
    officer = make.person("Officer")
    file = received(line("100"))
    with pytest.raises(Refused):
        getattr(imports, act)(by=officer, file=file, now=NOW)


def test_where_it_came_from_is_kept_with_a_person() -> None:
    make.unit()
    file = applied(line("100"))
    record = HrRecord.objects.get(person__number="100")
    assert (record.file, record.line, record.at, record.said["name"]) == (file, 2, NOW, "Morag Fictive 100")
