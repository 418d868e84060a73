"""Posts past the tool are found: each once, with who could have made it, and nothing of ours among them (6.2, 6.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mercat.audit.actions import record
from mercat.audit.models import Event
from mercat.delivery import states
from mercat.delivery.engine import grace_of
from mercat.delivery.models import Consignment, Correction, Removal
from mercat.networks import registry
from mercat.networks.port import Altered, Unreadable
from mercat.people.models import Notice, Person
from mercat.posts import actions as posts
from mercat.posts.contents import Draft
from mercat.posts.models import Post
from mercat.register.exceptions import actions as exceptions
from mercat.register.models import Account, Connection, HandOver, Posture, Spoc
from mercat.watch.direct import looking
from mercat.watch.direct.actions import FOUND, GAP, UNSEEN
from mercat.watch.direct.could_have import could_have
from mercat.watch.models import CouldHave, DirectGap, DirectLook, DirectUse
from tests import factories as make
from tests.factories import NOW
from tests.kept import gained, kept
from tests.watch.direct.conftest import DAY, HOUR, LATER, MINUTE, TEXT, Shown, granted

pytestmark = pytest.mark.django_db

Why = CouldHave.Why
OURS = "Road closed at the bridge."


def consigned(account: Account, comms: Person, *, text: str = OURS, at: datetime = NOW, **about: object) -> Consignment:
    """One that was begun at `at`, in whatever state is given."""
    post = make.approved(make.authorised(), comms, account, text=text)
    row = Consignment.objects.get(post_ref=post.audit_ref)
    state = about.pop("state", states.SENT)
    seen = {"native_id": "n1", "read_back_at": at, "sent_at": at} if state == states.SENT else {}
    seen |= {"look_at": at} if state == states.IN_DOUBT else {}
    seen |= {"hold": "guidance"} if state == states.HELD else {}
    seen |= {"leased_until": at + MINUTE} if state in (states.SENDING, states.LEASED) else {}
    Consignment.objects.filter(pk=row.pk).update(**{"state": state, "first_sent_at": at, **seen, **about})
    row.refresh_from_db()
    return row


def reasons(account: Account, at: datetime) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pk, why in could_have(account, at):
        found.setdefault(Person.objects.get(pk=pk).name, set()).add(why)
    return found


# Found


def test_a_post_that_was_not_sent_from_here_is_found_and_flagged(
    network: Shown, account: Account, comms: Person, spoc: Person, commander: Person
) -> None:
    post = network.put()
    looking.run(now=LATER)
    use = DirectUse.objects.get()
    assert (use.account, use.native_id, use.url, use.text) == (account, "p1", post.url, TEXT)
    assert (use.made_at, use.found_at, use.outcome) == (post.made_at, LATER, "")
    notices = Notice.objects.filter(subject=FOUND)
    assert {notice.person for notice in notices} == {comms, spoc, commander}
    assert {(notice.kind, notice.link) for notice in notices} == {("security", use.page)}
    assert TEXT not in notices[0].body, "what somebody wrote stays on its page"
    event = Event.objects.get(what="direct_use.found")
    assert event.about == [use.audit_ref, account.audit_ref]
    assert event.facts["could_have"] == [spoc.audit_ref]
    assert event.personal.data == {"text": TEXT, "url": post.url}


def test_where_all_of_the_team_could_have_made_it_the_one_who_settles_it_is_told_too(
    network: Shown, account: Account, comms: Person
) -> None:
    officer = make.person("ISO", unit_key="information-security", roles=("information-security-officer",))
    network.put()
    looking.run(now=LATER)
    assert {notice.person for notice in Notice.objects.filter(subject=FOUND)} == {comms, officer}


def test_it_is_found_once(network: Shown, use: DirectUse) -> None:
    before = kept()
    looking.run(now=LATER + 10 * MINUTE)
    looking.run(now=LATER + 2 * DAY)
    assert not gained(before)


def test_nothing_is_held_while_the_network_is_asked(network: Shown, account: Account) -> None:
    looking.run(now=LATER)
    assert network.asked
    assert not network.in_a_transaction


def test_what_stood_there_before_the_account_was_connected_is_nobodys_direct_use(
    network: Shown, account: Account
) -> None:
    network.put("old", at=NOW - MINUTE)
    network.put("told anyway", at=NOW - DAY)
    network.keeps_to_it = False
    looking.run(now=LATER)
    assert network.asked == [(account.native_id, NOW)], "when it was connected"
    assert not DirectUse.objects.exists()
    Connection.objects.update(connected_at=LATER)
    looking.run(now=LATER + DAY)
    assert network.asked[-1][1] >= NOW, "connected anew, it is looked at from where the last look ended"


def test_the_first_look_at_one_that_was_connected_long_ago_goes_back_a_week(network: Shown, account: Account) -> None:
    looking.run(now=NOW + 40 * DAY)
    assert network.asked == [(account.native_id, NOW + 33 * DAY)]


def test_a_look_far_back_that_fails_stands_in_no_nearer_ones_way(network: Shown, use: DirectUse) -> None:
    network.fails = Unreadable("Too much to read.", too_much=True)
    looking.run(now=LATER + 3 * DAY)
    assert network.asked[-1][1] < use.made_at, "back to what is followed"
    assert not DirectGap.objects.exists(), "nothing new is lost by it"
    network.fails = Unreadable("The network does not answer.")
    looking.run(now=LATER + 3 * DAY + 10 * MINUTE)
    assert network.asked[-1][1] >= LATER - 2 * HOUR
    network.fails = None
    looking.run(now=LATER + 3 * DAY + 20 * MINUTE)
    assert DirectLook.objects.get().trouble == ""


def test_each_account_about_every_ten_minutes_a_few_at_once(network: Shown) -> None:
    rows = [make.account(f"Account {n}") for n in range(5)]
    looking.run(now=LATER)
    looking.run(now=LATER + MINUTE)
    assert {asked for asked, _ in network.asked} == {row.native_id for row in rows}
    assert len(network.asked) == 5, "three, then the other two"
    looking.run(now=LATER + 5 * MINUTE)
    assert len(network.asked) == 5
    looking.run(now=LATER + 11 * MINUTE)
    assert len(network.asked) == 8


def test_the_longest_waiting_first(network: Shown) -> None:
    rows = [make.account(f"Account {n}") for n in range(4)]
    for _ in range(2):
        looking.run(now=LATER)
    rows.sort(key=lambda row: row.pk, reverse=True)
    for n, row in enumerate(rows):
        DirectLook.objects.filter(account=row).update(looked_at=LATER + n * MINUTE)
    never = make.account("Never looked at")
    assert list(looking.due(now=LATER + DAY)) == [never, *rows]


@pytest.mark.parametrize(
    ("status", "state", "looked"),
    [
        ("active", "working", True),
        ("suspended", "working", True),
        ("dormant", "working", True),
        ("closed", "revoked", False),
        ("active", "broken", False),
        ("closed", "working", False),
    ],
)
def test_accounts_that_can_be_looked_at_are(
    network: Shown, account: Account, comms: Person, status: str, state: str, looked: bool
) -> None:
    if status == "closed":
        make.suspend(account)
    make.put(account, status)
    Connection.objects.update(state=state, sealed=b"" if state == "revoked" else b"sealed")
    looking.run(now=LATER)
    assert bool(network.asked) is looked


def test_one_that_is_not_yet_active_is_not_looked_at(network: Shown) -> None:
    row = make.account("Perth", connected=False)
    assert row.status == "approved"
    Connection.objects.create(
        account=row, base_url="https://network.example", state="working", connected_at=NOW, sealed=b"s"
    )
    looking.run(now=LATER)
    assert not network.asked


def test_where_a_network_lists_nothing_nobody_is_asked(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "all", lambda: ())
    looking.run(now=LATER)
    assert not DirectLook.objects.exists()


def test_what_cannot_be_read_is_said_and_looked_at_again_from_there(network: Shown, account: Account) -> None:
    network.put()
    network.fails = Unreadable("The network does not answer.")
    looking.run(now=LATER)
    look = DirectLook.objects.get()
    assert (look.trouble, look.looked_at, look.looked_until) == ("The network does not answer.", LATER, NOW)
    network.fails = RuntimeError("a bug")
    looking.run(now=LATER + 10 * MINUTE)
    assert DirectLook.objects.get().trouble == looking.WRONG
    network.fails = None
    looking.run(now=LATER + 20 * MINUTE)
    assert DirectUse.objects.count() == 1
    assert DirectLook.objects.get().trouble == ""


def test_one_that_fails_keeps_no_other_from_being_looked_at(network: Shown, account: Account) -> None:
    other = make.account("Perth")
    network.fails = RuntimeError("a bug")
    looking.run(now=LATER)
    assert {asked for asked, _ in network.asked} == {account.native_id, other.native_id}


def test_credentials_that_the_network_no_longer_takes_break_the_connection(network: Shown, account: Account) -> None:
    network.fails = Unreadable("Signed out.", reconnect=True)
    looking.run(now=LATER)
    assert Connection.objects.get().state == "broken"


def test_a_network_that_suddenly_tells_of_hundreds_flags_fifty_a_look_and_says_so(
    network: Shown, account: Account, comms: Person
) -> None:
    for n in range(120):
        network.put(f"p{n}", at=NOW + (n + 1) * timedelta(seconds=10))
    looking.run(now=LATER)
    assert set(DirectUse.objects.values_list("native_id", flat=True)) == {f"p{n}" for n in range(50)}, "the oldest"
    notice = Notice.objects.get(person=comms, subject=FOUND)
    assert notice.body.startswith("50 posts on “Dundee”")
    assert looking.MORE in notice.body
    assert notice.link == f"/watch/direct/?account={account.pk}"
    assert DirectLook.objects.get().trouble == looking.MORE
    looking.run(now=LATER + 10 * MINUTE)
    looking.run(now=LATER + 20 * MINUTE)
    assert DirectUse.objects.count() == 120
    assert DirectLook.objects.get().trouble == ""


def test_an_address_that_is_too_long_is_left_out(network: Shown, account: Account) -> None:
    for native_id, length in (("p1", 500), ("p2", 501)):
        network.put(native_id)
        network.standing[-1] = replace(network.standing[-1], url="https://network.example/".ljust(length, "x"))
    looking.run(now=LATER)
    assert {use.native_id: len(use.url) for use in DirectUse.objects.all()} == {"p1": 500, "p2": 0}


def test_what_a_network_tells_is_kept_whatever_it_holds(network: Shown, account: Account) -> None:
    network.put("p1", text="A\x00 \ud800 b")
    network.standing[0] = type(network.standing[0])("p1", "javascript:alert(1)", *_rest(network))
    looking.run(now=LATER)
    use = DirectUse.objects.get()
    assert (use.text, use.address) == ("A ? b", "")


def _rest(network: Shown) -> tuple[str, datetime]:
    return network.standing[0].text, network.standing[0].made_at


def test_a_found_post_that_is_later_gone_is_noted_and_never_deleted(network: Shown, use: DirectUse) -> None:
    post = network.standing.pop()
    gone = LATER + DAY
    looking.run(now=gone)
    use.refresh_from_db()
    assert use.gone_at == gone
    assert Event.objects.filter(what="direct_use.gone", about__contains=[use.audit_ref]).count() == 1
    network.standing.append(post)
    looking.run(now=gone + DAY)
    use.refresh_from_db()
    assert use.gone_at is None
    assert Event.objects.filter(what="direct_use.seen_again").exists()


def test_one_of_days_ago_is_looked_for_once_a_day(network: Shown, use: DirectUse) -> None:
    looking.run(now=LATER + 12 * HOUR)
    network.standing.clear()
    looking.run(now=LATER + 23 * HOUR)
    use.refresh_from_db()
    assert use.gone_at is None, "further back than that look went"
    looking.run(now=LATER + 25 * HOUR)
    use.refresh_from_db()
    assert use.gone_at == LATER + 25 * HOUR


def test_each_look_goes_over_a_little_of_the_last_and_never_before_the_connection(
    network: Shown, account: Account
) -> None:
    looking.run(now=NOW + 5 * MINUTE)
    looking.run(now=NOW + 15 * MINUTE)
    until = NOW + 15 * MINUTE - grace_of("bluesky")
    looking.run(now=NOW + 25 * MINUTE)
    assert [since for _, since in network.asked] == [NOW, NOW, until - looking.OVERLAP]


def test_one_that_is_told_of_under_a_moment_ahead_is_found_as_of_now(network: Shown, account: Account) -> None:
    network.put(at=LATER + 400 * DAY)
    looking.run(now=LATER)
    assert DirectUse.objects.get().made_at == LATER
    before = kept()
    looking.run(now=LATER + 10 * MINUTE)
    assert not gained(before)


def test_one_that_is_being_sent_may_be_told_of_under_a_moment_ahead(
    network: Shown, account: Account, comms: Person
) -> None:
    consigned(account, comms, state=states.SENDING, at=LATER)
    network.put(at=LATER + DAY)
    looking.run(now=LATER)
    assert not DirectUse.objects.exists()


def test_where_whoever_posts_chooses_the_moment_all_since_the_connection_is_looked_through_once_a_day(
    network: Shown, account: Account, comms: Person
) -> None:
    network.spec = {"dated_by_authors": True}
    granted(account, comms)
    looking.run(now=LATER + 40 * DAY)
    begun_at = LATER + 33 * DAY
    network.put(at=begun_at + MINUTE)
    looking.run(now=LATER + 41 * DAY - 20 * MINUTE)
    assert not DirectUse.objects.exists()
    looking.run(now=LATER + 41 * DAY)
    assert network.asked[-1] == (account.native_id, begun_at)
    assert DirectUse.objects.count() == 1


def test_what_was_not_there_when_its_time_was_looked_at_is_not_expected_by_itself(
    network: Shown, account: Account, comms: Person
) -> None:
    granted(account, comms)
    looking.run(now=LATER)
    network.put(at=NOW + 30 * MINUTE)
    looking.run(now=LATER + DAY)
    assert DirectUse.objects.get().outcome == ""


# Too much


def test_what_is_too_much_is_left_and_the_next_look_begins_nearer(
    network: Shown, account: Account, comms: Person, spoc: Person
) -> None:
    looking.run(now=NOW + 5 * MINUTE)
    until = DirectLook.objects.get().looked_until
    network.fails = Unreadable("Too much.", too_much=True)
    looking.run(now=LATER)
    gap = DirectGap.objects.get()
    assert (gap.account, gap.since, gap.until) == (account, until, LATER - looking.OVERLAP)
    event = Event.objects.get(what="direct_use.not_read")
    assert event.about == [account.audit_ref]
    assert event.facts == {"since": gap.since.isoformat(), "until": gap.until.isoformat()}
    told = Notice.objects.filter(subject=GAP)
    assert {(notice.person, notice.kind, notice.link) for notice in told} == {
        (each, "security", f"/watch/direct/?account={account.pk}") for each in (comms, spoc)
    }
    network.fails = None
    network.put(at=LATER + MINUTE)
    looking.run(now=LATER + 10 * MINUTE)
    assert network.asked[-1][1] == LATER - looking.OVERLAP
    assert DirectUse.objects.count() == 1
    assert DirectLook.objects.get().trouble == ""


def test_what_stays_too_much_is_one_gap_and_told_once(network: Shown, account: Account, comms: Person) -> None:
    network.fails = Unreadable("Too much.", too_much=True)
    for n in range(3):
        looking.run(now=LATER + n * 10 * MINUTE)
    gap = DirectGap.objects.get()
    assert (gap.since, gap.until) == (NOW, LATER + 20 * MINUTE - looking.OVERLAP)
    assert Notice.objects.filter(subject=GAP, person=comms).count() == 1
    network.fails = None
    looking.run(now=LATER + 30 * MINUTE)
    network.fails = Unreadable("Too much.", too_much=True)
    looking.run(now=LATER + 5 * HOUR)
    assert DirectGap.objects.count() == 2


def test_a_first_look_may_be_too_much(network: Shown, account: Account) -> None:
    network.fails = Unreadable("Too much.", too_much=True)
    looking.run(now=LATER)
    look = DirectLook.objects.get()
    assert (look.begun_at, look.looked_until, look.trouble) == (NOW, LATER, "Too much.")


def test_other_trouble_leaves_the_look_far_back_due(network: Shown, use: DirectUse) -> None:
    network.fails = Unreadable("The network does not answer.")
    looking.run(now=LATER + 12 * HOUR)
    network.fails = None
    looking.run(now=LATER + 25 * HOUR)
    assert network.asked[-1][1] < use.made_at


# Told of nobody


def test_one_that_was_not_looked_at_for_a_day_is_told_of_once(
    network: Shown, account: Account, comms: Person, spoc: Person
) -> None:
    looking.run(now=LATER)
    network.fails = Unreadable("The network does not answer.")
    looking.run(now=LATER + DAY)
    assert not Notice.objects.filter(subject=UNSEEN).exists()
    for hours in (27, 28, 60):
        looking.run(now=LATER + hours * HOUR)
    told = Notice.objects.filter(subject=UNSEEN)
    assert {(notice.person, notice.kind) for notice in told} == {(comms, "security"), (spoc, "security")}
    assert told.count() == 2
    network.fails = None
    looking.run(now=LATER + 61 * HOUR)
    assert not told.filter(read_at=None).exists(), "it is looked at again"
    network.fails = Unreadable("The network does not answer.")
    looking.run(now=LATER + 100 * HOUR)
    assert told.all().count() == 4, "another time is told of again"


def test_one_whose_connection_ended_is_told_of_too_and_a_closed_one_is_not(
    network: Shown, account: Account, comms: Person
) -> None:
    closed = make.account("Perth")
    looking.run(now=LATER)
    Connection.objects.update(state="broken")
    make.suspend(closed)
    make.put(closed, "closed")
    looking.run(now=LATER + 2 * DAY)
    assert [account.name in notice.body for notice in Notice.objects.filter(subject=UNSEEN, person=comms)] == [True]


# What a look far back costs


@pytest.mark.parametrize(
    ("made", "settled", "gone", "followed"),
    [
        (DAY, None, None, True),
        (32 * DAY, None, None, False),
        (20 * DAY, 8 * DAY, None, False),
        (20 * DAY, 6 * DAY, None, True),
        (20 * DAY, None, 8 * DAY, False),
        (20 * DAY, None, 6 * DAY, True),
    ],
)
def test_it_goes_back_to_what_is_followed(
    network: Shown,
    account: Account,
    comms: Person,
    made: timedelta,
    settled: timedelta | None,
    gone: timedelta | None,
    followed: bool,
) -> None:
    network.spec = {"paid_reading": True}
    looking.run(now=LATER)
    now = LATER + 40 * DAY
    about = {"outcome": "misuse", "words": "So", "settled_at": now - settled, "settled_by": comms} if settled else {}
    use = DirectUse.objects.create(account=account, native_id="p1", made_at=now - made, found_at=now - made)
    DirectUse.objects.filter(pk=use.pk).update(gone_at=now - gone if gone else None, **about)
    DirectLook.objects.update(looked_until=now - MINUTE)
    looking.run(now=now)
    assert (network.asked[-1][1] < use.made_at) is followed


@pytest.mark.parametrize(("paid", "back"), [(False, timedelta(days=7)), (True, timedelta(minutes=11))])
def test_where_looking_costs_nothing_it_goes_back_a_week(
    network: Shown, account: Account, paid: bool, back: timedelta
) -> None:
    network.spec = {"paid_reading": paid}
    looking.run(now=LATER)
    now = LATER + 40 * DAY
    DirectLook.objects.update(looked_until=now - MINUTE)
    looking.run(now=now)
    assert network.asked[-1][1] == now - back


# Ours


def test_what_went_through_the_tool_is_none(network: Shown, account: Account, comms: Person) -> None:
    consigned(account, comms, native_id="n1")
    consigned(account, comms, text="Another", native_id="n2", url="https://network.example/named/")
    network.put("n1", at=NOW + MINUTE, text=OURS)
    network.put("named", at=NOW + MINUTE)
    looking.run(now=LATER)
    assert not DirectUse.objects.exists()


def test_nor_a_part_that_the_adapter_noted(network: Shown, account: Account, comms: Person) -> None:
    consigned(account, comms, native_id="n1", notes={"container": "part-2"})
    network.put("part-2", at=NOW + MINUTE)
    looking.run(now=LATER)
    assert not DirectUse.objects.exists()


def test_nor_what_is_being_taken_down(network: Shown, account: Account, comms: Person) -> None:
    row = consigned(account, comms, native_id="n1")
    Removal.objects.create(consignment=row, why="Wrong", asked_at=NOW, asked_by=comms, not_before=NOW)
    network.put("n1", at=NOW + MINUTE, text=OURS)
    looking.run(now=LATER)
    assert not DirectUse.objects.exists()


def test_what_only_a_person_saw_there_is_known_by_its_words(network: Shown, account: Account, comms: Person) -> None:
    address = "https://network.example/@dundee/1"
    consigned(account, comms, native_id=address, url=address, vouched_by=comms)
    network.put("n7", at=NOW + MINUTE, text=OURS)
    network.put("n8", at=NOW + MINUTE, text=TEXT)
    looking.run(now=LATER)
    assert DirectUse.objects.get().native_id == "n8"


def test_what_may_be_younger_than_a_call_is_left_to_the_next_look(network: Shown, account: Account) -> None:
    at = NOW + 30 * MINUTE
    network.put(at=at)
    looking.run(now=at + grace_of("bluesky") - timedelta(seconds=1))
    assert not DirectUse.objects.exists()
    looking.run(now=at + 20 * MINUTE)
    assert DirectUse.objects.count() == 1


@pytest.mark.parametrize("state", [states.SENDING, states.IN_DOUBT])
def test_while_a_post_may_be_out_nothing_made_since_is_flagged_whatever_it_says(
    network: Shown, account: Account, comms: Person, state: str
) -> None:
    row = consigned(account, comms, state=state)
    post = network.put("n1", at=NOW + MINUTE, text="As the server altered it")
    looking.run(now=LATER)
    assert not DirectUse.objects.exists()
    assert DirectLook.objects.get().looked_until == NOW + MINUTE, "it is looked at again from there"
    Consignment.objects.filter(pk=row.pk).update(
        state=states.SENT, native_id="n1", read_back_at=LATER, look_at=None, leased_until=None
    )
    network.standing = [replace(post, text=OURS)]
    looking.run(now=LATER + 3 * HOUR)
    assert not DirectUse.objects.exists(), "it was ours"


def test_once_the_doubt_is_over_what_was_not_it_is_flagged(network: Shown, account: Account, comms: Person) -> None:
    row = consigned(account, comms, state=states.IN_DOUBT)
    network.put("n7", at=NOW + MINUTE)
    looking.run(now=LATER)
    Consignment.objects.filter(pk=row.pk).update(state=states.SENT, native_id="n1", read_back_at=LATER, look_at=None)
    looking.run(now=LATER + 3 * HOUR)
    assert DirectUse.objects.get().native_id == "n7"


@pytest.mark.parametrize("state", [states.READY, states.LEASED, states.HELD])
def test_while_one_waits_that_was_begun_the_same_words_are_not_flagged(
    network: Shown, account: Account, comms: Person, state: str
) -> None:
    consigned(account, comms, state=state)
    network.put("same", at=NOW + MINUTE, text=f"  {OURS}\n")
    network.put("other", at=NOW + MINUTE)
    looking.run(now=LATER)
    assert DirectUse.objects.get().native_id == "other"


@pytest.mark.parametrize("what", ["refused", "never begun", "begun later", "on another account"])
def test_the_same_words_that_cannot_be_ours_are_flagged(
    network: Shown, account: Account, comms: Person, what: str
) -> None:
    if what == "on another account":
        consigned(make.account("Perth"), comms, state=states.IN_DOUBT)
    elif what == "refused":
        consigned(account, comms, state=states.REFUSED)
    else:
        begun = {"never begun": None, "begun later": NOW + 11 * MINUTE}[what]
        consigned(account, comms, state=states.READY, first_sent_at=begun)
    network.put("n1", at=NOW + 5 * MINUTE, text=OURS)
    looking.run(now=LATER)
    assert DirectUse.objects.filter(account=account).count() == 1


@pytest.mark.parametrize(("minutes", "flagged"), [(-6, True), (-4, False)])
def test_the_networks_clock_may_be_behind_ours(
    network: Shown, account: Account, comms: Person, minutes: int, flagged: bool
) -> None:
    consigned(account, comms, state=states.READY, at=NOW + 20 * MINUTE)
    network.put("same", at=NOW + (20 + minutes) * MINUTE, text=OURS)
    looking.run(now=LATER)
    assert DirectUse.objects.exists() is flagged


@pytest.mark.parametrize(("minutes", "flagged"), [(1, False), (14, False), (16, True)])
def test_what_a_person_must_look_at_may_be_there_in_other_words_from_about_when_it_was_tried(
    network: Shown, account: Account, comms: Person, minutes: int, flagged: bool
) -> None:
    row = consigned(account, comms, state=states.NEEDS_PERSON)
    tried = NOW + 30 * MINUTE
    row.attempts.create(fence=1, started_at=NOW)
    row.attempts.create(fence=2, started_at=tried)
    network.put("altered", at=tried + minutes * MINUTE, text="As the server altered it")
    looking.run(now=LATER)
    assert DirectUse.objects.exists() is flagged


def test_a_doubt_that_nobody_ends_is_over_after_a_day(network: Shown, account: Account, comms: Person) -> None:
    consigned(account, comms, state=states.IN_DOUBT)
    post = network.put("n7", at=NOW + MINUTE)
    looking.run(now=post.made_at + DAY)
    assert not DirectUse.objects.exists()
    looking.run(now=post.made_at + DAY + 10 * MINUTE)
    assert DirectUse.objects.get().native_id == "n7"
    assert DirectLook.objects.get().looked_until > post.made_at + 23 * HOUR


def vouched(account: Account, comms: Person, *, address: str = "https://network.example/@dundee/1") -> Consignment:
    return consigned(account, comms, native_id=address, url=address, vouched_by=comms, sent_at=NOW + 20 * MINUTE)


def test_of_what_says_the_same_as_one_that_a_person_saw_only_the_nearest_is_it(
    network: Shown, account: Account, comms: Person
) -> None:
    vouched(account, comms)
    network.put("repeat", at=NOW + 10 * MINUTE, text=OURS)
    network.put("it", at=NOW + MINUTE, text=OURS)
    looking.run(now=LATER)
    assert [use.native_id for use in DirectUse.objects.all()] == ["repeat"]


def test_what_came_after_a_person_saw_it_is_not_it(network: Shown, account: Account, comms: Person) -> None:
    vouched(account, comms)
    network.put("repeat", at=NOW + 26 * MINUTE, text=OURS)
    looking.run(now=LATER)
    assert DirectUse.objects.count() == 1


def test_where_its_address_is_there_no_other_is_it_by_its_words(
    network: Shown, account: Account, comms: Person
) -> None:
    vouched(account, comms, address="https://network.example/it?s=20&utm_source=share")
    network.put("it", at=NOW + MINUTE, text="As the server altered it")
    network.put("repeat", at=NOW, text=OURS)
    network.standing[1] = replace(network.standing[1], made_at=NOW + timedelta(seconds=1))
    looking.run(now=LATER)
    assert [use.native_id for use in DirectUse.objects.all()] == ["repeat"]


@pytest.mark.parametrize(
    ("seen", "same"),
    [
        ("https://network.example/watch?v=1&si=abc&fbclid=x", True),
        ("https://network.example/watch/?v=1&igsh=abc#top", True),
        ("https://network.example/watch?v=2", False),
        ("https://network.example/watch", False),
    ],
)
def test_an_address_that_a_person_copied_is_known_without_what_was_copied_along(
    network: Shown, account: Account, comms: Person, seen: str, same: bool
) -> None:
    vouched(account, comms, address=seen)
    post = network.put("n9", at=NOW + 3 * DAY)
    network.standing = [replace(post, url="https://network.example/watch?v=1")]
    looking.run(now=NOW + 4 * DAY)
    assert DirectUse.objects.exists() is not same


# Ours, and changed


def test_a_post_of_ours_whose_words_were_changed_there_is_flagged(
    network: Shown, account: Account, comms: Person, spoc: Person
) -> None:
    row = consigned(account, comms, native_id="n1")
    post = network.put("n1", at=NOW + MINUTE, text=f"{OURS}\n")
    looking.run(now=LATER)
    assert not DirectUse.objects.exists(), "white space is no change"
    network.standing = [replace(post, text="The road is open.")]
    granted(account, comms)
    looking.run(now=LATER + 25 * HOUR)
    use = DirectUse.objects.get()
    assert (use.changes, use.text, use.outcome, use.made_at) == (row, "The road is open.", "", post.made_at)
    notice = Notice.objects.get(subject=FOUND, person=spoc)
    assert notice.body == f"What a post of ours on “{account}” says was changed there."
    event = Event.objects.get(what="direct_use.found")
    assert event.about == [use.audit_ref, account.audit_ref, row.audit_ref]
    assert event.facts["changed"] is True


def corrected(row: Consignment, by: Person, *, at: datetime, text: str = "The tunnel is closed.") -> Correction:
    """One that was asked for at `at`, and is under way."""
    out = Post.objects.get(pk=row.post_ref.removeprefix("post:"))
    post = posts.correct(by=row.author, post=out, now=at)
    posts.compose(by=row.author, post=post, draft=replace(Draft.restored(post.draft), text=text), now=at)
    version = posts.submit(by=row.author, post=post, now=at)
    posts.approve(by=by, post=post, digest=version.digest, now=at)
    return Correction.objects.get()


@pytest.mark.parametrize(
    ("result", "tries", "expected"),
    [
        ("", 0, True),
        ("done", 0, True),
        ("failed", 1, True),
        ("withdrawn", 1, True),
        ("failed", 0, False),
        ("withdrawn", 0, False),
    ],
)
def test_a_post_that_was_corrected_is_no_change(
    network: Shown, account: Account, comms: Person, result: str, tries: int, *, expected: bool
) -> None:
    """What may have reached the network was approved, whatever came of it. What never was tried did not reach it."""
    row = corrected(consigned(account, comms, native_id="n1"), comms, at=NOW + MINUTE)
    ended = NOW + 2 * MINUTE if result else None
    Correction.objects.filter(pk=row.pk).update(result=result, tries=tries, ended_at=ended)
    network.put("n1", at=NOW + MINUTE, text="The tunnel is closed.")
    looking.run(now=LATER)
    assert DirectUse.objects.exists() is not expected


@pytest.mark.parametrize("text", [OURS, "The road is open."])
def test_a_post_that_was_changed_after_it_was_corrected_is_flagged(
    network: Shown, account: Account, comms: Person, text: str
) -> None:
    row = corrected(consigned(account, comms, native_id="n1"), comms, at=NOW + MINUTE)
    Correction.objects.filter(pk=row.pk).update(result="done", ended_at=NOW + 2 * MINUTE)
    network.put("n1", at=NOW + MINUTE, text=text)
    looking.run(now=LATER)
    assert DirectUse.objects.get().changes == row.consignment


def test_words_from_just_before_they_were_corrected_are_no_change(
    network: Shown, account: Account, comms: Person
) -> None:
    row = corrected(consigned(account, comms, native_id="n1"), comms, at=NOW + MINUTE)
    Correction.objects.filter(pk=row.pk).update(result="done", ended_at=LATER)
    network.put("n1", at=NOW + MINUTE, text=OURS)
    looking.run(now=LATER)
    assert not DirectUse.objects.exists(), "the network may have been read before"


def test_words_of_a_correction_that_was_taken_back_are_a_change(
    network: Shown, account: Account, comms: Person
) -> None:
    row = corrected(consigned(account, comms, native_id="n1"), comms, at=NOW + MINUTE)
    Correction.objects.filter(pk=row.pk).update(result="withdrawn", ended_at=NOW + 2 * MINUTE)
    network.put("n1", at=NOW + MINUTE, text="The tunnel is closed.")
    looking.run(now=LATER)
    assert DirectUse.objects.get().changes == row.consignment


def test_what_is_stored_otherwise_than_it_was_approved_tells_of_no_change(
    network: Shown, account: Account, comms: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    consigned(account, comms, native_id="n1")
    network.put("n1", at=NOW + MINUTE, text=OURS)

    def altered(manifest: object) -> dict[str, object]:
        raise Altered("It differs.")

    monkeypatch.setattr("mercat.watch.direct.ours.contents", altered)
    looking.run(now=LATER)
    assert not DirectUse.objects.exists()


def test_who_could_have_changed_it_is_told_as_of_when_it_was_found(
    network: Shown, account: Account, comms: Person
) -> None:
    consigned(account, comms, native_id="n1")
    network.put("n1", at=NOW + MINUTE, text="The road is open.")
    later = make.person("Later")
    Spoc.objects.create(account=account, person=later, by=comms, at=NOW + 10 * MINUTE)
    looking.run(now=LATER)
    assert [row.person for row in DirectUse.objects.get().could_have.all()] == [later]


def test_what_says_something_else_after_it_was_settled_is_found_anew(
    network: Shown, use: DirectUse, comms: Person
) -> None:
    (post,) = network.standing
    network.standing = [replace(post, text="Something else.")]
    looking.run(now=LATER + 25 * HOUR)
    assert DirectUse.objects.count() == 1, "somebody looks into it already"
    DirectUse.objects.update(outcome="misuse", words="So", settled_at=LATER, settled_by=comms)
    looking.run(now=LATER + 50 * HOUR)
    assert [row.text for row in DirectUse.objects.order_by("pk")] == [TEXT, "Something else."]
    DirectUse.objects.filter(outcome="").update(outcome="misuse", words="So", settled_at=LATER, settled_by=comms)
    network.standing = [post]
    looking.run(now=LATER + 75 * HOUR)
    assert DirectUse.objects.count() == 2, "what was said before was settled before"


# Expected


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-2, False), (-1, True), (0, True), (240, True), (241, True), (242, False)]
)
def test_what_was_made_while_direct_access_was_open_is_expected_and_linked(
    network: Shown, account: Account, comms: Person, minutes: int, expected: bool
) -> None:
    row = granted(account, comms, at=NOW + HOUR)
    network.put(at=NOW + HOUR + minutes * MINUTE)
    looking.run(now=NOW + 8 * HOUR)
    use = DirectUse.objects.get()
    assert (use.outcome, use.exception) == (("expected", row) if expected else ("", None))
    assert Notice.objects.filter(subject=FOUND).exists() is not expected
    if expected:
        assert use.could_have.filter(person=row.person).exists() is (minutes >= 0), "should it be misuse"
        assert (use.settled_at, use.settled_by, use.words) == (use.found_at, None, "")
        assert row.audit_ref in Event.objects.get(what="direct_use.found").about


def test_when_it_ended_early_that_counts(network: Shown, account: Account, comms: Person) -> None:
    row = granted(account, comms)
    exceptions.end(by=row.person, row=row, now=NOW + 10 * MINUTE)
    network.put(at=NOW + 20 * MINUTE)
    looking.run(now=LATER)
    assert DirectUse.objects.get().outcome == ""


def test_an_exception_of_another_account_or_without_a_yes_explains_nothing(
    network: Shown, account: Account, comms: Person
) -> None:
    granted(make.account("Perth"), comms)
    about = {"why": "outage", "words": "Down", "hours": 4}
    exceptions.ask(by=make.authorised(), account=account, now=NOW, **about)
    network.put()
    looking.run(now=LATER)
    assert DirectUse.objects.get(account=account).outcome == ""


def test_of_two_exceptions_the_one_for_which_it_was_noted_by_hand(
    network: Shown, account: Account, comms: Person
) -> None:
    first = granted(account, comms)
    granted(account, comms, by=make.authorised("Colleague"), at=NOW + MINUTE)
    account.url = "https://network.example/account"
    account.save()
    post = network.put()
    exceptions.note_post(
        by=first.person, row=first, url=post.url, published_at=post.made_at, what="Bridge closed", now=LATER
    )
    looking.run(now=LATER)
    assert DirectUse.objects.get().exception == first
    assert first.posts.count() == 1, "joined, and not doubled"


# Who could have made it


def test_those_who_could_have_made_it_and_why(account: Account, comms: Person, spoc: Person) -> None:
    row = granted(account, comms, hours=1)
    connector = make.person("Connector")
    Connection.objects.update(connected_by=connector)
    recovers = make.person("ICT", unit_key="ict", roles=("ict",))
    Posture.objects.create(
        account=account, second_factor=True, recovery_role="ict", recovery_mailbox="social@mercat.example",
        evidence="Seen", checked_at=NOW, expires_at=NOW + 90 * DAY,
    )  # fmt: skip
    holder = make.person("Holder")
    Account.objects.update(holder=holder)
    account.refresh_from_db()
    assert reasons(account, NOW + 2 * HOUR) == {
        row.person.name: {Why.DIRECT}, "Connector": {Why.CONNECTED}, "Spoc": {Why.CONTACT},
        "ICT": {Why.RECOVERY}, "Holder": {Why.HOLDER},
    }  # fmt: skip
    assert recovers.name not in reasons(account, NOW - MINUTE)


def test_whose_credential_was_changed_since_is_named_as_that(account: Account, comms: Person) -> None:
    row = granted(account, comms, hours=1)
    exceptions.end(by=row.person, row=row, now=NOW + 30 * MINUTE)
    exceptions.note_rotation(by=comms, row=row, changed_at=LATER, note="Password", now=LATER)
    assert reasons(account, LATER - MINUTE)[row.person.name] == {Why.DIRECT}
    assert reasons(account, LATER + MINUTE)[row.person.name] == {Why.DIRECT_BEFORE}


def test_as_it_stood_when_it_was_made(account: Account, spoc: Person) -> None:
    Spoc.objects.update(ended_at=LATER)
    assert "Spoc" in reasons(account, LATER - MINUTE)
    assert "Spoc" not in reasons(account, LATER)
    old, new = make.person("Old"), make.person("New")
    Account.objects.update(holder=new)
    account.refresh_from_db()
    HandOver.objects.create(
        account=account, holder=old, why="left", at=LATER, outcome="handed", new_holder=new, decided_at=LATER + HOUR
    )
    assert reasons(account, LATER - MINUTE)["Old"] == {Why.HOLDER}
    assert reasons(account, LATER + MINUTE) == {}
    assert reasons(account, LATER + HOUR) == {"New": {Why.HOLDER}}


def test_it_is_kept_as_it_stood(use: DirectUse, spoc: Person) -> None:
    Spoc.objects.update(ended_at=LATER)
    assert [(row.person, row.why) for row in use.could_have.all()] == [(spoc, Why.CONTACT)]


def test_those_who_connected_it_before_are_known_from_the_record(account: Account) -> None:
    before = make.person("Before")
    record(by=before, what="account.connected", about=[account.audit_ref], now=NOW - DAY)
    assert reasons(account, NOW) == {"Before": {Why.CONNECTED}}
    assert reasons(account, NOW - 2 * DAY) == {}


def test_of_those_who_hold_the_role_that_recovers_it_only_those_over_its_unit(account: Account) -> None:
    make.person("Here", unit_key="tayside", unit_roles=("divisional-commander",))
    make.person("Elsewhere", unit_key="edinburgh", unit_roles=("divisional-commander",))
    Posture.objects.create(
        account=account, second_factor=True, recovery_role="divisional-commander", recovery_mailbox="a@mercat.example",
        evidence="Seen", checked_at=NOW, expires_at=NOW + 90 * DAY,
    )  # fmt: skip
