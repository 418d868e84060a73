"""A network's own sign-in: bound to person and session, once, for ten minutes, and unreadable in a dump."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from mercat.people.signing_in.sessions import SessionStore
from mercat.register import begun
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

KEPT = {"base_url": "https://social.example", "client_secret": "s3cret-of-the-client", "code_verifier": "v3rifier"}
ACCOUNT = uuid4()


@pytest.fixture
def person():
    return make.person()


@pytest.fixture
def session(person) -> SessionStore:
    session = SessionStore()
    begun.keep(session, person, ACCOUNT, "the-state", KEPT, now=NOW)
    session.save()
    return session


def test_what_was_begun_is_taken_once(session, person) -> None:
    taken = begun.take(session, person, "the-state", now=NOW + timedelta(minutes=9))
    assert (taken.account, taken.kept) == (ACCOUNT, KEPT)
    assert begun.take(session, person, "the-state", now=NOW) is None


@pytest.mark.parametrize("state", ["", "another", "the-state ", "é"])
def test_another_state_takes_nothing_and_ends_it(session, person, state: str) -> None:
    assert begun.take(session, person, state, now=NOW) is None
    assert begun.take(session, person, "the-state", now=NOW) is None


def test_after_ten_minutes_it_is_over(session, person) -> None:
    assert begun.take(session, person, "the-state", now=NOW + timedelta(minutes=10)) is None


def test_another_person_in_the_same_session_takes_nothing(session) -> None:
    assert begun.take(session, make.person(), "the-state", now=NOW) is None


def test_another_session_takes_nothing(session, person) -> None:
    assert begun.take(SessionStore(), person, "the-state", now=NOW) is None


def test_a_state_put_beside_it_does_not_open_it(session, person) -> None:
    session["connecting"]["state"] = "mine"
    assert begun.take(session, person, "mine", now=NOW) is None


def test_what_was_begun_twice_is_the_last(session, person) -> None:
    begun.keep(session, person, ACCOUNT, "second", KEPT, now=NOW)
    assert begun.take(session, person, "the-state", now=NOW) is None


def test_the_session_in_the_database_shows_none_of_it(session) -> None:
    stored = SessionStore(session.session_key).load()
    for secret in ("s3cret-of-the-client", "v3rifier", "social.example"):
        assert secret not in str(stored)


def test_without_the_pages_secret_key_a_dump_opens_nothing(session, person, settings) -> None:
    settings.SECRET_KEY = "another"
    assert begun.take(session, person, "the-state", now=NOW) is None


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [("", True), ("https://social.example", True), ("https://social.example/", True), ("https://evil.example", False)],
)
def test_an_answer_from_another_server_is_not_taken(issuer: str, expected: bool) -> None:
    assert begun.is_from(issuer, KEPT["base_url"]) is expected
