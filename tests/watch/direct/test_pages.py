"""Pages of posts past the tool: who sees what, what is said, and what is kept of what was typed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from mercat.delivery.models import Consignment
from mercat.people.models import Person
from mercat.register.models import Account, Connection
from mercat.watch.direct import looking
from mercat.watch.models import CouldHave, DirectGap, DirectLook, DirectUse
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401
from tests.watch.direct.conftest import DAY, HOUR, LATER, MINUTE, TEXT, Shown, granted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

LIST = "/watch/direct/"


def settled(client: Client, use: DirectUse, **typed: str):
    return client.post(f"{use.page}settle/", typed)


def test_the_list_teaches_while_it_is_empty(comms: Person) -> None:
    text = text_of(signed_in(comms).get(LIST))
    assert "No post waits to be looked into" in text
    assert "about every ten minutes" in text


def test_each_list_holds_its_own(network: Shown, use: DirectUse, account: Account, comms: Person) -> None:
    client = signed_in(comms)
    assert TEXT in text_of(client.get(LIST))
    assert TEXT not in text_of(client.get(f"{LIST}?show=expected"))
    assert settled(client, use, outcome="misuse", words="They said so.").status_code == 302
    assert TEXT not in text_of(client.get(LIST))
    text = text_of(client.get(f"{LIST}?show=settled"))
    assert TEXT in text
    assert "Misuse" in text


def test_of_one_account(network: Shown, use: DirectUse, comms: Person) -> None:
    other = make.account("Perth")
    client = signed_in(comms)
    assert TEXT in text_of(client.get(f"{LIST}?account={use.account_id}"))
    assert TEXT not in text_of(client.get(f"{LIST}?account={other.pk}"))
    for key in ("none", "00000000-0000-0000-0000-000000000000"):
        assert client.get(f"{LIST}?account={key}").status_code == 404


def test_what_stands_on_an_account_is_for_those_to_whom_it_is_open(use: DirectUse, commander: Person) -> None:
    stranger = signed_in(make.authorised("Elsewhere", unit_key="edinburgh"))
    assert stranger.get(use.page).status_code == 404
    assert settled(stranger, use, outcome="misuse", words="So").status_code == 404
    assert stranger.get(f"{LIST}?account={use.account_id}").status_code == 404
    assert TEXT not in text_of(stranger.get(LIST))
    assert signed_in(commander).get(use.page).status_code == 200
    assert Client().get(use.page).status_code == 302


def test_it_says_what_was_found_and_who_could_have_made_it(use: DirectUse, comms: Person) -> None:
    text = text_of(signed_in(comms).get(use.page))
    for words in (
        TEXT,
        "Look at it on Bluesky",
        "Spoc",
        "Point of contact of the account",
        "It says who could, not who did",
    ):
        assert words in text


def test_those_who_may_not_settle_it_read_who_does(use: DirectUse, commander: Person, spoc: Person) -> None:
    text = text_of(signed_in(commander).get(use.page))
    assert "Who looks into it" in text
    assert "Settle it" not in text


def test_whoever_could_have_made_it_reads_that_somebody_else_settles_it(use: DirectUse, comms: Person) -> None:
    make.person("Another", unit_key="corporate-communications", roles=("corporate-communications",))
    CouldHave.objects.create(direct_use=use, person=comms, why=CouldHave.Why.CONNECTED)
    client = signed_in(comms)
    text = text_of(client.get(use.page))
    assert "somebody else settles it, such as Another" in text
    assert "Settle it" not in text
    assert settled(client, use, outcome="misuse", words="Not me").status_code == 422


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"words": "So"}, "outcome", "Choose what it was"),
        ({"outcome": "misuse"}, "words", "Say what it was"),
        ({"outcome": "taken_down", "words": "So"}, "taken_down_at", "Enter when it was taken down"),
        ({"outcome": "taken_down", "words": "So", "taken_down_at": "then"}, "taken_down_at", "Enter a real day"),
        (
            {"outcome": "taken_down", "words": "So", "taken_down_at": "2026-11-20T10:00"},
            "taken_down_at",
            "after it was",
        ),
        ({"outcome": "ours", "words": "So"}, "ours", "Enter the address of our post"),
        ({"outcome": "ours", "words": "So", "ours": "/posts/x/"}, "ours", "No post that went from here"),
        ({"outcome": "expected", "words": "So"}, "exception", "Choose the direct access"),
    ],
)
def test_what_is_missing_is_linked_and_nothing_typed_is_lost(
    use: DirectUse, comms: Person, typed: dict[str, str], field: str, said: str
) -> None:
    response = settled(signed_in(comms), use, **typed)
    assert response.status_code == 422
    html = response.content.decode()
    assert f'href="#{field}"' in html
    assert f'id="{field}"' in html
    assert said in text_of(response)
    if "words" in typed:
        assert ">So</textarea>" in html
    use.refresh_from_db()
    assert use.outcome == ""


def test_an_address_that_is_no_web_address_is_no_link(network: Shown, account: Account, comms: Person) -> None:
    network.standing.append(replace(network.put(), url="javascript:alert(1)"))
    network.standing.pop(0)
    looking.run(now=LATER)
    html = signed_in(comms).get(DirectUse.objects.get().page).content.decode()
    assert "javascript:" not in html


def test_what_is_gone_and_what_could_not_be_looked_at_is_said(network: Shown, use: DirectUse, comms: Person) -> None:
    network.standing.clear()
    looking.run(now=LATER + DAY)
    client = signed_in(comms)
    assert "What was found stays here" in text_of(client.get(use.page))
    use.account.direct_look.trouble = "The network does not answer."
    use.account.direct_look.save()
    assert "The network does not answer." in text_of(client.get(LIST))


def test_what_could_never_be_read_is_said(use: DirectUse, comms: Person) -> None:
    client = signed_in(comms)
    assert "Never read" not in text_of(client.get(LIST))
    DirectGap.objects.create(account=use.account, since=NOW, until=LATER, found_at=LATER)
    text = text_of(client.get(LIST))
    assert "Posts between" in text
    assert "could not be read" in text
    other = make.account("Perth")
    assert "could not be read" not in text_of(client.get(f"{LIST}?account={other.pk}"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": "broken"}, "Its connection does not work"),
        ({"state": "working"}, ""),
        ({"looked_until": NOW - 4 * HOUR, "begun_at": NOW - DAY}, "may be ours holds it back"),
        ({"looked_until": NOW - 2 * HOUR, "begun_at": NOW - DAY}, ""),
    ],
)
def test_one_that_is_not_looked_at_for_hours_or_not_at_all_is_listed_with_why(
    use: DirectUse, comms: Person, changed: dict[str, object], said: str
) -> None:
    of = Connection.objects if "state" in changed else DirectLook.objects
    DirectLook.objects.update(looked_until=NOW)
    of.update(**changed)
    text = text_of(signed_in(comms).get(LIST))
    assert ("Not wholly looked at" in text) is bool(said)
    assert said in text


def test_a_closed_one_is_not_among_them(use: DirectUse, comms: Person) -> None:
    make.suspend(use.account)
    make.put(use.account, "closed")
    assert "Not wholly looked at" not in text_of(signed_in(comms).get(LIST))


def test_a_change_of_ours_says_so_and_leads_to_what_was_sent(
    network: Shown, account: Account, comms: Person, spoc: Person
) -> None:
    post = make.approved(make.authorised(), comms, account, text="Road closed.")
    row = Consignment.objects.get(post_ref=post.audit_ref)
    Consignment.objects.filter(pk=row.pk).update(
        state="sent", native_id="n1", read_back_at=NOW, sent_at=NOW, first_sent_at=NOW
    )
    network.put("n1", text="Road open.")
    looking.run(now=LATER)
    client = signed_in(comms)
    assert "whose words were changed there" in text_of(client.get(LIST))
    response = client.get(DirectUse.objects.get().page)
    assert "its words were changed on the network since" in text_of(response)
    assert "People who could have changed it As it stood when it was found" in text_of(response)
    assert f'href="/posts/{post.pk}/"' in response.content.decode()


def test_what_was_expected_can_be_said_to_be_something_else(
    network: Shown, account: Account, comms: Person, commander: Person
) -> None:
    granted(account, comms)
    network.put()
    looking.run(now=LATER)
    client, use = signed_in(comms), DirectUse.objects.get()
    assert "Who looks into it" not in text_of(signed_in(commander).get(use.page)), "nobody has to"
    assert "Was it something else?" in text_of(client.get(use.page))
    assert settled(client, use, outcome="misuse", words="Not what it was granted for.").status_code == 302
    assert "Was it something else?" not in text_of(client.get(use.page))


def test_what_was_expected_stands_with_its_exception(network: Shown, account: Account, comms: Person) -> None:
    row = granted(account, comms)
    network.put()
    looking.run(now=LATER)
    client = signed_in(comms)
    use = DirectUse.objects.get()
    assert "was expected: direct access was open" in text_of(client.get(use.page))
    response = client.get(row.page)
    assert f'href="{use.page}"' in response.content.decode()
    assert TEXT in text_of(response)


def test_the_ways_lead_there(use: DirectUse, comms: Person) -> None:
    client = signed_in(comms)
    account = f"/watch/direct/?account={use.account_id}"
    assert f'href="{account}"' in client.get(f"/register/{use.account_id}/").content.decode()
    assert f'href="{LIST}"' in client.get("/register/exceptions/").content.decode()
    home = client.get("/")
    assert "Posts that did not go through here" in text_of(home)
    assert f'href="{use.page}"' in home.content.decode()


def test_home_says_nothing_of_it_to_others(use: DirectUse, commander: Person) -> None:
    assert "did not go through here" not in text_of(signed_in(commander).get("/"))


def test_a_long_list_costs_no_more_than_a_short_one(network: Shown, use: DirectUse, comms: Person) -> None:
    client = signed_in(comms)
    client.get(LIST)
    few = queries_of(client, LIST)
    for n in range(30):
        network.put(f"more{n}", at=NOW + HOUR + n * MINUTE)
    looking.run(now=LATER + 2 * HOUR)
    assert DirectUse.objects.count() == 31
    assert queries_of(client, LIST) <= few
    assert "Next" in text_of(client.get(LIST))
