from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import httpx
import pytest

from mercat.sandbox.server import running
from mercat.sandbox.store import StateFileError, Store
from tests.sandbox.callers import BlueskyCaller, MastodonCaller, picture


def test_everything_outlives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite3"
    with running(state) as sandbox, httpx.Client(base_url=sandbox.url) as http:
        bluesky, mastodon = BlueskyCaller(http, "fife.force.test", "Fife"), MastodonCaller(http, "fife", "Fife")
        mastodon.publish("hello", key="k", media_ids=[mastodon.upload(picture(), "navy").json()["id"]])
        bluesky.publish("hello").raise_for_status()
        before = [caller.control("GET", "posts").json() for caller in (bluesky, mastodon)]
        old = sandbox.url
    with running(state) as sandbox, httpx.Client(base_url=sandbox.url) as http:
        bluesky.http = mastodon.http = http
        after = [caller.control("GET", "posts").json() for caller in (bluesky, mastodon)]
        for posts in before:
            posts[0] |= {name: posts[0][name].replace(old, sandbox.url) for name in ("url", "profile")}
        assert after == before
        assert http.get(after[1][0]["url"]).status_code == 200
        assert mastodon.publish("hello", key="k").json()["id"] == after[1][0]["native_id"]
        assert bluesky.publish("still signed in").status_code == 200


def test_the_state_file_is_its_owners_alone(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite3"
    Store(state).close()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "letter.txt"
    state.write_text("Dear Chief Constable, " * 100)
    with pytest.raises(StateFileError, match="cannot be used"):
        Store(state)
    assert state.read_text().startswith("Dear Chief Constable")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "other.sqlite3"
    other = sqlite3.connect(state)
    other.execute("CREATE TABLE accounts (id INTEGER)")
    other.close()
    with pytest.raises(StateFileError, match="not written by this version"):
        Store(state)


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match="No such file"):
        Store(tmp_path / "missing" / "sandbox.sqlite3")


def test_a_transaction_is_all_or_nothing() -> None:
    store = Store()

    def fail() -> None:
        with store.transaction():
            store.keep("x", "kind", "key", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.kept("x", "kind", "key", 0) is None
    store.close()
