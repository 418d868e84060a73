"""What only Mastodon has: pictures in processing, timelines to look through, OAuth."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.kit.oauth import challenge
from mercat.networks.mastodon.adapter import NETWORK, SKEW
from mercat.networks.mastodon.listing import PAGES
from mercat.networks.mastodon.spec import SCOPES
from mercat.networks.port import ConnectError, Found, Identity, Later, Missing, Pending, Sent, Unreadable, Unsure
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, nobodys

UPLOAD = "POST /api/v2/media"
POLL = "GET /api/v1/media/115599000011112222"
PUBLISH = "POST /api/v1/statuses"
TIMELINE = "GET /api/v1/accounts/109348684486545821/statuses"


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


# Pictures in processing


def test_a_picture_in_processing_is_polled_and_never_handed_over_again() -> None:
    run, _ = scripted("mastodon", "picture_processing")
    ready = run.happy["answers"][POLL]
    run.answers[POLL] = [{"status": 206, "body": {}}, {"status": 206, "body": {}}, ready]
    outcomes = [type(run.run("publish")) for _ in range(4)]
    assert outcomes == [Pending, Pending, Pending, Sent]
    assert calls(run) == [UPLOAD, POLL, POLL, POLL, PUBLISH]
    assert json.loads(run.requests[-1].content)["media_ids"] == ["115599000011112222"]


def test_the_description_goes_with_the_picture() -> None:
    run, _ = scripted("mastodon")
    run.run("publish")
    assert b"A road sign in the snow" in run.requests[0].content
    assert run.requests[0].headers["content-type"].startswith("multipart/form-data")


def test_a_picture_whose_processing_failed_is_refused() -> None:
    run, _ = scripted("mastodon", "picture_processing")
    run.answers[POLL] = {"status": 422, "body": {"error": "Validation failed: File is corrupt"}}
    run.run("publish")
    outcome = run.run("publish")
    assert type(outcome).__name__ == "Refused"
    assert outcome.detail == "Validation failed: File is corrupt"


def test_a_picture_that_was_swept_before_anything_was_asked_is_handed_over_again() -> None:
    run, _ = scripted("mastodon", "picture_processing")
    run.run("publish")
    run.answers[POLL] = {"status": 404, "body": {"error": "Record not found"}}
    run.answers[UPLOAD] = run.happy["answers"][UPLOAD]
    assert isinstance(run.run("publish"), Sent)
    assert calls(run).count(UPLOAD) == 2


def test_a_picture_that_is_taken_after_a_try_means_look_again_then_hand_it_over() -> None:
    """The read-back may have been stale: a picture that is no longer free stands on the post that seemed lost."""
    run, _ = scripted("mastodon", "answer_dropped")
    assert isinstance(run.run("publish"), Unsure)
    run.answers[POLL] = {"status": 404, "body": {"error": "Record not found"}}
    run.answers[PUBLISH] = run.happy["answers"][PUBLISH]
    second = run.run("publish")
    assert isinstance(second, Unsure)
    assert "already" in second.reason
    assert calls(run).count(PUBLISH) == 1
    assert isinstance(run.run("publish"), Sent)  # only after a look that found nothing
    assert calls(run).count(UPLOAD) == 2


# Publishing


def test_the_key_of_the_item_is_the_idempotency_key_at_every_try() -> None:
    run, _ = scripted("mastodon")
    run.run("publish")
    run.run("publish")
    sent = [request for request in run.requests if request.url.path == "/api/v1/statuses"]
    assert {request.headers["idempotency-key"] for request in sent} == {run.item.key}


def test_an_official_word_is_public() -> None:
    run, _ = scripted("mastodon")
    run.run("publish")
    assert json.loads(run.requests[-1].content)["visibility"] == "public"


def test_a_wait_for_a_limit_on_the_poll_costs_no_picture() -> None:
    run, _ = scripted("mastodon", "picture_processing")
    run.run("publish")
    run.answers[POLL] = {"status": 429, "headers": {"retry-after": "7"}, "body": {}}
    outcome = run.run("publish")
    assert outcome == Later(NOW + timedelta(seconds=7), "The network asks us to slow down.", limited=True)


# Looking for what may be out


def a_status(run: Scripted, number: int, **changes: Any) -> dict[str, Any]:
    standing = run.happy["answers"][PUBLISH]["body"]
    return {**standing, "id": str(number), "content": f"<p>Another, {number}</p>", "media_attachments": [], **changes}


def pages(run: Scripted, *contents: list[Any]) -> None:
    run.answers[TIMELINE] = [{"status": 200, "body": page} for page in contents]


def test_older_pages_are_looked_through() -> None:
    run, _ = scripted("mastodon")
    ours = run.happy["answers"][PUBLISH]["body"]
    pages(run, [a_status(run, number) for number in (90, 80)], [a_status(run, 70), ours])
    assert isinstance(run.run("find_lost"), Found)
    assert [parse_qs(request.url.query.decode()).get("max_id") for request in run.requests] == [None, ["80"]]


def test_the_very_words_are_taken_before_whatever_else_stands_there() -> None:
    run, _ = scripted("mastodon")
    pages(run, [a_status(run, 90), run.happy["answers"][PUBLISH]["body"], a_status(run, 70)])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == run.happy["sent"]["native_id"]


def test_words_that_the_server_altered_are_a_persons_to_judge() -> None:
    run, _ = scripted("mastodon")
    ours = run.happy["answers"][PUBLISH]["body"]
    pages(run, [{**ours, "content": "<p>Made <em>smart</em> by the server…</p>"}], [])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert not run.network.reader.matches(run.item, seen, run.channel)


def test_the_same_words_of_an_earlier_post_are_not_this_one() -> None:
    run, _ = scripted("mastodon")
    ours = run.happy["answers"][PUBLISH]["body"]
    pages(run, [ours], [])
    seen = run.network.reader.find(
        run.channel, run.item, run.notes, native_id=None, is_another=ours["id"].__eq__, now=NOW
    )
    assert seen == Missing()


def test_looking_ends_at_what_is_older_than_the_first_try() -> None:
    run, _ = scripted("mastodon")
    old = (NOW - SKEW - timedelta(seconds=1)).isoformat()
    pages(run, [a_status(run, 90, created_at=old), a_status(run, 80, created_at=old)], [])
    assert run.run("find_lost") == Missing()
    assert len(run.requests) == 1


def test_the_first_try_is_where_looking_begins_however_long_the_post_waited() -> None:
    run, _ = scripted("mastodon", "answer_dropped")
    later = NOW + timedelta(days=20)
    run.network.publisher.publish(run.channel, run.item, run.notes, now=later)
    earlier = {**run.happy["answers"][PUBLISH]["body"], "created_at": (later - timedelta(hours=1)).isoformat()}
    pages(run, [earlier], [])
    assert run.run("find_lost") == Missing()
    run.network.publisher.publish(run.channel, run.item, run.notes, now=later + timedelta(hours=1))
    ours = {**earlier, "created_at": (later + timedelta(seconds=1)).isoformat()}
    pages(run, [ours])
    assert isinstance(run.run("find_lost"), Found)


def test_a_server_that_pages_for_ever_is_left() -> None:
    run, _ = scripted("mastodon")
    pages(run, [a_status(run, 90)])
    assert isinstance(run.run("find_lost"), Unreadable)
    assert len(run.requests) == PAGES


def test_a_post_of_another_account_is_not_ours() -> None:
    run, _ = scripted("mastodon")
    ours = run.happy["answers"][PUBLISH]["body"]
    pages(run, [{**ours, "account": {**ours["account"], "id": "1"}}], [])
    assert run.run("find_lost") == Missing()


def test_an_id_cannot_lead_to_another_part_of_the_api() -> None:
    run, _ = scripted("mastodon")
    run.answers["GET /api/v1/statuses/../accounts/verify_credentials"] = {"status": 404, "body": {}}
    odd = "../accounts/verify_credentials"
    seen = run.network.reader.find(run.channel, run.item, run.notes, native_id=odd, is_another=nobodys, now=NOW)
    assert seen == Missing()
    assert run.requests[0].url.raw_path == b"/api/v1/statuses/..%2Faccounts%2Fverify_credentials"


# Connecting

ACCOUNT = {"id": "9", "username": "station", "acct": "station", "url": "https://social.example.org/@station"}
INSTANCE = {"domain": "social.example.org", "configuration": {"statuses": {"max_characters": 1_000}}}
APP = {"client_id": "the-client", "client_secret": "secret-client"}
BACK = "https://mercat.example.org/connections/return"


class Answering:
    """A server that answers by path, or not at all."""

    def __init__(self, **changes: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            "/api/v1/accounts/verify_credentials": httpx.Response(200, json=ACCOUNT),
            "/api/v2/instance": httpx.Response(200, json=INSTANCE),
            "/api/v1/apps": httpx.Response(200, json=APP),
            "/oauth/token": httpx.Response(200, json={"access_token": "secret-token", "token_type": "Bearer"}),
        }
        self.answers.update(changes)
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(request.url.path, httpx.Response(404, json={"error": "Not found"}))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connect(self, **fields: str) -> Identity:
        assert NETWORK.connector
        given = {"base_url": "social.example.org", "token": "secret-token", **fields}
        return NETWORK.connector.connect(given, self.http, now=NOW)

    def sign_in(self) -> Identity:
        assert NETWORK.oauth
        _, kept = NETWORK.oauth.begin({"base_url": "social.example.org"}, BACK, "the-state", self.http)
        return NETWORK.oauth.finish(kept, "the-code", BACK, self.http, now=NOW)


def test_a_pasted_token_tells_whose_it_is_and_the_servers_limits() -> None:
    identity = Answering().connect()
    assert identity == Identity(
        "9",
        "station@social.example.org",
        "https://social.example.org/@station",
        "https://social.example.org",
        {"token": "secret-token"},
        {"max_characters": 1_000},
    )


def test_an_older_server_tells_its_limits_in_version_one() -> None:
    old = {"uri": "old.example.org", "max_toot_chars": 700}
    server = Answering(**{"/api/v2/instance": httpx.Response(404), "/api/v1/instance": httpx.Response(200, json=old)})
    identity = server.connect()
    assert (identity.handle, identity.limits) == ("station@old.example.org", {"max_characters": 700})


def test_a_server_that_tells_no_limits_still_connects_with_the_defaults() -> None:
    identity = Answering(**{"/api/v2/instance": httpx.Response(404)}).connect()
    assert identity.limits == {}
    assert NETWORK.count("x", identity.limits).limit == 500


def test_the_person_is_sent_to_their_server_with_state_and_challenge() -> None:
    assert NETWORK.oauth
    server = Answering()
    url, kept = NETWORK.oauth.begin({"base_url": "https://social.example.org/"}, BACK, "the-state", server.http)
    address, query = urlsplit(url), {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://social.example.org/oauth/authorize"
    assert query == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": "the-state",
        "code_challenge": challenge(kept["code_verifier"]),
        "code_challenge_method": "S256",
    }
    assert "secret-client" not in url
    registered = parse_qs(server.requests[0].content.decode())
    assert registered == {"client_name": ["Mercat"], "redirect_uris": [BACK], "scopes": [SCOPES]}


def test_the_code_is_traded_with_the_verifier_for_a_token() -> None:
    server = Answering()
    identity = server.sign_in()
    traded = next(request for request in server.requests if request.url.path == "/oauth/token")
    form = parse_qs(traded.content.decode())
    assert form["grant_type"] == ["authorization_code"]
    assert form["code"] == ["the-code"]
    assert len(form["code_verifier"][0]) >= 43
    assert identity.credentials == {"token": "secret-token"}


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/api/v1/apps", httpx.Response(422, json={"error": "Validation failed"}), "did not let Mercat register"),
        ("/api/v1/apps", httpx.Response(200, text="<html>"), "did not let Mercat register"),
        ("/api/v1/apps", httpx.Response(429), "Try again later"),
        ("/oauth/token", httpx.Response(400, json={"error": "invalid_grant"}), "did not complete the sign-in"),
        ("/oauth/token", httpx.Response(200, json={}), "did not complete the sign-in"),
        ("/api/v1/accounts/verify_credentials", httpx.Response(401, json={}), "does not accept this access token"),
        ("/api/v1/accounts/verify_credentials", httpx.Response(403, json={}), "does not accept this access token"),
        ("/api/v1/accounts/verify_credentials", httpx.Response(200, text="<html>"), "not like a Mastodon server"),
        (
            "/api/v1/accounts/verify_credentials",
            httpx.Response(200, json={**ACCOUNT, "id": "9" * 254}),
            "not like a Mas",
        ),
        ("/api/v2/instance", httpx.Response(200, json={"domain": "x" * 253}), "not like a Mastodon server"),
        ("/oauth/token", httpx.Response(200, json={"access_token": "x\ny"}), "did not complete the sign-in"),
        ("/api/v1/accounts/verify_credentials", httpx.Response(503), "trouble of its own"),
        ("/api/v1/accounts/verify_credentials", httpx.ConnectError("x"), "could not be reached"),
        ("/api/v2/instance", httpx.ReadTimeout("x"), "in time"),
    ],
)
def test_what_went_wrong_is_told_to_the_person_without_a_secret(path: str, answer: Any, words: str) -> None:
    with pytest.raises(ConnectError, match=words) as refused:
        Answering(**{path: answer}).sign_in()
    assert "secret" not in str(refused.value)


# Answers that mean harm


def _published(**changed: object) -> object:
    run, _ = scripted("mastodon")
    answer = run.answers[PUBLISH]
    run.answers[PUBLISH] = {**answer, "body": {**answer["body"], **changed}}
    return run.run("publish")


def test_an_address_that_is_no_page_is_left_out_and_the_post_still_counts_as_sent() -> None:
    outcome = _published(url="javascript:alert(1)", uri="javascript:alert(2)")
    assert isinstance(outcome, Sent)
    assert outcome.url == ""


@pytest.mark.parametrize("native_id", ["1\x00", "1" * 501, "", None])
def test_an_id_that_cannot_be_kept_leaves_open_whether_it_is_out(native_id: object) -> None:
    assert isinstance(_published(id=native_id), Unsure)


@pytest.mark.parametrize("content", ["<a " * 1_000_000, "<![" * 1_000_000])
def test_html_longer_than_any_post_cannot_be_read(content: str) -> None:
    run, _ = scripted("mastodon")
    path = f"GET /api/v1/statuses/{run.happy['sent']['native_id']}"
    answer = run.answers[path]
    run.answers[path] = {**answer, "body": {**answer["body"], "content": content}}
    assert isinstance(run.run("find"), Unreadable)


@pytest.mark.parametrize("content", ["<a " * 10_000, "<!--" * 20_000, "<![" * 20_000])
def test_html_that_never_closes_is_another_post(content: str) -> None:
    run, _ = scripted("mastodon")
    path = f"GET /api/v1/statuses/{run.happy['sent']['native_id']}"
    answer = run.answers[path]
    run.answers[path] = {**answer, "body": {**answer["body"], "content": content}}
    found = run.run("find")
    assert isinstance(found, Found)
    assert not NETWORK.reader.matches(run.item, found, run.channel)


def test_ids_of_accounts_are_each_servers_own() -> None:
    assert NETWORK.spec.ids_are_per_server
