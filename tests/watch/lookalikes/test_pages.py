"""Pages of look-alikes: who sees them, the words of strangers on them, and what each button leads to."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mercat.networks.port import Unreadable
from mercat.people.models import Person
from mercat.register.models import Account, Connection
from mercat.watch.cases import actions as cases
from mercat.watch.cases.triage import OUTSIDE, Answers
from mercat.watch.lookalikes import actions, searching, states
from mercat.watch.models import Case, LookAlike, NetworkReport
from mercat.watch.reporting import sending
from tests import factories as make
from tests.pages import SOON, queries_of, signed_in, text_of
from tests.watch.lookalikes.conftest import Searched

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files", "at_noon")]

LIST = "/watch/look-alikes/"
IS_FAKE = Answers(OUTSIDE, branding=True, content=False, false_words=True)


@pytest.fixture
def found(network: Searched, account: Account, comms: Person) -> LookAlike:
    network.put(name='<img src="https://evil.example/x.png">Police Scotland', avatar="https://evil.example/a.png")
    searching.run(now=SOON)
    return LookAlike.objects.get()


def act(row: LookAlike, name: str) -> str:
    return reverse(f"watch:look-alike-{name}", args=[row.pk])


def test_those_who_see_cases_see_what_was_found_and_why(found: LookAlike, comms: Person) -> None:
    answer = signed_in(comms).get(LIST)
    text = text_of(answer)
    for said in ("Bluesky · p0lice-scotland.bsky.social", "Send us money.", "Looks like “Police Scotland”", found.url):
        assert said in text
    html = answer.content.decode()
    assert "&lt;img src=" in html
    assert "evil.example/a.png" not in html, "no picture of theirs is loaded"
    assert 'rel="noreferrer noopener nofollow"' in html
    assert "1 account that looks like ours waits" in text_of(signed_in(comms).get("/watch/cases/"))


def test_others_see_nothing_of_it(found: LookAlike) -> None:
    client = signed_in(make.person())
    assert client.get(LIST).status_code == 404
    for name in ("open", "dismiss"):
        assert client.post(act(found, name), {"seen_as": found.seen_as}).status_code == 404
    assert "look like ours" not in text_of(client.get("/watch/cases/"))
    found.refresh_from_db()
    assert found.state == states.WAITING


def test_a_case_is_opened_and_stands_in_its_list(found: LookAlike, comms: Person) -> None:
    client = signed_in(comms)
    answer = client.post(act(found, "open"), {"seen_as": found.seen_as}, follow=True)
    case = Case.objects.get()
    assert answer.redirect_chain[-1][0] == case.page
    assert "It is a case now. Say what it is." in text_of(answer)
    assert "No account waits" in text_of(client.get(LIST))
    assert f"Case {case.pk} , opened by Comms" in text_of(client.get(f"{LIST}?show=case"))


def test_what_is_dismissed_says_who_and_when_and_nothing_else(found: LookAlike, comms: Person) -> None:
    client = signed_in(comms)
    answer = client.post(act(found, "dismiss"), {"seen_as": found.seen_as}, follow=True)
    assert "What was found of it is forgotten." in text_of(answer)
    text = text_of(client.get(f"{LIST}?show=dismissed"))
    assert "An account on Bluesky Not ours to deal with, said Comms" in text
    assert "p0lice-scotland" not in text


def test_what_cannot_be_done_is_said(found: LookAlike, comms: Person) -> None:
    client = signed_in(comms)
    answer = client.post(act(found, "open"), {"seen_as": "another"}, follow=True)
    assert "It calls itself otherwise by now. Nothing was changed." in text_of(answer)
    client.post(act(found, "dismiss"), {"seen_as": found.seen_as})
    answer = client.post(act(found, "open"), {"seen_as": found.seen_as}, follow=True)
    assert "Somebody else was quicker: not ours to deal with." in text_of(answer)
    assert not Case.objects.exists()


def test_one_without_an_address_is_reported_by_hand(network: Searched, account: Account, comms: Person) -> None:
    network.put(url="")
    searching.run(now=SOON)
    html = signed_in(comms).get(LIST).content.decode()
    assert "Open a case" not in html
    assert reverse("watch:report") in html


def test_who_may_only_look_is_offered_no_dismissal(found: LookAlike, auditor: Person) -> None:
    html = signed_in(auditor).get(LIST).content.decode()
    assert act(found, "dismiss") not in html
    assert act(found, "open") in html


def test_it_is_said_how_each_network_is_searched(network: Searched, account: Account, comms: Person) -> None:
    client = signed_in(comms)
    text = text_of(client.get(LIST))
    assert "Facebook lets no programme search for accounts. Look there by hand." in text
    assert "Bluesky was not searched yet." in text
    network.fails = Unreadable("The network does not answer.")
    searching.run(now=SOON)
    text = text_of(client.get(LIST))
    assert "Bluesky could not be searched the last time." in text
    assert ": The network does not answer." in text
    Connection.objects.update(state="broken")
    assert "Bluesky is not searched: no account of ours is connected there." in text_of(client.get(LIST))


def test_a_long_list_takes_few_queries(network: Searched, account: Account, comms: Person) -> None:
    for n in range(40):
        network.put(f"id-{n}", handle=f"police-scotland-{n}.bsky.social", name=f"Police Scotland {n}")
    searching.run(now=SOON)
    client = signed_in(comms)
    client.get(LIST)
    assert queries_of(client, LIST) <= 40
    assert "Page 1" in text_of(client.get(LIST))


def test_a_fake_account_is_reported_through_its_network(
    network: Searched, found: LookAlike, comms: Person, auditor: Person
) -> None:
    case = actions.open_case(by=comms, row=found, seen_as=found.seen_as, now=SOON)
    path = reverse("watch:case-report-through", args=[case.pk])
    client = signed_in(comms)
    assert "Report it through" not in text_of(client.get(case.page)), "it is not known to be fake yet"
    cases.look(by=comms, case=case, answers=IS_FAKE, words="A false appeal.", now=SOON)
    text = text_of(client.get(case.page))
    assert "Bluesky takes reports from here." in text
    assert "We are Police Scotland. This account pretends to be ours, and is not:" in text
    assert "I have reported it" in text, "and by hand all the same"
    assert "Report it through" not in text_of(signed_in(auditor).get(case.page))
    assert signed_in(auditor).post(path).status_code == 403
    assert signed_in(make.person()).post(path).status_code == 404
    text = text_of(client.post(path, follow=True))
    assert "It goes to Bluesky within a minute." in text
    assert "Asked for by Comms" in text
    assert "Report it through" not in text
    again = client.post(path)
    assert again.status_code == 422
    assert "It was asked for already." in text_of(again)
    sending.run(now=SOON)
    text = text_of(client.get(case.page))
    assert "Fake, reported to the platform" in text
    assert "reference R-17" in text
    words = NetworkReport.objects.get().words
    assert network.reported == [("id-of-fake", words)]
    assert "A false appeal." in words
