"""The pages under another body's guidance: its steps, its clauses, its roles, and nothing of the first pack's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import _lru_cache_wrapper

import pytest
from django.utils import timezone

from mercat.guidance.pack import Pack, find_pack, load_pack
from mercat.people import actions
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.web.views import guidance as views
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("council", "at_noon")]

CLAUSE = re.compile(r'class="mercat-refusal__clause"[^>]*>([^<]+)<')


@pytest.fixture
def council(settings) -> Iterator[None]:
    cached = [each for each in (guidance, *vars(views).values()) if isinstance(each, _lru_cache_wrapper)]
    settings.MERCAT_PACK = "example-council"
    for each in cached:
        each.cache_clear()
    yield
    for each in cached:
        each.cache_clear()


def somebody(name: str, unit: str = "libraries", **about: object) -> Person:
    return make.person(name, unit_key=unit, rank="employee", **about)


def joined(name: str) -> Person:
    """Somebody who has taken every step that the council knows."""
    person = somebody(name)
    team = somebody("Communications", "communications", roles=("communications-team",))
    actions.nominate(by=TEST, person=person, now=NOW)
    actions.record_completion(by=TEST, person=person, trainer=team, completed_at=NOW - timedelta(days=1), now=NOW)
    actions.open_access(by=TEST, person=person, now=NOW)
    return person


def names_of_the_first_pack(pack: Pack) -> set[str]:
    """Names and keys of its roles, and names of its units, that the council has not."""
    theirs, ours = (
        {text for role in of.roles for text in (role.key, role.name)} | {unit.name for unit in of.units}
        for of in (load_pack(find_pack("police-scotland")), pack)
    )
    return theirs - ours


def is_the_councils(response) -> str:
    """What the page says, once nothing on it is of the first pack."""
    html, said, pack = response.content.decode(), text_of(response), guidance().pack
    assert response.status_code == 200
    assert [name for name in names_of_the_first_pack(pack) if re.search(rf"\b{re.escape(name)}\b", html)] == []
    assert not re.search(r"\b(police|the force|commander|constable|division|ICT)\b", said, re.IGNORECASE)
    assert set(CLAUSE.findall(html)) <= {clause.id for clause in (*pack.clauses, *pack.house)}
    return said


def test_the_path_has_the_councils_steps_with_its_clauses_and_who_supplies_them() -> None:
    person = somebody("Newcomer")
    said = is_the_councils(signed_in(person).get(f"/people/{person.pk}/"))
    for title, clause, supplier in [
        ("Nomination", "2.1", "Service manager or headteacher"),
        ("Training", "2.2", "Communications team"),
        ("Access", "2.2", "Digital services"),
    ]:
        assert re.search(rf"{title} (Next|Later) {clause} .*?Supplied by: {supplier}", said), title
    for absent in ("Procedure", "Authorisation", "confirmed", "Licence"):
        assert absent not in said


def test_whoever_has_taken_the_councils_steps_may_post_and_is_joining_no_more() -> None:
    person = joined("Librarian")
    client = signed_in(person)
    assert "May post" in is_the_councils(client.get("/people/?text=Librarian"))
    assert "Librarian" not in text_of(client.get("/people/?joining=yes")).partition("Path to posting")[2]
    said = is_the_councils(client.get(f"/people/{person.pk}/"))
    assert "Next" not in said
    assert "Access Done 2.2 Opened 23 November 2026" in said


def test_a_step_is_offered_to_the_councils_own_roles() -> None:
    person = somebody("Newcomer")
    manager = signed_in(somebody("Manager", unit_roles=("service-lead",)))
    assert "Nominate" in is_the_councils(manager.get(f"/people/{person.pk}/"))
    manager.post(f"/people/{person.pk}/nominate/")
    assert "Identified by their own service" in is_the_councils(manager.get(f"/people/{person.pk}/"))
    team = signed_in(somebody("Communications", "communications", roles=("communications-team",)))
    assert "For the course 1 person" in is_the_councils(team.get("/"))
    assert "Newcomer, Libraries" in is_the_councils(team.get("/people/queues/course/"))


def test_pausing_is_for_the_councils_communications_team() -> None:
    said = is_the_councils(signed_in(somebody("Librarian")).get("/sending/pause/"))
    assert "Pausing is for others" in said
    assert "Ask the communications team." in said


def test_an_account_without_a_lead_says_who_names_one() -> None:
    account = make.account("Libraries", tier="service", unit_key="libraries")
    said = is_the_councils(signed_in(somebody("Librarian")).get(f"/register/{account.pk}/"))
    assert "To be appointed by: Service manager or headteacher" in said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (datetime(2027, 2, 10, 12, tzinfo=UTC), "review due 10 February 2027"),
        (datetime(2027, 2, 11, 12, tzinfo=UTC), "review overdue since 10 February 2027"),
    ],
)
def test_the_compliance_record_says_when_a_review_is_due_and_when_it_is_overdue(monkeypatch, day, said) -> None:
    monkeypatch.setattr(timezone, "now", lambda: day)
    shown = text_of(signed_in(somebody("Librarian")).get("/guidance/"))
    assert f"Data protection impact assessment completed 10 February 2025, {said}" in shown


@pytest.mark.parametrize(
    "path",
    [
        "/guidance/",
        "/guidance/access/",
        "/register/",
        "/people/",
        "/people/queues/",
        "/access/",
        "/procedures/",
        "/posts/new/",
    ],
)
def test_the_other_pages_are_the_councils_too(path: str) -> None:
    is_the_councils(signed_in(joined("Librarian")).get(path))
