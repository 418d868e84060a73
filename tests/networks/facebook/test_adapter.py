"""What only Facebook has: pages' tokens, photos that wait for their post, refusals of what was said before."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mercat.networks.facebook.adapter import NETWORK, SKEW
from mercat.networks.facebook.listing import PAGE
from mercat.networks.facebook.payload import METRICS
from mercat.networks.kit.graph import PAGES
from mercat.networks.port import Figures, Found, Missing, NewProfile, Refused, Sent, Unreadable, Unsure
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, item, nobodys, picture
from tests.networks.graph_specs import parameters, wrong_with

PAGE_ID = "104000000000001"
POST_ID = f"{PAGE_ID}_122100000000000017"
FEED = f"POST /v25.0/{PAGE_ID}/feed"
PHOTOS = f"POST /v25.0/{PAGE_ID}/photos"
OWN = f"GET /v25.0/{PAGE_ID}/published_posts"


def kind_of(native_id: str) -> str:
    """Which of Meta's nodes an id of the fixtures is."""
    if native_id == PAGE_ID:
        return "Page"
    return "PagePost" if "_" in native_id else "Photo"


def form(run: Scripted, name: str) -> dict[str, str]:
    found = [request for request in run.requests if f"{request.method} {request.url.path}" == name]
    return parameters(found[-1])


def publish(run: Scripted, text: str, *media: Any) -> Any:
    return NETWORK.publisher.publish(run.channel, item(text, *media, created_at=NOW), run.notes, now=NOW)


@pytest.mark.parametrize(
    "step",
    ["publish", "find", "find_lost", "posts", "remove", "edit", "profile", "change", "figures", "mentions", "comments"],
)
def test_every_call_has_only_what_metas_specs_name(step: str) -> None:
    run, _ = scripted("facebook")
    run.run(step)
    assert run.requests
    assert [wrong for request in run.requests for wrong in wrong_with(request, kind_of)] == []


# Publishing


def test_a_text_without_pictures_shows_its_first_link_as_a_card() -> None:
    run, _ = scripted("facebook")
    publish(run, "See https://example.org/a, then https://example.org/b.")
    sent = form(run, FEED)
    assert sent["message"] == "See https://example.org/a, then https://example.org/b."
    assert sent["link"] == "https://example.org/a"
    assert "attached_media[0]" not in sent


def test_a_photo_is_handed_over_unseen_with_its_description_and_then_attached() -> None:
    run, _ = scripted("facebook")
    run.run("publish")
    photo, post = form(run, PHOTOS), form(run, FEED)
    assert (photo["published"], photo["alt_text_custom"]) == ("false", "A road sign in the snow")
    assert json.loads(post["attached_media[0]"]) == {"media_fbid": "122100000000000009"}
    assert "link" not in post


def test_many_photos_keep_their_order() -> None:
    run, _ = scripted("facebook")
    run.answers[PHOTOS] = [{"status": 200, "body": {"id": str(n)}} for n in range(3)]
    publish(run, "Snow.", *[picture(shade=n) for n in range(3)])
    sent = form(run, FEED)
    assert [json.loads(sent[f"attached_media[{n}]"])["media_fbid"] for n in range(3)] == ["0", "1", "2"]


def test_a_picture_alone_is_a_post_without_a_message() -> None:
    run, _ = scripted("facebook")
    publish(run, "", picture())
    assert "message" not in form(run, FEED)


def test_calls_are_proved_with_the_apps_secret() -> None:
    run, _ = scripted("facebook")
    run.run("publish")
    proof = hmac.new(b"secret-app", b"secret-token", hashlib.sha256).hexdigest()
    assert {parameters(request)["appsecret_proof"] for request in run.requests} == {proof}
    assert {request.headers["authorization"] for request in run.requests} == {"Bearer secret-token"}


def test_without_a_registration_nothing_is_proved() -> None:
    run, _ = scripted("facebook")
    run.credentials.values = {"token": "secret-token"}
    run.run("publish")
    assert not any("appsecret_proof" in parameters(request) for request in run.requests)


def test_a_double_that_our_own_notes_account_for_is_the_post_that_was_sent() -> None:
    run, _ = scripted("facebook")
    first = run.run("publish")
    refused = {"error": {"message": "(#506) Duplicate status message", "type": "OAuthException", "code": 506}}
    run.answers[FEED] = {"status": 400, "body": refused}
    assert run.run("publish") == first


def test_a_double_that_nothing_accounts_for_is_looked_for() -> None:
    run, _ = scripted("facebook", "identical")
    assert isinstance(run.run("publish"), Unsure)


def test_a_group_of_trouble_on_a_photo_costs_nothing_and_hands_over_the_rest_once() -> None:
    run, _ = scripted("facebook")
    ok, bad = {"status": 200, "body": {"id": "1"}}, {"status": 503, "body": {}}
    run.answers[PHOTOS] = [ok, bad, ok]
    one = item("Snow.", picture(), picture(shade=10), created_at=NOW)
    first = NETWORK.publisher.publish(run.channel, one, run.notes, now=NOW)
    second = NETWORK.publisher.publish(run.channel, one, run.notes, now=NOW)
    assert [type(first).__name__, type(second).__name__] == ["Later", "Sent"]
    assert len(run.calls("uploads")) == 3


# Looking


def a_post(run: Scripted, number: int, **changes: Any) -> dict[str, Any]:
    standing = run.happy["answers"][f"GET /v25.0/{POST_ID}"]["body"]
    other = {"id": f"{PAGE_ID}_{number}", "message": f"Another, {number}", "attachments": None}
    return {**standing, **other, **changes}


def pages(run: Scripted, *contents: list[Any]) -> None:
    last = len(contents) - 1
    run.answers[OWN] = [
        {"status": 200, "body": {"data": page, "paging": _paging(n, more=n < last)}} for n, page in enumerate(contents)
    ]


def _paging(n: int, *, more: bool) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"before": f"b{n}", "after": f"a{n}"}}
    return {**paging, "next": "https://graph.facebook.com/x?access_token=secret-token"} if more else paging


def test_older_pages_are_looked_through_by_their_cursors() -> None:
    run, _ = scripted("facebook")
    ours = run.happy["answers"][f"GET /v25.0/{POST_ID}"]["body"]
    pages(run, [a_post(run, 90), a_post(run, 80)], [a_post(run, 70), ours])
    assert isinstance(run.run("find_lost"), Found)
    asked = [dict(request.url.params) for request in run.requests if request.url.path.endswith("published_posts")]
    assert [one.get("after") for one in asked] == [None, "a0"]
    assert {one["limit"] for one in asked} == {PAGE}
    assert {one["since"] for one in asked} == {str(int((NOW - SKEW).timestamp()))}


def test_the_very_words_are_taken_before_whatever_else_stands_there() -> None:
    run, _ = scripted("facebook")
    ours = run.happy["answers"][f"GET /v25.0/{POST_ID}"]["body"]
    pages(run, [a_post(run, 90), ours, a_post(run, 70)])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == POST_ID


def test_descriptions_are_asked_only_of_what_has_the_words() -> None:
    run, _ = scripted("facebook")
    photos = {"data": [{"media_type": "photo", "target": {"id": "9"}}]}
    ours = run.happy["answers"][f"GET /v25.0/{POST_ID}"]["body"]
    pages(run, [a_post(run, 90, attachments=photos), ours])
    run.run("find_lost")
    assert not any(request.url.path.endswith("/9") for request in run.requests)


def test_the_same_words_of_an_earlier_post_are_not_this_one() -> None:
    run, _ = scripted("facebook")
    seen = NETWORK.reader.find(run.channel, run.item, run.notes, native_id=None, is_another=POST_ID.__eq__, now=NOW)
    assert seen == Missing()


def test_a_page_that_never_ends_is_left() -> None:
    run, _ = scripted("facebook", "read_busy")
    assert isinstance(run.run("find_lost"), Unreadable)
    assert len(run.requests) == PAGES


def test_a_link_below_a_post_is_no_picture() -> None:
    run, _ = scripted("facebook")
    card = {"data": [{"media_type": "link", "target": {"url": "https://example.org/"}}]}
    run.answers[f"GET /v25.0/{POST_ID}"] = {"status": 200, "body": a_post(run, 1, id=POST_ID, attachments=card)}
    seen = run.run("find")
    assert (seen.media, seen.alts) == (0, ())


def test_an_id_cannot_lead_to_another_part_of_the_api() -> None:
    run, _ = scripted("facebook")
    run.answers["GET /v25.0/../me"] = {"status": 400, "body": {"error": {"code": 100, "error_subcode": 33}}}
    seen = NETWORK.reader.find(run.channel, run.item, run.notes, native_id="../me", is_another=nobodys, now=NOW)
    assert seen == Missing()
    assert run.requests[0].url.raw_path.startswith(b"/v25.0/..%2Fme?")


# The other parts


def test_an_edit_sends_the_words_alone() -> None:
    run, _ = scripted("facebook")
    sent = run.run("edit")
    assert sent == Sent(**run.happy["sent"])
    assert set(form(run, f"POST /v25.0/{POST_ID}")) == {"message", "appsecret_proof"}


def test_figures_are_told_by_our_words() -> None:
    run, _ = scripted("facebook")
    assert run.run("figures") == Figures(
        {"replies": 3, "reactions": 12, "shares": 4, "views": 900, "reach": 700, "clicks": 20}
    )
    asked = [request for request in run.requests if request.url.path.endswith("insights")]
    assert asked[0].url.params["metric"] == ",".join(METRICS)


def test_without_insights_the_posts_own_counts_are_told() -> None:
    run, _ = scripted("facebook")
    run.answers[f"GET /v25.0/{POST_ID}/insights"] = {"status": 400, "body": {"error": {"code": 100}}}
    assert run.run("figures") == Figures({"replies": 3, "reactions": 12, "shares": 4})


def test_a_post_that_nobody_shared_has_no_shares() -> None:
    run, _ = scripted("facebook")
    answer = run.answers[f"GET /v25.0/{POST_ID}"]
    body = {name: value for name, value in answer["body"].items() if name != "shares"}
    run.answers[f"GET /v25.0/{POST_ID}"] = {**answer, "body": body}
    assert run.run("figures").counts["shares"] == 0


def test_comments_are_others_newest_first_and_under_the_post() -> None:
    run, _ = scripted("facebook")
    (heard,) = run.run("comments")
    assert (heard.text, heard.author_name, heard.under) == ("Is the A9 open again?", "A resident", POST_ID)
    assert heard.made_at == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_mentions_end_at_the_moment_they_were_last_read() -> None:
    run, _ = scripted("facebook")
    assert NETWORK.listener
    assert NETWORK.listener.mentions(run.channel, since=NOW - timedelta(hours=1), now=NOW) == ()
    (heard,) = run.run("mentions")
    assert (heard.author_name, heard.under) == ("A neighbour", "")


def test_a_comment_whose_writer_facebook_hides_is_heard_all_the_same() -> None:
    run, _ = scripted("facebook")
    bare = {"id": "1_2", "message": "Hello", "created_time": "2026-11-23T11:00:00+0000"}
    run.answers[f"GET /v25.0/{POST_ID}/comments"] = {"status": 200, "body": {"data": [bare]}}
    (heard,) = run.run("comments")
    assert (heard.author, heard.author_name, heard.text) == ("", "", "Hello")


def test_a_name_is_not_changed_by_a_programme() -> None:
    run, _ = scripted("facebook")
    assert NETWORK.profiler
    outcome = NETWORK.profiler.change(run.channel, NewProfile(name="Another", bio="x"), now=NOW)
    assert isinstance(outcome, Refused)
    assert "name" in outcome.reason
    assert run.requests == []


def test_a_picture_of_an_installation_without_an_address_is_refused_before_anything_changes() -> None:
    run, _ = scripted("facebook")
    assert NETWORK.profiler
    avatar = dataclasses.replace(picture(), url="")
    outcome = NETWORK.profiler.change(run.channel, NewProfile(bio="x", avatar=avatar), now=NOW)
    assert isinstance(outcome, Refused)
    assert run.requests == []


def test_about_and_cover_go_together_and_the_picture_by_its_address() -> None:
    run, _ = scripted("facebook")
    run.run("change")
    page, avatar = form(run, f"POST /v25.0/{PAGE_ID}"), form(run, f"POST /v25.0/{PAGE_ID}/picture")
    assert (page["about"], page["cover"]) == ("Not for reporting crime: call 101 or 999.", "122100000000000009")
    assert avatar["picture"].startswith("https://media.example/")
