"""People's pages: the path to posting, each step by whoever may take it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from mercat.people import actions
from mercat.people.facts import people_facts
from mercat.people.presenters import line, path
from mercat.people.queries import steps_of
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import SOON, at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

ROLES = {
    "commander": {"unit_key": "tayside", "unit_roles": ("divisional-commander",)},
    "trainer": {"unit_key": "corporate-communications", "roles": ("social-media-trainer",)},
    "iso": {"unit_key": "information-security", "roles": ("information-security-officer",)},
    "communications": {"unit_key": "corporate-communications", "roles": ("corporate-communications",)},
    "ict": {"unit_key": "ict", "roles": ("ict",)},
    "a colleague": {"unit_key": "corporate-communications", "roles": ("corporate-communications",)},
}


def page(person) -> str:
    return reverse("people:person", args=[person.pk])


def step(person, action: str) -> str:
    return reverse("people:step", args=[person.pk, action])


def states_of(person, viewer) -> list[str]:
    facts = people_facts({person.pk, viewer.pk}, now=SOON)
    steps = path(person, facts[str(person.pk)], steps_of(person), facts[str(viewer.pk)], now=SOON)
    return [each.state for each in steps]


def test_the_whole_path_by_its_pages_each_step_by_its_role() -> None:
    newcomer = make.person("Newcomer")
    who = {name: signed_in(make.person(name.capitalize(), **about)) for name, about in ROLES.items()}
    who["newcomer"] = signed_in(newcomer)
    for name, action, typed in [
        ("commander", "nominate", {}),
        ("trainer", "record_completion", {"completed": "2026-11-20"}),
        ("iso", "authorise_access", {}),
        ("communications", "confirm_training", {"reference": "REQ-1"}),
        ("ict", "open_access", {}),
        ("a colleague", "assign_licence", {}),
    ]:
        assert step(newcomer, action) in who[name].get(page(newcomer)).content.decode(), f"{name} is offered {action}"
        assert who[name].post(step(newcomer, action), typed).status_code == 302, f"{name} takes {action}"
        if action == "record_completion":
            actions.acknowledge(by=newcomer, document="personal-mobile-phones", now=NOW)
    assert states_of(newcomer, newcomer) == ["done"] * 7
    said = text_of(who["newcomer"].get(page(newcomer)))
    assert "Identified by their own division or department 23 November 2026 , by Commander" in said
    assert "Confirmed on request REQ-1" in said


def test_somebody_elses_step_is_refused_with_its_clause() -> None:
    newcomer, bystander = make.person("Newcomer"), signed_in(make.person(**ROLES["ict"]))
    said = text_of(bystander.get(page(newcomer)))
    assert "Supplied by: Divisional Commander or head of department" in said
    assert "2.3 People are nominated by their own division or department." in said
    response = bystander.post(step(newcomer, "nominate"))
    assert response.status_code == 403
    assert not newcomer.nominations.exists()


def test_a_lapsed_training_is_shown_as_lapsed() -> None:
    person = make.joined(trained_until=NOW + timedelta(minutes=1))
    assert states_of(person, person)[:2] == ["done", "lapsed"]
    facts = people_facts([person.pk], now=SOON)[str(person.pk)]
    shown = line(person, facts, now=SOON)
    assert (shown.next, shown.may_post, shown.done) == ("Training", False, 6)


def test_training_is_in_force_until_a_day_of_the_bodys_own_clock() -> None:
    person = make.person()
    midnight = datetime(2026, 7, 9, 23, tzinfo=UTC)  # the 10th begins, in summer time
    actions.record_completion(by=TEST, person=person, trainer=make.trainer(), completed_at=midnight, now=NOW)
    assert "In force until 9 July 2029 10 July 2026" in text_of(signed_in(person).get(page(person)))


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-11-24"])
def test_a_completion_needs_a_real_day_that_has_been(day: str) -> None:
    newcomer = make.person()
    actions.nominate(by=TEST, person=newcomer, now=NOW)
    response = signed_in(make.trainer()).post(step(newcomer, "record_completion"), {"completed": day})
    assert response.status_code == 422
    assert 'href="#completed"' in response.content.decode()
    assert not newcomer.completions.exists()


def test_a_step_that_is_none_is_not_there() -> None:
    assert signed_in(make.person()).post(step(make.person(), "fly")).status_code == 404


def test_a_commander_sees_the_people_of_the_own_division_and_no_others() -> None:
    ann, bob = make.person("Ann", unit_key="tayside"), make.person("Bob", unit_key="edinburgh")
    commander = signed_in(make.person("Commander", unit_key="tayside", unit_roles=("divisional-commander",)))
    listed = text_of(commander.get("/people/"))
    assert "Ann" in listed
    assert "Bob" not in listed
    assert 'value="edinburgh"' not in commander.get("/people/").content.decode()
    assert "Bob" not in text_of(commander.get("/people/?text=Bob&unit=edinburgh"))
    assert commander.get(page(ann)).status_code == 200
    response = commander.get(page(bob))
    assert response.status_code == 403
    assert "People of another division or department are not open to this person." in text_of(response)
    assert commander.post(step(bob, "nominate")).status_code == 403


def test_somebody_without_a_role_sees_themselves() -> None:
    make.person("Ann")
    officer = make.person("Officer")
    listed = text_of(signed_in(officer).get("/people/"))
    assert "Officer" in listed
    assert "Ann" not in listed
    assert signed_in(officer).get(page(officer)).status_code == 200


def test_access_is_ended_with_a_reason() -> None:
    person, officer = make.joined(), signed_in(make.person(**ROLES["iso"]))
    assert officer.post(step(person, "end_access"), {"reason": ""}).status_code == 422
    officer.post(step(person, "end_access"), {"reason": "Moved away."})
    assert states_of(person, person)[3:] == ["next", "later", "later", "later"]


def test_people_are_found_by_name_unit_role_and_path() -> None:
    make.person("Ann", unit_key="tayside")
    make.person("Bob", unit_key="edinburgh", unit_roles=("spoc",))
    actions.nominate(by=TEST, person=make.person("Cat"), now=NOW)
    client = signed_in(make.person("Viewer", **ROLES["communications"]))

    def found(query: str) -> set[str]:
        said = text_of(client.get(f"/people/?{query}"))
        return {name for name in ("Ann", "Bob", "Cat") if name in said}

    assert found("") == {"Ann", "Bob", "Cat"}
    assert found("text=an") == {"Ann"}
    assert found("unit=edinburgh") == {"Bob"}
    assert found("role=spoc") == {"Bob"}
    assert found("joining=yes") == {"Cat"}
    assert "Nobody matches" in text_of(client.get("/people/?text=zzz"))


def test_the_list_is_paged_and_takes_the_same_queries_for_many() -> None:
    client = signed_in(make.person(**ROLES["communications"]))
    client.get("/people/")
    few = queries_of(client, "/people/")
    for n in range(26):
        make.person(f"Somebody {n:02}")
    assert queries_of(client, "/people/") == few
    assert few <= 12
    assert "Page 1" in text_of(client.get("/people/"))
    assert "Somebody 25" in text_of(client.get("/people/?page=2"))
    assert client.get("/people/?page=nonsense").status_code == 200
