"""Pages of figures: what is said of each post, who sees which, in what order, and as a table to take away."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mercat.delivery.models import Consignment, Removal
from mercat.networks.port import FIGURES, Unreadable
from mercat.people.models import Person
from mercat.posts import actions as posts
from mercat.register.models import Account
from mercat.watch.figures import DISTANCES, asking, presenters
from mercat.watch.models import FiguresRead
from tests import factories as make
from tests.factories import NOW
from tests.pages import queries_of, signed_in, text_of
from tests.watch.figures.conftest import Counting, went_out

pytestmark = pytest.mark.django_db

LIST, TABLE = "/watch/figures/", "/watch/figures/table.csv"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOW + 2 * DAY


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)


@pytest.fixture
def client(comms: Person) -> Client:
    return signed_in(comms)


def page_of(row: Consignment) -> str:
    return f"{LIST}{row.post_ref.removeprefix('post:')}/"


def read(row: Consignment, step: int = 2, **counts: int) -> None:
    FiguresRead.objects.create(consignment=row, step=step, read_at=NOW + DISTANCES[step], counts=counts)


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(TABLE + query).content.decode(), newline="")))


def test_the_words_are_those_of_the_port() -> None:
    assert set(presenters.WORDS) == set(presenters.MEANINGS) == FIGURES
    assert len(presenters.DISTANCES) == len(DISTANCES)


# One post


def test_a_posts_figures_stand_by_account_and_how_they_grew(
    network: Counting, out: Consignment, client: Client
) -> None:
    for hours, views in ((1, 40), (6, 1234)):
        network.counts = {"views": views, "replies": 0}
        asking.run(now=NOW + hours * HOUR)
    text = text_of(client.get(page_of(out)))
    assert "Dundee 1,234 not told not told 0 not told not told not told" in text
    assert "After Views Reach Reactions Replies Shares Saves Clicks Read 1 hour 40 not told" in text
    assert "6 hours 1,234" in text
    assert "Asked for again about" in text


def test_what_is_not_told_is_never_nought(out: Consignment, client: Client) -> None:
    read(out)
    text = text_of(client.get(page_of(out)))
    assert "Dundee not told not told not told not told not told not told not told" in text


def test_together_only_where_all_tell(network: Counting, comms: Person, account: Account, client: Client) -> None:
    rows = went_out(comms, account, make.account("Perth"), make.account("Through Hootsuite", network="hootsuite"))
    read(rows[0], views=100, reactions=1)
    text = text_of(client.get(page_of(rows[0])))
    assert "Perth not read not read" in text
    assert "Together Where all tell not told" in text
    assert "Its network tells no programme any figures." in text
    first, second = went_out(comms, account, make.account("Angus"), text="Another")
    read(first, views=1000, reactions=1)
    assert "Together Where all tell not read not told not read not told" in text_of(client.get(page_of(first)))
    read(second, views=500)
    assert "Together Where all tell 1,500 not told not told" in text_of(client.get(page_of(first)))


def test_how_it_stands_with_asking_is_said(
    network: Counting, out: Consignment, comms: Person, account: Account, client: Client
) -> None:
    assert "Asked for the first time about an hour after" in text_of(client.get(page_of(out)))
    network.fails = Unreadable("Bluesky does not answer.")
    asking.run(now=NOW + HOUR)
    assert "Could not be read the last time: Bluesky does not answer." in text_of(client.get(page_of(out)))
    network.fails = None
    asking.run(now=NOW + 31 * DAY)
    assert "Not asked for any more." in text_of(client.get(page_of(out)))
    (seen,) = went_out(comms, account, text="Seen", read_back_at=None, vouched_by=comms)
    assert "cannot be asked for" in text_of(client.get(page_of(seen)))
    Removal.objects.create(consignment=out, why="Wrong", asked_at=NOW, asked_by=comms, not_before=NOW)
    assert "Taken down: it is not asked for any more." in text_of(client.get(page_of(out)))


def test_what_stood_in_the_way_is_for_those_inside(network: Counting, out: Consignment) -> None:
    network.fails = Unreadable("Bluesky does not answer.")
    asking.run(now=NOW + HOUR)
    text = text_of(signed_in(make.authorised("Elsewhere", unit_key="edinburgh")).get(page_of(out)))
    assert "Could not be read the last time." in text
    assert "Bluesky does not answer" not in text


def test_what_is_not_open_is_not_there(account: Account, comms: Person) -> None:
    author = make.authorised("Author")
    post = make.submitted(author, account)
    place = f"{LIST}{post.pk}/"
    assert signed_in(make.authorised("Elsewhere", unit_key="edinburgh")).get(place).status_code == 404
    assert "It is not out yet" in text_of(signed_in(author).get(place))
    draft = posts.compose(by=author, draft=make.draft(account), now=NOW)
    assert signed_in(comms).get(f"{LIST}{draft.pk}/").status_code == 404
    assert Client().get(place).status_code == 302


def test_a_post_that_is_out_leads_to_its_figures(out: Consignment, account: Account, client: Client) -> None:
    place = f"/posts/{out.post_ref.removeprefix('post:')}/"
    assert f'href="{page_of(out)}"' in client.get(place).content.decode()
    waiting = make.submitted(make.authorised(), account)
    assert "/watch/figures/" not in client.get(f"/posts/{waiting.pk}/").content.decode()


# The list


def test_the_list_teaches_while_it_is_empty(client: Client) -> None:
    text = text_of(client.get(LIST))
    assert "Nothing went out in the last 30 days" in text
    assert "about an hour later" in text
    assert "Nothing of this went out lately" in text_of(client.get(f"{LIST}?pillar=trust"))


def test_the_last_thirty_days_stand_there(network: Counting, account: Account, comms: Person, client: Client) -> None:
    went_out(comms, account, at=LATER - 30 * DAY, text="Too long ago")
    went_out(comms, account, at=LATER - 30 * DAY + MINUTE, text="Just in time")
    text = text_of(client.get(LIST))
    assert "Just in time" in text
    assert "Too long ago" not in text


def test_by_pillar_and_unit_and_network(network: Counting, account: Account, comms: Person, client: Client) -> None:
    far = make.account("Leith", unit_key="edinburgh")
    read(went_out(comms, far, text="In Edinburgh")[0], views=20)
    make.as_if(Consignment, pillar="trust")
    read(went_out(comms, account, text="In Tayside")[0], views=100)
    went_out(comms, make.account("Managed", network="hootsuite"), text="Through another")
    for query, shown in {
        "": {"In Tayside", "In Edinburgh", "Through another"},
        "?pillar=trust": {"In Edinburgh"},
        "?unit=tayside": {"In Tayside", "Through another"},
        "?network=hootsuite": {"Through another"},
        "?unit=tayside&network=bluesky": {"In Tayside"},
        "?unit=nowhere": set(),
    }.items():
        text = text_of(client.get(LIST + query))
        assert {words for words in ("In Tayside", "In Edinburgh", "Through another") if words in text} == shown, query
    text = text_of(client.get(f"{LIST}?network=bluesky"))
    assert "2 posts together 120 not told" in text
    assert "Building public trust and confidence 1 20 not told" in text


def test_totals_say_what_is_not_in_them(network: Counting, account: Account, comms: Person, client: Client) -> None:
    read(went_out(comms, account, text="One")[0], views=100)
    went_out(comms, account, text="Two")
    text = text_of(client.get(LIST))
    assert "1 post together without 1 post not read so far 100 not told" in text
    assert "Warning and informing 1 and 1 not read 100" in text


def test_what_was_never_read_has_no_total(out: Consignment, client: Client) -> None:
    assert "0 posts together without 1 post not read so far not read" in text_of(client.get(LIST))


def test_it_can_be_put_in_order_of_each_figure(
    network: Counting, account: Account, comms: Person, client: Client
) -> None:
    told = {"Few": {"views": 5}, "Many": {"views": 50}, "None told": {"shares": 1}}
    for n, (words, counts) in enumerate(told.items()):
        read(went_out(comms, account, text=words, at=NOW + n * MINUTE)[0], **counts)
    assert _order(client, "?sort=views", told) == ["Many", "Few", "None told"]
    assert _order(client, "?sort=shares", told) == ["None told", "Many", "Few"]
    assert _order(client, "", told) == _order(client, "?sort=author", told) == ["None told", "Many", "Few"]
    html = client.get(f"{LIST}?unit=tayside&sort=views").content.decode()
    assert 'href="?unit=tayside&amp;sort=reach"' in html
    assert '<strong aria-current="true">views</strong>' in html


def _order(client: Client, query: str, words: dict[str, object]) -> list[str]:
    text = text_of(client.get(LIST + query)).partition("Post Views")[2]
    return sorted(words, key=text.index)


def test_a_long_list_has_pages_and_few_queries(
    network: Counting, account: Account, comms: Person, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.watch.figures.views.ON_A_PAGE", 2)
    for n in range(3):
        read(went_out(comms, account, text=f"Post {n}", at=NOW + n * MINUTE)[0], views=n)
    client.get(LIST)
    few = queries_of(client, LIST)
    text = text_of(client.get(f"{LIST}?page=2&sort=views"))
    assert "Post 0" in text
    assert "Post 2" not in text
    assert "3 posts together 3 not told" in text, "of all pages"
    went_out(comms, account, text="Another")
    assert queries_of(client, LIST) <= few <= 30


def test_more_than_is_looked_through_is_said(
    network: Counting, account: Account, comms: Person, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.watch.figures.queries.MOST", 1)
    went_out(comms, account, text="Older")
    went_out(comms, account, text="Newer", at=NOW + MINUTE)
    text = text_of(client.get(LIST))
    assert "Older" not in text
    assert "these are the latest 1," in text


def test_nobody_is_ranked(out: Consignment, client: Client) -> None:
    read(out, views=100)
    for place in (LIST, page_of(out), TABLE):
        response = client.get(place)
        assert "Author" not in response.content.decode(), place


# To take away


def test_the_table_has_a_line_for_each_account(
    network: Counting, account: Account, comms: Person, client: Client
) -> None:
    rows = went_out(comms, account, make.account("Perth", unit_key="edinburgh"))
    read(rows[0], views=1234)
    response = client.get(TABLE)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="figures-2026-11-25.csv"'
    found = {line["account"]: line for line in table(client)}
    assert set(found) == {"Dundee", "Perth"}
    line = found["Dundee"]
    assert (line["views"], line["reach"], line["went out"]) == ("1234", "not told", "2026-11-23 12:00 GMT")
    assert (line["pillar"], line["network"], line["read"]) == (
        "Warning and informing",
        "bluesky",
        "2026-11-24 12:00 GMT",
    )
    assert line["post"].endswith(f"/posts/{rows[0].post_ref.removeprefix('post:')}/")
    assert (found["Perth"]["views"], found["Perth"]["read"], found["Perth"]["taken down"]) == ("not read", "", "no")
    assert [line["account"] for line in table(client, "?unit=edinburgh")] == ["Perth"]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", " =", "\t=", "＝"])
def test_no_cell_is_run_by_a_spreadsheet(network: Counting, comms: Person, client: Client, begins: str) -> None:
    account = make.account(f"{begins.strip() or '='}SUM(A1)")
    went_out(comms, account, text=f"{begins}HYPERLINK(1)")
    (line,) = table(client)
    assert line["words"].startswith("'")
    assert line["account"].startswith("'")
