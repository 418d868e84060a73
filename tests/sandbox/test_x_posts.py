from __future__ import annotations

import pytest

from tests.sandbox.callers import picture
from tests.sandbox.x_caller import XCaller, said


@pytest.fixture
def x(http):
    return XCaller(http, "fife", "Fife Division")


@pytest.fixture
def other(http):
    return XCaller(http, "dundee", "Dundee Division")


# Publishing


def test_a_post_is_answered_with_its_number_and_shortened_text(x):
    answer = x.publish("Snow & ice: example.org/a?b=c #Snow")
    told = answer.json()["data"]
    assert answer.status_code == 201
    assert len(told["id"]) == 19
    assert told["edit_history_post_ids"] == [told["id"]]
    assert told["text"].startswith("Snow &amp; ice: https://t.co/")
    assert x.posts()[0]["text"] == "Snow & ice: example.org/a?b=c #Snow"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "  \n"},
        {"text": 5},
        {"text": None},
        {"status": "x"},
        {"text": "x", "visibility": "public"},
        {"text": "x", "media_ids": ["1"]},
        {"text": "x", "media": {}},
        {"text": "x", "media": {"media_ids": []}},
        {"text": "x", "media": {"media_ids": ["3_1"]}},
        {"text": "x", "media": {"media_ids": [1]}},
        {"text": "x", "media": {"media_ids": ["1"]}},
        {"text": "x", "media": {"media_ids": ["1", "2", "3", "4", "5"]}},
        {"text": "x", "reply": {"in_reply_to_tweet_id": "x"}},
        {"text": "x", "reply": "1"},
        {"text": "x", "reply_settings": "nobody"},
        {"text": "x", "made_with_ai": "yes"},
        {"text": "x", "poll": {"options": ["a", "b"], "duration_minutes": 5}},
        {"text": "x\ufeff"},
        [],
    ],
)
def test_a_body_that_x_would_not_take_is_refused(x, body):
    answer = x.post("tweets", body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "https://api.x.com/2/problems/invalid-request"
    assert x.posts() == []


def test_a_post_without_json_or_token_is_refused(x):
    assert x.post("tweets", data={"text": "x"}).status_code == 400
    assert x.http.post("/x/2/tweets", json={"text": "x"}).status_code == 401
    answer = x.http.post("/x/2/tweets", json={"text": "x"}, headers={"authorization": f"Basic {x.account['token']}"})
    assert (answer.status_code, said(answer)) == (401, "Unauthorized")


def test_texts_are_weighed(x):
    for text in ("x" * 280, "警" * 140, "👮🏽‍♀️" * 140, "https://example.org/" + "x" * 500 + " " + "x" * 256):
        assert x.publish(text).status_code == 201, text
    for text in ("x" * 281, "警" * 141, "👮🏽‍♀️" * 141, "https://example.org/ " + "x" * 257):
        assert "too long" in said(x.publish(text)), text


def test_the_same_words_within_a_day_are_refused(x, other, clock):
    x.published("Snow")
    answer = x.publish("Snow")
    assert (answer.status_code, answer.json()["type"]) == (403, "about:blank")
    assert said(answer) == "You are not allowed to create a Tweet with duplicate content."
    other.published("Snow")
    x.published("Snow", media={"media_ids": [x.upload()]})
    clock.now += 86_400
    x.published("Snow")


def test_what_was_taken_down_may_be_said_again(x):
    x.delete(x.published("Snow"))
    x.published("Snow")


def test_a_picture_alone_is_a_post(x):
    media_id = x.upload(alt="navy")
    assert x.post("tweets", {"media": {"media_ids": [media_id]}}).status_code == 201
    assert "Your media IDs are invalid." in said(x.publish("x", media={"media_ids": [media_id, media_id]}))


def test_a_programme_answers_only_who_named_the_account(x, other):
    post = x.published("Snow. Ask @dundee.")
    answer = other.published("Thank you", reply={"in_reply_to_tweet_id": post})
    assert "not been mentioned" in said(x.publish("No", reply={"in_reply_to_tweet_id": answer}))
    x.published("More", reply={"in_reply_to_tweet_id": post})
    assert "deleted" in said(x.publish("What", reply={"in_reply_to_tweet_id": "1"}))


def test_numbers_grow_and_are_never_given_twice(x, clock):
    first = x.published("First")
    x.delete(first)
    second = x.published("Second")
    clock.now -= 60
    third = x.published("Third")
    assert first < second < third


# Reading


def test_only_what_is_asked_for_is_told(x):
    native_id = x.published("See https://example.org/a, @fife #Snow <b>", media={"media_ids": [x.upload()]})
    bare = x.get(f"tweets/{native_id}").json()
    assert set(bare) == {"data"}
    assert set(bare["data"]) == {"id", "text", "edit_history_post_ids"}
    asked = {
        "post.fields": "created_at,entities,attachments,conversation_id,public_metrics",
        "expansions": "author_id,attachments.media_keys",
    }
    full = x.get(f"tweets/{native_id}", **asked).json()
    data = full["data"]
    assert data["author_id"] == x.account["native_id"]
    assert data["conversation_id"] == native_id
    assert data["attachments"]["media_keys"] == [full["includes"]["media"][0]["media_key"]]
    assert full["includes"]["users"][0]["username"] == "fife"
    for kind, name in (("urls", "url"), ("mentions", "username"), ("hashtags", "tag")):
        for marked in data["entities"][kind]:
            piece = data["text"][marked["start"] : marked["end"]]
            assert piece.lstrip("@#") == marked[name]
    link, shown = data["entities"]["urls"]
    assert link["expanded_url"] == "https://example.org/a"
    assert shown["expanded_url"].endswith(f"/x/fife/status/{native_id}/photo/1")
    assert shown["media_key"] == data["attachments"]["media_keys"][0]
    assert "&lt;b&gt;" in data["text"]


@pytest.mark.parametrize(
    "params",
    [
        {"tweet.fields": "created_at"},
        {"post.fields": "created_at,created_at"},
        {"post.fields": "author_id"},
        {"post.fields": ""},
        {"expansions": "media"},
        {"media.fields": "alt"},
        {"user.fields": "handle"},
        {"page": "2"},
    ],
)
def test_a_question_that_x_does_not_know_is_refused(x, params):
    assert x.get(f"tweets/{x.published('Snow')}", **params).status_code == 400


def test_a_question_asked_twice_is_refused(x):
    native_id = x.published("Snow")
    twice = "post.fields=lang&post.fields=text"
    assert x.http.get(f"/x/2/tweets/{native_id}?{twice}", headers=x.bearer()).status_code == 400


def test_what_is_not_there_is_told_within_an_answer_of_200(x):
    answer = x.get("tweets/1234567890")
    assert answer.status_code == 200
    assert set(answer.json()) == {"errors"}
    assert answer.json()["errors"][0]["type"].endswith("/resource-not-found")
    assert x.get("tweets/abc").status_code == 400


def test_an_account_lists_its_own_newest_first_and_by_pages(x, other):
    numbers = [x.published(f"Snow {n}") for n in range(12)]
    other.published("Another's")
    path = f"users/{x.account['native_id']}/tweets"
    first = x.get(path, max_results="5").json()
    assert [post["id"] for post in first["data"]] == numbers[:6:-1]
    assert first["meta"]["result_count"] == 5
    second = x.get(path, max_results="5", pagination_token=first["meta"]["next_token"]).json()
    third = x.get(path, max_results="5", pagination_token=second["meta"]["next_token"]).json()
    assert [post["id"] for post in [*first["data"], *second["data"], *third["data"]]] == numbers[::-1]
    assert "next_token" not in third["meta"]
    assert x.get(path, pagination_token="no!").status_code == 400


def test_a_list_is_cut_by_time_and_number(x, clock):
    old = x.published("Old")
    clock.now += 3_600
    new = x.published("New")
    path = f"users/{x.account['native_id']}/tweets"

    def ids(**asked: str) -> list[str]:
        return [post["id"] for post in x.get(path, **asked).json().get("data", [])]

    assert ids(start_time="2026-11-23T12:30:00Z") == [new]
    assert ids(end_time="2026-11-23T12:30:00Z") == [old]
    assert ids(since_id=old) == [new]
    assert ids(until_id=new) == [old]
    assert ids(since_id=new) == []
    assert x.get(path, since_id=new).json() == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    "params",
    [
        {"max_results": "4"},
        {"max_results": "101"},
        {"max_results": "ten"},
        {"start_time": "yesterday"},
        {"start_time": "2026-11-23"},
        {"start_time": "2026-13-23T12:00:00Z"},
        {"since_id": "x"},
        {"exclude": "reposts"},
    ],
)
def test_a_list_is_asked_for_as_x_says(x, params):
    assert x.get(f"users/{x.account['native_id']}/tweets", **params).status_code == 400


def test_answers_can_be_left_out(x):
    post = x.published("Snow")
    x.published("More", reply={"in_reply_to_tweet_id": post})
    path = f"users/{x.account['native_id']}/tweets"
    assert len(x.get(path).json()["data"]) == 2
    assert [one["id"] for one in x.get(path, exclude="replies,retweets").json()["data"]] == [post]


def test_an_account_that_is_not_there_has_no_list(x):
    assert x.get("users/1/tweets").status_code == 404
    assert x.get("users/fife/tweets").status_code == 400


def test_mentions_are_what_others_wrote_to_the_account(x, other):
    x.published("I am @fife")
    other.published("Not @fifes, nor a@fife.example, nor https://example.org/@fife")
    named = other.published("Hello @Fife!")
    told = x.get(f"users/{x.account['native_id']}/mentions", expansions="author_id").json()
    assert [post["id"] for post in told["data"]] == [named]
    assert told["includes"]["users"][0]["username"] == "dundee"


def test_a_conversation_is_searched_for_within_a_week(x, other, clock):
    post = x.published("Ask @dundee")
    answer = other.published("Thank you", reply={"in_reply_to_tweet_id": post})
    found = x.get("tweets/search/recent", query=f"conversation_id:{post}", **{"post.fields": "conversation_id"}).json()
    assert [(one["id"], one["conversation_id"]) for one in found["data"]] == [(answer, post)]
    clock.now += 7 * 86_400 + 1
    again = x.get("tweets/search/recent", query=f"conversation_id:{post}").json()
    assert again == {"meta": {"result_count": 0}}
    for query in ("snow", "conversation_id:x", ""):
        assert x.get("tweets/search/recent", query=query).status_code == 400
    assert x.get("tweets/search/recent").status_code == 400
    assert x.get("tweets/search/recent", query=f"conversation_id:{post}", max_results="5").status_code == 400


def test_answers_are_counted(x, other):
    post = x.published("Ask @dundee")
    other.published("Thank you", reply={"in_reply_to_tweet_id": post})
    told = x.get(f"tweets/{post}", **{"post.fields": "public_metrics"}).json()["data"]["public_metrics"]
    assert told["reply_count"] == 1
    assert told["like_count"] == 0


def test_accounts_are_found_by_handle_and_name(x, other):
    for query in ("FIFE", "division fife", "fi"):
        found = x.get("users/search", query=query, **{"user.fields": "description"}).json()["data"]
        assert [one["username"] for one in found] == ["fife"], query
    assert len(x.get("users/search", query="division").json()["data"]) == 2
    assert x.get("users/search", query="nobody").json() == {"meta": {}}
    for query in ("a@b", "", "x" * 51):
        assert x.get("users/search", query=query).status_code == 400


# Removing


def test_only_ones_own_is_taken_down_and_once(x, other):
    post = x.published("Snow")
    answer = other.delete(post)
    assert (answer.status_code, said(answer)) == (403, "You are not authorized to delete this Tweet.")
    assert x.delete(post).json() == {"data": {"deleted": True}}
    answer = x.delete(post)
    assert (answer.status_code, answer.json()["type"]) == (404, "https://api.x.com/2/problems/resource-not-found")
    assert x.posts() == []


# Limits and troubles


def test_limits_are_told_on_every_answer_and_kept_when_they_are_counted(x, clock):
    headers = x.publish("Snow").headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-reset"]) == ("100", str(int(clock.now) + 900))
    x.fault("rate_limits", on="any")
    posts = [x.published(f"Snow {n}") for n in range(100)]
    answer = x.publish("One more")
    assert (answer.status_code, said(answer)) == (429, "Too Many Requests")
    assert answer.headers["x-rate-limit-remaining"] == "0"
    assert [x.delete(post).status_code for post in posts[:51]] == [200] * 50 + [429]
    clock.now += 900
    x.published("One more")


def test_used_up_credits_stop_everything(x):
    x.fault("credits_used_up", on="any")
    for answer in (x.publish("Snow"), x.get("users/me"), x.begin(picture())):
        assert (answer.status_code, answer.json()["title"]) == (402, "CreditsDepleted")


def test_duplicates_can_be_refused_though_there_are_none(x):
    x.fault("duplicate_refused")
    assert "duplicate content" in said(x.publish("Snow"))
    assert x.posts() == []


@pytest.mark.parametrize(("fault", "status"), [("error_before", 503), ("error_after", 500), ("expired_token", 401)])
def test_the_common_faults_answer_as_x_does(x, fault, status):
    x.fault(fault)
    answer = x.publish("Snow")
    assert answer.status_code == status
    assert said(answer)
    assert len(x.posts()) == (fault == "error_after")


def test_a_stale_timeline_hides_the_newest(x, clock):
    post = x.published("Snow")
    x.fault("stale_timeline", times=None)
    assert x.read_timeline() == []
    assert "errors" in x.get(f"tweets/{post}").json()
    clock.now += 61
    assert x.read_timeline() == ["Snow"]


def test_an_address_that_x_does_not_have_is_answered_with_nothing(x):
    for answer in (x.get("posts"), x.post("media/upload", {})):
        assert (answer.status_code, answer.content) == (404, b"")


# Accounts and pages


@pytest.mark.parametrize("handle", ["a b", "x" * 16, "fife.division", "i", "2", "Media", ""])
def test_a_name_that_nobody_has_on_x_is_refused(http, handle):
    assert http.post("/_control/x/accounts", json={"handle": handle}).status_code == 400


def test_two_accounts_cannot_share_a_token(x, http):
    answer = http.post("/_control/x/accounts", json={"handle": "dundee", "token": x.account["token"]})
    assert answer.json()["error"] == "That token already belongs to another account."


def test_a_changed_token_replaces_the_old_one(x):
    x.control("POST", "accounts", {"handle": "Fife", "token": "chosen"})
    assert x.publish("x").status_code == 401
    x.account["token"] = "chosen"
    assert x.publish("x").status_code == 201


def test_a_post_is_shown_as_text_and_never_as_code(x, http):
    words = "<script>alert(1)</script> & @fife @nobody #Snow <img src=x> https://example.org/<b>?a=1&b=2"
    post = x.published(words, media={"media_ids": [x.upload(alt='"><script>alt')]})
    for address in ("/x/", "/x/fife", f"/x/fife/status/{post}", "/x/hashtag/Snow"):
        page = http.get(address)
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert '<a href="/x/fife">@fife</a>' in page.text
        assert '<a href="/x/hashtag/Snow">#Snow</a>' in page.text
        assert "@nobody</a>" not in page.text
    assert http.get(f"/x/i/web/status/{post}").headers["location"] == f"/x/fife/status/{post}"
    assert http.get("/x/i/web/status/1").status_code == 307
    assert http.get("/x/nobody").status_code == 404
    assert http.get("/x/media/1").status_code == 404


def test_no_fault_breaks_the_pages(x, http):
    x.published("Snow", media={"media_ids": [x.upload()]})
    x.fault("error_before", on="any", times=None)
    x.fault("credits_used_up", on="any")
    assert http.get("/x/").status_code == 200
    assert http.get(f"/x/media/{x.control('GET', 'posts').json()[0]['native_id']}").status_code == 404
    assert http.get("/x/avatar.svg").status_code == 200
