"""Networks are searched for accounts that bear our names: each is found once, and ours are none (4.10, 7.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.networks import registry
from mercat.networks.port import Unreadable
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.register.models import Account, Connection
from mercat.watch.cases import actions as cases
from mercat.watch.cases.triage import OUTSIDE, Answers
from mercat.watch.lookalikes import actions, searching, states
from mercat.watch.models import Case, LookAlike, NameSearch
from tests import factories as make
from tests.kept import gained, kept
from tests.watch.lookalikes.conftest import LATER, MINUTE, Searched

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

NOTHING = Answers(OUTSIDE, branding=False, content=False, false_words=False)


@pytest.fixture
def found(network: Searched, account: Account, comms: Person) -> LookAlike:
    network.put()
    searching.run(now=LATER)
    return LookAlike.objects.get()


def dismiss(row: LookAlike, by: Person) -> None:
    actions.dismiss(by=by, row=row, seen_as=row.seen_as, now=LATER)
    row.refresh_from_db()


# Found


def test_an_account_that_bears_our_name_is_found_and_is_no_case(found: LookAlike, comms: Person) -> None:
    assert (found.network, found.native_id, found.handle) == ("bluesky", "id-of-fake", "p0lice-scotland.bsky.social")
    assert (found.name, found.bio, found.words) == ("Police Scotland", "Send us money.", ["Police Scotland"])
    assert found.state == states.WAITING
    assert not Case.objects.exists()
    notice = Notice.objects.get(person=comms, subject=actions.FOUND)
    assert (notice.kind, notice.link) == ("security", "/watch/look-alikes/")
    event = Event.objects.get(what="look_alike.found")
    assert event.facts == {"network": "bluesky", "words": ["Police Scotland"]}, "and nothing of whose it is"
    assert not hasattr(event, "personal")


def test_it_is_found_once_and_told_of_once(network: Searched, found: LookAlike) -> None:
    network.put("another", handle="policescotland.bsky.social")
    searching.run(now=LATER + 10 * MINUTE)
    assert LookAlike.objects.count() == 2
    assert Notice.objects.filter(subject=actions.FOUND, read_at=None).count() == 1
    before = kept()
    searching.run(now=LATER + 20 * MINUTE)
    assert set(gained(before)) == {"watch.NameSearch"}


def test_what_bears_no_name_of_ours_is_not_kept(network: Searched, account: Account) -> None:
    network.put(name="Jo", handle="jo.bsky.social", bio="Constable at Police Scotland. Views my own.")
    searching.run(now=LATER)
    assert network.asked == [guidance().pack.body.name]
    assert not LookAlike.objects.exists()


def test_our_own_are_none(network: Searched, account: Account) -> None:
    account.refresh_from_db()
    network.put(account.native_id)
    network.put("moved", handle=account.handle)
    address = make.account("Perth")
    Account.objects.filter(pk=address.pk).update(url="https://bsky.app/profile/perth.example", handle="")
    network.put("by address", url="https://bsky.app/profile/perth.example/")
    searching.run(now=LATER)
    assert not LookAlike.objects.exists()


def test_a_handle_that_we_gave_up_may_be_somebody_elses(network: Searched, account: Account) -> None:
    old = make.account("Old")
    old.refresh_from_db()
    network.put("somebody else", handle=old.handle)
    network.put(old.native_id, handle="other.bsky.social")
    make.suspend(old)
    make.put(old, "closed")
    searching.run(now=LATER)
    assert [row.native_id for row in LookAlike.objects.all()] == ["somebody else"], "the number is still ours"


def test_what_is_a_case_already_stands_with_its_case(network: Searched, account: Account, comms: Person) -> None:
    told = network.put()
    case = cases.report(by=comms, address=told.url, words="Seen.", now=LATER)
    searching.run(now=LATER)
    row = LookAlike.objects.get()
    assert (row.state, row.case, row.settled_by) == (states.CASE, case, None)
    assert not Notice.objects.filter(subject=actions.FOUND).exists()


def test_one_that_waits_and_is_reported_by_hand_is_a_case(network: Searched, found: LookAlike, comms: Person) -> None:
    case = cases.report(by=comms, address=found.url, words="Seen.", now=LATER)
    searching.run(now=LATER + 10 * MINUTE)
    found.refresh_from_db()
    assert (found.state, found.case) == (states.CASE, case)


def test_the_words_of_strangers_are_kept_as_they_can_be_read(
    network: Searched, account: Account, comms: Person
) -> None:
    network.put(
        name="Police\u202e Scotland\x00 \ud800" + "a" * 300,
        bio="<script>alert(1)</script>\n" + "b" * 2000,
        url="javascript:alert(1)",
    )
    network.put("n" * 501, handle="police-scotland-2.bsky.social")
    network.put("", handle="police-scotland-3.bsky.social")
    network.put("long", handle="police-scotland-4.bsky.social", url="https://bsky.app/profile/" + "a" * 500)
    searching.run(now=LATER)
    first, second = LookAlike.objects.order_by("pk")
    assert first.name.startswith("Police Scotland ?aaa")
    assert (len(first.name), len(first.bio)) == (200, 1000)
    assert first.bio.startswith("<script>alert(1)</script> bbb")
    assert first.address == ""
    assert (second.native_id, second.url) == ("long", "")
    with pytest.raises(Impossible, match="tells no address"):
        actions.open_case(by=comms, row=first, seen_as=first.seen_as, now=LATER)


def test_nothing_is_held_while_the_network_is_asked(network: Searched, account: Account) -> None:
    searching.run(now=LATER)
    assert network.asked
    assert not network.in_a_transaction


# How often


def test_each_name_about_once_a_day_and_the_bodys_own_first(network: Searched, account: Account) -> None:
    for n in range(30):
        make.account(f"Policing in town number {n}")
    own = [guidance().pack.body.name, *guidance().pack.body.also_called]
    for n in range(6 * 24):
        searching.run(now=LATER + n * 10 * MINUTE)
        if n == 1:
            searching.run(now=LATER + n * 10 * MINUTE + MINUTE)  # sooner than ten minutes after: not again
    assert network.asked[: len(own)] == own
    assert len(network.asked) == len(set(network.asked)) == searching.MOST_A_DAY
    first_day = set(network.asked)
    for n in range(6 * 24, 2 * 6 * 24):
        searching.run(now=LATER + n * 10 * MINUTE)
    second_day = network.asked[searching.MOST_A_DAY :]
    assert set(own) <= set(second_day)
    assert len(second_day) == searching.MOST_A_DAY
    assert not (set(second_day) - set(own)) & first_day, "the others in turn"


def test_without_an_account_that_works_there_nobody_is_asked(network: Searched, account: Account) -> None:
    Connection.objects.update(state="broken")
    searching.run(now=LATER)
    assert network.asked == []
    assert not NameSearch.objects.exists()


def test_a_network_without_accounts_keeps_no_other_waiting(
    network: Searched, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    bluesky = registry.get("bluesky")
    empty = [replace(bluesky, spec=replace(bluesky.spec, slug=slug)) for slug in ("a", "b", "c")]
    known = {each.spec.slug: each for each in [*empty, bluesky]}
    monkeypatch.setattr(registry, "all", lambda: tuple(known.values()))
    monkeypatch.setattr(registry, "get", known.__getitem__)
    searching.run(now=LATER)
    assert network.asked


def test_trouble_is_said_and_the_next_name_is_tried(network: Searched, account: Account) -> None:
    network.fails = Unreadable("The network does not answer.")
    searching.run(now=LATER)
    assert NameSearch.objects.get().trouble == "The network does not answer."
    network.fails = RuntimeError("a bug")
    searching.run(now=LATER + 10 * MINUTE)
    assert NameSearch.objects.order_by("searched_at").last().trouble == searching.WRONG
    network.fails = None
    searching.run(now=LATER + 20 * MINUTE)
    assert NameSearch.objects.order_by("searched_at").last().trouble == ""
    assert len(set(network.asked)) == 3


def test_credentials_that_the_network_no_longer_takes_break_the_connection(network: Searched, account: Account) -> None:
    network.fails = Unreadable("Signed out.", reconnect=True)
    searching.run(now=LATER)
    assert Connection.objects.get().state == "broken"


def test_numbers_of_one_server_are_no_numbers_of_another(network: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    bluesky = registry.get("bluesky")
    per_server = replace(bluesky, spec=replace(bluesky.spec, ids_are_per_server=True))
    monkeypatch.setattr(registry, "get", lambda slug: per_server)
    one = make.account("One", base_url="https://one.example")
    two = make.account("Two", base_url="https://two.example")
    two.refresh_from_db()
    told = network.put(two.native_id, handle="police_scotland@elsewhere.example")
    actions.keep_search(Account.objects.get(pk=one.pk), "Police Scotland", [told], now=LATER)
    row = LookAlike.objects.get()
    assert row.server == "one.example", "our own has that number on another server"
    actions.keep_search(Account.objects.get(pk=two.pk), "Police Scotland", [told], now=LATER)
    assert LookAlike.objects.count() == 1


# What is done about one


def test_a_case_is_opened_as_anybody_reports_an_account(found: LookAlike, comms: Person) -> None:
    case = actions.open_case(by=comms, row=found, seen_as=found.seen_as, now=LATER)
    found.refresh_from_db()
    assert (found.state, found.case, found.settled_by) == (states.CASE, case, comms)
    assert (case.network, case.key) == ("bluesky", "name:p0lice-scotland.bsky.social")
    note = case.notes.get()
    assert "“Police Scotland”" in note.words
    assert "Send us money." in note.words
    assert not Notice.objects.filter(subject=actions.FOUND, read_at=None).exists()
    with pytest.raises(Impossible, match="Somebody else was quicker: a case"):
        actions.dismiss(by=comms, row=found, seen_as=found.seen_as, now=LATER)


def test_another_spelling_joins_the_case_that_is_open(found: LookAlike, comms: Person) -> None:
    spelling = "http://www.bsky.app/profile/P0lice-Scotland.bsky.social/?from=search"
    case = cases.report(by=make.person(), address=spelling, words="Seen.", now=LATER)
    assert actions.open_case(by=comms, row=found, seen_as=found.seen_as, now=LATER) == case


def test_what_is_dismissed_is_forgotten_at_once(found: LookAlike, comms: Person) -> None:
    dismiss(found, comms)
    assert (found.state, found.settled_by, found.settled_at) == (states.DISMISSED, comms, LATER)
    told = (found.server, found.native_id, found.handle, found.name, found.bio, found.url)
    assert (set(told), found.words) == ({""}, [])
    assert "id-of-fake" not in found.digest
    event = Event.objects.get(what="look_alike.dismissed")
    assert (event.actor, event.facts) == (comms.audit_ref, {"network": "bluesky"})


def test_what_was_dismissed_waits_again_only_when_it_calls_itself_otherwise(
    network: Searched, found: LookAlike, comms: Person
) -> None:
    dismiss(found, comms)
    searching.run(now=LATER + 10 * MINUTE)
    found.refresh_from_db()
    assert (found.state, found.native_id, found.seen_at) == (states.DISMISSED, "", LATER + 10 * MINUTE)
    network.accounts_there = [replace(network.accounts_there[0], bio="Official. Send us money.")]
    searching.run(now=LATER + 20 * MINUTE)
    found.refresh_from_db()
    assert (found.state, found.native_id, found.settled_by) == (states.WAITING, "id-of-fake", None)
    assert found.found_at == LATER + 20 * MINUTE
    assert Notice.objects.filter(subject=actions.FOUND, read_at=None).exists()


def test_what_was_changed_since_somebody_looked_is_looked_at_again(
    network: Searched, found: LookAlike, comms: Person
) -> None:
    seen_as = found.seen_as
    network.accounts_there = [replace(network.accounts_there[0], name="Police Scotland Official")]
    searching.run(now=LATER + 10 * MINUTE)
    for act in (actions.dismiss, actions.open_case):
        with pytest.raises(Impossible, match="calls itself otherwise by now"):
            act(by=comms, row=found, seen_as=seen_as, now=LATER)


def test_who_sees_cases_opens_one_and_who_says_what_they_are_dismisses(found: LookAlike, auditor: Person) -> None:
    officer = make.person()
    with pytest.raises(Refused):
        actions.open_case(by=officer, row=found, seen_as=found.seen_as, now=LATER)
    for somebody in (officer, auditor):
        with pytest.raises(Refused):
            actions.dismiss(by=somebody, row=found, seen_as=found.seen_as, now=LATER)
    assert actions.open_case(by=auditor, row=found, seen_as=found.seen_as, now=LATER)


def test_a_case_that_is_nobodys_business_is_forgotten_here_too(
    network: Searched, found: LookAlike, comms: Person
) -> None:
    case = actions.open_case(by=comms, row=found, seen_as=found.seen_as, now=LATER)
    cases.look(by=comms, case=case, answers=NOTHING, words="A fan.", now=LATER)
    found.refresh_from_db()
    assert (found.state, found.native_id, found.name, found.case) == (states.DISMISSED, "", "", None)
    searching.run(now=LATER + 10 * MINUTE)
    found.refresh_from_db()
    assert found.state == states.DISMISSED


# The database


def refused_by_the_database(**changes: object) -> bool:
    try:
        with transaction.atomic():
            LookAlike.objects.update(**changes)
    except DatabaseError:
        return True
    return False


def test_the_database_holds_the_table_of_states(found: LookAlike, comms: Person) -> None:
    case = cases.report(by=comms, address=found.url, words="Seen.", now=LATER)
    gone = {"native_id": "", "handle": "", "name": "", "bio": "", "url": "", "words": []}
    settled = {"settled_at": LATER, "settled_by": comms}
    whole = {"native_id": "id", "handle": "h", "words": ["x"]}
    fields = {
        states.WAITING: whole | {"settled_at": None, "settled_by": None, "case": None, "seen_as": "other"},
        states.CASE: whole | settled | {"case": case, "seen_as": "another"},
        states.DISMISSED: gone | settled | {"case": None, "seen_as": "a third"},
    }
    for was in states.STATES:
        for becomes in states.STATES:
            with transaction.atomic():
                make.as_if(LookAlike, state=was, **fields[was])
                allowed = was == becomes or becomes in states.MOVES[was]
                assert refused_by_the_database(state=becomes, **fields[becomes]) is not allowed, (was, becomes)


def test_and_what_a_row_must_hold(found: LookAlike, comms: Person) -> None:
    settled = {"settled_at": LATER, "settled_by": comms}
    assert refused_by_the_database(state=states.DISMISSED, **settled), "with its name kept"
    assert refused_by_the_database(state=states.CASE, **settled), "without a case"
    assert refused_by_the_database(digest="of another")
    assert refused_by_the_database(native_id="")
    with pytest.raises(DatabaseError), transaction.atomic():
        found.delete()
    row = LookAlike.objects.get()
    row.pk = None
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)
    dismiss(found, comms)
    whole = {"native_id": "id", "handle": "h", "settled_at": None, "settled_by": None}
    assert refused_by_the_database(state=states.WAITING, **whole), "it has not changed"
