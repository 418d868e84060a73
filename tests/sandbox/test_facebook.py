"""The stand-in of Facebook refuses what Facebook refuses, and more."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.sandbox.graph import CLIENT_SECRET, parse_fields
from mercat.sandbox.standin import ApiError
from tests.sandbox.callers import picture
from tests.sandbox.graph_callers import APP, BACK, FacebookCaller, told
from tests.sandbox.test_pages import HOSTILE, Page

SCOPES = "pages_show_list,pages_manage_posts,pages_read_engagement"


@pytest.fixture
def facebook(http):
    return FacebookCaller(http, "fife.division", "Fife Division")


@pytest.fixture
def other(http, facebook):
    return FacebookCaller(http, "perth.division", "Perth Division")


# Posts and photos


def test_a_post_is_answered_with_page_and_number_and_found_again(facebook, http):
    post = facebook.publish("Good morning, Fife").json()
    assert post["id"].startswith(f"{facebook.id}_")
    read = facebook.get(post["id"], fields="message,created_time,from,permalink_url").json()
    assert (read["message"], read["from"]["id"]) == ("Good morning, Fife", facebook.id)
    assert read["created_time"] == "2026-11-23T12:00:00+0000"
    assert http.get(read["permalink_url"]).status_code == 200
    assert facebook.read_timeline() == ["Good morning, Fife"]


def test_without_fields_a_node_tells_little(facebook):
    post = facebook.publish("Hello").json()
    assert set(facebook.get(post["id"]).json()) == {"id", "message", "created_time"}
    assert set(facebook.get(facebook.id).json()) == {"id", "name"}


def test_photos_wait_unseen_until_a_post_holds_them(facebook, other):
    photo = facebook.photo(picture(), "navy").json()["id"]
    assert facebook.posts() == []
    assert told(other.get(photo)) == (400, 100, 33)
    post = facebook.publish("Two", photo, facebook.photo(picture("red")).json()["id"]).json()["id"]
    read = facebook.get(post, fields="attachments{media_type,target,subattachments{media_type,target}}").json()
    (album,) = read["attachments"]["data"]
    assert album["media_type"] == "album"
    assert album["subattachments"]["data"][0]["target"]["id"] == photo
    assert facebook.get(photo, fields="alt_text_custom").json() == {"id": photo, "alt_text_custom": "navy"}
    assert other.get(photo, fields="alt_text_custom").status_code == 200


def test_a_photo_is_attached_once(facebook):
    photo = facebook.photo(picture()).json()["id"]
    facebook.publish("One", photo)
    answer = facebook.publish("Another", photo)
    assert told(answer) == (400, 1, 1366051)
    assert answer.json()["error"]["error_user_msg"] == "These photos were already posted."


def test_the_same_twice_in_a_row_is_refused_and_later_again_is_not(facebook):
    facebook.publish("Snow")
    assert told(facebook.publish("Snow")) == (400, 506, 1455006)
    facebook.publish("Rain")
    assert facebook.publish("Snow").status_code == 200
    assert facebook.publish("Snow", facebook.photo(picture()).json()["id"]).status_code == 200


REFUSED = {
    "nothing": {},
    "white space": {"message": " \n"},
    "too many characters": {"message": "x" * 63_207},
    "an unknown parameter": {"message": "x", "mesage": "y"},
    "a link that is none": {"link": "example.org"},
    "a published that is no flag": {"message": "x", "published": "perhaps"},
    "a draft": {"message": "x", "published": "false"},
    "a photo of nobody": {"attached_media[0]": '{"media_fbid": "5"}'},
    "an attachment that is no object": {"attached_media[0]": "[1]"},
    "an attachment that is no JSON": {"attached_media[0]": "{"},
    "attachments with a gap": {"attached_media[1]": '{"media_fbid": "5"}'},
    "eleven photos": {f"attached_media[{n}]": '{"media_fbid": "5"}' for n in range(11)},
    "a schedule": {"message": "x", "scheduled_publish_time": "1900000000"},
}


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED.keys())
def test_what_facebook_forbids_is_refused_and_not_kept(facebook, fields):
    assert told(facebook.post(f"{facebook.id}/feed", **fields)) == (400, 100, None)
    assert facebook.posts() == []


def test_a_link_and_photos_do_not_go_together(facebook):
    photo = facebook.photo(picture()).json()["id"]
    assert told(facebook.publish("x", photo, link="https://example.org/"))[1] == 100


@pytest.mark.parametrize(
    ("data", "code"), [(b"no picture", 324), (picture(kind="WEBP"), 324), (picture(kind="PNG") + b"\0" * 10**7, 100)]
)
def test_what_is_no_photo_is_refused(facebook, data, code):
    assert told(facebook.photo(data))[1] == code


def test_a_photo_without_its_file_or_with_an_unknown_parameter_is_refused(facebook):
    assert told(facebook.post(f"{facebook.id}/photos", published="false"))[1] == 324
    assert told(facebook.photo(picture(), alt_text="x"))[1] == 100
    assert told(facebook.photo(picture(), published="true"))[1] == 100


def test_json_does_as_well_as_a_form(facebook, http):
    photo = facebook.photo(picture()).json()["id"]
    fields = {"message": "by JSON", "attached_media": [{"media_fbid": photo}]}
    answer = http.post(facebook.url(f"{facebook.id}/feed"), json=fields, headers=facebook.bearer())
    assert answer.status_code == 200
    answer = http.post(facebook.url(f"{facebook.id}/feed"), json=[1], headers=facebook.bearer())
    assert told(answer)[1] == 100


# Changing and removing


def test_words_change_and_what_is_anothers_does_not(facebook, other):
    post = facebook.publish("Snow").json()["id"]
    assert facebook.post(post, message="Rain").json() == {"success": True}
    assert facebook.read_timeline() == ["Rain"]
    assert told(other.post(post, message="Ours"))[:2] == (400, 100)
    assert told(facebook.post(post, message=""))[1] == 100
    assert told(facebook.post(post, link="https://example.org/"))[1] == 100


def test_a_post_is_removed_once_and_by_its_own_page(facebook, other):
    post = facebook.publish("Snow").json()["id"]
    assert told(other.delete(post)) == (400, 100, 33)
    assert facebook.delete(post).json() == {"success": True}
    assert told(facebook.delete(post)) == (400, 100, 33)
    assert told(facebook.get(post)) == (400, 100, 33)


def test_a_profile_changes_what_it_may(facebook):
    cover = facebook.photo(picture()).json()["id"]
    assert facebook.post(facebook.id, about="Call 101", cover=cover).json() == {"success": True}
    read = facebook.get(facebook.id, fields="about,cover{source},name").json()
    assert (read["about"], read["name"]) == ("Call 101", "Fife Division")
    assert facebook.http.get(read["cover"]["source"]).content == picture()
    assert told(facebook.post(facebook.id, about="x" * 256))[1] == 100
    assert told(facebook.post(facebook.id, cover="5"))[1] == 100
    assert told(facebook.post(facebook.id, name="Another"))[1] == 100
    assert told(facebook.post(f"{facebook.id}/picture"))[1] == 100


# Reading


def test_fields_that_are_none_are_refused(facebook):
    post = facebook.publish("Snow").json()["id"]
    assert told(facebook.get(post, fields="message,impressions"))[1] == 100
    for odd in ("message{", "message}", "{message}", "message;", "message.limit("):
        assert told(facebook.get(post, fields=odd))[1] == 2500


def test_fields_are_read_with_their_modifiers_and_braces():
    wanted = parse_fields("id, comments.limit(0).summary(total_count),attachments{media_type,subattachments{target}}")
    assert wanted == {"id": {}, "comments": {}, "attachments": {"media_type": {}, "subattachments": {"target": {}}}}
    with pytest.raises(ApiError):
        parse_fields("a{b")


def test_a_timeline_is_turned_by_cursors_and_cut_by_moments(facebook, clock):
    for number in range(7):
        clock.now += 60
        facebook.publish(f"post {number}")
    first = facebook.get(f"{facebook.id}/published_posts", limit=3).json()
    assert [one["message"] for one in first["data"]] == ["post 6", "post 5", "post 4"]
    after = first["paging"]["cursors"]["after"]
    second = facebook.get(f"{facebook.id}/published_posts", limit=3, after=after).json()
    assert [one["message"] for one in second["data"]] == ["post 3", "post 2", "post 1"]
    last = facebook.get(f"{facebook.id}/published_posts", after=second["paging"]["cursors"]["after"]).json()
    assert [one["message"] for one in last["data"]] == ["post 0"]
    assert "next" not in last["paging"]
    recent = facebook.get(f"{facebook.id}/published_posts", since=int(clock.now - 60)).json()["data"]
    assert [one["message"] for one in recent] == ["post 6", "post 5"]


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"after": "x"}, {"with": "LOCATION"}])
def test_paging_that_makes_no_sense_is_refused(facebook, params):
    facebook.publish("x")
    assert told(facebook.get(f"{facebook.id}/published_posts", **params))[1] == 100


def test_insights_that_have_ended_are_refused(facebook):
    post = facebook.publish("x").json()["id"]
    assert told(facebook.get(f"{post}/insights", metric="post_impressions"))[1] == 100
    answer = facebook.get(f"{post}/insights", metric="post_media_view", period="lifetime").json()
    assert answer["data"][0]["values"] == [{"value": 0}]


def test_comments_come_in_the_order_that_was_asked(facebook, other):
    post = facebook.publish("x").json()["id"]
    for words in ("first", "second"):
        other.post(f"{post}/comments", message=words)
    newest = facebook.get(f"{post}/comments", order="reverse_chronological", filter="stream").json()["data"]
    assert [one["message"] for one in newest] == ["second", "first"]
    assert [one["message"] for one in facebook.get(f"{post}/comments").json()["data"]] == ["first", "second"]
    assert told(facebook.get(f"{post}/comments", order="best"))[1] == 100
    assert told(other.post(f"{post}/comments", message=" "))[1] == 100


def test_it_is_asked_as_metas_own_client_asks(facebook, http):
    """With a slash at the end, `summary` on every edge, and metrics as a list in JSON (facebook-business 26.0.3)."""
    post = facebook.publish("x").json()["id"]
    slash = http.get(facebook.url(f"{post}/"), headers=facebook.bearer(), follow_redirects=True)
    assert slash.json()["id"] == post
    assert facebook.get(f"{facebook.id}/published_posts", summary="true").status_code == 200
    assert facebook.get(f"{post}/insights", metric='["post_media_view", "post_clicks"]').status_code == 200


# Tokens


def test_a_token_that_is_none_is_refused(facebook):
    assert told(facebook.get("me", token="wrong")) == (400, 190, None)
    assert told(facebook.http.get(facebook.url("me"))) == (400, 190, None)


def test_the_token_may_stand_in_the_address_too(facebook):
    answer = facebook.http.get(facebook.url("me"), params={"access_token": facebook.account["token"]})
    assert answer.json()["id"] == facebook.id


def test_a_pages_token_is_of_that_page_alone(facebook, other):
    answer = facebook.post(f"{other.id}/feed", message="Not ours")
    assert told(answer) == (403, 200, None)
    assert other.posts() == []


def test_a_proof_must_be_right_where_it_is_given(facebook):
    right = hmac.new(CLIENT_SECRET.encode(), facebook.account["token"].encode(), hashlib.sha256).hexdigest()
    assert facebook.get("me", appsecret_proof=right).status_code == 200
    assert told(facebook.get("me", appsecret_proof="0" * 64))[1] == 100


def consent(http, **change):
    asked = {"client_id": APP["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": SCOPES, **change}
    return http.get("/facebook/v25.0/dialog/oauth", params=asked)


def code_of(http, *pages, scope=SCOPES, state="s-1"):
    asked = {"client_id": APP["client_id"], "redirect_uri": BACK, "scope": scope, "state": state}
    answer = http.post("/facebook/v25.0/dialog/oauth", data={**asked, "account[]": list(pages)})
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def trade(http, **fields):
    return http.post("/facebook/v25.0/oauth/access_token", data={**APP, "redirect_uri": BACK, **fields})


@pytest.mark.parametrize(
    "change",
    [{"client_id": "5"}, {"redirect_uri": "javascript:alert(1)"}, {"response_type": "token"}, {"scope": "everything"}],
)
def test_a_dialog_that_is_asked_wrongly_is_refused(http, facebook, change):
    assert consent(http, **change).status_code == 400


def test_hostile_words_stay_words_in_the_dialog(http, facebook):
    facebook.control("POST", "accounts", {"handle": "fife.division", "display_name": HOSTILE})
    answer = consent(http, state=HOSTILE)
    assert answer.status_code == 200
    assert Page(answer.text).dangers() == []


def test_a_code_serves_once_within_ten_minutes_for_its_address_and_secret(http, facebook, clock):
    assert told(trade(http, code="x")) == (400, 100, 36009)
    assert told(trade(http, code=code_of(http, facebook.id), redirect_uri=BACK + "x")) == (400, 100, 36008)
    assert told(trade(http, code=code_of(http, facebook.id), client_secret="wrong")) == (400, 1, None)
    late = code_of(http, facebook.id)
    clock.now += 600
    assert told(trade(http, code=late)) == (400, 100, 36009)
    code = code_of(http, facebook.id)
    assert trade(http, code=code).json()["expires_in"] == 7200
    assert told(trade(http, code=code)) == (400, 100, 36009)


def test_a_persons_token_ends_and_a_lasting_ones_page_does_not(http, facebook, clock):
    short = trade(http, code=code_of(http, facebook.id)).json()["access_token"]
    lasting = trade(http, grant_type="fb_exchange_token", fb_exchange_token=short).json()
    assert lasting["expires_in"] == 60 * 86_400
    brief, endless = (
        facebook.get("me/accounts", token=token).json()["data"][0]["access_token"]
        for token in (short, lasting["access_token"])
    )
    again = facebook.get("me/accounts", token=lasting["access_token"]).json()["data"][0]["access_token"]
    assert again == endless
    clock.now += 7200
    assert told(facebook.get("me", token=short)) == (400, 190, 463)
    assert told(facebook.get("me", token=brief)) == (400, 190, 463)
    clock.now += 61 * 86_400
    assert told(facebook.get("me/accounts", token=lasting["access_token"])) == (400, 190, 463)
    assert facebook.get("me", token=endless).json()["id"] == facebook.id
    assert told(trade(http, grant_type="fb_exchange_token", fb_exchange_token=short))[1] == 190


def test_a_permission_that_was_not_given_is_missed(http, facebook):
    code = code_of(http, facebook.id, scope="pages_show_list,pages_read_engagement")
    person = trade(http, code=code).json()["access_token"]
    page = facebook.get("me/accounts", token=person).json()["data"][0]["access_token"]
    assert told(facebook.post(f"{facebook.id}/feed", token=page, message="x")) == (403, 10, None)
    assert told(facebook.post(f"{facebook.id}/feed", token=person, message="x"))[1] == 190


def test_a_page_manages_no_pages(facebook):
    assert told(facebook.get("me/accounts"))[1] == 100


def test_a_token_is_inspected_by_the_app_alone(http, facebook):
    def inspect(token, **more):
        fields = {"input_token": facebook.account["token"], "method": "GET", **more}
        return http.post("/facebook/v25.0/debug_token", data=fields, headers=facebook.bearer(token))

    app = f"{APP['client_id']}|{APP['client_secret']}"
    data = inspect(app).json()["data"]
    assert (data["is_valid"], data["type"], data["profile_id"]) == (True, "PAGE", facebook.id)
    assert (data["expires_at"], data["app_id"]) == (0, APP["client_id"])
    assert inspect(app, input_token="x").json()["data"]["is_valid"] is False
    assert told(inspect(None))[1] == 100
    assert told(inspect(app, method="POST"))[1] == 100


# Faults, limits and pages


def test_the_headers_tell_how_much_is_used_and_how_long_to_wait(facebook):
    answer = facebook.publish("x")
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 0
    facebook.fault("rate_limited", retry_after=90)
    limited = facebook.publish("y")
    assert told(limited) == (400, 80001, None)
    (use,) = json.loads(limited.headers["x-business-use-case-usage"])["0"]
    assert (use["type"], use["estimated_time_to_regain_access"]) == ("pages", 2)


def test_the_limit_is_counted_where_it_is_switched_on(facebook, clock):
    facebook.fault("rate_limits")
    assert {facebook.get("me").status_code for _ in range(100)} == {200}
    used = json.loads(facebook.get("me").headers["x-app-usage"])["call_count"]
    assert used == 100 * 101 // 4800


@pytest.mark.parametrize(
    ("fault", "code"), [("policy_block", 368), ("duplicate_refusal", 506), ("version_sunset", 2635)]
)
def test_its_own_switches_refuse_until_they_are_cleared(facebook, http, fault, code):
    facebook.fault(fault)
    assert [told(facebook.publish("x"))[1] for _ in range(2)] == [code, code]
    http.delete("/_control/facebook/faults").raise_for_status()
    assert facebook.publish("x").status_code == 200


def test_errors_are_metas(facebook):
    facebook.fault("error_before")
    facebook.fault("error_after")
    facebook.fault("expired_token")
    assert [told(facebook.publish(words)) for words in "abc"] == [(503, 2, None), (500, 1, None), (400, 190, 463)]
    assert facebook.read_timeline() == ["b"]


@pytest.mark.parametrize("path", ["/facebook/v1.0/me", "/facebook/v25.0/me/friends/x", "/facebook/v25.0/a/b/c"])
def test_what_this_version_does_not_have_is_refused(http, path):
    assert told(http.get(path))[1] == 2500


def test_an_answer_is_lost_after_the_work(facebook):
    facebook.fault("answer_lost")
    with pytest.raises(httpx.TransportError):
        facebook.publish("lost")
    assert facebook.read_timeline() == ["lost"]


def test_pages_show_the_post_its_picture_and_its_links(facebook, http):
    photo = facebook.photo(picture(), "A navy rectangle").json()["id"]
    facebook.publish(f"#Snow, says @fife.division {HOSTILE}", photo)
    facebook.publish("See https://example.org/a?b&c.", link="https://example.org/a?b&c")
    post = facebook.posts()[0]
    for address in ("/facebook/", facebook.account["url"], post["url"], "/facebook/hashtag/Snow"):
        page = Page(http.get(address).text)
        assert page.dangers() == [], address
        assert "A navy rectangle" in page.words
        assert "/facebook/hashtag/Snow" in page.links()
        assert "/facebook/fife.division" in page.links()
    assert "https://example.org/a?b&c" in Page(http.get("/facebook/").text).links()
    assert http.get("/facebook/nobody.here").status_code == 404
    assert http.get("/facebook/nobody.here/posts/5").status_code == 404


@pytest.mark.parametrize("handle", ["ab", "with space", "umläut.page", "v25.0", "-dash.first"])
def test_names_that_no_page_has_are_refused(http, handle):
    assert http.post("/_control/facebook/accounts", json={"handle": handle}).status_code == 400
