"""The twelve rules of sending, one lane, time in our hands, against a network that does what it is told."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import httpx
import pytest
from django.db import connection

from mercat.audit.models import Event
from mercat.delivery import actions, states, steps
from mercat.delivery import clock as clock_module
from mercat.delivery import engine as engine_module
from mercat.delivery.claims import LEASE, claim
from mercat.delivery.clock import tick, until_next, work_waits
from mercat.delivery.engine import MOST_ATTEMPTS, MOST_LOOKS, MOST_WAITS, Engine, grace_of
from mercat.delivery.models import Attempt, Consignment, Pause
from mercat.guidance.house import PAUSE
from mercat.networks import registry
from mercat.networks.port import Altered, Found, Later, Missing, Pending, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Unit
from mercat.posts import actions as posts
from mercat.register.models import Connection
from tests import factories as make
from tests.delivery.inline import Waiting, inline
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)

YES = Sent("n1", "https://network.example/n1")
SERVER = "https://network.example"


@pytest.fixture
def row(author, spoc, account, network):
    make.approved(author, spoc, account)
    return Consignment.objects.get()


def waiting_pools():
    """By server: work waits until its server's pool is told to run."""
    return cache(lambda server: Waiting())


def state_of(row):
    row.refresh_from_db()
    return row.state


def test_what_is_accepted_and_read_back_is_sent(engine, network, row):
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT
    assert (row.native_id, row.url, row.read_back_at) == ("n1", "https://network.example/n1", NOW)
    assert row.attempts.get().result == Attempt.Result.SENT


def test_accepted_but_not_shown_is_in_doubt_until_it_is(engine, network, row, time):
    network.outcomes.append(YES)
    engine.drain()
    assert (state_of(row), row.native_id) == (states.IN_DOUBT, "n1")
    engine.drain()
    assert not network.sightings  # nobody looks before the grace is over
    time.pass_(grace_of("bluesky"))
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT


def test_accepted_and_never_shown_asks_a_person_and_is_never_sent_again(engine, network, row, time):
    network.outcomes.append(YES)
    for _ in range(MOST_LOOKS + 2):
        engine.drain()
        time.pass_(timedelta(minutes=6))
    assert (state_of(row), len(network.published)) == (states.NEEDS_PERSON, 1)
    assert Notice.objects.filter(subject__contains="Please look").count() == 2


def test_no_clear_answer_is_looked_for_before_anything_is_sent_again(engine, network, row, time):
    network.outcomes += [Unsure("The line dropped."), YES]
    engine.drain()
    assert (state_of(row), row.reason) == (states.IN_DOUBT, "The line dropped.")
    time.pass_(grace_of("bluesky"))
    network.sightings.append(Missing())
    network.shows()
    engine.drain()
    assert (state_of(row), len(network.published)) == (states.SENT, 2)
    assert network.published[0] == network.published[1]  # the same key and time: natural keys hold


def test_no_clear_answer_that_is_found_is_sent_once(engine, network, row, time):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    time.pass_(grace_of("bluesky"))
    network.shows()
    engine.drain()
    assert (state_of(row), len(network.published)) == (states.SENT, 1)


def test_something_else_on_the_network_asks_a_person(engine, network, row, time):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    time.pass_(grace_of("bluesky"))
    network.shows("Something else")
    engine.drain()
    assert (state_of(row), len(network.published)) == (states.NEEDS_PERSON, 1)


def test_an_earlier_post_with_the_same_words_is_not_taken_for_this_one(engine, network, author, spoc, account, time):
    for _ in range(2):
        make.approved(author, spoc, account)
    network.outcomes += [YES, Unsure("The line dropped.")]
    network.shows()
    engine.drain()
    engine.drain()
    time.pass_(grace_of("bluesky"))
    network.shows()  # again the first one, n1
    engine.drain()
    assert sorted(Consignment.objects.values_list("state", flat=True)) == [states.NEEDS_PERSON, states.SENT]


def test_a_network_that_cannot_be_read_asks_a_person_in_the_end(engine, network, row, time):
    network.outcomes.append(Unsure("The line dropped."))
    network.sightings.extend([Unreadable("No answer.")] * MOST_LOOKS)
    for _ in range(MOST_LOOKS + 2):
        engine.drain()
        time.pass_(timedelta(minutes=6))
    assert (state_of(row), len(network.published)) == (states.NEEDS_PERSON, 1)


def test_a_limit_waits_for_the_time_that_the_network_named_and_spends_no_attempt(engine, network, row, time):
    at = NOW + timedelta(hours=1)
    network.outcomes += [Later(at, "The network asks to wait.", limited=True), YES]
    engine.drain()
    assert (state_of(row), row.not_before, row.attempts_made) == (states.READY, at, 0)
    time.pass_(timedelta(minutes=59, seconds=59))
    assert engine.drain() == 0
    time.pass_(timedelta(seconds=1))
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT


@pytest.mark.parametrize("answer", [Pending(NOW, "Preparing."), Later(NOW, "Wait.", limited=True)])
def test_a_network_that_puts_off_for_ever_is_asked_ever_less_and_its_people_are_told(
    engine, network, row, author, time, answer
):
    network.outcomes.extend([answer] * MOST_WAITS)
    waits = []
    while engine.drain() and state_of(row) == states.READY:
        waits.append(row.not_before - time())
        time.pass_(waits[-1])
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=1), timedelta(minutes=5))
    assert (row.state, len(network.published)) == (states.REFUSED, MOST_WAITS)
    assert "put off 100 times" in author.notices.get(subject__contains="did not take").body


def test_preparing_pictures_spends_no_attempt(engine, network, row):
    network.outcomes.append(Pending(NOW + timedelta(seconds=5), "Preparing."))
    engine.drain()
    assert (state_of(row), row.attempts_made) == (states.READY, 0)


def test_what_never_leaves_is_tried_again_but_not_for_ever(engine, network, row, time):
    network.outcomes.extend([Later(NOW, "No connection.")] * MOST_ATTEMPTS)
    for _ in range(MOST_ATTEMPTS + 3):
        engine.drain()
        time.pass_(timedelta(minutes=1))
    assert (state_of(row), len(network.published)) == (states.REFUSED, MOST_ATTEMPTS)


def test_a_refusal_says_why_to_its_people(engine, network, row, author):
    network.outcomes.append(Refused("The text is too long.", "400 tooLong"))
    engine.drain()
    assert (state_of(row), row.reason) == (states.REFUSED, "The text is too long.")
    assert "too long" in author.notices.get(subject__contains="did not take").body
    assert "400 tooLong" in row.attempts.get().reason


def test_a_dead_connection_holds_the_post_and_what_comes_after(engine, network, row, spoc):
    network.outcomes.append(Reconnect("The network signed us out."))
    engine.drain()
    assert (state_of(row), row.hold) == (states.HELD, Consignment.Hold.DISCONNECTED)
    assert Connection.objects.get().state == Connection.State.BROKEN
    assert spoc.notices.filter(subject__contains="must be connected again").exists()


def test_training_that_lapsed_in_between_holds_the_post_and_tells_author_and_spoc(engine, network, account, spoc, time):
    author = make.authorised("Author", trained_until=NOW + timedelta(hours=1))
    post = make.approved(author, spoc, account, due_at=NOW + timedelta(hours=2))
    row = Consignment.objects.get()
    time.pass_(timedelta(hours=2))
    engine.drain()
    assert (state_of(row), row.hold, network.published) == (states.HELD, Consignment.Hold.GUIDANCE, [])
    assert "5.3" in [refusal["clause"] for refusal in row.refusals]
    for person in (author, spoc):
        assert person.notices.filter(subject__contains="is held", link=f"/posts/{post.pk}/").exists()


def test_a_suspended_account_holds_the_post(engine, network, row, account):
    make.put(account, "suspended")
    engine.drain()
    assert (state_of(row), network.published) == (states.HELD, [])


def test_an_account_that_was_closed_or_merged_holds_the_post_and_those_who_answer_are_told(
    engine, network, row, account, author, spoc
):
    make.put(account, "closed")
    engine.drain()
    assert (state_of(row), network.published) == (states.HELD, [])
    assert "4.10" in [refusal["clause"] for refusal in row.refusals]
    for person in (author, spoc):
        assert person.notices.filter(subject__contains="is held").exists()


def test_a_held_post_goes_on_when_guidance_allows_it_again(engine, network, row, account, spoc):
    make.put(account, "suspended")
    engine.drain()
    make.put(account, "active")
    actions.let_go_on(by=spoc, consignment=row, now=NOW)
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT


# Leases and fences


def test_a_lease_that_ran_out_before_sending_gives_the_post_back(row, time):
    claim("normal", limit=10, now=time())
    tick(now=NOW + LEASE)
    assert state_of(row) == states.READY


def test_a_lease_that_ran_out_while_sending_is_in_doubt(row, time):
    (claimed,) = claim("normal", limit=10, now=time())
    steps.begin([claimed], now=NOW)
    tick(now=NOW + LEASE)
    assert (state_of(row), row.look_at) == (states.IN_DOUBT, NOW + LEASE + grace_of("bluesky"))


def test_a_worker_that_comes_back_after_its_lease_writes_nothing(row, time):
    (claimed,) = claim("normal", limit=10, now=time())
    steps.begin([claimed], now=NOW)
    tick(now=NOW + LEASE)
    steps_before = state_of(row)
    Consignment.objects.update(fence=row.fence + 1)
    with pytest.raises(steps.FenceLost):
        steps.confirm(claimed, native_id="n1", url="", now=NOW)
    assert state_of(row) == steps_before


def test_a_worker_with_too_little_lease_left_does_not_begin(row, time):
    (claimed,) = claim("normal", limit=10, now=time())
    assert steps.begin([claimed], now=NOW + timedelta(seconds=20)) == []
    assert state_of(row) == states.READY


def test_a_worker_never_begins_twice(row, time):
    (claimed,) = claim("normal", limit=10, now=time())
    assert steps.begin([claimed], now=NOW) == [row]
    assert steps.begin([claimed], now=NOW) == []


def test_an_account_has_one_post_under_way(author, spoc, account, network, engine, nudges):
    make.approved(author, spoc, account, text="First")
    make.approved(author, spoc, account, text="Second")
    assert len(claim("normal", limit=10, now=NOW)) == 1
    assert claim("normal", limit=10, now=NOW) == []


def a_warning_to(account):
    communications = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    other = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    return make.approved(communications, other, account, text="Leave the area now.", warning=True)


def test_a_warning_has_its_own_lane(account, network):
    a_warning_to(account)
    assert claim("normal", limit=10, now=NOW) == []
    assert len(claim("warning", limit=10, now=NOW)) == 1


def test_a_warning_does_not_wait_for_the_doubt_about_an_ordinary_post(engine, network, row, account):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    assert state_of(row) == states.IN_DOUBT
    a_warning_to(account)
    assert len(claim("warning", limit=10, now=NOW)) == 1


def test_a_warning_in_doubt_is_not_given_up_for_an_ordinary_post_that_is_in_doubt_too(
    engine, network, row, account, time, nudges
):
    network.outcomes += [Unsure("The line dropped."), Unsure("The line dropped.")]
    engine.drain()
    a_warning_to(account)
    warnings = Engine("warning", clock=time, pools=inline)
    warnings.drain()
    warning = Consignment.objects.get(lane="warning")
    time.pass_(grace_of("bluesky"))
    network.shows()  # the ordinary post, whose id nobody knows yet
    warnings.drain()
    assert state_of(warning) == states.IN_DOUBT
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT
    time.pass_(grace_of("bluesky"))
    network.outcomes.append(Sent("n2", "https://network.example/n2"))
    network.sightings.append(Missing())
    network.sightings.append(Found("n2", "https://network.example/n2", "Leave the area now.", 0, "id"))
    warnings.drain()
    assert state_of(warning) == states.SENT


# Servers that do not answer


def test_a_server_that_does_not_answer_keeps_no_other_waiting(row, author, network, time, nudges):
    elsewhere = make.account("Perth", base_url="https://other.example")
    make.approved(author, make.spoc_of(elsewhere), elsewhere)
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()
    network.outcomes.append(YES)
    network.shows()
    engine.pools("https://other.example").run()
    assert Consignment.objects.get(account=elsewhere).state == states.SENT
    assert state_of(row) == states.SENDING


def test_a_call_that_found_no_thread_in_time_spends_no_attempt(row, network, time, nudges, monkeypatch):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    monkeypatch.setattr(engine_module, "ATTEMPT", timedelta())
    engine.drain()
    engine.pools(SERVER).run()
    assert (state_of(row), row.attempts_made, network.published) == (states.READY, 0, [])
    assert row.not_before > NOW


def test_a_yes_that_comes_after_the_lease_is_still_kept(row, network, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()

    def late(notes):
        time.pass_(LEASE)
        tick(now=time())
        assert state_of(row) == states.IN_DOUBT
        return YES

    network.outcomes.append(late)
    engine.pools(SERVER).run()
    assert (state_of(row), row.native_id) == (states.IN_DOUBT, "n1")


def test_no_database_connection_is_held_while_a_network_is_waited_for():
    connection.ensure_connection()
    for before in engine_module.http_for("bluesky").event_hooks["request"]:
        before(httpx.Request("POST", "https://network.example/"))
    assert connection.connection is None


def test_no_more_is_taken_than_there_is_room_for(row, network, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools(), most_in_hand=1)
    engine.drain()
    engine._start(engine._look, row)  # what follows an answer may be on top of the room
    assert engine.drain() == 0


def test_nothing_is_claimed_before_its_time(author, spoc, account, network):
    make.approved(author, spoc, account, due_at=NOW + timedelta(seconds=1))
    assert claim("normal", limit=10, now=NOW + timedelta(milliseconds=999)) == []
    assert len(claim("normal", limit=10, now=NOW + timedelta(seconds=1))) == 1


def test_notes_are_kept_between_attempts_and_only_under_the_fence(engine, network, row, time):
    def preparing(notes):
        notes.keep("upload", "u1")
        return Pending(NOW, "Preparing.")

    seen = []

    def after(notes):
        seen.append(notes.get("upload"))
        Consignment.objects.update(fence=99)
        with pytest.raises(steps.FenceLost):
            notes.keep("upload", "u2")
        raise steps.FenceLost

    network.outcomes += [preparing, after]
    engine.drain()
    time.pass_(timedelta(seconds=1))
    engine.drain()
    assert seen == ["u1"]
    assert Consignment.objects.get().notes == {"upload": "u1"}


# What was approved is what goes out


def test_altered_words_never_go_out(engine, network, row, author, spoc):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE delivery_manifest DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE delivery_manifest SET canonical = replace(convert_from(canonical, 'UTF8'), 'closed', 'open')::bytea"
        )
        cursor.execute("ALTER TABLE delivery_manifest ENABLE TRIGGER USER")
    engine.drain()
    assert (state_of(row), row.hold, network.published) == (states.HELD, Consignment.Hold.ALTERED, [])
    assert "digest" in row.reason
    for person in (author, spoc):
        assert person.notices.filter(subject__contains="was altered").exists()


def test_an_altered_picture_never_goes_out(engine, network, row, author):
    def reads_it(notes):
        raise Altered("A stored picture is not the one that was approved: its digest differs.")

    network.outcomes.append(reads_it)
    engine.drain()
    assert (state_of(row), row.hold) == (states.HELD, Consignment.Hold.ALTERED)
    assert author.notices.filter(subject__contains="was altered").exists()


# Pause


@pytest.mark.parametrize(
    ("scope", "key"),
    [("body", ""), ("unit", "tayside"), ("network", "bluesky"), ("account", "ACCOUNT"), ("pillar", "warning")],
)
def test_a_pause_holds_what_it_covers_until_a_second_person_resumes(engine, network, row, account, scope, key):
    first, second = (
        make.authorised(unit_key="corporate-communications", roles=("corporate-communications",)) for _ in range(2)
    )
    key = str(account.pk) if key == "ACCOUNT" else key
    pause = actions.pause(by=first, scope=scope, key=key, reason="Wrong number in the last post", now=NOW)
    engine.drain()
    assert (state_of(row), row.hold, network.published) == (states.HELD, Consignment.Hold.PAUSED, [])
    assert Event.objects.get(what="consignment.held").facts["clauses"] == [PAUSE]
    with pytest.raises(Exception, match=r"second person|another|someone else"):
        actions.resume(by=first, pause=pause, now=NOW)
    author_told = row.author.notices.get(subject=steps.PAUSED)
    actions.resume(by=second, pause=pause, now=NOW)
    author_told.refresh_from_db()
    assert author_told.read_at == NOW
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT


def test_what_a_pause_holds_is_told_once_a_post(engine, network, author, spoc):
    accounts = [make.account(f"Account {number}") for number in range(3)]
    for account in accounts:
        make.register.appoint_spoc(by=make.TEST, account=account, person=spoc, now=NOW)
    make.approved(author, spoc, *accounts)
    first = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    actions.pause(by=first, scope="body", reason="Wrong number", now=NOW)
    engine.drain()
    for person in (author, spoc):
        body = person.notices.get(subject__contains="paused").body
        assert "Account 0, Account 1, Account 2" in body


def test_nobody_is_told_that_what_was_withdrawn_waits_for_a_pause(network, row, author, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()
    posts.withdraw(by=author, post=row.manifest.version.post, reason="Wrong road", now=NOW)
    row.refresh_from_db()
    steps.hold_paused([row], now=NOW)
    assert state_of(row) == states.WITHDRAWN
    assert not Notice.objects.filter(subject=steps.PAUSED).exists()


def test_what_is_held_for_a_pause_in_the_moment_it_is_lifted_goes_on(row, network, time):
    first, second = (
        make.authorised(unit_key="corporate-communications", roles=("corporate-communications",)) for _ in range(2)
    )
    pause = actions.pause(by=first, scope="body", reason="Wrong number", now=NOW)
    claimed = claim("normal", limit=10, now=NOW)
    actions.resume(by=second, pause=pause, now=NOW)
    steps.hold_paused(claimed, now=NOW)  # by a worker that saw the pause before it was lifted
    assert state_of(row) == states.HELD
    tick(now=NOW)
    assert state_of(row) == states.READY


def test_a_pause_of_the_outermost_unit_covers_the_innermost(network, row, account, engine):
    unit, outermost = account.unit, None
    for number in range(3):
        outermost = Unit.objects.create(key=f"around-{number}", name=f"Around {number}", kind="division")
        unit.parent = outermost
        unit.save()
        unit = outermost
    first = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    actions.pause(by=first, scope="unit", key=outermost.pk, reason="Wrong number", now=NOW)
    engine.drain()
    assert (state_of(row), row.hold) == (states.HELD, Consignment.Hold.PAUSED)


@pytest.mark.parametrize(("scope", "key"), [("unit", "edinburgh"), ("network", "mastodon"), ("pillar", "trust")])
def test_a_pause_elsewhere_holds_nothing(engine, network, row, scope, key):
    first = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    actions.pause(by=first, scope=scope, key=key, reason="Elsewhere", now=NOW)
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT


def test_a_pause_that_comes_between_claim_and_call_still_holds(row, network, time):
    (claimed,) = claim("normal", limit=10, now=time())
    first = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    actions.pause(by=first, scope=Pause.Scope.BODY, reason="Stop", now=NOW)
    assert steps.begin([claimed], now=NOW) == []
    assert (state_of(row), row.hold) == (states.HELD, Consignment.Hold.PAUSED)


def test_a_call_that_had_to_wait_does_not_start_a_second_after_a_pause(row, network, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()
    assert state_of(row) == states.SENDING
    first = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    actions.pause(by=first, scope=Pause.Scope.BODY, reason="Stop", now=NOW)
    time.pass_(timedelta(seconds=1))
    engine.pools(SERVER).run()
    assert (state_of(row), row.hold, network.published) == (states.HELD, Consignment.Hold.PAUSED, [])


def test_a_call_that_had_to_wait_and_is_not_paused_goes_out(row, network, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()
    time.pass_(timedelta(seconds=1))
    network.outcomes.append(YES)
    network.shows()
    engine.pools(SERVER).run()
    assert state_of(row) == states.SENT


# A person looks


@pytest.fixture
def unclear(engine, network, row, time):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    time.pass_(grace_of("bluesky"))
    network.shows("Something else")
    engine.drain()
    return row


def test_a_person_who_saw_it_settles_it(unclear, spoc):
    actions.vouch(by=spoc, consignment=unclear, url="https://network.example/seen", now=NOW)
    assert (state_of(unclear), unclear.url) == (states.SENT, "https://network.example/seen")
    assert (unclear.vouched_by, unclear.read_back_at) == (spoc, None)
    assert Event.objects.filter(facts__seen_at="https://network.example/seen", actor=spoc.audit_ref).exists()


def test_its_author_does_not_say_that_a_post_is_out(unclear, author):
    with pytest.raises(Impossible, match="Somebody other than its author"):
        actions.vouch(by=author, consignment=unclear, url="https://network.example/seen", now=NOW)
    assert state_of(unclear) == states.NEEDS_PERSON


def test_a_person_who_did_not_see_it_has_it_sent_again(unclear, spoc, engine, network):
    actions.deny(by=spoc, consignment=unclear, now=NOW)
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    assert (state_of(unclear), len(network.published)) == (states.SENT, 2)


def test_what_is_sent_cannot_be_sent_again_by_anybody(engine, network, row, spoc):
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    for act in (actions.let_go_on, actions.deny):
        with pytest.raises(Impossible, match="moved on"):
            act(by=spoc, consignment=row, now=NOW)


# Withdrawing


def test_a_change_after_approval_takes_back_what_was_on_its_way(row, author):
    post = row.manifest.version.post
    posts.compose(by=author, post=post, draft=make.draft(row.account, text="Changed"), now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    assert state_of(row) == states.WITHDRAWN
    assert claim("normal", limit=10, now=NOW) == []


def test_a_leased_post_that_is_withdrawn_does_not_go_out(row, author, time):
    (claimed,) = claim("normal", limit=10, now=time())
    post = row.manifest.version.post
    assert posts.withdraw(by=author, post=post, reason="Wrong road", now=NOW) == []
    assert steps.begin([claimed], now=NOW) == []
    assert state_of(row) == states.WITHDRAWN


def test_it_is_too_late_to_withdraw_what_is_being_sent(row, author, time):
    (claimed,) = claim("normal", limit=10, now=time())
    steps.begin([claimed], now=NOW)
    late = posts.withdraw(by=author, post=row.manifest.version.post, reason="Wrong road", now=NOW)
    assert late == [row]
    assert state_of(row) == states.SENDING


# The clock


def test_the_clock_sleeps_until_the_next_post_is_due_and_at_most_half_a_second(author, spoc, account, network):
    assert until_next(now=NOW) == timedelta(seconds=0.5)
    make.approved(author, spoc, account, due_at=NOW + timedelta(seconds=10))
    assert until_next(now=NOW + timedelta(seconds=9.9)) == timedelta(seconds=0.1)
    assert not work_waits("normal", now=NOW + timedelta(seconds=9.9))
    assert work_waits("normal", now=NOW + timedelta(seconds=10))


def test_the_end_of_access_holds_what_is_scheduled(engine, network, author, row):
    people.end_access(by=make.TEST, person=author, reason="Moved", now=NOW)
    engine.drain()
    assert (state_of(row), network.published) == (states.HELD, [])


# What was taken back while it was too late


def test_what_was_withdrawn_in_doubt_is_not_sent_again(engine, network, row, author, time):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    assert posts.withdraw(by=author, post=row.manifest.version.post, reason="Wrong road", now=NOW) == [row]
    time.pass_(grace_of("bluesky"))
    engine.drain()
    assert (state_of(row), row.reason, len(network.published)) == (states.WITHDRAWN, "Wrong road", 1)


def test_what_was_withdrawn_during_a_call_that_was_put_off_is_not_sent_later(network, row, author, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()
    posts.withdraw(by=author, post=row.manifest.version.post, reason="Wrong road", now=NOW)
    network.outcomes.append(Later(NOW + timedelta(minutes=5), "Wait.", limited=True))
    engine.pools(SERVER).run()
    assert state_of(row) == states.WITHDRAWN


def test_what_was_withdrawn_in_doubt_and_is_found_is_told_as_sent(engine, network, row, author, time):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    posts.withdraw(by=author, post=row.manifest.version.post, reason="Wrong road", now=NOW)
    time.pass_(grace_of("bluesky"))
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT


def test_a_person_who_denies_what_was_withdrawn_ends_it(unclear, author, spoc, network):
    posts.withdraw(by=author, post=unclear.manifest.version.post, reason="Wrong road", now=NOW)
    actions.deny(by=spoc, consignment=unclear, now=NOW)
    assert (state_of(unclear), len(network.published)) == (states.WITHDRAWN, 1)


def test_a_call_that_had_to_wait_is_not_made_once_guidance_closed(row, network, account, time, nudges):
    engine = Engine("normal", clock=time, pools=waiting_pools())
    engine.drain()
    make.put(account, "suspended")
    time.pass_(timedelta(seconds=1))
    engine.pools(SERVER).run()
    assert (state_of(row), row.hold, network.published) == (states.HELD, Consignment.Hold.GUIDANCE, [])


def test_the_author_alone_cannot_have_a_post_sent_twice(engine, network, row, author, spoc, time):
    network.outcomes.append(YES)
    for _ in range(MOST_LOOKS + 2):
        engine.drain()
        time.pass_(timedelta(minutes=6))
    assert state_of(row) == states.NEEDS_PERSON
    with pytest.raises(Impossible, match="somebody other than its author"):
        actions.deny(by=author, consignment=row, now=NOW)
    actions.deny(by=spoc, consignment=row, now=NOW)
    assert state_of(row) == states.READY


def test_nobody_vouches_by_an_address_elsewhere(unclear, spoc):
    with pytest.raises(Impossible, match="not on the network"):
        actions.vouch(by=spoc, consignment=unclear, url="https://elsewhere.example/1", now=NOW)
    assert state_of(unclear) == states.NEEDS_PERSON


def test_a_look_that_breaks_asks_a_person_in_the_end(engine, network, row, time, monkeypatch):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()

    def breaks(*about, **more):
        raise AssertionError("an answer that nobody thought of")

    monkeypatch.setattr(network, "find", breaks)
    for _ in range(MOST_LOOKS + 2):
        time.pass_(timedelta(minutes=6))
        engine.drain()
    assert (state_of(row), len(network.published)) == (states.NEEDS_PERSON, 1)


def test_what_is_handed_over_in_parts_goes_on_at_once_however_many_there_are(engine, network, row):
    network.outcomes += [Pending(NOW, "A part more.", moving=True)] * 150
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    assert state_of(row) == states.SENT
    assert row.attempts.filter(result="moved").count() == 150


def test_a_network_that_is_gone_ends_neither_the_clock_nor_the_doubt(engine, network, row, time, monkeypatch):
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    monkeypatch.setattr(registry, "known", lambda slug: False)
    monkeypatch.setattr(registry, "get", lambda slug: (_ for _ in ()).throw(registry.UnknownNetwork(slug)))
    for _ in range(MOST_LOOKS + 1):
        time.pass_(timedelta(minutes=30))
        tick(now=time.now)
        engine.drain()
    assert state_of(row) == states.NEEDS_PERSON


def test_one_part_of_a_tick_that_breaks_off_keeps_no_lane_waiting(row, monkeypatch):
    def broken(**_):
        raise ValueError("A bug")

    nudged = []
    monkeypatch.setattr(clock_module, "lapse_leases", broken)
    monkeypatch.setattr(clock_module, "release_covered", broken)
    monkeypatch.setattr(clock_module, "nudge", nudged.append)
    tick(now=NOW)
    assert nudged == ["normal"]


def test_what_was_taken_back_while_a_person_looked_is_not_sent_again(engine, network, row, spoc, author, time):
    network.outcomes.append(YES)
    engine.drain()
    time.pass_(timedelta(hours=3))
    for _ in range(MOST_LOOKS):
        engine.drain()
        time.pass_(timedelta(minutes=30))
    assert state_of(row) == states.NEEDS_PERSON
    Consignment.objects.update(recalled="Not now.")
    told = actions.deny(by=spoc, consignment=Consignment.objects.get(), now=NOW)
    assert (told.state, told.reason) == (states.WITHDRAWN, "Not now.")


def test_a_story_goes_to_no_network_without_stories(engine, network, row, monkeypatch):
    whole = engine_module.item_for
    monkeypatch.setattr(engine_module, "item_for", lambda *given, **more: replace(whole(*given, **more), story=True))
    engine.drain()
    assert (state_of(row), row.reason) == (states.REFUSED, "Bluesky has no stories from here.")
    assert network.published == []
