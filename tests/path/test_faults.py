"""What networks do wrong, through the whole of sending: in the end the post stands there once, or a person is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mercat.delivery import states
from mercat.delivery.engine import Engine
from mercat.delivery.models import Consignment
from mercat.register.models import Connection
from tests import factories as make
from tests.delivery.inline import inline

pytestmark = pytest.mark.django_db(transaction=True)

STAND_INS = ["sandbox:bluesky", "sandbox:mastodon"]
TEXT = "The road is closed."
# Fault, where it strikes, and its options.
PASSING = [
    ("answer_lost", "publish", {}),
    ("rate_limited", "publish", {"retry_after": 60}),
    ("error_before", "publish", {}),
    ("error_after", "publish", {}),
    ("wrong_200", "publish", {"body": "html", "done": False}),
    ("wrong_200", "publish", {"body": "html", "done": True}),
    ("wrong_200", "publish", {"body": "no_id", "done": True}),
    ("stale_timeline", "read", {"seconds": 2}),
    ("error_before", "read", {}),
    ("answer_lost", "read", {}),
]


@pytest.fixture
def row(server, account):
    server.no_faults()
    now = timezone.now()
    people = {"now": now, "trained_until": now + timedelta(days=300)}
    author, spoc = make.authorised("Author", **people), make.authorised("Spoc", **people)
    make.register.appoint_spoc(by=make.TEST, account=account, person=spoc, now=now)
    make.approved(author, spoc, account, text=TEXT, now=now)
    yield Consignment.objects.get()
    server.no_faults()


def send_for(hours: int, *, steps: int = 40) -> None:
    """Work as a worker would, with the clock put forward between the looks."""
    for step in range(steps):
        ahead = timedelta(hours=hours) * step / steps
        Engine("normal", clock=lambda ahead=ahead: timezone.now() + ahead, pools=inline).drain()
        if Consignment.objects.get().state in (*states.FINAL, states.NEEDS_PERSON, states.REFUSED, states.HELD):
            return


@pytest.mark.parametrize("server", STAND_INS, indirect=True)
@pytest.mark.parametrize(("fault", "on", "options"), PASSING)
def test_a_passing_fault_ends_with_one_post(server, account, row, fault, on, options):
    server.fault(fault, on, times=1, **options)
    send_for(2)
    row.refresh_from_db()
    assert [standing.text for standing in server.standing(account.native_id)] == [TEXT]
    assert (row.state, row.reason) == (states.SENT, "")


@pytest.mark.parametrize("server", ["sandbox:mastodon"], indirect=True)
@pytest.mark.parametrize("fault", ["answer_lost", "error_after"])
def test_a_server_that_ignores_the_idempotency_key_gets_one_post_all_the_same(server, account, row, fault):
    server.fault("ignores_idempotency_key", "publish", times=None)
    server.fault(fault, "publish", times=1)
    send_for(2)
    row.refresh_from_db()
    assert [standing.text for standing in server.standing(account.native_id)] == [TEXT]
    assert row.state == states.SENT


@pytest.mark.parametrize("server", ["sandbox:mastodon"], indirect=True)
@pytest.mark.parametrize("known", [True, False])
def test_another_post_on_the_account_is_told_from_a_lost_one_only_where_it_is_ours(server, account, row, known):
    send_for(1)
    first = Consignment.objects.get()
    if not known:  # as if another hand had put it there
        Consignment.objects.update(native_id="elsewhere")
    now = timezone.now()
    make.approved(first.author, account.spocs.get().person, account, text="The road is open.", now=now)
    second = Consignment.objects.exclude(pk=first.pk).get()
    server.fault("error_before", "publish", times=1)
    for minutes in range(0, 60, 5):
        ahead = timedelta(minutes=minutes)
        Engine("normal", clock=lambda ahead=ahead: timezone.now() + ahead, pools=inline).drain()
    second.refresh_from_db()
    standing = [standing.text for standing in server.standing(account.native_id)]
    assert (second.state, standing) == (
        (states.SENT, [TEXT, "The road is open."]) if known else (states.NEEDS_PERSON, [TEXT])
    )


@pytest.mark.parametrize("server", ["sandbox:bluesky"], indirect=True)
def test_an_expired_token_is_renewed_on_the_way(server, account, row):
    before = bytes(Connection.objects.get().sealed)
    server.fault("expired_token", "publish", times=1)
    send_for(1)
    row.refresh_from_db()
    assert row.state == states.SENT
    assert bytes(Connection.objects.get().sealed) != before


@pytest.mark.parametrize("server", ["sandbox:mastodon"], indirect=True)
def test_a_revoked_token_holds_the_post_until_the_account_is_connected_again(server, account, row):
    server.fault("expired_token", "publish", times=None)
    send_for(1)
    row.refresh_from_db()
    assert (row.state, row.hold) == (states.HELD, Consignment.Hold.DISCONNECTED)
    assert Connection.objects.get().state == Connection.State.BROKEN
    assert server.standing(account.native_id) == []


@pytest.mark.parametrize("server", STAND_INS, indirect=True)
def test_a_network_that_is_down_for_good_asks_a_person_and_doubles_nothing(server, account, row):
    server.fault("error_before", "any", times=None)
    send_for(24, steps=80)
    row.refresh_from_db()
    assert row.state in (states.NEEDS_PERSON, states.REFUSED)
    server.no_faults()
    assert server.standing(account.native_id) == []
