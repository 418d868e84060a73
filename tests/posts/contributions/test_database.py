"""What was handed in never changes, and its states come in their order, whoever asks the database."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.images.models import Picture
from mercat.people.models import Person
from mercat.posts.contributions import actions
from mercat.posts.models import Contribution, ContributionUse, HandedMedium
from tests import factories as make
from tests.factories import NOW
from tests.posts.contributions.conftest import brought, handed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def refused(**changes: object) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        Contribution.objects.update(**changes)
    return str(refusal.value)


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    "column", ["words", "place", "statement", "taken_on", "person_id", "unit_id", "at", "kind", "media_count"]
)
def test_what_was_handed_in_never_changes(column: str, comms: Person) -> None:
    other = {
        "taken_on": date(2020, 1, 1), "at": NOW.replace(year=2020), "person_id": comms.pk, "unit_id": comms.unit_id,
        "kind": "video", "media_count": 2,
    }  # fmt: skip
    assert "UPDATE refused" in refused(**{column: other.get(column, "Other")})


@pytest.mark.parametrize("model", [Contribution, HandedMedium, ContributionUse])
def test_nothing_of_it_is_deleted(model, waiting: Contribution, comms: Person) -> None:
    actions.make_post(by=comms, row=waiting, now=NOW)
    for verb in ("DELETE FROM", "TRUNCATE"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{verb} {model._meta.db_table} {'CASCADE' if verb == 'TRUNCATE' else ''}")


def test_a_state_that_the_table_does_not_lead_to_is_refused(waiting: Contribution, officer: Person) -> None:
    actions.take_back(by=officer, row=waiting, now=NOW)
    assert "cannot go from taken_back to waiting" in refused(state="waiting")


@pytest.mark.usefixtures("waiting")
def test_who_decided_and_why_are_kept(comms: Person) -> None:
    decided = {"decided_by": comms, "decided_at": NOW}
    assert "with_a_reason" in refused(state="declined", **decided)
    assert "cannot go from" in refused(state="shelved")
    assert "is_known" in refused(state="shelved", decided_at=NOW)
    assert "by_who_handed_it_in" in refused(state="taken_back", **decided)
    assert "cannot go from waiting to lost" in refused(state="lost", **decided)


def raw(officer: Person, **about: object) -> Contribution:
    return Contribution(**{
        "person": officer, "unit": officer.unit, "at": NOW, "kind": "pictures", "media_count": 1, "words": "A boat",
        "place": "Dundee", "taken_on": NOW.date(), "statement": "True", **about,
    })  # fmt: skip


def alone(officer: Person) -> None:
    """As a commit would see it."""
    raw(officer).save()
    connection.check_constraints()


def with_picture(officer: Person, picture: Picture) -> None:
    row = raw(officer)
    row.save()
    HandedMedium.objects.create(contribution=row, number=1, picture=picture)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"media_count": 5}, "pictures_or_one_video"),
        ({"media_count": 0}, "pictures_or_one_video"),
        ({"kind": "video", "media_count": 2}, "pictures_or_one_video"),
        ({"kind": "sound"}, "pictures_or_one_video"),
        ({"words": ""}, "told_in_words"),
        ({"statement": ""}, "told_in_words"),
        ({"state": "used"}, "waits first"),
        ({"decided_at": NOW}, "waits first"),
    ],
)
def test_a_row_that_is_none_is_refused(officer: Person, about: dict, said: str) -> None:
    with pytest.raises(DatabaseError, match=said), transaction.atomic():
        raw(officer, **about).save()


def test_without_its_media_it_is_not_committed(officer: Person) -> None:
    with pytest.raises(DatabaseError, match="all of its media"), transaction.atomic():
        alone(officer)


def test_no_medium_joins_it_later(waiting: Contribution, officer: Person) -> None:
    for number, said in ((2, "kind, the number"), (1, "numbered")):
        with pytest.raises(DatabaseError, match=said), transaction.atomic():
            HandedMedium.objects.create(contribution=waiting, number=number, picture=brought(officer))


def test_no_medium_is_anothers(officer: Person, comms: Person) -> None:
    with pytest.raises(DatabaseError, match="the person of its contribution"), transaction.atomic():
        with_picture(officer, brought(comms))


def test_only_what_is_chosen_has_posts_and_they_are_of_whoever_chose(waiting: Contribution, comms: Person) -> None:
    post = actions.make_post(by=comms, row=handed_in(waiting.person), now=NOW)
    with pytest.raises(DatabaseError, match="begins the post"), transaction.atomic():
        ContributionUse.objects.create(contribution=waiting, post=post, by=comms, at=NOW)
    other = make.authorised("Other", unit_key="corporate-communications", roles=("corporate-communications",))
    actions.make_post(by=other, row=waiting, now=NOW)
    with pytest.raises(DatabaseError, match="begins the post"), transaction.atomic():
        ContributionUse.objects.create(contribution=waiting, post=post, by=other, at=NOW)


def test_nobody_is_told_before_it_is_out(waiting: Contribution, comms: Person) -> None:
    actions.make_post(by=comms, row=waiting, now=NOW)
    with pytest.raises(DatabaseError, match="not before it is"), transaction.atomic():
        ContributionUse.objects.update(told_at=NOW)
