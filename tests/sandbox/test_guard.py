from __future__ import annotations

import pytest

from mercat.sandbox.guard import is_loopback


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("192.168.0.4", False),
        ("127.0.0.1.evil.test", False),
        ("localhost.evil.test", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine(host, local):
    assert is_loopback(host) is local


@pytest.mark.parametrize("host", ["evil.test", "evil.test:8300", "127.0.0.1.evil.test", "", "[::1", "user@127.0.0.1@x"])
@pytest.mark.parametrize("path", ["/", "/mastodon/", "/_control/mastodon/accounts", "/mastodon/api/v2/instance"])
def test_a_foreign_host_name_is_refused_everywhere(http, host, path):
    answer = http.get(path, headers={"host": host})
    assert answer.status_code in (400, 403)
    assert "Stand-in" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(http, headers):
    fields = {"handle": "fife"}
    for path in ("/_control/mastodon/accounts", "/_control/reset", "/mastodon/oauth/authorize"):
        answer = http.post(path, data=fields, headers=headers)
        assert (answer.status_code, answer.text) == (
            403,
            "The request came from a page of another site and was refused. Nothing was done.\n",
        )
    assert http.get("/_control/mastodon/accounts").json() == []


def test_a_page_of_the_sandbox_itself_may(http, sandbox):
    headers = {"origin": sandbox.url, "sec-fetch-site": "same-origin"}
    assert http.post("/_control/mastodon/accounts", data={"handle": "fife"}, headers=headers).status_code == 303


@pytest.mark.parametrize("path", ["/", "/bluesky/", "/mastodon/oauth/authorize", "/_control/networks"])
def test_every_answer_forbids_scripts_and_frames(http, path):
    policy = http.get(path).headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
