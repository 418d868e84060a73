"""Direct access: asked for, answered, ended by itself, its posts noted, and the credential changed (6.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.models import Completion, Notice, Person
from mercat.people.moving import change_details
from mercat.people.pack import guidance
from mercat.register import actions as register
from mercat.register.exceptions import ASKED, OVERDUE, ROTATE, actions, following
from mercat.register.exceptions.addresses import on_network
from mercat.register.flags import flags_of
from mercat.register.models import Account, DirectAccess, DirectPost, Posture
from mercat.register.queries import Wanted, slots
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.test_joining import clauses

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LATER = NOW + HOUR
URL = "https://bsky.app/profile/dundee.example/post/3kabc"


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee")


@pytest.fixture
def officer(account: Account) -> Person:
    return make.authorised("Officer")


@pytest.fixture
def comms(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def asked(officer: Person, account: Account, comms: Person) -> DirectAccess:
    return ask(officer, account)


@pytest.fixture
def granted(asked: DirectAccess, comms: Person) -> DirectAccess:
    actions.grant(by=comms, row=asked, hours=4, advice="Use the wording of the warning.", now=NOW)
    asked.refresh_from_db()
    return asked


@pytest.fixture
def ended(granted: DirectAccess) -> DirectAccess:
    following.run(now=NOW + 5 * HOUR)
    granted.refresh_from_db()
    return granted


def ask(by: Person, account: Account, *, hours: int = 6, now: datetime = NOW) -> DirectAccess:
    about = {"why": DirectAccess.Why.OUTAGE, "words": "The tool is down and the bridge is closed.", "hours": hours}
    return actions.ask(by=by, account=account, now=now, **about)


def note(row: DirectAccess, by: Person, *, at: datetime = NOW + HOUR, now: datetime = LATER, url: str = URL):
    return actions.note_post(by=by, row=row, url=url, published_at=at, what="Bridge closed", now=now)


def told(person: Person) -> set[str]:
    return set(Notice.objects.filter(person=person, read_at=None).values_list("subject", flat=True))


# Asking and answering


def test_it_says_why_which_account_and_how_long_and_those_who_answer_are_told(
    asked: DirectAccess, officer: Person, account: Account, comms: Person
) -> None:
    assert (asked.person, asked.account, asked.why, asked.hours, asked.answer) == (officer, account, "outage", 6, "")
    notice = Notice.objects.get(person=comms)
    assert (notice.subject, notice.link) == (ASKED, f"/register/exceptions/{asked.pk}/")
    assert "Officer asks for 6 hours on “Dundee”" in notice.body
    event = Event.objects.get(what="direct_access.asked")
    assert event.about == [asked.audit_ref, account.audit_ref, officer.audit_ref]
    assert event.facts == {"why": "outage", "hours": 6}
    assert "bridge" not in str(event.facts)


def test_only_whoever_may_speak_there_asks(account: Account) -> None:
    for somebody, policy in (
        (make.person("Untrained"), "2.3"),
        (make.authorised("Elsewhere", unit_key="edinburgh"), "5.6"),
    ):
        with pytest.raises(Refused) as refused:
            ask(somebody, account)
        assert policy in clauses(refused)
    register.suspend_account(by=TEST, account=account, reason="For this test", now=NOW)
    with pytest.raises(Refused) as refused:
        ask(make.authorised("Officer"), account)
    assert clauses(refused) == {"6.3"}


@pytest.mark.parametrize(
    ("words", "hours", "said"), [(" ", 6, "Say what"), ("So", 0, "1 to 24"), ("So", 25, "1 to 24")]
)
def test_what_is_missing_is_said(officer: Person, account: Account, words: str, hours: int, said: str) -> None:
    before = kept()
    with pytest.raises(Impossible, match=said):
        actions.ask(by=officer, account=account, why=DirectAccess.Why.LACKING, words=words, hours=hours, now=NOW)
    assert not gained(before)


def test_what_turns_words_around_is_not_kept(officer: Person, account: Account) -> None:
    with pytest.raises(Impossible, match="not seen, or turns others around"):
        actions.ask(by=officer, account=account, why="outage", words="The bridge\u202e is open", hours=1, now=NOW)
    assert not DirectAccess.objects.exists()


def test_one_at_a_time_for_a_person_and_an_account(
    granted: DirectAccess, officer: Person, account: Account, comms: Person
) -> None:
    with pytest.raises(Impossible, match="already"):
        ask(officer, account)
    ask(make.authorised("Colleague"), account)
    ask(officer, make.account("Perth"))
    actions.end(by=officer, row=granted, now=LATER)
    ask(officer, account, now=LATER)


def test_it_is_granted_for_as_long_or_shorter(granted: DirectAccess, officer: Person, comms: Person) -> None:
    assert (granted.answer, granted.answered_by, granted.granted_hours) == ("granted", comms, 4)
    assert granted.until == NOW + 4 * HOUR
    assert granted.is_open(NOW)
    assert not granted.is_open(granted.until)
    notice = Notice.objects.get(person=officer, subject__contains="granted")
    assert "For 4 hours, by Comms." in notice.body
    assert "Use the wording of the warning." in notice.body
    assert ASKED not in told(comms), "settled"
    event = Event.objects.get(what="direct_access.granted")
    assert (event.facts, event.personal.data) == ({"hours": 4}, {"advice": "Use the wording of the warning."})


def test_never_longer_than_asked_and_once(asked: DirectAccess, comms: Person) -> None:
    for hours in (0, 7):
        with pytest.raises(Impossible, match="6 hours"):
            actions.grant(by=comms, row=asked, hours=hours, now=NOW)
    with pytest.raises(Impossible, match="Say why"):
        actions.refuse(by=comms, row=asked, advice=" ", now=NOW)
    actions.refuse(by=comms, row=asked, advice="Wait: the tool is back.", now=NOW)
    asked.refresh_from_db()
    assert (asked.answer, asked.until) == ("refused", None)
    assert "Wait: the tool is back." in Notice.objects.get(subject__contains="refused").body
    for act in (
        lambda: actions.grant(by=comms, row=asked, hours=1, now=NOW),
        lambda: actions.withdraw(by=asked.person, row=asked, now=NOW),
        lambda: actions.end(by=comms, row=asked, now=NOW),
        lambda: note(asked, asked.person),
    ):
        with pytest.raises(Impossible):
            act()


def test_nobody_answers_but_corporate_communications_and_nobody_for_themselves(
    asked: DirectAccess, account: Account
) -> None:
    commander = make.authorised("Commander", unit_roles=("divisional-commander",))
    with pytest.raises(Refused) as refused:
        actions.grant(by=commander, row=asked, hours=1, now=NOW)
    assert clauses(refused) == {"6.3"}
    own = make.authorised("Speaks too", unit_key="corporate-communications", roles=("corporate-communications",))
    row = ask(own, account)
    assert ASKED not in told(own)
    for act in (
        lambda: actions.grant(by=own, row=row, hours=1, now=NOW),
        lambda: actions.refuse(by=own, row=row, advice="No", now=NOW),
    ):
        with pytest.raises(Impossible, match="Nobody answers what they asked for"):
            act()


def test_it_is_not_granted_to_somebody_who_may_no_longer_speak_there(asked: DirectAccess, comms: Person) -> None:
    asked.person.completions.update(ended_at=NOW)
    with pytest.raises(Refused):
        actions.grant(by=comms, row=asked, hours=1, now=NOW)


def test_what_waits_is_withdrawn_by_whoever_asked(asked: DirectAccess, officer: Person, comms: Person) -> None:
    with pytest.raises(Impossible, match="whoever asked"):
        actions.withdraw(by=comms, row=asked, now=NOW)
    actions.withdraw(by=officer, row=asked, now=NOW)
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by) == ("withdrawn", officer)
    assert ASKED not in told(comms)


# Ending


def test_it_ends_by_itself_and_the_credential_is_to_be_changed(
    granted: DirectAccess, officer: Person, comms: Person, account: Account
) -> None:
    spoc = make.spoc_of(account)
    ict = make.person("ICT", unit_key="ict", roles=("ict",))
    Posture.objects.create(
        account=account, second_factor=True, recovery_role="ict", recovery_mailbox="social@mercat.example",
        evidence="Seen", checked_at=NOW, expires_at=NOW + timedelta(days=90),
    )  # fmt: skip
    following.run(now=NOW + 4 * HOUR - MINUTE)
    granted.refresh_from_db()
    assert granted.closed_at is None
    following.run(now=NOW + 4 * HOUR + MINUTE)
    granted.refresh_from_db()
    assert (granted.closed_at, granted.closed_by, granted.ended) == (granted.until, None, "time")
    assert granted.rotate_by == granted.until + 24 * HOUR
    for person in (comms, spoc, ict):
        assert ROTATE in told(person), person
    assert ROTATE not in told(officer)
    assert "Direct access to Dundee has ended" in told(officer)
    assert Event.objects.get(what="direct_access.closed").facts == {"why": "time"}
    before = kept()
    following.run(now=NOW + 4 * HOUR + 2 * MINUTE)
    assert not gained(before), "once"


@pytest.mark.parametrize("who", ["officer", "comms"])
def test_or_earlier_by_either(granted: DirectAccess, officer: Person, comms: Person, who: str) -> None:
    by = {"officer": officer, "comms": comms}[who]
    with pytest.raises(Refused):
        actions.end(by=make.authorised("Colleague"), row=granted, now=LATER)
    actions.end(by=by, row=granted, now=LATER)
    granted.refresh_from_db()
    assert (granted.closed_at, granted.closed_by, granted.ended) == (LATER, by, "early")
    with pytest.raises(Impossible, match="no direct access to end"):
        actions.end(by=by, row=granted, now=LATER)


@pytest.mark.parametrize(
    "lose",
    [
        lambda p, a: people.mark_left(by=TEST, person=p, reason="Retired", now=LATER),
        lambda p, a: change_details(by=TEST, person=p, unit=make.unit("edinburgh"), reason="Posted", now=LATER),
        lambda p, a: people.end_access(by=TEST, person=p, reason="Dismissed", now=LATER),
    ],
    ids=["left", "moved", "access ended"],
)
def test_whoever_leaves_moves_or_loses_their_access_has_it_no_longer(
    granted: DirectAccess, officer: Person, comms: Person, account: Account, lose: Callable[..., None]
) -> None:
    waiting = ask(officer, make.account("Perth"))
    lose(officer, account)
    granted.refresh_from_db()
    waiting.refresh_from_db()
    assert (granted.closed_at, granted.ended) == (LATER, "standing"), "in the same transaction"
    assert (waiting.answer, waiting.answered_by) == ("withdrawn", None)
    assert ROTATE in told(comms)
    following.run(now=LATER)


def test_somebody_of_the_team_who_moves_within_it_keeps_it(granted: DirectAccess, officer: Person) -> None:
    change_details(by=TEST, person=officer, rank="sergeant", reason="Promoted", now=LATER)
    granted.refresh_from_db()
    assert granted.closed_at is None


@pytest.mark.parametrize("what", ["the account is suspended", "training lapsed", "no point of contact"])
def test_the_chore_ends_it_where_its_person_may_no_longer_speak_there(
    granted: DirectAccess, account: Account, what: str
) -> None:
    if what == "the account is suspended":
        register.suspend_account(by=TEST, account=account, reason="Taken over", now=LATER)
    elif what == "training lapsed":
        Completion.objects.filter(person=granted.person).update(ended_at=LATER)
    else:
        make.as_if(Account, spoc_missing_since=NOW - timedelta(days=400))
    following.run(now=LATER)
    granted.refresh_from_db()
    assert (granted.closed_at, granted.ended) == (LATER, "standing")


@pytest.mark.parametrize("standing", [False, True], ids=["in its time", "for its person's standing"])
def test_what_cannot_be_ended_keeps_no_other_from_its_end(
    granted: DirectAccess, comms: Person, monkeypatch: pytest.MonkeyPatch, standing: bool
) -> None:
    other = ask(make.authorised("Colleague"), granted.account)
    actions.grant(by=comms, row=other, hours=1, now=NOW)
    close = actions.close

    def fails_once(row: DirectAccess, **about: object) -> None:
        if row.pk == granted.pk:
            raise OSError("no room")
        close(row, **about)

    monkeypatch.setattr(actions, "close", fails_once)
    if standing:
        register.suspend_account(by=TEST, account=granted.account, reason="Taken over", now=NOW + MINUTE)
    following.run(now=NOW + MINUTE if standing else NOW + 5 * HOUR)
    other.refresh_from_db()
    assert other.closed_at == (NOW + MINUTE if standing else NOW + HOUR)


def test_what_was_ended_meanwhile_keeps_nobody_from_leaving(
    granted: DirectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed and then ended by somebody else: the rows are held while they are followed up."""
    with CaptureQueriesContext(connection) as captured:
        people.mark_left(by=TEST, person=granted.person, reason="Retired", now=LATER)
    read = [query["sql"] for query in captured if 'FROM "register_directaccess"' in query["sql"]]
    assert "FOR UPDATE" in read[0]


# Posts


def test_what_was_published_there_is_noted_until_the_credential_is_changed(
    granted: DirectAccess, officer: Person, comms: Person
) -> None:
    post = note(granted, officer)
    assert (post.exception, post.url, post.published_at, post.by) == (granted, URL, NOW + HOUR, officer)
    assert Event.objects.get(what="direct_access.posted").facts["url"] == URL
    with pytest.raises(Impossible, match="noted already"):
        note(granted, officer)
    following.run(now=NOW + 5 * HOUR)
    note(granted, officer, at=NOW + 2 * HOUR, url=f"{URL}2", now=NOW + 6 * HOUR)
    actions.note_rotation(by=comms, row=granted, changed_at=NOW + 6 * HOUR, note="Password", now=NOW + 6 * HOUR)
    with pytest.raises(Impossible, match="has been changed"):
        note(granted, officer, url=f"{URL}3", now=NOW + 7 * HOUR)
    assert granted.posts.count() == 2


def test_by_whoever_has_it_or_those_who_answer(granted: DirectAccess, comms: Person) -> None:
    with pytest.raises(Refused):
        note(granted, make.authorised("Colleague"))
    assert note(granted, comms).by == comms


@pytest.mark.parametrize(
    ("at", "now"),
    [(NOW - MINUTE, LATER), (LATER + MINUTE, LATER), (NOW + 4 * HOUR + MINUTE, NOW + 5 * HOUR)],
    ids=["before", "ahead", "after"],
)
def test_only_what_was_published_while_it_was_open_is_expected(
    granted: DirectAccess, officer: Person, at: datetime, now: datetime
) -> None:
    with pytest.raises(Impossible, match="not published while direct access was open"):
        note(granted, officer, at=at, now=now)
    assert not DirectPost.objects.exists()


def test_the_minute_in_which_it_was_granted_counts(asked: DirectAccess, comms: Person) -> None:
    at = NOW + timedelta(seconds=42)
    actions.grant(by=comms, row=asked, hours=1, now=at)
    assert note(asked, asked.person, at=NOW, now=at).published_at == at


@pytest.mark.parametrize(
    ("url", "network", "own"),
    [
        (URL, "bluesky", ""),
        ("https://www.bsky.app/profile/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/post/3k", "bluesky", ""),
        ("HTTPS://x.com/dundee/status/123?s=20", "x", ""),
        ("https://www.facebook.com/permalink.php?story_fbid=1&id=2", "facebook", ""),
        ("https://m.youtube.com/watch?v=abcdefghijk", "youtube", ""),
        ("https://social.example/@dundee/1", "mastodon", "https://social.example/@dundee"),
    ],
)
def test_an_address_on_the_accounts_network(url: str, network: str, own: str) -> None:
    account = Account(name="Dundee", network=network, url=own)
    assert on_network(account, f" {url} ") == f"https://{url[8:]}"


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("http://x.com/dundee/status/1", "x"),
        ("https://user@x.com/dundee/status/1", "x"),
        ("https://user:word@x.com/dundee/status/1", "x"),
        ("https://x.com@evil.example/dundee/status/1", "x"),
        ("https://x.com.evil.example/dundee/status/1", "x"),
        ("https://evil.example/x.com/dundee", "x"),
        ("https://x.com:8443/dundee/status/1", "x"),
        ("https://x.com", "x"),
        ("https://x.com\\@evil.example/dundee", "x"),
        ("https://evil.example\\x.com/dundee", "x"),
        ("https://хcom.example/dundee", "x"),
        ("https://xn--x-7sb.com/dundee", "x"),
        ("//x.com/dundee/status/1", "x"),
        ("javascript:alert(1)//https://x.com/a", "x"),
        ("https://x.com/dun\ndee", "x"),
        ("https://x.com/<script>", "x"),
        ("https://[x.com/dundee", "x"),
        ("https:///x.com/dundee", "x"),
        ("https://facebook.com/dundee", "x"),
        ("https://other.example/@dundee/1", "mastodon"),
        ("https://x.com/" + "a" * 500, "x"),
        ("", "x"),
    ],
)
def test_no_address_that_leads_elsewhere(url: str, network: str) -> None:
    account = Account(name="Dundee", network=network, url="https://social.example/@d" if network == "mastodon" else "")
    with pytest.raises(Impossible, match="Nothing was saved"):
        on_network(account, url)


# The credential


def test_somebody_else_changes_the_credential_and_that_is_noted(
    ended: DirectAccess, officer: Person, comms: Person
) -> None:
    at = ended.closed_at + MINUTE
    actions.note_rotation(by=comms, row=ended, changed_at=at, note="Password, and all signed out", now=at + MINUTE)
    ended.refresh_from_db()
    assert (ended.rotated_at, ended.rotated_by) == (at, comms)
    assert ROTATE not in told(comms), "settled"
    event = Event.objects.get(what="direct_access.rotated")
    assert event.personal.data == {"note": "Password, and all signed out"}
    with pytest.raises(Impossible, match="No change"):
        actions.note_rotation(by=comms, row=ended, changed_at=at, note="Again", now=at + MINUTE)


def test_never_by_whoever_had_direct_access(account: Account, comms: Person) -> None:
    own = make.authorised("Speaks too", unit_key="corporate-communications", roles=("corporate-communications",))
    row = ask(own, account)
    actions.grant(by=comms, row=row, hours=1, now=NOW)
    actions.end(by=own, row=row, now=LATER)
    assert ROTATE not in told(own)
    with pytest.raises(Impossible, match="Another does"):
        actions.note_rotation(by=own, row=row, changed_at=LATER, note="Done", now=LATER)
    with pytest.raises(Refused) as refused:
        actions.note_rotation(by=make.authorised("Officer"), row=row, changed_at=LATER, note="Done", now=LATER)
    assert clauses(refused) == {"6.3"}


def test_nor_by_whoever_has_it_beside_them(ended: DirectAccess, comms: Person) -> None:
    """Two of the team, each with direct access, do not change the credential for each other."""
    second = make.authorised("Second", unit_key="corporate-communications", roles=("corporate-communications",))
    other = ask(second, ended.account)
    actions.grant(by=comms, row=other, hours=1, now=LATER)
    with pytest.raises(Impossible, match="has or had direct access"):
        actions.note_rotation(by=second, row=ended, changed_at=LATER, note="New password", now=LATER)
    with pytest.raises(DatabaseError, match="without direct access"), transaction.atomic():
        DirectAccess.objects.filter(pk=ended.pk).update(rotated_at=LATER, rotated_by=second, rotation_note="x")


def test_not_before_the_end_nor_ahead_nor_without_words(granted: DirectAccess, comms: Person) -> None:
    with pytest.raises(Impossible, match="No change"):
        actions.note_rotation(by=comms, row=granted, changed_at=NOW, note="Done", now=LATER)
    actions.end(by=comms, row=granted, now=LATER)
    for changed_at, words in ((LATER - MINUTE, "Done"), (LATER + MINUTE, "Done"), (LATER, " ")):
        with pytest.raises(Impossible):
            actions.note_rotation(by=comms, row=granted, changed_at=changed_at, note=words, now=LATER)


def test_what_is_overdue_is_told_once_and_flagged(ended: DirectAccess, comms: Person, officer: Person) -> None:
    def flags(now: datetime) -> list[tuple[str, bool]]:
        slot = slots(Wanted()).get(pk=ended.account.slot_id)
        found = flags_of(slot, slot.open_accounts[0], now=now)
        return [(flag.text, flag.urgent) for flag in found if flag.action == "note_rotation"]

    assert flags(ended.rotate_by - MINUTE) == [("Its credential is to be changed after direct access", False)]
    following.run(now=ended.rotate_by - MINUTE)
    assert OVERDUE not in told(comms)
    following.run(now=ended.rotate_by)
    ended.refresh_from_db()
    assert ended.overdue_told_at == ended.rotate_by
    assert flags(ended.rotate_by) == [("Its credential should have been changed after direct access", True)]
    assert OVERDUE in told(comms)
    assert OVERDUE not in told(officer)
    before = kept()
    following.run(now=ended.rotate_by + HOUR)
    assert not gained(before), "once"
    late = ended.rotate_by + HOUR
    actions.note_rotation(by=comms, row=ended, changed_at=late, note="Late", now=late)
    assert {ROTATE, OVERDUE}.isdisjoint(told(comms))
    assert flags(late) == []


def test_the_hours_are_the_packs(granted: DirectAccess, comms: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = guidance().pack.direct_access.model_copy(update={"rotate_within_hours": 2})
    monkeypatch.setitem(guidance().pack.__dict__, "direct_access", rule)
    actions.end(by=comms, row=granted, now=LATER)
    granted.refresh_from_db()
    assert granted.rotate_by == LATER + 2 * HOUR


# The database


def write(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


FORBIDDEN = {
    "asked": [
        "answer = 'granted', answered_at = asked_at, answered_by_id = person_id, granted_hours = 1, "
        "until = asked_at + interval '1 hour'",
        "answer = 'granted', answered_at = asked_at, answered_by_id = {comms}, granted_hours = 7, "
        "until = asked_at + interval '7 hours'",
        "answer = 'granted', answered_at = asked_at, answered_by_id = {comms}, granted_hours = 1, "
        "until = asked_at + interval '2 hours'",
        "answer = 'granted', answered_at = asked_at, answered_by_id = {comms}, until = asked_at + interval '2 hours'",
        "answer = 'granted', answered_at = asked_at, granted_hours = 1, until = asked_at + interval '1 hour'",
        "answer = 'granted', answered_at = asked_at - interval '1 hour', answered_by_id = {comms}, "
        "granted_hours = 1, until = asked_at",
        "answer = 'refused', answered_at = asked_at, answered_by_id = {comms}",
        "answer = 'other', answered_at = asked_at, answered_by_id = {comms}",
        "answer = 'refused', answered_at = asked_at, answered_by_id = person_id, advice = 'No'",
        "closed_at = asked_at, ended = 'early', rotate_by = asked_at + interval '1 hour'",
        "rotated_at = asked_at, rotated_by_id = {comms}, rotation_note = 'Done'",
        "words = 'Other words'",
        "hours = 9",
        "person_id = {comms}",
    ],
    "granted": [
        "until = until + interval '1 hour'",
        "until = until + interval '1 hour', granted_hours = granted_hours + 1",
        "advice = 'Other advice'",
        "answer = 'refused', granted_hours = NULL, until = NULL",
        "closed_at = until + interval '1 second', ended = 'time', rotate_by = until + interval '1 hour'",
        "closed_at = answered_at - interval '1 second', ended = 'early', rotate_by = until",
        "closed_at = until, ended = 'time'",
        "closed_at = until, ended = 'other', rotate_by = until + interval '1 hour'",
        "closed_at = until, ended = 'time', rotate_by = until",
        "rotated_at = until, rotated_by_id = {comms}, rotation_note = 'Done'",
        "overdue_told_at = until",
    ],
    "ended": [
        "closed_at = NULL, ended = '', rotate_by = NULL",
        "rotate_by = rotate_by + interval '1 hour'",
        "rotated_at = closed_at - interval '1 second', rotated_by_id = {comms}, rotation_note = 'Done'",
        "rotated_at = closed_at, rotated_by_id = person_id, rotation_note = 'Done'",
        "rotated_at = closed_at, rotation_note = 'Done'",
        "rotated_at = closed_at, rotated_by_id = {comms}",
        "overdue_told_at = rotate_by - interval '1 second'",
    ],
}


@pytest.mark.parametrize(("state", "change"), [(state, each) for state, many in FORBIDDEN.items() for each in many])
def test_the_database_takes_no_answer_end_or_rotation_that_is_none(
    request: pytest.FixtureRequest, comms: Person, state: str, change: str
) -> None:
    row, changes = request.getfixturevalue(state), change.format(comms=f"'{comms.pk}'")
    with pytest.raises(DatabaseError):
        write(f"UPDATE register_directaccess SET {changes} WHERE id = %s", row.pk)


def test_a_rotation_is_noted_once(ended: DirectAccess, comms: Person) -> None:
    done = "UPDATE register_directaccess SET rotated_at = closed_at, rotated_by_id = %s, rotation_note = %s"
    write(done, comms.pk, "Done")
    with pytest.raises(DatabaseError, match="stays"):
        write(done, comms.pk, "Other words")


def test_nothing_of_it_is_deleted_and_a_second_is_not_opened(granted: DirectAccess, officer: Person) -> None:
    note(granted, officer)
    for table in ("register_directpost", "register_directaccess"):
        with pytest.raises(DatabaseError):
            write(f"DELETE FROM {table}")
    with pytest.raises(DatabaseError):
        write("UPDATE register_directpost SET url = 'https://x.com/other'")
    about = {"person": officer, "why": "outage", "words": "So", "hours": 1, "asked_at": NOW}
    with pytest.raises(DatabaseError), transaction.atomic():
        DirectAccess.objects.create(account=granted.account, **about)
    answered = {"answer": "granted", "answered_at": NOW, "granted_hours": 1, "until": NOW + HOUR}
    with pytest.raises(DatabaseError, match="asked for first"), transaction.atomic():
        DirectAccess.objects.create(
            account=make.account("Perth"), answered_by=make.person("Somebody"), **about, **answered
        )


@pytest.mark.parametrize(
    ("about", "at"),
    [
        ({"published_at": NOW - MINUTE}, LATER),
        ({"published_at": NOW + 5 * HOUR}, NOW + 6 * HOUR),
        ({"published_at": LATER + MINUTE}, LATER),
        ({"url": "http://x.com/a"}, LATER),
        ({"what": ""}, LATER),
    ],
)
def test_the_database_takes_no_post_from_outside_of_it(
    granted: DirectAccess, officer: Person, about: dict, at: datetime
) -> None:
    fields = {"url": URL, "published_at": LATER, "what": "Bridge closed", **about}
    with pytest.raises(DatabaseError), transaction.atomic():
        DirectPost.objects.create(exception=granted, at=at, by=officer, **fields)


def test_nor_of_what_was_never_granted_or_is_done(asked: DirectAccess, officer: Person, comms: Person) -> None:
    fields = {"exception": asked, "url": URL, "published_at": NOW, "what": "So", "at": LATER, "by": officer}
    with pytest.raises(DatabaseError), transaction.atomic():
        DirectPost.objects.create(**fields)
    actions.grant(by=comms, row=asked, hours=1, now=NOW)
    actions.end(by=officer, row=asked, now=LATER)
    actions.note_rotation(by=comms, row=asked, changed_at=LATER, note="Done", now=LATER)
    with pytest.raises(DatabaseError), transaction.atomic():
        DirectPost.objects.create(**fields)
