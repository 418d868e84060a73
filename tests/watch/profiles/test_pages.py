"""Pages of profiles: who sees which, what stands beside each other, and what can be done there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from mercat.images.models import Picture
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.watch.models import Branding, MessagesOff, ProfileChange, ProfileLook, RightPicture
from mercat.watch.profiles import looking
from tests import factories as make
from tests.factories import NOW
from tests.pages import picture, queries_of, signed_in, text_of
from tests.watch.profiles.conftest import BIO, Showing, amiss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon", "files")]

LIST = "/watch/profiles/"


@pytest.fixture
def client(comms: Person) -> Client:
    return signed_in(comms)


def page(account: Account) -> str:
    return f"{LIST}{account.pk}/"


def test_the_list_says_how_each_account_stands(network: Showing, branding: Branding, client: Client) -> None:
    make.account("Perth", connected=False)
    assert "None was looked at yet." in text_of(client.get(LIST))
    network.show(name="Free gift cards")
    looking.run(now=NOW)
    text = text_of(client.get(LIST))
    assert "1 account shows something else" in text
    assert "2 things amiss" in text
    assert "Its name is another than the assigned one" in text
    assert "Not connected" in text


def test_who_answers_for_an_account_sees_it_and_others_do_not(network: Showing, account: Account) -> None:
    looking.run(now=NOW)
    spoc, stranger = make.spoc_of(account), make.person("Stranger", unit_key="fife")
    assert "Dundee" in text_of(signed_in(spoc).get(LIST))
    assert "No account is open to you" in text_of(signed_in(stranger).get(LIST))
    assert signed_in(stranger).get(page(account)).status_code == 404
    text = text_of(signed_in(spoc).get(page(account)))
    assert "is assigned, and put back, by Corporate Communications" in text
    assert "Assign it" not in text
    assert "I looked: they are switched off" in text


def test_what_is_assigned_stands_beside_what_is_shown(network: Showing, branding: Branding, client: Client) -> None:
    network.show(bio="<b>Click</b> here", avatar=b"a skull")
    looking.run(now=NOW)
    answer = client.get(page(branding.account))
    text = text_of(answer)
    assert f"Bio {BIO} <b>Click</b> here" in text
    assert b"<b>Click" not in answer.content
    assert "These are set anew on Bluesky as they are assigned: bio, picture" in text
    shown = client.get(f"{page(branding.account)}pictures/avatar/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert b"".join(shown.streaming_content)  # read to its end the file is closed
    assert client.get(f"{page(branding.account)}pictures/banner/").status_code == 404
    assert client.get(f"{page(branding.account)}pictures/pk/").status_code == 404


def test_it_is_assigned_with_a_picture_and_the_suggestion_names_the_numbers(
    network: Showing, account: Account, client: Client
) -> None:
    text = text_of(client.get(page(account)))
    assert "Do not report crime here. Call 101, or 999 in an emergency." in text
    sent = {"name": "Dundee", "bio": BIO, "avatar": picture()}
    assert client.post(f"{page(account)}assign/", sent).status_code == 302
    row = Branding.objects.get()
    assert (row.name, row.bio, row.banner) == ("Dundee", BIO, None)
    client.post(f"{page(account)}assign/", {"name": "Dundee Police", "bio": BIO})
    assert Branding.objects.last().avatar == row.avatar


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": "", "bio": BIO}, "Say what the account is called"),
        ({"name": "Dundee", "bio": "Ring us."}, "The bio has to name 101 and 999. Nothing was changed."),
    ],
)
def test_what_cannot_be_assigned_is_said_and_nothing_kept(
    network: Showing, account: Account, client: Client, sent: dict[str, str], said: str
) -> None:
    answer = client.post(f"{page(account)}assign/", {**sent, "avatar": picture()})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not Branding.objects.exists()
    assert not Picture.objects.exists()


def test_it_is_put_back_said_to_be_right_and_messages_to_be_off(
    network: Showing, branding: Branding, client: Client
) -> None:
    account = branding.account
    network.show(bio="Click here", avatar=b"as the network made it")
    looking.run(now=NOW)
    digest = ProfileLook.objects.get().avatar
    client.post(f"{page(account)}right/", {"part": "avatar", "digest": digest})
    assert RightPicture.objects.get().digest == digest
    assert client.post(f"{page(account)}right/", {"part": "avatar", "digest": "0"}).status_code == 422
    assert client.post(f"{page(account)}right/", {"part": "name", "digest": "0"}).status_code == 404
    assert amiss(account) == ["bio", "numbers"]
    client.post(f"{page(account)}put-back/")
    assert [row.part for row in ProfileChange.objects.all()] == ["bio"]
    assert client.post(f"{page(account)}put-back/").status_code == 422
    assert "Bio: is put back within a minute" in text_of(client.get(page(account)))
    client.post(f"{page(account)}messages/")
    assert MessagesOff.objects.count() == 2


def test_whoever_assigned_it_is_told_who_has_it_put_back(network: Showing, branding: Branding, duty: Person) -> None:
    network.show(bio="Click here")
    looking.run(now=NOW)
    client = signed_in(duty)
    text = text_of(client.get(page(branding.account)))
    assert "Somebody other than who assigned it has it put back: ask a colleague." in text
    assert "Put it back" not in text
    assert client.post(f"{page(branding.account)}put-back/").status_code == 422


def test_what_is_to_be_done_by_hand_is_said(network: Showing, branding: Branding, client: Client) -> None:
    network.settable = frozenset()
    network.show(bio="Click here")
    looking.run(now=NOW)
    text = text_of(client.get(page(branding.account)))
    assert "Its network lets no programme set this: change it there by hand." in text
    assert "Put it back" not in text


def test_the_page_of_an_account_whose_network_is_removed_still_opens(
    network: Showing, branding: Branding, client: Client, remove_network: Callable[[], None]
) -> None:
    network.show(avatar=b"as the network made it")
    looking.run(now=NOW)
    remove_network()
    text = text_of(client.get(page(branding.account)))
    assert "Not compared yet" in text
    assert "Dundee" in text_of(client.get(LIST))


def test_the_list_asks_as_much_of_the_database_for_many_accounts_as_for_one(
    network: Showing, account: Account, client: Client, kept: Callable[[str], Picture]
) -> None:
    few = queries_of(client, LIST)
    for name in ("Perth", "Angus", "Arbroath"):
        make.account(name)
    assert queries_of(client, LIST) == few
