from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.sandbox.mastodon import text
from tests.sandbox.callers import picture
from tests.shared import shared


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_a_status_is_answered_with_its_address_and_found_again(mastodon, http):
    status = mastodon.publish("Good morning, Fife").json()
    assert status["url"].endswith(f"/mastodon/@fife/{status['id']}")
    assert status["content"] == "<p>Good morning, Fife</p>"
    assert mastodon.get(f"/api/v1/statuses/{status['id']}").json()["id"] == status["id"]
    assert http.get(status["url"]).status_code == 200
    assert http.get(status["uri"], follow_redirects=True).status_code == 200


def test_a_form_does_as_well_as_json(mastodon, http):
    fields = {"status": "by form", "visibility": "unlisted", "sensitive": "true", "language": "gd"}
    status = http.post("/mastodon/api/v1/statuses", data=fields, headers=mastodon.bearer()).json()
    assert (status["visibility"], status["sensitive"], status["language"]) == ("unlisted", True, "gd")


REFUSED = {
    "no words": ({"text": " \n"}, "Validation failed: Text can't be blank"),
    "501 characters": ({"text": "a" * 501}, "Validation failed: Text character limit of 500 exceeded"),
    "a warning too many": (
        {"text": "a" * 495, "spoiler_text": "Crash."},
        "Validation failed: Text character limit of 500 exceeded",
    ),
    "five pictures": ({"media_ids": list("12345")}, "Validation failed: Cannot attach more than 4 files"),
    "a picture of nobody": (
        {"media_ids": ["12"]},
        "Validation failed: Media 12 not found or already attached to another post",
    ),
    "a language that is none": ({"language": "English!"}, "Validation failed: Language is invalid"),
    "a scheduled time": ({"scheduled_at": "2026-12-01"}, "Validation failed: This stand-in does not take scheduled_at"),
    "a poll": ({"poll": {"options": ["a", "b"]}}, "Validation failed: This stand-in does not take poll"),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_mastodon_forbids_is_refused_and_not_kept(mastodon, change):
    fields, words = change
    assert refusal(mastodon.publish(**{"text": "hello", **fields})) == (422, words)
    assert mastodon.posts() == []


def test_a_visibility_that_is_not_public_is_refused(mastodon):
    status, words = refusal(mastodon.publish("psst", visibility="direct"))
    assert status == 422
    assert words.startswith("Validation failed: Visibility is not included in the list")


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("hello", 5),
        ("👨‍👩‍👧‍👦é", 2),
        ("https://example.test/" + "x" * 200, 23),
        ("http://a.test", 23),
        ("See https://example.test/a, or (https://example.test/b).", 4 + 23 + 6 + 23 + 2),
        ("@fife@mastodon.example hello", 11),
        ("@fife hello", 11),
        ("mail@example.test", 17),
        ("https://example.test/@fife@x.test", 23),
        ("#Fife", 5),
    ],
)
def test_links_count_23_and_remote_mentions_only_their_name(words, length):
    assert text.count(words) == length


def test_the_limit_counts_as_the_rules_say(mastodon):
    assert mastodon.publish("a" * 500).status_code == 200
    assert mastodon.publish("a" * 476 + " https://example.test/" + "x" * 300).status_code == 200
    assert mastodon.publish("a" * 477 + " https://example.test/" + "x" * 300).status_code == 422


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br />two</p><p>three</p>"),
        ("<b>&", "<p>&lt;b&gt;&amp;</p>"),
        (
            "https://www.example.test/a",
            '<p><a href="https://www.example.test/a" target="_blank" rel="nofollow noopener" translate="no">'
            '<span class="invisible">https://www.</span><span class="">example.test/a</span>'
            '<span class="invisible"></span></a></p>',
        ),
        (
            "#Fife",
            '<p><a href="http://x/mastodon/tags/Fife" class="mention hashtag" rel="tag">#<span>Fife</span></a></p>',
        ),
        ("@nobody", "<p>@nobody</p>"),
        (
            "@fife",
            '<p><span class="h-card" translate="no"><a href="/@fife" class="u-url mention">@<span>fife</span></a>'
            "</span></p>",
        ),
    ],
)
def test_text_is_shown_as_the_html_that_mastodon_makes(words, html):
    shown = text.to_html(words, "http://x/mastodon", lambda name, host: "/@fife" if name == "fife" else None)
    assert shown == html


@given(st.text(alphabet="<>&\"'ab/:.#@ \nhtps", max_size=80))
def test_no_text_brings_a_tag_or_attribute_of_its_own(words):
    shown = text.to_html(words, "http://x", lambda name, host: None)
    plain = shown
    for tag in ("<p>", "</p>", "<br />", "</a>", "</span>", "<span>"):
        plain = plain.replace(tag, "")
    for piece in plain.split("<")[1:]:
        assert piece.startswith(("a href=", "span class="))
        assert "javascript:" not in piece
    assert text.count(words) >= 0


# Idempotency


def test_the_same_key_within_an_hour_gives_the_same_post(mastodon, clock):
    first = mastodon.publish("once", key="k").json()
    clock.now += 3599
    assert mastodon.publish("once", key="k").json()["id"] == first["id"]
    assert len(mastodon.posts()) == 1


def test_the_same_key_after_an_hour_makes_a_second_post(mastodon, clock):
    mastodon.publish("once", key="k")
    clock.now += 3600
    mastodon.publish("once", key="k")
    assert len(mastodon.posts()) == 2


def test_a_key_belongs_to_its_account(mastodon, http):
    other = type(mastodon)(http, "dundee", "Dundee")
    assert mastodon.publish("once", key="k").json()["id"] != other.publish("once", key="k").json()["id"]


def test_a_refused_post_does_not_use_up_its_key(mastodon):
    mastodon.publish("a" * 501, key="k")
    assert mastodon.publish("shorter", key="k").status_code == 200


def test_a_server_that_ignores_keys_makes_two_posts(mastodon):
    mastodon.fault("ignores_idempotency_key")
    for _ in range(2):
        mastodon.publish("twice", key="k").raise_for_status()
    assert len(mastodon.posts()) == 2


# Pictures


def test_a_picture_stands_on_the_status_with_its_description(mastodon, http):
    data = picture(size=(400, 300))
    upload = mastodon.upload(data, "A navy rectangle")
    assert upload.status_code == 200
    status = mastodon.publish("", media_ids=[upload.json()["id"]]).json()
    attachment = status["media_attachments"][0]
    assert attachment["description"] == "A navy rectangle"
    assert (attachment["meta"]["original"]["width"], attachment["type"]) == (400, "image")
    assert http.get(attachment["url"]).content == data


def test_a_picture_is_attached_once(mastodon):
    native_id = mastodon.upload(picture()).json()["id"]
    assert mastodon.publish("one", media_ids=[native_id]).status_code == 200
    assert mastodon.publish("two", media_ids=[native_id]).status_code == 422
    assert mastodon.get(f"/api/v1/media/{native_id}").status_code == 404


def test_another_accounts_picture_cannot_be_attached(mastodon, http):
    other = type(mastodon)(http, "dundee", "Dundee")
    assert mastodon.publish("x", media_ids=[other.upload(picture()).json()["id"]]).status_code == 422


@pytest.mark.parametrize("data", [b"not a picture", picture()[:60], b""], ids=["text", "cut off", "empty"])
def test_what_is_no_picture_is_refused(mastodon, data):
    status, words = refusal(mastodon.upload(data))
    assert status == 422
    assert words.startswith("Validation failed: File")


def test_a_missing_file_is_refused(mastodon, http):
    answer = http.post("/mastodon/api/v2/media", data={"description": "x"}, headers=mastodon.bearer())
    assert refusal(answer) == (422, "Validation failed: File can't be blank")


def test_a_picture_over_16_megabytes_is_refused(mastodon):
    data = picture() + bytes(16 * 1024 * 1024)
    assert refusal(mastodon.upload(data)) == (422, "Validation failed: File file size must be less than 16 MB")


def test_too_many_pixels_are_refused(mastodon):
    assert "images are not supported" in refusal(mastodon.upload(picture(size=(8000, 5000))))[1]


def test_a_description_has_its_limit(mastodon):
    assert mastodon.upload(picture(), "x" * 1500).status_code == 200
    assert "maximum is 1500 characters" in refusal(mastodon.upload(picture(), "x" * 1501))[1]


def test_a_description_can_be_changed_until_the_picture_is_posted(mastodon, http):
    native_id = mastodon.upload(picture(), "before").json()["id"]
    address = f"/mastodon/api/v1/media/{native_id}"
    assert http.put(address, json={"description": "after"}, headers=mastodon.bearer()).json()["description"] == "after"
    status = mastodon.publish("x", media_ids=[native_id]).json()
    assert status["media_attachments"][0]["description"] == "after"
    assert http.put(address, json={"description": "late"}, headers=mastodon.bearer()).status_code == 404


def test_a_picture_in_processing_is_asked_for_until_it_is_ready(mastodon):
    mastodon.fault("media_processing", polls=2)
    upload = mastodon.upload(picture())
    native_id = upload.json()["id"]
    assert (upload.status_code, upload.json()["url"]) == (202, None)
    assert "have not finished processing" in refusal(mastodon.publish("x", media_ids=[native_id]))[1]
    asked = [mastodon.get(f"/api/v1/media/{native_id}").status_code for _ in range(3)]
    assert asked == [206, 206, 200]
    assert mastodon.publish("x", media_ids=[native_id]).status_code == 200


# Reading and removing


def test_own_statuses_are_read_newest_first_and_by_their_ids(mastodon, clock):
    made = []
    for number in range(5):
        clock.now += 1
        made.append(mastodon.publish(str(number)).json()["id"])
    path = f"/api/v1/accounts/{mastodon.account['native_id']}/statuses"

    def read(**params: str) -> list[str]:
        return [one["id"] for one in mastodon.get(path, **params).json()]

    assert read() == made[::-1]
    assert read(limit="2") == [made[4], made[3]]
    assert read(since_id=made[2]) == [made[4], made[3]]
    assert read(max_id=made[2]) == [made[1], made[0]]
    assert read(min_id=made[1], limit="2") == [made[3], made[2]]
    assert read(since_id="0") == made[::-1]
    assert 'rel="next"' in mastodon.get(path).headers["link"]


def test_replies_can_be_left_out(mastodon):
    first = mastodon.publish("a word").json()["id"]
    mastodon.publish("and another", in_reply_to_id=first)
    path = f"/api/v1/accounts/{mastodon.account['native_id']}/statuses"
    assert [one["id"] for one in mastodon.get(path, exclude_replies="true").json()] == [first]


def test_a_reply_to_nothing_is_refused(mastodon):
    assert refusal(mastodon.publish("well", in_reply_to_id="5")) == (404, "Record not found")


def test_removing_gives_the_text_back_and_a_second_time_finds_nothing(mastodon, http):
    native_id = mastodon.publish("sorry").json()["id"]
    path = f"/mastodon/api/v1/statuses/{native_id}"
    assert http.delete(path, headers=mastodon.bearer()).json()["text"] == "sorry"
    assert refusal(http.delete(path, headers=mastodon.bearer())) == (404, "Record not found")
    assert mastodon.posts() == []


def test_nobody_removes_anothers_status(mastodon, http):
    other = type(mastodon)(http, "dundee", "Dundee")
    native_id = mastodon.publish("mine").json()["id"]
    assert http.delete(f"/mastodon/api/v1/statuses/{native_id}", headers=other.bearer()).status_code == 404
    assert len(mastodon.posts()) == 1


def test_accounts_are_found_by_name(mastodon):
    assert mastodon.get("/api/v1/accounts/lookup", acct="fife").json()["id"] == mastodon.account["native_id"]
    assert refusal(mastodon.get("/api/v1/accounts/lookup", acct="nobody")) == (404, "Record not found")
    assert mastodon.get("/api/v1/accounts/lookup", acct="fife@elsewhere.test").status_code == 404


def test_the_server_tells_its_limits(mastodon):
    limits = mastodon.get("/api/v2/instance").json()["configuration"]
    assert limits["statuses"] == {
        "max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23,
    }  # fmt: skip
    assert limits["media_attachments"]["description_limit"] == 1500
    assert mastodon.get("/api/v1/instance").json()["configuration"] == {
        name: limits[name] for name in ("statuses", "media_attachments", "polls")
    }


def test_an_unknown_address_of_the_api_is_not_found(mastodon):
    assert mastodon.get("/api/v1/invented").status_code == 404


def test_answers_hold_every_field_that_the_published_description_requires(mastodon):
    schemas = json.loads(shared("mastodon", "openapi-schema.json").read_text())["components"]["schemas"]
    upload = mastodon.upload(picture(), "x").json()
    answers = {
        "MediaAttachment": upload,
        "Status": mastodon.publish("x", media_ids=[upload["id"]]).json(),
        "CredentialAccount": mastodon.get("/api/v1/accounts/verify_credentials").json(),
        "Instance": mastodon.get("/api/v2/instance").json(),
    }
    missing = {name: sorted(set(schemas[name].get("required", [])) - set(answer)) for name, answer in answers.items()}
    assert missing == {name: [] for name in answers}
