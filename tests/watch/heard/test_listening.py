"""Listening: to each account in turn and under each post for two weeks; each thing once, and never a direct message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mercat.audit.models import Event
from mercat.config.chores import CHORES, LOOKING
from mercat.delivery.models import Consignment, Removal
from mercat.networks.port import Unreadable
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.register.models import Account, Connection
from mercat.watch.heard import actions, forgetting, listening
from mercat.watch.models import CommentsLook, Heard, HeardGap, MentionsLook
from tests import factories as make
from tests.factories import NOW
from tests.kept import gained, kept
from tests.watch.figures.conftest import went_out
from tests.watch.heard.conftest import DAY, HOUR, MINUTE, REPORT, Talking

pytestmark = pytest.mark.django_db


def test_networks_are_read_where_they_may_be_slow_and_forgetting_waits_for_none() -> None:
    assert listening.run in [chore.run for chore in LOOKING]
    assert forgetting.run in [chore.run for chore in CHORES]


def test_a_mention_is_kept_once_with_whether_it_looks_like_a_report(network: Talking, account: Account) -> None:
    network.say("m-1")
    network.say("m-2", "Well done at the bridge!")
    for minutes in (1, 12, 23):
        listening.run(now=NOW + minutes * MINUTE)
    assert len(network.of("mentions")) == 3
    rows = Heard.objects.order_by("native_id")
    assert [(row.native_id, row.kind, row.looks_like_report) for row in rows] == [
        ("m-1", "mention", True),
        ("m-2", "mention", False),
    ]
    first = rows[0]
    assert (first.text, first.author, first.author_name) == (REPORT, "walker.example", "A walker")
    assert (first.made_at, first.heard_at, first.state) == (NOW, NOW + MINUTE, "new")


def test_an_account_is_listened_to_about_every_ten_minutes_from_a_little_before_the_last_look(
    network: Talking, account: Account
) -> None:
    for minutes in (0, 5, 9, 10, 15, 20):
        listening.run(now=NOW + minutes * MINUTE)
    first, second, third = network.of("mentions")
    assert first == NOW - listening.FIRST
    assert (second, third) == (NOW - listening.OVERLAP, NOW + 10 * MINUTE - listening.OVERLAP)


def test_where_each_post_that_is_told_costs_money_comments_are_heard_as_mentions(
    network: Talking, out: Consignment
) -> None:
    network.paid = True
    network.say("c-9", under=out.native_id)
    listening.run(now=NOW + HOUR)
    listening.run(now=NOW + 2 * HOUR)
    assert network.of("comments") == []
    assert network.of("mentions")[1] == NOW + HOUR - listening.PAID_OVERLAP
    row = Heard.objects.get()
    assert (row.kind, row.under) == ("comment", out)


def test_comments_are_read_hourly_then_daily_and_no_more_after_two_weeks(network: Talking, out: Consignment) -> None:
    for hours in range(20 * 24):
        listening.run(now=NOW + hours * HOUR)
    assert len(network.of("comments")) == 48 + 12
    assert CommentsLook.objects.get().next_at is None


def test_a_comment_that_is_told_again_is_kept_once_also_after_it_was_settled(
    network: Talking, out: Consignment, comms: Person
) -> None:
    network.comment(out)
    listening.run(now=NOW + HOUR)
    row = Heard.objects.get()
    assert (row.kind, row.under, row.looks_like_report) == ("comment", out, True)
    actions.settle_heard(by=comms, row=row, outcome="signposted", now=NOW + HOUR)
    listening.run(now=NOW + 2 * HOUR)
    assert len(network.of("comments")) == 2
    assert Heard.objects.get().state == "signposted"


@pytest.mark.parametrize(("result", "asked"), [("", False), ("done", False), ("failed", True)])
def test_under_what_was_taken_down_nothing_is_read(
    network: Talking, out: Consignment, comms: Person, result: str, asked: bool
) -> None:
    ended = {"ended_at": NOW} if result else {}
    Removal.objects.create(
        consignment=out, why="Wrong", asked_at=NOW, asked_by=comms, not_before=NOW, result=result, **ended
    )
    listening.run(now=NOW + HOUR)
    assert bool(network.of("comments")) is asked


def test_nothing_is_held_while_a_network_is_asked(network: Talking, out: Consignment) -> None:
    listening.run(now=NOW + HOUR)
    assert {what for what, _ in network.asked} == {"mentions", "comments"}
    assert not network.in_a_transaction


def test_a_few_at_once_the_longest_waiting_first(network: Talking, comms: Person) -> None:
    accounts = [make.account(f"Account {n}") for n in range(5)]
    for _ in range(2):
        listening.run(now=NOW)
    assert MentionsLook.objects.count() == 5
    assert len(network.of("mentions")) == 5
    rows = [went_out(comms, accounts[0], at=NOW + n * MINUTE)[0] for n in (3, 1, 0, 2)]
    listening.run(now=NOW + 2 * HOUR)
    expected = [row.native_id for row in sorted(rows, key=lambda row: row.sent_at)]
    assert network.of("comments") == expected[: listening.MOST_AT_ONCE]


def test_accounts_that_are_not_connected_or_whose_network_tells_nothing_are_not_asked(
    network: Talking, account: Account
) -> None:
    make.account("Through Hootsuite", network="hootsuite")
    Connection.objects.filter(account=account).update(state="broken")
    listening.run(now=NOW)
    assert network.asked == []


def test_what_was_not_read_while_it_could_not_be_is_told_once_of_each_gap(
    network: Talking, account: Account, comms: Person
) -> None:
    keep = timedelta(days=guidance().pack.signposting.keep_days)
    listening.run(now=NOW)
    network.fails = Unreadable("Bluesky does not answer.")
    for hours in range(0, 24 * 10, 6):
        listening.run(now=NOW + HOUR + hours * HOUR)
    gap = HeardGap.objects.get()
    assert (gap.account, gap.since, gap.until) == (account, NOW, NOW + HOUR + 234 * HOUR - keep)
    told = Notice.objects.filter(subject=actions.NOT_READ)
    assert [(notice.person, notice.link) for notice in told] == [(comms, actions.list_of(account))]
    network.fails = None
    listening.run(now=NOW + 10 * DAY)
    listening.run(now=NOW + 11 * DAY)
    gap.refresh_from_db()
    assert gap.until == NOW + 10 * DAY - keep == network.of("mentions")[-2]
    events = Event.objects.filter(what__in=["heard.not_read", "heard.read_again"]).order_by("pk")
    assert [(event.what, event.facts["since"]) for event in events] == [
        ("heard.not_read", NOW.isoformat()),
        ("heard.read_again", NOW.isoformat()),
    ]
    assert events[1].facts["until"] == gap.until.isoformat()
    Connection.objects.update(state="broken")
    listening.run(now=NOW + 30 * DAY)
    assert HeardGap.objects.count() == 2, "one that is not connected is not read either"
    assert Notice.objects.filter(subject=actions.NOT_READ).count() == 2


def test_a_gap_that_nobody_saw_coming_is_told_with_the_next_look(
    network: Talking, account: Account, comms: Person
) -> None:
    listening.run(now=NOW)
    account.refresh_from_db()
    listening.hear_mentions(account, now=NOW + 30 * DAY)
    assert HeardGap.objects.get().since == NOW
    assert Notice.objects.filter(subject=actions.NOT_READ).count() == 1


def test_of_an_account_that_is_not_listened_to_no_gap_is_told(
    network: Talking, account: Account, comms: Person
) -> None:
    listening.run(now=NOW)
    make.put(account, "closed")
    listening.run(now=NOW + 30 * DAY)
    assert not HeardGap.objects.exists()


def test_a_gap_that_cannot_be_noted_keeps_no_account_from_being_listened_to(
    network: Talking, account: Account, comms: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening.run(now=NOW)
    other = make.account("Perth")

    def fail(*args: object, **said: object) -> None:
        raise RuntimeError("A bug")

    monkeypatch.setattr(actions, "record", fail)
    listening.run(now=NOW + 30 * DAY)
    assert MentionsLook.objects.filter(account=other).exists()
    assert not HeardGap.objects.exists()


def test_gaps_begin_before_they_end_once_and_only_grow(network: Talking, account: Account) -> None:
    gap = HeardGap.objects.create(account=account, since=NOW, until=NOW + DAY, found_at=NOW)
    with pytest.raises(IntegrityError, match="one_gap_begins_at_a_moment"), transaction.atomic():
        HeardGap.objects.create(account=account, since=NOW, until=NOW + DAY, found_at=NOW)
    with pytest.raises(IntegrityError, match="what_was_not_read_begins_before_it_ends"), transaction.atomic():
        HeardGap.objects.create(account=account, since=NOW + DAY, until=NOW, found_at=NOW)
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic():
        HeardGap.objects.filter(pk=gap.pk).update(since=NOW - DAY)


def test_once_it_is_connected_again_it_is_read_from_where_the_last_look_ended(
    network: Talking, account: Account
) -> None:
    listening.run(now=NOW)
    make.as_if(Connection, connected_at=NOW + 2 * DAY)
    listening.run(now=NOW + 2 * DAY)
    assert network.of("mentions")[-1] == NOW - listening.OVERLAP


def test_what_cannot_be_read_is_noted_and_read_from_where_the_last_look_ended(
    network: Talking, out: Consignment
) -> None:
    listening.run(now=NOW + HOUR)
    network.fails = Unreadable("Bluesky does not answer.")
    for hours in (2, 3):
        listening.run(now=NOW + hours * HOUR)
    look, comments = MentionsLook.objects.get(), CommentsLook.objects.get()
    assert (look.trouble, look.looked_until) == ("Bluesky does not answer.", NOW + HOUR)
    assert (comments.trouble, comments.read_at) == ("Bluesky does not answer.", NOW + HOUR)
    network.fails = None
    listening.run(now=NOW + 4 * HOUR)
    assert network.of("mentions")[-1] == NOW + HOUR - listening.OVERLAP
    assert (MentionsLook.objects.get().trouble, CommentsLook.objects.get().trouble) == ("", "")


def test_a_fault_of_ours_keeps_no_other_from_being_listened_to(network: Talking, out: Consignment) -> None:
    make.account("Perth")
    network.fails = RuntimeError("a bug")
    listening.run(now=NOW + HOUR)
    assert len(network.asked) == 3
    assert {look.trouble for look in MentionsLook.objects.all()} == {listening.WRONG}
    assert CommentsLook.objects.get().trouble == listening.WRONG


def test_credentials_that_the_network_no_longer_takes_break_the_connection(network: Talking, account: Account) -> None:
    network.fails = Unreadable("Signed out.", reconnect=True)
    listening.run(now=NOW)
    assert Connection.objects.get().state == "broken"


def test_of_too_much_at_once_what_looks_like_a_report_is_kept_and_people_see_that_there_was_more(
    network: Talking, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_KEPT", 2)
    network.say("m-old", made_at=NOW - HOUR)
    network.say("m-1", "Good morning")
    network.say("m-2", "Good evening", made_at=NOW + MINUTE)
    listening.run(now=NOW + 2 * MINUTE)
    assert set(Heard.objects.values_list("native_id", flat=True)) == {"m-old", "m-2"}
    assert MentionsLook.objects.get().trouble == actions.MORE


@pytest.mark.parametrize(
    "about",
    [
        {"text": "a\x00b \u202estolen\udcff", "author_name": "\u202e\x00", "author": ""},
        {"url": "javascript:alert(1)"},
        {"url": "https://a.example/" + "x" * 600},
        {"text": "x" * 100_000, "author": "y" * 1000, "author_name": "z" * 1000},
        {"text": ""},
        {"made_at": NOW + timedelta(days=400)},
    ],
)
def test_whatever_a_network_tells_can_be_kept_and_leads_nowhere_else(
    network: Talking, account: Account, about: dict[str, object]
) -> None:
    network.say(**about)
    listening.run(now=NOW)
    row = Heard.objects.get()
    assert MentionsLook.objects.get().trouble == ""
    assert row.address == ("" if "url" in about else "https://bsky.app/m-1")
    assert row.made_at <= NOW
    assert not set("\x00\u202e") & set(row.text + row.author_name)


def test_what_says_that_it_is_old_is_kept_as_long_as_all_else_since_it_was_heard(
    network: Talking, out: Consignment
) -> None:
    network.comment(out, "c-old", made_at=NOW - 8 * DAY)
    listening.run(now=NOW + HOUR)
    actions.forget(now=NOW + 2 * HOUR)
    assert Heard.objects.get().state == "new"
    actions.forget(now=NOW + HOUR + 7 * DAY)
    assert Heard.objects.get().state == "forgotten"


def test_what_has_no_id_is_not_kept(network: Talking, out: Consignment) -> None:
    network.comment(out, "")
    network.comment(out, "x" * 501)
    listening.run(now=NOW + HOUR)
    assert not Heard.objects.exists()


def test_listening_leaves_no_word_anywhere_else(network: Talking, account: Account, comms: Person) -> None:
    before = kept()
    network.say()
    listening.run(now=NOW)
    assert set(gained(before)) == {"watch.Heard", "watch.MentionsLook", "people.Notice"}
    notice = Notice.objects.get()
    for words in ("stolen", "walker"):
        assert words not in notice.subject + notice.body


# Notices


def told() -> list[tuple[str, str]]:
    return sorted(Notice.objects.filter(subject=actions.REPORT).values_list("person__name", "kind"))


def test_those_who_deal_with_the_account_are_told_of_what_looks_like_a_report(
    network: Talking, account: Account, comms: Person
) -> None:
    make.spoc_of(account, "Spoc")
    make.person("Auditor", roles=("auditor",))
    network.say("m-1", "Good morning")
    listening.run(now=NOW)
    assert told() == []
    network.say("m-2", made_at=NOW + MINUTE)
    listening.run(now=NOW + 10 * MINUTE)
    assert told() == [("Comms", "accounts"), ("Spoc", "accounts")]


def test_nobody_is_told_more_often_than_hourly_and_nothing_is_passed_over(
    network: Talking, account: Account, comms: Person
) -> None:
    for n in range(18):  # three hours
        if n < 4:
            network.say(f"m-{n}", made_at=NOW + n * 10 * MINUTE - MINUTE)
        listening.run(now=NOW + n * 10 * MINUTE)
    at = [notice.at for notice in Notice.objects.order_by("at")]
    assert at == [NOW, NOW + HOUR]
