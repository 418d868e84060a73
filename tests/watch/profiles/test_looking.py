"""Profiles are looked at once a day: what differs is found, told once, and ends when it is right (3.4, 3.5, 7.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mercat.audit.models import Event
from mercat.config.chores import LOOKING
from mercat.guidance.gate import Refused as NotAllowed
from mercat.networks.port import Unreadable
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.register.models import Account, Connection
from mercat.watch.models import Branding, MessagesOff, Part, ProfileFinding, ProfileLook, RightPicture
from mercat.watch.profiles import actions, looking, putting
from mercat.watch.profiles.comparing import MESSAGES_COUNT, TRIES_TOLD
from tests import factories as make
from tests.factories import NOW
from tests.watch.profiles.conftest import BIO, Showing, amiss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def look(days: int = 0) -> None:
    looking.run(now=NOW + days * DAY)


def test_they_are_chores_of_those_that_read_networks() -> None:
    assert {looking.run, putting.run} <= {chore.run for chore in LOOKING}


def test_each_account_is_looked_at_once_a_day(network: Showing, account: Account) -> None:
    for hours in range(49):
        looking.run(now=NOW + hours * HOUR)
    assert network.looks == 3
    assert not network.in_a_transaction


def test_accounts_of_a_network_that_is_removed_keep_no_other_from_being_looked_at(
    network: Showing, branding: Branding, comms: Person, remove_network: Callable[[], None]
) -> None:
    network.show(avatar=b"as the network made it")
    look()
    other = make.account("Perth", network="mastodon")
    remove_network()
    assert list(looking.due(now=NOW + DAY)) == [other]
    actions.keep_trouble(branding.account, "It is gone.", now=NOW + DAY)
    assert ProfileLook.objects.get(account=branding.account).trouble == "It is gone."


def test_what_is_as_assigned_is_no_finding(network: Showing, account: Account, branding: Branding) -> None:
    network.show(bio=f" {BIO.replace('Do', chr(10) + 'Do')} ", avatar=b"ours")
    digest = hashlib.sha256(b"ours").hexdigest()
    RightPicture.objects.create(account=account, part="avatar", picture=branding.avatar, digest=digest, at=NOW)
    look()
    assert amiss(account) == []
    assert not Notice.objects.filter(subject=actions.FOUND).exists()


@pytest.mark.parametrize(
    ("shown", "kinds"),
    [
        ({"name": "Free gift cards"}, ["name"]),
        ({"bio": "Call 101, or 999 in an emergency."}, ["bio"]),
        ({"bio": "Call 1010, or 999 in an emergency."}, ["bio", "numbers"]),
        ({"bio": ""}, ["bio", "numbers"]),
    ],
)
def test_words_that_differ_are_found(
    network: Showing, account: Account, comms: Person, messages_off: None, shown: dict[str, str], kinds: list[str]
) -> None:
    actions.assign(by=comms, account=account, name="Dundee", bio=BIO, avatar=None, banner=None, now=NOW)
    network.show(**shown)
    look()
    assert amiss(account) == kinds


def test_the_numbers_to_call_are_looked_for_also_where_nothing_is_assigned(
    network: Showing, account: Account, messages_off: None
) -> None:
    network.show(bio="Ring the station.")
    look()
    assert amiss(account) == ["numbers"]
    assert ProfileFinding.objects.get().said == "101, 999"


def test_a_bio_without_the_numbers_is_not_assigned(account: Account, comms: Person) -> None:
    with pytest.raises(Impossible, match=r"The bio has to name 101\. Nothing was changed\."):
        actions.assign(by=comms, account=account, name="D", bio="Call 999.", avatar=None, banner=None, now=NOW)
    assert not Branding.objects.exists()


def test_only_corporate_communications_assigns(account: Account, comms: Person) -> None:
    chief = make.person("Chief", rank="chief-superintendent", unit_roles=("divisional-commander",))
    with pytest.raises(NotAllowed):
        actions.assign(by=chief, account=account, name="D", bio=BIO, avatar=None, banner=None, now=NOW)
    assert not Branding.objects.exists()


def test_a_picture_is_right_once_somebody_said_so_and_wrong_once_it_is_another(
    network: Showing, account: Account, branding: Branding, comms: Person
) -> None:
    network.show(avatar=b"as the network made it")
    look()
    assert amiss(account) == ["avatar-unsure"]
    digest = ProfileLook.objects.get().avatar
    with pytest.raises(Impossible, match="shows another picture by now"):
        actions.say_right(by=comms, account=account, part=Part.AVATAR, digest="0" * 64, now=NOW)
    actions.say_right(by=comms, account=account, part=Part.AVATAR, digest=digest, now=NOW)
    assert amiss(account) == []
    look(1)
    assert amiss(account) == []
    network.show(avatar=b"somebody's own")
    look(2)
    assert amiss(account) == ["avatar"]
    network.show(avatar=b"as the network made it")
    look(3)
    assert amiss(account) == []


def test_a_picture_that_a_network_leaves_as_it_is_needs_nobody(
    network: Showing, account: Account, branding: Branding
) -> None:
    given = branding.avatar.for_network(account.network)
    network.show(avatar=putting._read(given.file, given.sha256))
    look()
    assert amiss(account) == []


def test_where_an_assigned_picture_is_not_shown_it_counts_only_where_the_network_would_tell(
    network: Showing, account: Account, branding: Branding
) -> None:
    look()
    assert amiss(account) == ["avatar"]
    network.settable = frozenset({"bio"})
    look(1)
    assert amiss(account) == []


def test_each_finding_is_told_once_and_what_is_right_again_is_told_no_more(
    network: Showing, account: Account, comms: Person, messages_off: None
) -> None:
    spoc = make.spoc_of(account)
    network.show(bio="Ring the station.")
    look()
    look(1)
    told = Notice.objects.filter(subject=actions.FOUND)
    links = {comms: actions.LIST, spoc: actions.page_of(account)}
    assert {notice.person: notice.link for notice in told} == links
    assert told.count() == 2
    assert {notice.kind for notice in told} == {"accounts"}
    network.show(bio=BIO)
    look(2)
    assert amiss(account) == []
    assert not told.filter(read_at=None).exists()
    whats = Event.objects.filter(what__startswith="profile.").order_by("pk").values_list("what", flat=True)
    assert list(whats) == ["profile.amiss", "profile.right_again"]


def test_a_closed_account_keeps_nobody_waiting(
    network: Showing, account: Account, comms: Person, messages_off: None
) -> None:
    gone = make.account("Perth")
    ProfileFinding.objects.create(account=gone, kind="bio", found_at=NOW)
    make.put(gone, Account.Status.CLOSED)
    network.show(bio="Ring the station.")
    look()
    network.show(bio=BIO)
    look(1)
    assert network.looks == 2
    assert not Notice.objects.filter(subject=actions.FOUND, link=actions.LIST, read_at=None).exists()
    with pytest.raises(Impossible, match="is closed"):
        actions.assign(by=comms, account=gone, name="D", bio=BIO, avatar=None, banner=None, now=NOW)


@pytest.mark.parametrize(
    ("gone", "why"), [("closed", actions.CLOSED), ("disconnected", actions.DISCONNECTED), ("broken", "")]
)
def test_what_was_found_on_an_account_that_nobody_follows_any_more_ends_with_the_reason(
    network: Showing, account: Account, comms: Person, messages_off: None, gone: str, why: str
) -> None:
    network.show(bio="Ring the station.")
    look()
    assert amiss(account) == ["numbers"]
    if gone == "closed":
        make.put(account, Account.Status.CLOSED)
    elif gone == "disconnected":
        Connection.objects.update(state="revoked", sealed=b"")
    else:
        Connection.objects.update(state="broken")
    look(1)
    look(2)
    assert amiss(account) == ([] if why else ["numbers"]), "what misuses it may have broken the connection"
    events = Event.objects.filter(what="profile.no_longer_followed")
    assert [event.facts for event in events] == ([{"kinds": ["numbers"], "reason": why}] if why else [])
    assert Notice.objects.filter(subject=actions.FOUND, read_at=None).exists() is not bool(why)
    assert not Event.objects.filter(what="profile.right_again").exists()


def test_what_is_amiss_is_found_again_once_the_account_is_connected_again(
    network: Showing, account: Account, comms: Person, messages_off: None
) -> None:
    network.show(bio="Ring the station.")
    look()
    sealed = Connection.objects.get().sealed
    Connection.objects.update(state="revoked", sealed=b"")
    look(1)
    actions.assign(by=comms, account=account, name="Dundee", bio=BIO, avatar=None, banner=None, now=NOW + DAY)
    assert amiss(account) == [], "nobody has looked"
    Connection.objects.update(state="working", sealed=sealed)
    look(2)
    assert amiss(account) == ["bio", "numbers"]


def test_one_that_cannot_be_ended_keeps_no_other_from_it(
    network: Showing, account: Account, messages_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [make.account("Perth"), account]
    for row in others:
        ProfileFinding.objects.create(account=row, kind="bio", found_at=NOW)
    Connection.objects.update(state="revoked", sealed=b"")
    real = actions.record

    def fail(*, about: list[str], **said: object) -> object:
        if others[0].audit_ref in about:
            raise RuntimeError("A bug")
        return real(about=about, **said)

    monkeypatch.setattr(actions, "record", fail)
    look()
    assert [amiss(row) for row in others] == [["bio"], []]


def test_what_cannot_be_read_is_told_once_it_lasts(network: Showing, account: Account, messages_off: None) -> None:
    network.told = Unreadable("Bluesky does not answer.")
    for hour in range(TRIES_TOLD):
        assert amiss(account) == []
        looking.run(now=NOW + hour * HOUR)
    assert amiss(account) == ["unread"]
    assert ProfileFinding.objects.get().said == "Bluesky does not answer."


def test_a_picture_that_cannot_be_fetched_is_not_taken_for_another(
    network: Showing, account: Account, branding: Branding, comms: Person
) -> None:
    network.show(avatar=b"as the network made it")
    look()
    actions.say_right(by=comms, account=account, part=Part.AVATAR, digest=ProfileLook.objects.get().avatar, now=NOW)
    network.show(avatar=503)
    for hour in range(TRIES_TOLD):
        looking.run(now=NOW + DAY + hour * HOUR)
    assert amiss(account) == ["unread"]


def test_a_fault_of_ours_keeps_no_other_account_from_being_looked_at(network: Showing, account: Account) -> None:
    make.account("Perth")
    network.told = RuntimeError("a bug")
    look()
    assert network.looks == 2
    assert {row.trouble for row in ProfileLook.objects.all()} == {looking.WRONG}


def test_credentials_that_the_network_no_longer_takes_break_the_connection(network: Showing, account: Account) -> None:
    network.told = Unreadable("Signed out.", reconnect=True)
    look()
    assert Connection.objects.get().state == "broken"
    look(2)
    assert network.looks == 1


def test_that_direct_messages_are_off_is_asked_once_a_year_also_where_a_network_tells_nothing(
    network: Showing, comms: Person
) -> None:
    account = make.account("Through Hootsuite", network="hootsuite")
    spoc = make.spoc_of(account)
    look()
    assert amiss(account) == ["messages"]
    with pytest.raises(NotAllowed):
        actions.say_messages_off(by=make.person("Somebody"), account=account, now=NOW)
    actions.say_messages_off(by=spoc, account=account, now=NOW)
    assert amiss(account) == []
    looking.run(now=NOW + MESSAGES_COUNT - HOUR)
    assert amiss(account) == []
    looking.run(now=NOW + MESSAGES_COUNT + DAY)
    assert amiss(account) == ["messages"]


# What the database holds


def test_findings_end_once_and_what_was_said_stays(account: Account, comms: Person) -> None:
    row = ProfileFinding.objects.create(account=account, kind="bio", found_at=NOW)
    with pytest.raises(IntegrityError, match="one_finding_of_a_kind"), transaction.atomic():
        ProfileFinding.objects.create(account=account, kind="bio", found_at=NOW)
    row.ended_at = NOW
    row.save()
    with pytest.raises(DatabaseError, match="ends once"), transaction.atomic():
        ProfileFinding.objects.update(ended_at=None)
    MessagesOff.objects.create(account=account, at=NOW, by=comms)
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic():
        MessagesOff.objects.update(at=NOW + DAY)


def test_branding_only_grows(branding: Branding) -> None:
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic():
        Branding.objects.update(name="Another")
