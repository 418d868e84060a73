"""Queues: who waits for whom since when, each act beside its line, many at once, and back with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.joining.queues import counts, queues, waiting
from mercat.people.joining.sending_back import send_back
from mercat.people.models import Access, Authorisation, Completion, Nomination, Notice, Person, SentBack
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.pages import SOON, at_noon, queries_of, signed_in, text_of  # noqa: F401
from tests.people.conftest import CHAIN, Holders
from tests.people.test_database import up_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

# Queue: the step of the tests' chain, who holds it, the fields of its act, and the step that it is sent back to.
HELD = {
    "nominate": ("nominate", {"comms", "commander", "unit spoc"}, {}, None),
    "course": ("record_completion", {"trainer"}, {"completed": "2026-11-20"}, "nominate"),
    "authorise": ("authorise", {"iso"}, {}, "record_completion"),
    "confirm": ("confirm_training", {"comms"}, {"reference": "REQ-7"}, "authorise_access"),
    "open": ("open_access", {"ict"}, {}, "confirm_training"),
    "licence": ("assign_licence", {"comms", "ict"}, {}, "open_access"),
}
BACK = {queue: to for queue, (*_, to) in HELD.items() if to}
ENDED = {
    "nominate": Nomination,
    "record_completion": Completion,
    "authorise_access": Authorisation,
    "confirm_training": Access,
    "open_access": Access,
}


def address(key: str) -> str:
    return reverse("people:queue", args=[key])


def who_waits(key: str) -> set[str]:
    queue = next(queue for queue in queues() if queue.key == key)
    return set(waiting(queue, now=SOON).values_list("name", flat=True))


def typed(fields: dict[str, str], *people: Person) -> dict[str, str]:
    return {f"p-{person.pk}-{name}": value for person in people for name, value in fields.items()}


def holder_of(key: str, holders: Holders) -> Person:
    return holders[sorted(HELD[key][1])[0]]


@pytest.mark.parametrize("key", HELD)
def test_somebody_waits_in_the_queue_of_their_next_step_and_in_no_other(newcomer: Person, key: str) -> None:
    up_to(HELD[key][0], newcomer)
    assert {queue for queue in HELD if "Newcomer" in who_waits(queue)} == {key}
    Person.objects.filter(pk=newcomer.pk).update(is_active=False)
    assert not any("Newcomer" in who_waits(queue) for queue in HELD)


@pytest.mark.parametrize("key", HELD)
def test_a_queue_is_its_roles_and_others_see_who_holds_it(holders: Holders, newcomer: Person, key: str) -> None:
    step, rightful, _, _ = HELD[key]
    up_to(step, newcomer)
    seen = {name for name, holder in holders.items() if "Newcomer" in text_of(signed_in(holder).get(address(key)))}
    assert seen == rightful
    said = text_of(signed_in(holders["auditor"]).get(address(key)))
    assert "This step is not yours It is taken by:" in said


@pytest.mark.parametrize("key", HELD)
def test_the_act_beside_a_line_takes_the_step(holders: Holders, newcomer: Person, key: str) -> None:
    step, _, fields, _ = HELD[key]
    up_to(step, newcomer)
    client = signed_in(holder_of(key, holders))
    response = client.post(address(key), {"only": str(newcomer.pk), **typed(fields, newcomer)})
    assert response.status_code == 302
    assert "Newcomer" not in who_waits(key)


@pytest.mark.parametrize("key", HELD)
def test_somebody_elses_act_is_refused_as_everywhere(holders: Holders, newcomer: Person, key: str) -> None:
    step, _, fields, _ = HELD[key]
    up_to(step, newcomer)
    client, before = signed_in(holders["auditor"]), kept()
    response = client.post(address(key), {"only": str(newcomer.pk), **typed(fields, newcomer)})
    assert response.status_code == 403
    assert not gained(before)


def test_a_commander_sees_the_people_of_the_own_division_alone(holders: Holders) -> None:
    make.person("Here")
    make.person("There", unit_key="edinburgh")
    said = text_of(signed_in(holders["commander"]).get(address("nominate")))
    assert "Here, Tayside" in said
    assert "There, Edinburgh" not in said
    found = text_of(signed_in(holders["commander"]).get(f"{address('nominate')}?text=nobody"))
    assert "Nobody waits here" in found


def test_many_are_decided_one_by_one_and_told_one_by_one(holders: Holders) -> None:
    """One was nominated by the officer too, one goes through, one did not wait."""
    iso = holders["iso"]
    own, other, done = (make.person(name) for name in ("Own", "Other", "Done"))
    actions.grant_role(by=TEST, person=iso, role="corporate-communications", unit=None, now=NOW)
    actions.nominate(by=iso, person=own, now=NOW)
    CHAIN["record_completion"](TEST, own)
    up_to("authorise", other)
    up_to("confirm_training", done)
    chosen = {"who": [str(each.pk) for each in (own, other, done)]}
    response = signed_in(iso).post(address("authorise"), chosen)
    said = text_of(response)
    assert response.status_code == 422
    assert "Other is authorised." in said
    assert "Own: This person already took another step in the same joining. (M.6)" in said
    assert "The access of Done is authorised already." in said
    assert f'href="#who-{own.pk}"' in response.content.decode()
    assert set(Authorisation.objects.values_list("person__name", flat=True)) == {"Other", "Done"}


@pytest.mark.parametrize("chosen", [{}, {"who": ["nonsense"]}, {"only": "'; DROP TABLE"}])
def test_nobody_chosen_is_said(holders: Holders, chosen: dict) -> None:
    response = signed_in(holders["iso"]).post(address("authorise"), chosen)
    assert response.status_code == 422
    assert "Tick at least one person" in text_of(response)


@pytest.mark.parametrize(("key", "field"), [("confirm", "reference"), ("course", "completed")])
def test_what_an_act_needs_is_asked_for_beside_its_line(
    holders: Holders, newcomer: Person, key: str, field: str
) -> None:
    up_to(HELD[key][0], newcomer)
    response = signed_in(holder_of(key, holders)).post(address(key), {"who": [str(newcomer.pk)]})
    assert response.status_code == 422
    assert f'href="#p-{newcomer.pk}-{field}"' in response.content.decode()


def test_the_officer_sees_the_training_record_beside_the_request(holders: Holders, newcomer: Person) -> None:
    CHAIN["nominate"](TEST, newcomer)
    actions.record_completion(
        by=TEST, person=newcomer, trainer=make.trainer(), completed_at=NOW - timedelta(days=9), source="scope", now=NOW
    )
    said = text_of(signed_in(holders["iso"]).get(address("authorise")))
    for words in (
        "Business Skills - Social Media (Police Use of)",
        "Completed 14 November 2026", "In force until 13 November 2029",
        "Trainer trainer", "the HR system (scope)", "Waits since 23 November 2026",
    ):  # fmt: skip
        assert words in said


def test_ict_sees_the_service_request_and_what_is_missing(holders: Holders, newcomer: Person) -> None:
    for step in ("nominate", "record_completion", "authorise", "confirm_training"):
        CHAIN[step](TEST, newcomer)
    page = signed_in(holders["ict"]).get(address("open"))
    said = text_of(page)
    assert "Service request REQ-1" in said
    assert "has not acknowledged the procedure on personal mobile phones on duty" in said
    assert f'name="only" value="{newcomer.pk}"' not in page.content.decode()


@pytest.mark.parametrize("key", BACK)
def test_a_step_is_sent_back_to_the_one_before_and_the_row_is_kept(
    holders: Holders, newcomer: Person, key: str
) -> None:
    step, _, _, to = HELD[key]
    CHAIN["nominate"](holders["commander"], newcomer)
    for name in list(CHAIN)[1 : list(CHAIN).index(step)]:
        CHAIN[name](TEST, newcomer)
    officer = holder_of(key, holders)
    where = reverse("people:send-back", args=[key, newcomer.pk])
    response = signed_in(officer).post(where, {f"back-{newcomer.pk}-reason": "Wrong number"})
    assert response.status_code == 302
    row = SentBack.objects.get()
    assert (row.step, row.to, row.reason, row.by) == (row.step, to, "Wrong number", officer)
    assert set(ENDED[to].objects.values_list("ended_at", flat=True)) == {SOON}
    assert "Newcomer" not in who_waits(key)
    told = set(Notice.objects.filter(subject__startswith="Sent back").values_list("person__name", flat=True))
    assert told == {"Newcomer", "commander"}
    event = Event.objects.get(what="person.sent_back")
    assert b"Wrong number" not in bytes(event.leaf)
    assert event.personal.data == {"reason": "Wrong number"}


def test_the_reason_is_seen_where_the_step_is_taken_anew_until_it_is(holders: Holders, newcomer: Person) -> None:
    up_to("authorise", newcomer)
    send_back(by=holders["iso"], person=newcomer, step="authorise_access", reason="No trainer named", now=NOW)
    assert "Sent back “No trainer named” iso" in text_of(signed_in(holders["trainer"]).get(address("course")))
    assert "Sent back “No trainer named”" in text_of(signed_in(newcomer).get("/access/"))
    CHAIN["record_completion"](holders["trainer"], newcomer)
    assert SentBack.objects.get().ended_at == NOW
    assert "Newcomer" in who_waits("authorise")


def test_only_whose_step_it_is_sends_it_back_from_where_somebody_waits_with_a_reason(
    holders: Holders, newcomer: Person
) -> None:
    up_to("authorise", newcomer)
    before = kept()
    back = {"person": newcomer, "now": NOW}
    for name in set(holders) - {"iso"}:
        with pytest.raises(Refused):
            send_back(by=holders[name], step="authorise_access", reason="No", **back)
    with pytest.raises(Impossible, match="Say why"):
        send_back(by=holders["iso"], step="authorise_access", reason=" ", **back)
    with pytest.raises(Impossible, match="does not wait"):
        send_back(by=holders["ict"], step="open_access", reason="No", **back)
    with pytest.raises(Impossible, match="does not wait"):
        send_back(by=holders["commander"], step="nominate", reason="No", **back)
    assert not gained(before)


def test_a_completion_that_was_sent_back_counts_for_nothing(holders: Holders, newcomer: Person) -> None:
    up_to("authorise", newcomer)
    send_back(by=holders["iso"], person=newcomer, step="authorise_access", reason="No", now=NOW)
    assert person_facts(newcomer, now=NOW).trained_until is None
    with pytest.raises(Refused):
        actions.authorise(by=holders["iso"], person=newcomer, now=NOW)


def test_each_step_asks_those_whose_step_is_next_once_and_is_settled_by_it(holders: Holders, newcomer: Person) -> None:
    def asked() -> dict[str, set[str]]:
        rows = Notice.objects.filter(subject__contains="somebody waits for you", read_at=None)
        return {row.subject.partition(":")[0]: {each.person.name for each in rows} for row in rows}

    CHAIN["nominate"](holders["commander"], newcomer)
    assert asked() == {"Training": {"trainer", "trainer elsewhere"}}
    CHAIN["record_completion"](holders["trainer"], newcomer)
    assert asked() == {"Authorisation": {"iso"}}
    CHAIN["acknowledge"](TEST, newcomer)
    CHAIN["authorise"](holders["iso"], newcomer)
    assert asked() == {"Training confirmed": {"comms"}}
    CHAIN["confirm_training"](holders["comms"], newcomer)
    assert asked() == {"Access": {"ict"}}
    CHAIN["open_access"](holders["ict"], newcomer)
    assert asked() == {}, "whoever confirmed the training gives no licence; nobody else holds the role"
    colleague = make.person("Colleague", unit_key="corporate-communications", roles=("corporate-communications",))
    CHAIN["assign_licence"](colleague, newcomer)
    mine = list(Notice.objects.filter(person=newcomer).order_by("pk").values_list("subject", "link"))
    assert mine == [
        ("You are nominated to post", "/access/"), ("Your training is on record", "/access/"),
        ("Your access is authorised", "/access/"), ("Your training is confirmed", "/access/"),
        ("Your access is open", "/access/"), ("You have a licence", "/access/"),
    ]  # fmt: skip


def test_whoever_leaves_is_waited_for_no_more(holders: Holders, newcomer: Person) -> None:
    CHAIN["nominate"](holders["commander"], newcomer)
    actions.mark_left(by=TEST, person=newcomer, reason="Moved", now=NOW)
    assert not Notice.objects.filter(subject__contains="waits for you", read_at=None).exists()


@pytest.mark.parametrize(("days", "stands"), [(61, False), (59, True), (1, True)])
def test_whose_course_lapses_soon_stands_in_the_trainers_queue_to_renew(days: int, stands: bool) -> None:
    make.joined("Soon", trained_until=SOON + timedelta(days=days))
    make.person("Not through")
    assert who_waits("renew") == ({"Soon"} if stands else set())
    assert who_waits("course") == set()


def test_a_lapsed_course_is_renewed_and_nothing_else_given_anew(holders: Holders) -> None:
    person = make.joined("Lapsed", trained_until=NOW + timedelta(minutes=1))
    said = text_of(signed_in(person).get("/access/"))
    assert "authorisation, access and licence stand, and nothing else has to be given anew" in said
    client = signed_in(holders["trainer"])
    assert "Lapsed 23 November 2026" in text_of(client.get(address("renew")))
    assert "Send back" not in text_of(client.get(address("renew")))
    client.post(address("renew"), {"only": str(person.pk), **typed({"completed": "2026-11-22"}, person)})
    assert who_waits("renew") == set()
    assert "You have gone the whole way, and can post." in text_of(signed_in(person).get("/access/"))


def test_home_and_the_list_of_queues_count_ones_own(holders: Holders, newcomer: Person) -> None:
    up_to("authorise", newcomer)
    iso = signed_in(holders["iso"])
    assert "People whose next step is yours 1 To authorise 1 person · since 23 November 2026" in text_of(iso.get("/"))
    said = text_of(iso.get(reverse("people:queues")))
    assert "To authorise Information Security Officer You alone 1, the first since 23 November 2026" in said
    assert "To open access ICT service desk ict Not your step" in said
    for name in ("auditor", "ict", "comms"):
        assert counts(person_facts(holders[name], now=SOON), now=SOON) == []


def test_who_is_to_be_nominated_is_counted_only_when_sent_back(holders: Holders, newcomer: Person) -> None:
    commander = person_facts(holders["commander"], now=SOON)
    assert counts(commander, now=SOON) == []
    CHAIN["nominate"](TEST, newcomer)
    send_back(by=holders["trainer"], person=newcomer, step="record_completion", reason="Never came", now=NOW)
    assert [(each.queue.key, each.waiting) for each in counts(commander, now=SOON)] == [("nominate", 1)]


def test_a_queue_takes_the_same_queries_for_many(holders: Holders) -> None:
    client = signed_in(holders["iso"])
    up_to("authorise", make.person("First"))
    client.get(address("authorise"))
    few = queries_of(client, address("authorise"))
    for n in range(8):
        up_to("authorise", make.person(f"Somebody {n}"))
    assert queries_of(client, address("authorise")) == few


def test_a_queue_that_is_none_is_not_there(holders: Holders) -> None:
    assert signed_in(holders["iso"]).get(address("fly")).status_code == 404


def test_the_path_says_whom_to_ask(holders: Holders, newcomer: Person) -> None:
    CHAIN["nominate"](holders["commander"], newcomer)
    said = text_of(signed_in(newcomer).get("/access/"))
    assert "1 of 7 steps are done. Missing: training, procedure read, authorisation" in said
    assert "Supplied by: Social media trainer in Corporate Communications To ask: trainer" in said
    assert "Identified by their own division or department 23 November 2026 , by commander" in said
