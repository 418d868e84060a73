"""Under which names somebody would pretend to be the body, and which accounts bear one."""

from __future__ import annotations

import pytest

from mercat.networks.port import FoundAccount
from mercat.people.pack import guidance
from mercat.register.models import Account
from mercat.watch.lookalikes.words import names_of_ours, user_of, wanted_on, words_of
from tests import factories as make

pytestmark = pytest.mark.django_db

OURS = ["Police Scotland", "Dundee Local Policing", "dundee", "fife_police"]


@pytest.mark.parametrize(
    ("name", "handle", "borne"),
    [
        ("Police Scotland", "someone.bsky.social", ["Police Scotland"]),
        ("police  SCOTLAND", "someone", ["Police Scotland"]),
        ("", "police_scotland", ["Police Scotland"]),
        ("", "@PoliceScotland@mastodon.example", ["Police Scotland"]),
        ("", "police-scotland.bsky.social", ["Police Scotland"]),
        ("Рolice Scotland", "x", ["Police Scotland"]),  # a Cyrillic letter
        ("P0lice Sc0tland", "x", ["Police Scotland"]),
        ("Police Scotland Alerts", "x", ["Police Scotland"]),
        ("", "the_police_scotland_help", ["Police Scotland"]),
        ("Polcie Scotland", "x", ["Police Scotland"]),  # a slip, or one that is meant to look like it
        ("Dundee Local Policing", "police.scotland", ["Police Scotland", "Dundee Local Policing"]),
        ("Dundee", "x", ["dundee"]),
        ("Fife Police", "x", ["fife_police"]),
        # and these bear none
        ("Dundee United", "dundee_united", []),
        ("Police", "police", []),
        ("Scotland", "scotland", []),
        ("Police Ireland", "police_ireland", []),
        ("Fife Polo", "fifepolo", []),
        ("", "", []),
        ("\u200d\u0301", "x", []),
    ],
)
def test_what_an_account_calls_itself_counts(name: str, handle: str, borne: list[str]) -> None:
    assert words_of(FoundAccount("1", handle, name, ""), OURS) == borne


def test_whoever_tells_of_the_body_does_not_pretend_to_be_it() -> None:
    own = FoundAccount("1", "jo.bsky.social", "Jo", "", bio="Constable at Police Scotland. Views my own.")
    assert words_of(own, OURS) == []


@pytest.mark.parametrize(
    ("handle", "user"),
    [
        ("dundee.police.example", "dundee"),
        ("police.scot", "police.scot"),
        ("the.force", "the.force"),
        ("@Perth@mastodon.example", "perth"),
        ("fife", "fife"),
    ],
)
def test_a_handle_says_who_it_is_before_its_server(handle: str, user: str) -> None:
    assert user_of(handle) == user


def test_the_bodys_own_names_come_first_and_each_look_once() -> None:
    body = guidance().pack.body
    row = make.account("Fife Police (Bluesky)")
    Account.objects.filter(pk=row.pk).update(handle="fife.police.example")
    again = make.account("Fife Police (Mastodon)", network="mastodon")
    Account.objects.filter(pk=again.pk).update(handle="fife_police@mastodon.example")
    found = wanted_on("bluesky", exact=False)
    first = [each.words for each in found if each.first]
    assert first == [body.name, *body.also_called]
    assert [each.words for each in found if not each.first] == ["Fife Police", "fife"]
    assert names_of_ours() == [*first, "Fife Police", "fife"]


def test_where_whole_handles_alone_are_told_ours_there_are_not_asked_for() -> None:
    row = make.account("Fife Police", network="instagram")
    Account.objects.filter(pk=row.pk).update(handle="fifepolice")
    other = make.account("Perth", network="x")
    Account.objects.filter(pk=other.pk).update(handle="perth_pol")
    found = [each.words for each in wanted_on("instagram", exact=True)]
    assert "fifepolice" not in found
    assert "perth_pol" in found
    body = guidance().pack.body
    assert {body.name, f"{body.name} official"} <= set(found)


def test_a_closed_account_is_imitated_by_nobody() -> None:
    row = make.account("Orkney Policing")
    make.suspend(row)
    make.put(row, "closed")
    assert "Orkney Policing" not in names_of_ours()
