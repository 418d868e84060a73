"""The page of what people write: who sees it, their words on it, and what each button does."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mercat.delivery.models import Consignment
from mercat.networks.port import Unreadable
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.register.models import Account, Connection
from mercat.watch.heard import actions, listening, queries
from mercat.watch.models import Heard
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, queries_of, signed_in, text_of
from tests.watch.heard.conftest import DAY, HOUR, MINUTE, Talking

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files", "at_noon")]

LIST = "/watch/heard/"
MARK = "Looks like a report: tell them to call"


@pytest.fixture
def heard(network: Talking, account: Account, comms: Person) -> Heard:
    network.say("m-1", '<img src="https://evil.example/x.png">My bike was stolen', author_name="<b>A walker</b>")
    network.say("m-2", "Good morning", made_at=NOW + MINUTE, author="neighbour.example")
    listening.run(now=SOON)
    return Heard.objects.get(looks_like_report=True)


def act(row: Heard) -> str:
    return reverse("watch:heard-settle", args=[row.pk])


def test_what_looks_like_a_report_comes_first_with_the_words_to_answer(heard: Heard, comms: Person) -> None:
    answer = signed_in(comms).get(LIST)
    html, text = answer.content.decode(), text_of(answer)
    assert text.index(MARK) < text.index("My bike was stolen") < text.index("Good morning")
    assert text.count(MARK) == 1
    assert any(words in text for words in guidance().pack.signposting.texts)
    assert "&lt;img src=" in html
    assert "<b>A walker" not in html
    assert 'href="https://bsky.app/m-1" rel="noreferrer noopener nofollow"' in html
    assert "Direct messages are never read." in text


@pytest.mark.parametrize(("outcome", "said"), [("signposted", "told whom to call"), ("nothing", "nothing to do")])
def test_one_step_settles_and_forgets(heard: Heard, comms: Person, outcome: str, said: str) -> None:
    client = signed_in(comms)
    text = text_of(client.post(act(heard), {"outcome": outcome}, follow=True))
    assert said in text
    assert "What they wrote is forgotten here." in text
    assert "My bike" not in text
    assert "Good morning" in text
    heard.refresh_from_db()
    assert (heard.state, heard.text) == (outcome, "")
    assert "settled already" in text_of(client.post(act(heard), {"outcome": outcome}, follow=True))


def test_an_act_on_one_account_leads_back_to_it(heard: Heard, comms: Person) -> None:
    client = signed_in(comms)
    page = f"{LIST}?account={heard.account_id}"
    html = client.get(page).content.decode()
    address = f"{act(heard)}?account={heard.account_id}"
    assert address in html
    assert client.post(address, {"outcome": "nothing"}).url == page


def test_only_those_who_deal_with_the_account_see_anything(heard: Heard, account: Account) -> None:
    auditor = make.person("Auditor", roles=("auditor",))
    for person in (auditor, make.authorised("Officer"), make.person("Elsewhere", unit_key="fife")):
        client = signed_in(person)
        assert "My bike" not in text_of(client.get(LIST))
        assert client.get(f"{LIST}?account={account.pk}").status_code == 404
        assert client.post(act(heard), {"outcome": "nothing"}).status_code == 404
    spoc = make.spoc_of(account, "Spoc")
    assert "My bike was stolen" in text_of(signed_in(spoc).get(LIST))
    heard.refresh_from_db()
    assert heard.state == "new"


def test_accounts_are_chosen_from(heard: Heard, network: Talking, comms: Person) -> None:
    other = make.account("Perth")
    network.named.clear()
    network.say("m-9", "From Perth", made_at=SOON)
    listening.run(now=SOON + MINUTE)
    client = signed_in(comms)
    assert "From Perth" in text_of(client.get(f"{LIST}?account={other.pk}"))
    assert "My bike" not in text_of(client.get(f"{LIST}?account={other.pk}"))
    for wrong in ("1", "x", str(comms.pk)):
        assert client.get(f"{LIST}?account={wrong}").status_code == 404


def test_an_empty_page_teaches(network: Talking, account: Account, comms: Person) -> None:
    assert "You deal with no account that is listened to" in text_of(signed_in(comms).get(LIST))
    listening.run(now=SOON)
    assert "Nothing waits" in text_of(signed_in(comms).get(LIST))


def test_a_comment_leads_to_the_post_that_it_stands_under(network: Talking, out: Consignment, comms: Person) -> None:
    network.comment(out)
    listening.run(now=NOW + HOUR)
    html = signed_in(comms).get(LIST).content.decode()
    assert f'href="/posts/{out.post_ref.removeprefix("post:")}/">Comment on a post of ours</a>' in html


def test_what_could_not_be_read_is_said_with_since_when(network: Talking, out: Consignment, comms: Person) -> None:
    listening.run(now=NOW + HOUR)
    network.fails = Unreadable("Bluesky does not answer.")
    listening.run(now=NOW + 2 * HOUR)
    text = text_of(signed_in(comms).get(LIST))
    assert "Mentions: Bluesky does not answer. Read up to" in text
    assert "Comments on a post: Bluesky does not answer. Read up to" in text
    Connection.objects.update(state="broken")
    assert "Its connection does not work, so nothing is read." in text_of(signed_in(comms).get(LIST))


def test_what_was_never_read_is_said_to_those_who_deal_with_the_account(
    network: Talking, account: Account, comms: Person
) -> None:
    listening.run(now=NOW - 30 * DAY)
    actions.note_gaps(now=NOW)
    assert "What named it between" in text_of(signed_in(comms).get(LIST))
    assert "What named it between" in text_of(signed_in(comms).get(actions.list_of(account)))
    assert "Never read" not in text_of(signed_in(make.authorised("Stranger", unit_key="edinburgh")).get(LIST))


def test_numbers_stay_when_the_words_are_gone(heard: Heard, comms: Person) -> None:
    client = signed_in(comms)
    client.post(act(heard), {"outcome": "signposted"})
    html = client.get(LIST).content.decode()
    assert 'data-label="Heard">2<' in html
    assert 'data-label="Looked like reports">1<' in html
    assert 'data-label="Signposted">1<' in html


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://bsky.app/m-1", "bsky.app"),
        ("https://Evil.example:8443/m-1", "evil.example"),
        ("https://bücher.example/m-1", "xn--bcher-kva.example"),
        ("https://mastodon.example@evil.example/m-1", ""),
        ("https://evil.example\\.mastodon.example/m-1", ""),
        ("https://evil%2eexample/m-1", ""),
        ("https://[evil/m-1", ""),
        ("https:///m-1", ""),
    ],
)
def test_beside_a_link_that_the_writer_chose_stands_where_it_leads(
    network: Talking, account: Account, comms: Person, url: str, host: str
) -> None:
    network.say(url=url)
    listening.run(now=SOON)
    answer = signed_in(comms).get(LIST)
    assert ("Where it stands" in text_of(answer)) == bool(host)
    assert f"on {host}" in text_of(answer)


def test_it_is_said_that_an_answer_on_the_network_is_a_post_past_the_tool(heard: Heard, comms: Person) -> None:
    text = text_of(signed_in(comms).get(LIST))
    assert "Nothing is answered from here." in text
    assert "needs direct access" in text


def test_numbers_tell_accounts_of_one_name_apart_and_where_they_are_cut(
    network: Talking, account: Account, comms: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, row in enumerate([account, make.account("Dundee", network="mastodon"), make.account("Dundee")]):
        about = {"digest": f"d{n}", "heard_at": NOW, "looks_like_report": False, "native_id": "n", "made_at": NOW}
        Heard.objects.create(account=row, kind="mention", **about)
    client = signed_in(comms)
    text = text_of(client.get(LIST))
    assert text.count("Dundee · Bluesky 1 0 0 0") == 2
    assert text.count("Dundee · Mastodon 1 0 0 0") == 1
    assert "Only the first" not in text
    monkeypatch.setattr(queries, "MOST", 2)
    text = text_of(client.get(LIST))
    assert text.count("1 0 0 0") == 2
    assert "Only the first 2 lines are shown. Choose an account to see all of its numbers." in text


def test_the_overview_leads_there(heard: Heard, comms: Person) -> None:
    client = signed_in(comms)
    text = text_of(client.get("/overview/"))
    assert "2 wait , 1 looks like a report" in text
    assert 'href="/watch/heard/"' in client.get("/watch/cases/").content.decode()


def test_a_long_list_takes_few_queries(network: Talking, account: Account, comms: Person) -> None:
    network.say("m-0")
    listening.run(now=SOON)
    client = signed_in(comms)
    few = queries_of(client, LIST)
    for n in range(1, 30):
        network.say(f"m-{n}", made_at=SOON)
    listening.run(now=SOON + 10 * MINUTE)
    assert queries_of(client, LIST) <= few
