from __future__ import annotations

import httpx
import pytest

from mercat.sandbox.server import RunningSandbox, running


def test_a_stopped_sandbox_answers_no_more_and_may_be_stopped_again():
    sandbox = RunningSandbox()
    assert httpx.get(sandbox.url).status_code == 200
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url)


def test_two_sandboxes_know_nothing_of_each_other():
    with running() as one, running() as other:
        httpx.post(f"{one.url}/_control/mastodon/accounts", json={"handle": "fife"}).raise_for_status()
        assert httpx.get(f"{other.url}/_control/mastodon/accounts").json() == []


def test_it_can_be_started_again_at_the_same_port():
    with running() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
    with running(port=port) as again:
        assert again.url == sandbox.url
