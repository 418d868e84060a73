"""What only LinkedIn has: where pictures go, the name in a header, duplicates, lists by last change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from mercat.networks.linkedin.adapter import NETWORK
from mercat.networks.linkedin.places import is_own_place
from mercat.networks.linkedin.session import PAGE, PAGES, Written, rest
from mercat.networks.linkedin.spec import VERSION
from mercat.networks.port import Figures, Found, Heard, Missing, NewProfile, Pending, Profile, Refused, Sent, Unsure
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, nobodys, picture

IMAGE = "urn:li:image:D4E10AQE71V5w"
URN = "urn:li:share:7045020441609936898"
START, PUT, POLL = "POST /rest/images", "PUT /dms-uploads/D4E10AQE71V5w/uploaded-image/0", f"GET /rest/images/{IMAGE}"
PUBLISH, OWN = "POST /rest/posts", "GET /rest/posts"


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


def state(name: str) -> dict[str, Any]:
    return {"status": 200, "body": {"id": IMAGE, "status": name}}


# Headers and addresses


def test_every_call_of_the_interface_names_its_versions() -> None:
    run, _ = scripted("linkedin")
    for step in ("publish", "find", "find_lost", "edit", "remove", "figures", "comments", "mentions", "accounts"):
        run.run(step)
    for request in run.requests:
        if request.url.path.startswith("/rest/"):
            assert request.headers["linkedin-version"] == VERSION
            assert request.headers["x-restli-protocol-version"] == "2.0.0"


@pytest.mark.parametrize(
    ("step", "method"), [("find_lost", "FINDER"), ("edit", "PARTIAL_UPDATE"), ("remove", "DELETE")]
)
def test_what_http_does_not_say_is_named_in_rest_lis_own_header(step: str, method: str) -> None:
    run, _ = scripted("linkedin")
    run.run(step)
    assert run.requests[-1].headers["x-restli-method"] == method


def test_names_are_encoded_and_the_brackets_of_lists_are_not() -> None:
    url = rest("https://api.linkedin.com", "posts", URN, q="author", ids=(URN, "a,b"), at=Written("(start:1,end:2)"))
    sent = httpx.Request("GET", url).url.raw_path.decode()
    assert sent == (
        "/rest/posts/urn%3Ali%3Ashare%3A7045020441609936898?q=author"
        "&ids=List(urn%3Ali%3Ashare%3A7045020441609936898,a%2Cb)&at=(start:1,end:2)"
    )


def test_what_a_person_types_is_a_value_and_nothing_else() -> None:
    run, _ = scripted("linkedin")
    assert NETWORK.searcher
    NETWORK.searcher.accounts(run.channel, "(x)&q=author#", now=NOW)
    assert run.requests[0].url.query == b"q=vanityName&vanityName=%28x%29%26q%3Dauthor%23"


def test_a_name_cannot_lead_to_another_part_of_the_interface() -> None:
    run, _ = scripted("linkedin")
    odd = "../organizations/1?x=y#z"
    run.answers[f"GET /rest/posts/{odd}"] = {"status": 404, "body": {}}
    seen = run.network.reader.find(run.channel, run.item, run.notes, native_id=odd, is_another=nobodys, now=NOW)
    assert seen == Missing()
    assert run.requests[0].url.raw_path == b"/rest/posts/..%2Forganizations%2F1%3Fx%3Dy%23z"


# Pictures


@pytest.mark.parametrize(
    "place",
    [
        "https://www.linkedin.com/dms-uploads/1?ut=x",
        "https://api.linkedin.com/mediaUpload/1",
    ],
)
def test_pictures_go_to_linkedins_declared_hosts(place: str) -> None:
    assert is_own_place(place, "https://api.linkedin.com")


@pytest.mark.parametrize(
    "place",
    [
        "http://www.linkedin.com/dms-uploads/1",
        "https://www.linkedin.com:8443/dms-uploads/1",
        "https://www.linkedin.com.example.org/dms-uploads/1",
        "https://linkedin.com@example.org/dms-uploads/1",
        "https://user@www.linkedin.com/dms-uploads/1",
        "https://media.example.org/1",
        "//www.linkedin.com/dms-uploads/1",
        "dms-uploads/1",
        "https://[",
        "https://xn--.linkedin.com/1",
        "",
    ],
)
def test_no_picture_and_no_token_go_anywhere_else(place: str) -> None:
    assert not is_own_place(place, "https://api.linkedin.com")


def test_a_stand_in_takes_its_own_pictures_alone() -> None:
    base = "http://127.0.0.1:8300/linkedin"
    assert is_own_place("http://127.0.0.1:8300/linkedin/dms-uploads/1", base)
    for place in ("http://127.0.0.1:8301/linkedin/1", "https://www.linkedin.com/1", "https://127.0.0.1:8300/1"):
        assert not is_own_place(place, base)


def test_a_foreign_place_for_a_picture_gets_no_request_at_all() -> None:
    run, _ = scripted("linkedin", "upload_foreign")
    run.run("publish")
    assert {request.url.host for request in run.requests} == {"api.linkedin.com"}


def test_a_picture_is_handed_over_as_it_is_and_asked_for_by_its_name() -> None:
    run, _ = scripted("linkedin")
    run.run("publish")
    assert calls(run) == [START, PUT, POLL, PUBLISH]
    assert json.loads(run.requests[0].content) == {"initializeUploadRequest": {"owner": "urn:li:organization:2414183"}}
    assert run.requests[0].url.query == b"action=initializeUpload"
    assert run.requests[1].content == picture().read()


def test_a_picture_in_processing_is_polled_and_never_handed_over_again() -> None:
    run, _ = scripted("linkedin")
    run.answers[POLL] = [state("PROCESSING"), state("PROCESSING"), state("AVAILABLE")]
    outcomes = [type(run.run("publish")) for _ in range(3)]
    assert outcomes == [Pending, Pending, Sent]
    assert calls(run) == [START, PUT, POLL, POLL, POLL, PUBLISH]


@pytest.mark.parametrize("name", ["picture_failed", "picture_waiting", "picture_unknown"])
def test_a_picture_that_linkedin_does_not_have_is_handed_over_again(name: str) -> None:
    run, _ = scripted("linkedin", name)
    run.run("publish")
    run.answers[POLL] = state("AVAILABLE")
    assert isinstance(run.run("publish"), Sent)
    assert calls(run).count(PUT) == 2


# Publishing


def test_the_post_is_public_and_its_words_are_little_text() -> None:
    run, _ = scripted("linkedin")
    run.run("publish")
    sent = json.loads(run.requests[-1].content)
    assert sent == {
        "author": "urn:li:organization:2414183",
        "commentary": run.happy["answers"][f"GET /rest/posts/{URN}"]["body"]["commentary"],
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        "content": {"media": {"id": IMAGE, "altText": "A road sign in the snow"}},
    }


def test_a_duplicate_of_what_this_very_item_became_is_the_item() -> None:
    run, _ = scripted("linkedin", "duplicate")
    refused = run.answers[PUBLISH]
    run.answers[PUBLISH] = run.happy["answers"][PUBLISH]
    first = run.run("publish")
    run.answers[PUBLISH] = refused
    assert run.run("publish") == first == Sent(**run.happy["sent"])


def test_a_duplicate_of_anything_else_is_looked_for() -> None:
    run, _ = scripted("linkedin", "duplicate")
    run.notes.keep(f"sent:{run.item.key}", "urn:li:share:1")
    assert isinstance(run.run("publish"), Unsure)
    other, _ = scripted("linkedin", "duplicate")
    assert isinstance(other.run("publish"), Unsure)


# Looking for what may be out


def a_post(run: Scripted, number: int, **changes: Any) -> dict[str, Any]:
    standing = run.happy["answers"][f"GET /rest/posts/{URN}"]["body"]
    return {**standing, "id": f"urn:li:share:{number}", "commentary": f"Another, {number}", "content": {}, **changes}


def ours(run: Scripted) -> dict[str, Any]:
    return run.happy["answers"][f"GET /rest/posts/{URN}"]["body"]


def pages(run: Scripted, *contents: list[Any]) -> None:
    run.answers[OWN] = [{"status": 200, "body": {"elements": page}} for page in contents]


def test_older_pages_are_looked_through() -> None:
    run, _ = scripted("linkedin")
    pages(run, [a_post(run, number) for number in range(PAGE)], [a_post(run, 999), ours(run)])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == URN
    assert [parse_qs(request.url.query.decode())["start"] for request in run.requests] == [["0"], [str(PAGE)]]


def test_a_list_without_end_is_left() -> None:
    run, _ = scripted("linkedin")
    pages(run, [a_post(run, number) for number in range(PAGE)])
    assert type(run.run("find_lost")).__name__ == "Unreadable"
    assert len(run.requests) == PAGES


def test_an_old_post_that_was_edited_since_is_not_the_lost_one() -> None:
    """The list is ordered by the last change: an edit brings an old post to its front."""
    run, _ = scripted("linkedin")
    old = int((NOW - timedelta(days=9)).timestamp() * 1_000)
    pages(run, [{**ours(run), "createdAt": old}])
    assert run.run("find_lost") == Missing()


def test_looking_ends_at_what_was_changed_before_the_first_try() -> None:
    run, _ = scripted("linkedin")
    old = int((NOW - timedelta(days=9)).timestamp() * 1_000)
    pages(run, [*[a_post(run, number, lastModifiedAt=old, createdAt=old) for number in range(PAGE)]], [ours(run)])
    assert run.run("find_lost") == Missing()
    assert len(run.requests) == 1


def test_the_very_words_are_taken_before_whatever_else_stands_there() -> None:
    run, _ = scripted("linkedin")
    pages(run, [a_post(run, 90), ours(run), a_post(run, 70)])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == URN


def test_the_same_words_of_another_post_are_not_this_one() -> None:
    run, _ = scripted("linkedin")
    seen = run.network.reader.find(run.channel, run.item, run.notes, native_id=None, is_another=URN.__eq__, now=NOW)
    assert seen == Missing()


def test_the_first_try_is_where_looking_begins_however_long_the_post_waited() -> None:
    run, _ = scripted("linkedin", "answer_dropped")
    later = NOW + timedelta(days=20)
    run.network.publisher.publish(run.channel, run.item, run.notes, now=later)
    pages(run, [ours(run)])
    assert run.run("find_lost") == Missing()


# Editing


def test_an_edit_changes_the_words_alone() -> None:
    run, _ = scripted("linkedin")
    assert run.run("edit") == Sent(**run.happy["sent"])
    (request,) = run.requests
    assert set(json.loads(request.content)["patch"]["$set"]) == {"commentary"}


def test_an_edit_to_too_many_words_is_refused_before_any_request() -> None:
    run, _ = scripted("linkedin")
    run.happy["item"]["text"] = "x" * 3_001
    outcome = run.run("edit")
    assert isinstance(outcome, Refused)
    assert run.requests == []


# What is around a post


def test_figures_are_asked_for_by_the_kind_of_the_post() -> None:
    run, _ = scripted("linkedin")
    assert run.run("figures") == Figures(
        {"views": 400, "reach": 320, "clicks": 8, "reactions": 15, "replies": 2, "shares": 3}
    )
    assert NETWORK.metrics
    NETWORK.metrics.figures(run.channel, native_id="urn:li:ugcPost:7", now=NOW)
    queries = [request.url.query.decode() for request in run.requests]
    assert queries[0].endswith("&shares=List(urn%3Ali%3Ashare%3A7045020441609936898)")
    assert queries[1].endswith("&ugcPosts=List(urn%3Ali%3AugcPost%3A7)")


def test_what_is_not_counted_yet_has_no_figures() -> None:
    run, _ = scripted("linkedin")
    run.answers["GET /rest/organizationalEntityShareStatistics"]["body"]["elements"] = []
    assert run.run("figures") == Figures({})


def test_comments_are_others_and_newest_first() -> None:
    run, _ = scripted("linkedin")
    answer = run.answers[f"GET /rest/socialActions/{URN}/comments"]["body"]
    first = answer["elements"][0]
    answer["elements"].insert(
        0, {**first, "commentUrn": "urn:li:comment:(a,1)", "created": {"time": 1_795_000_000_000}}
    )
    heard = run.run("comments")
    assert [each.text for each in heard] == ["Is the A9 open?", "Is the A9 open?"]
    assert heard[0].made_at > heard[1].made_at
    assert {each.author for each in heard} == {"urn:li:person:zLqTygBP8S"}


def test_mentions_are_asked_for_since_a_moment_and_read_as_people_read_them() -> None:
    run, _ = scripted("linkedin")
    (heard,) = run.run("mentions")
    assert isinstance(heard, Heard)
    assert heard.text == "Thank you Tayside Division!"
    query = run.requests[0].url.query.decode()
    assert "&actions=List(SHARE_MENTION)" in query
    assert "&timeRange=(start:1795348800000,end:1795435200000)" in query


def test_a_profile_is_read_with_the_addresses_of_its_pictures_and_never_written() -> None:
    run, _ = scripted("linkedin")
    assert run.run("profile") == Profile(
        "Tayside Division",
        "Not for reporting crime: call 101 or 999.",
        "https://media.licdn.example/logo.png",
        "https://media.licdn.example/cover.png",
        "https://www.linkedin.com/company/tayside-police/",
    )
    assert NETWORK.profiler
    assert NETWORK.profiler.settable == frozenset()
    assert isinstance(NETWORK.profiler.change(run.channel, NewProfile(name="X"), now=NOW), Refused)


def test_a_search_is_for_a_pages_whole_name() -> None:
    run, _ = scripted("linkedin")
    (page,) = run.run("accounts")
    assert (page.native_id, page.handle, page.name) == ("2414183", "tayside-police", "Tayside Division")
    assert run.requests[0].url.query == b"q=vanityName&vanityName=tayside-police"
    assert NETWORK.searcher
    assert NETWORK.searcher.exact
    assert NETWORK.searcher.accounts(run.channel, "  ", now=NOW) == ()
