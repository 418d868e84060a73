"""The page of hand-overs: what waits, handing over, closing (4.9)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mercat.people import actions as people
from mercat.people.models import Person
from mercat.register.models import Account, HandOver
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

PAGE = reverse("register:hand-overs")
REASON = "Say why"


@pytest.fixture
def comms() -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def waiting() -> HandOver:
    chief = make.person("Chief", rank="chief-superintendent")
    account = make.account("The Chief", tier="individual")
    account.holder = chief
    account.save(update_fields=["holder"])
    people.mark_left(by=TEST, person=chief, reason="Retired", now=NOW)
    return HandOver.objects.get()


def test_an_empty_page_teaches(comms: Person) -> None:
    assert "Every individual account has its holder." in text_of(signed_in(comms).get(PAGE))


def test_it_is_handed_to_the_next_holder(comms: Person, waiting: HandOver) -> None:
    client, page = signed_in(comms), reverse("register:hand-over", args=[waiting.pk])
    said = text_of(client.get(PAGE))
    assert "The Chief" in said
    assert "Has left" in said
    holder = make.person("Next", rank="chief-superintendent")
    assert client.post(page, {"number": holder.number, "reason": "Next in line"}).status_code == 302
    assert Account.objects.get().holder == holder
    assert "Handed over Next" in text_of(client.get(PAGE))
    assert client.get(page).status_code == 404, "answered"


def test_a_rank_that_may_not_hold_it_is_refused_with_its_clause(comms: Person, waiting: HandOver) -> None:
    constable = make.person("Constable")
    page = reverse("register:hand-over", args=[waiting.pk])
    answer = signed_in(comms).post(page, {"number": constable.number, "reason": "So"})
    assert answer.status_code == 403
    assert "4.7" in text_of(answer)
    assert Account.objects.get().holder is None


def test_what_is_wrong_is_said(comms: Person, waiting: HandOver) -> None:
    client = signed_in(comms)
    answer = client.post(reverse("register:hand-over", args=[waiting.pk]), {"number": "nobody", "reason": ""})
    assert answer.status_code == 422
    assert "Nobody on the list has this staff number" in text_of(answer)
    assert "Enter the reason" in text_of(answer)
    answer = client.post(reverse("register:hand-over-close", args=[waiting.pk]), {})
    assert answer.status_code == 422
    assert REASON in text_of(answer)


def test_or_closed_by_two(comms: Person, waiting: HandOver) -> None:
    page = reverse("register:hand-over-close", args=[waiting.pk])
    alone = signed_in(comms).post(page, {"close-reason": "Not needed"})
    assert alone.status_code == 422
    assert "closing it takes two people" in text_of(alone)
    make.suspend(waiting.account)
    assert signed_in(comms).post(page, {"close-reason": "Not needed"}).status_code == 302
    assert Account.objects.get().status == Account.Status.CLOSED


def test_others_see_who_can_answer(waiting: HandOver) -> None:
    client = signed_in(make.person("Officer"))
    page = reverse("register:hand-over", args=[waiting.pk])
    assert "Corporate Communications" in text_of(client.get(page))
    assert client.post(reverse("register:hand-over-close", args=[waiting.pk]), {"close-reason": "x"}).status_code == 403
