"""Edits, profiles, notifications, replies, searches and reports: refused where Mastodon refuses them."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.callers import MastodonCaller, picture


@pytest.fixture
def walker(http) -> MastodonCaller:
    return MastodonCaller(http, "walker", "A walker")


def put(caller: MastodonCaller, native_id: str, **fields) -> httpx.Response:
    return caller.http.put(f"/mastodon/api/v1/statuses/{native_id}", json=fields, headers=caller.bearer())


def post(caller: MastodonCaller, path: str, **fields) -> httpx.Response:
    return caller.http.post(f"/mastodon/api/v1/{path}", json=fields, headers=caller.bearer())


def patch(caller: MastodonCaller, files=None, **fields) -> httpx.Response:
    path = "/mastodon/api/v1/accounts/update_credentials"
    return caller.http.patch(path, data=fields, files=files, headers=caller.bearer())


def test_an_edit_keeps_the_pictures_that_it_names_and_no_others(mastodon):
    media = [mastodon.upload(picture(colour), colour).json()["id"] for colour in ("navy", "red")]
    status = mastodon.publish("hello", media_ids=media).json()
    described = [{"id": media[0], "description": "blue"}]
    edited = put(mastodon, status["id"], status="bye", media_ids=media, media_attributes=described).json()
    assert [one["description"] for one in edited["media_attachments"]] == ["blue", "red"]
    assert (edited["content"], edited["created_at"]) == ("<p>bye</p>", status["created_at"])
    assert edited["edited_at"]
    assert (
        put(mastodon, status["id"], status="bye", media_ids=media[1:]).json()["media_attachments"][0]["id"] == media[1]
    )
    assert put(mastodon, status["id"], status="bye").json()["media_attachments"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"status": ""},
        {"status": "x" * 501},
        {"status": "x", "media_ids": ["1"]},
        {"status": "x", "visibility": "unlisted"},
        {"status": "x", "media_attributes": "alt"},
        {"status": "x", "language": "!"},
    ],
)
def test_an_edit_is_checked_as_a_status_is(mastodon, fields):
    status = mastodon.publish("hello").json()
    assert put(mastodon, status["id"], **fields).status_code == 422
    assert mastodon.posts()[0]["text"] == "hello"


def test_nobody_edits_anothers_status(mastodon, walker):
    status = mastodon.publish("hello").json()
    assert put(walker, status["id"], status="mine").status_code == 404
    assert put(mastodon, "1", status="mine").status_code == 404


def test_a_picture_of_another_status_cannot_be_taken_by_an_edit(mastodon):
    medium = mastodon.upload(picture()).json()["id"]
    mastodon.publish("one", media_ids=[medium])
    other = mastodon.publish("two").json()
    assert put(mastodon, other["id"], status="two", media_ids=[medium]).status_code == 422


def test_a_profile_is_shown_to_everybody_and_its_pictures_are_served(mastodon, walker, http):
    answer = patch(mastodon, {"avatar": ("a.png", picture(), "image/png")}, display_name="Fife", note="Call\n101 <now>")
    assert answer.json()["source"]["note"] == "Call\n101 <now>"
    seen = walker.get(f"/api/v1/accounts/{mastodon.account['native_id']}").json()
    assert (seen["display_name"], seen["note"]) == ("Fife", "<p>Call<br />101 &lt;now&gt;</p>")
    assert seen["avatar"] != seen["header"]
    assert http.get(seen["avatar"]).content == picture()
    assert "Fife" in http.get("/mastodon/@fife").text


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        (None, {"display_name": "x" * 31}),
        (None, {"note": "x" * 501}),
        (None, {"bot": "true"}),
        ({"avatar": ("a.png", b"no picture", "image/png")}, {}),
        (None, {"header": "no file"}),
    ],
)
def test_a_profile_that_does_not_fit_is_refused_whole(mastodon, files, fields):
    assert patch(mastodon, files, **{"note": "new", **fields}).status_code == 422
    assert mastodon.get("/api/v1/accounts/verify_credentials").json()["source"]["note"] == ""


def test_whoever_is_named_hears_of_it_and_never_of_their_own_words(mastodon, walker):
    mastodon.publish("@fife to myself")
    asked = walker.publish("@fife is it open?").json()
    walker.publish("nobody in particular")
    (told,) = mastodon.get("/api/v1/notifications").json()
    assert (told["type"], told["status"]["id"], told["account"]["acct"]) == ("mention", asked["id"], "walker")
    assert walker.get("/api/v1/notifications").json() == []
    assert mastodon.get("/api/v1/notifications", **{"types[]": "follow"}).json() == []
    assert mastodon.get("/api/v1/notifications", **{"exclude_types[]": "mention"}).json() == []
    assert mastodon.get("/api/v1/notifications", max_id=told["id"]).json() == []


def test_notifications_come_in_pages_newest_first(mastodon, walker):
    ids = [walker.publish(f"@fife {n}").json()["id"] for n in range(3)]
    first = mastodon.get("/api/v1/notifications", limit=2).json()
    assert [one["id"] for one in first] == ids[:0:-1]
    assert [one["id"] for one in mastodon.get("/api/v1/notifications", max_id=first[-1]["id"]).json()] == ids[:1]


def test_replies_stand_under_what_they_answer_with_their_own_replies(mastodon, walker):
    status = mastodon.publish("hello").json()
    reply = walker.publish("one", in_reply_to_id=status["id"]).json()
    mastodon.publish("two", in_reply_to_id=reply["id"])
    context = mastodon.get(f"/api/v1/statuses/{status['id']}/context").json()
    assert [one["content"] for one in context["descendants"]] == ["<p>one</p>", "<p>two</p>"]
    assert mastodon.get(f"/api/v1/statuses/{status['id']}").json()["replies_count"] == 1
    assert mastodon.get("/api/v1/statuses/1/context").status_code == 404


def test_a_favourite_counts_once(mastodon, walker):
    status = mastodon.publish("hello").json()
    for _ in range(2):
        assert post(walker, f"statuses/{status['id']}/favourite").status_code == 200
    assert mastodon.get(f"/api/v1/statuses/{status['id']}").json()["favourites_count"] == 1


def test_a_search_finds_parts_of_names_and_whole_addresses(mastodon, walker):
    def found(words: str, **params) -> list[str]:
        return [one["acct"] for one in mastodon.get("/api/v2/search", q=words, **params).json()["accounts"]]

    assert found("walk") == found("A Walk") == found("@walker@" + mastodon.http.base_url.netloc.decode()) == ["walker"]
    assert found("walker@elsewhere.example") == found("walk", type="statuses") == []
    assert mastodon.get("/api/v2/search", q=" ").status_code == 422


def test_a_report_names_an_account_and_is_short(mastodon, walker):
    account = walker.account["native_id"]
    answer = post(mastodon, "reports", account_id=account, comment="It pretends to be us.", forward=True).json()
    assert (answer["category"], answer["target_account"]["acct"]) == ("other", "walker")
    told = {"id": answer["id"], "account": account, "comment": "It pretends to be us."}
    assert mastodon.control("GET", "reports").json() == [told]
    assert post(mastodon, "reports", account_id="1").status_code == 404
    assert post(mastodon, "reports", account_id=account, comment="x" * 1_001).status_code == 422
    assert post(mastodon, "reports", account_id=account, category="odd").status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "statuses/1"),
        ("PATCH", "accounts/update_credentials"),
        ("GET", "notifications"),
        ("GET", "statuses/1/context"),
        ("POST", "reports"),
        ("POST", "statuses/1/favourite"),
    ],
)
def test_each_call_needs_its_own_permission(mastodon, http, method, path):
    fields = {"client_name": "M", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read:accounts"}
    app = http.post("/mastodon/api/v1/apps", data=fields).json()
    asked = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": app["redirect_uri"]}
    page = http.post("/mastodon/oauth/authorize", data={**asked, "scope": "read:accounts", "account": "fife"}).text
    code = page.partition('<code class="code">')[2].partition("</code>")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app["redirect_uri"]}
    secret = {name: app[name] for name in ("client_id", "client_secret")}
    token = http.post("/mastodon/oauth/token", data={**form, **secret}).json()["access_token"]
    answer = http.request(method, f"/mastodon/api/v1/{path}", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()) == (403, {"error": "This action is outside the authorized scopes"})
