"""Pages of sending: what waits for a person first, the pause, and saying what one saw."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from mercat.delivery import states
from mercat.delivery.models import Attempt, Consignment, Pause
from mercat.delivery.presenters import COLOURS, MOVING, progress, still_moving
from mercat.delivery.queries import of_post
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def account():
    return make.account("Dundee")


@pytest.fixture
def spoc(account):
    return make.spoc_of(account, "Contact")


@pytest.fixture
def author(account, spoc):
    return make.authorised("Author")


@pytest.fixture
def row(author, account, spoc) -> Consignment:
    post = make.approved(author, spoc, account, text="On its way")
    return Consignment.objects.get(post_ref=post.audit_ref)


@pytest.fixture
def communications():
    return make.authorised("Duty", unit_key="corporate-communications", roles=("corporate-communications",))


def told(row: Consignment, **changes: object):
    Consignment.objects.filter(pk=row.pk).update(**changes)
    return progress(of_post(row.post_ref).get(), may_act=True, now=SOON)


# Words


def test_every_state_has_its_colour_and_either_moves_or_rests() -> None:
    assert set(COLOURS) == set(states.STATES)
    assert set(states.STATES) > MOVING > {states.READY, states.SENDING}
    assert not MOVING & set(states.FINAL)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Due now, next in line"),
        ({"due_at": SOON + timedelta(hours=1), "not_before": SOON + timedelta(hours=1)}, "Goes out"),
        ({"not_before": SOON + timedelta(minutes=9)}, "Goes on"),
        ({"state": "in_doubt", "look_at": SOON}, "It is not sent again until it has been looked for. The next look is"),
        ({"state": "sent", "native_id": "1", "read_back_at": SOON}, "Read back and found as it was sent"),
        ({"state": "held", "hold": "guidance"}, "It was due"),
    ],
)
def test_a_state_is_said_with_its_moment(row, changes: dict, said: str) -> None:
    assert told(row, **changes).said == said


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"state": "held", "hold": "guidance"}, ["go-on"]),
        ({"state": "held", "hold": "disconnected"}, ["go-on"]),
        ({"state": "held", "hold": "paused"}, []),
        ({"state": "needs_person"}, ["seen"]),
        ({"state": "refused"}, []),
        ({}, []),
    ],
)
def test_what_can_be_done_follows_from_the_state(row, changes: dict, steps: list[str]) -> None:
    assert [step.key for step in told(row, **changes).steps] == steps


def test_nothing_can_be_done_by_those_who_do_not_answer_for_it(row) -> None:
    Consignment.objects.update(state="needs_person")
    assert progress(of_post(row.post_ref).get(), may_act=False, now=SOON).steps == []


def test_a_page_is_asked_again_only_while_something_moves(row) -> None:
    assert still_moving([told(row)])
    assert not still_moving([told(row, state="sent", native_id="1", read_back_at=NOW)])


# Pages


def test_a_hold_names_the_clause_and_who_can_put_it_right(row, author) -> None:
    refusal = {"clause": "5.3", "reason": "Training lapsed.", "remedy": "Take the course.", "owner": "The trainer"}
    Consignment.objects.update(state="held", hold="guidance", refusals=[refusal])
    said = text_of(signed_in(author).get("/sending/"))
    assert "5.3 Training lapsed. Take the course. The trainer" in said
    assert "Let it go on" in said


def test_attempts_are_told_one_by_one(row, author) -> None:
    for fence in (1, 2):
        Attempt.objects.create(
            consignment=row, fence=fence, started_at=NOW, ended_at=NOW, result="later", reason="Too busy"
        )
    assert text_of(signed_in(author).get("/sending/")).count("Put off. Too busy") == 2


def test_the_list_is_of_what_concerns_the_person(row, author) -> None:
    assert "Dundee" in text_of(signed_in(author).get("/sending/"))
    elsewhere = signed_in(make.authorised("Elsewhere", unit_key="edinburgh"))
    assert "Nothing is on its way" in text_of(elsewhere.get("/sending/"))


@pytest.mark.parametrize(
    ("show", "there"), [("", True), ("people", True), ("sent", False), ("withdrawn", False), ("nonsense", True)]
)
def test_the_list_has_parts(row, author, show: str, there: bool) -> None:
    Consignment.objects.update(state="needs_person")
    assert ("A person must look" in text_of(signed_in(author).get(f"/sending/?show={show}"))) is there


def test_the_list_takes_the_same_queries_for_many(author, spoc, account, row) -> None:
    client = signed_in(author)
    client.get("/sending/")
    few = queries_of(client, "/sending/")
    for n in range(5):
        make.approved(author, spoc, account, text=f"Number {n}")
    assert queries_of(client, "/sending/") == few
    assert few <= 14


def test_what_guidance_held_goes_on_by_a_press(row, spoc) -> None:
    Consignment.objects.update(state="held", hold="guidance")
    response = signed_in(spoc).post(reverse("delivery:go-on", args=[row.pk]), follow=True)
    assert "It goes on to Dundee" in text_of(response)
    row.refresh_from_db()
    assert row.state == "ready"


def test_what_has_moved_on_is_told_and_left(row, spoc) -> None:
    response = signed_in(spoc).post(reverse("delivery:go-on", args=[row.pk]), follow=True)
    assert "This has moved on in the meantime" in text_of(response)


def test_another_divisions_consignment_is_not_there(row) -> None:
    elsewhere = signed_in(make.authorised(unit_key="edinburgh"))
    assert elsewhere.post(reverse("delivery:go-on", args=[row.pk])).status_code == 404


@pytest.mark.parametrize(
    ("typed", "status", "state"),
    [
        ({}, 422, "needs_person"),
        ({"seen": "there"}, 422, "needs_person"),
        ({"seen": "there", "url": "javascript:x"}, 422, "needs_person"),
        ({"seen": "there", "url": "https://network.example/1"}, 302, "sent"),
        ({"seen": "not-there"}, 302, "ready"),
    ],
)
def test_a_person_says_what_they_saw(row, spoc, typed: dict, status: int, state: str) -> None:
    Consignment.objects.update(state="needs_person", reason="It could not be read.")
    where = reverse("delivery:seen", args=[row.pk])
    client = signed_in(spoc)
    assert "It could not be read." in text_of(client.get(where))
    assert client.post(where, typed).status_code == status
    row.refresh_from_db()
    assert row.state == state


# The pause


def test_a_pause_stands_on_every_page_until_a_second_person_lifts_it(communications, author, spoc) -> None:
    first = signed_in(communications)
    first.post("/sending/pause/", {"what": "body:", "reason": "A wrong picture is out."})
    assert "Sending is paused: everything. Why: A wrong picture is out." in text_of(signed_in(author).get("/"))
    said = text_of(first.get("/sending/pause/"))
    assert "You paused it: a second person lifts it." in said
    pause = Pause.objects.get()
    own = first.post(reverse("delivery:resume", args=[pause.pk]))
    assert own.status_code == 403
    assert "Whoever paused does not resume alone." in text_of(own)
    second = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    response = signed_in(second).post(reverse("delivery:resume", args=[pause.pk]), follow=True)
    assert "The pause is lifted" in text_of(response)
    assert "Sending is paused" not in text_of(signed_in(author).get("/"))


def test_a_pause_needs_a_reason(communications) -> None:
    response = signed_in(communications).post("/sending/pause/", {"what": "body:", "reason": ""})
    assert response.status_code == 422
    assert '<a href="#reason">Say why sending is paused</a>' in response.content.decode()
    assert not Pause.objects.exists()


def test_people_pause_what_they_answer_for_and_nothing_else(spoc, account) -> None:
    client = signed_in(spoc)
    html = client.get("/sending/pause/").content.decode()
    assert f'value="account:{account.pk}"' in html
    assert 'value="body:"' not in html
    assert client.post("/sending/pause/", {"what": "body:", "reason": "x"}).status_code == 422
    client.post("/sending/pause/", {"what": f"account:{account.pk}", "reason": "Wrong words."})
    assert "Sending is paused: Dundee." in text_of(client.get("/"))


def test_the_way_to_the_pause_is_shown_to_those_who_may(communications, author) -> None:
    assert "Pause sending" in text_of(signed_in(communications).get("/register/"))
    assert "Pause sending" not in text_of(signed_in(author).get("/register/"))
    assert "Pausing is for others" in text_of(signed_in(author).get("/sending/pause/"))
