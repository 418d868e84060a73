"""What only X has: pictures in pieces, no key against doubles, timelines that are paid for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from mercat.networks.port import Found, Heard, Later, Missing, NewProfile, Pending, Refused, Sent, Unreadable, Unsure
from mercat.networks.x.adapter import NETWORK, SKEW
from mercat.networks.x.media import PIECE
from mercat.networks.x.reading import PAGES
from mercat.networks.x.watching import HEARD_PAGES
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, MemoryNotes, item, medium, nobodys, picture

ME, POST, MEDIA = "1459812345678901234", "1992570000000000001", "1992569990000000002"
INITIALIZE = "POST /2/media/upload/initialize"
APPEND = f"POST /2/media/upload/{MEDIA}/append"
FINALIZE = f"POST /2/media/upload/{MEDIA}/finalize"
STATUS = "GET /2/media/upload"
DESCRIBE = "POST /2/media/metadata"
PUBLISH = "POST /2/tweets"
OWN = f"GET /2/users/{ME}/tweets"
ONE = f"GET /2/tweets/{POST}"
MENTIONS = f"GET /2/users/{ME}/mentions"


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


def processing(state: str, **more: Any) -> dict[str, Any]:
    return {"status": 200, "body": {"data": {"id": MEDIA, "processing_info": {"state": state, **more}}}}


# Pictures


def test_a_picture_is_begun_handed_over_ended_and_described() -> None:
    run, _ = scripted("x")
    run.run("publish")
    assert calls(run) == [INITIALIZE, APPEND, FINALIZE, DESCRIBE, PUBLISH]
    size = run.item.media[0].size
    begun = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": size}
    assert json.loads(run.requests[0].content) == begun
    assert run.requests[2].content == b""
    described = {"id": MEDIA, "metadata": {"alt_text": {"text": "A road sign in the snow"}}}
    assert json.loads(run.requests[3].content) == described
    assert json.loads(run.requests[4].content)["media"] == {"media_ids": [MEDIA]}


def test_a_large_picture_goes_in_numbered_pieces() -> None:
    run, _ = scripted("x")
    content = bytes(range(256)) * 9_000
    large = medium(content, alt="", mime="image/jpeg")
    NETWORK.publisher.publish(run.channel, item("Snow", large), run.notes, now=NOW)
    pieces = [request.content for request in run.requests if request.url.path.endswith("/append")]
    assert len(pieces) == -(-len(content) // PIECE) == 3
    for n, piece in enumerate(pieces):
        assert f'name="segment_index"\r\n\r\n{n}\r\n'.encode() in piece
        assert content[n * PIECE : (n + 1) * PIECE] in piece


def test_without_a_description_nothing_is_described() -> None:
    run, _ = scripted("x")
    NETWORK.publisher.publish(run.channel, item("Snow", picture("")), run.notes, now=NOW)
    assert calls(run) == [INITIALIZE, APPEND, FINALIZE, PUBLISH]


def test_a_picture_in_processing_is_polled_and_never_handed_over_again() -> None:
    run, _ = scripted("x", "picture_processing")
    run.answers[STATUS] = [processing("in_progress", check_after_secs=9), processing("succeeded")]
    first, second, third = (run.run("publish") for _ in range(3))
    assert first == Pending(NOW + timedelta(seconds=5), "X is still preparing the pictures or the video.")
    assert second == Pending(NOW + timedelta(seconds=9), "X is still preparing the pictures or the video.")
    assert isinstance(third, Sent)
    assert calls(run) == [INITIALIZE, APPEND, FINALIZE, STATUS, STATUS, DESCRIBE, PUBLISH]


def test_a_picture_that_was_ready_at_once_is_never_asked_after() -> None:
    """X answers 400 to that."""
    run, _ = scripted("x", "description_unavailable")
    assert isinstance(run.run("publish"), Later)
    run.answers[DESCRIBE] = run.happy["answers"][DESCRIBE]
    assert isinstance(run.run("publish"), Sent)
    assert STATUS not in calls(run)
    assert calls(run).count(INITIALIZE) == 1


def test_a_picture_whose_processing_fails_is_refused_each_time() -> None:
    run, _ = scripted("x", "picture_processing")
    run.answers[STATUS] = processing("failed")
    outcomes = [type(run.run("publish")) for _ in range(3)]
    assert outcomes == [Pending, Refused, Refused]
    assert calls(run).count(INITIALIZE) == 1


@pytest.mark.parametrize("wait", [None, 0, -5, True, "5", 10**9])
def test_a_wait_that_means_nothing_is_a_short_one_and_none_is_endless(wait: Any) -> None:
    run, _ = scripted("x")
    run.answers[FINALIZE] = processing("pending", check_after_secs=wait)
    outcome = run.run("publish")
    assert isinstance(outcome, Pending)
    assert outcome.at in {NOW + timedelta(seconds=2), NOW + timedelta(seconds=60)}


def test_all_pictures_are_brought_before_the_longest_wait_is_told() -> None:
    run, _ = scripted("x")
    run.answers[FINALIZE] = [processing("pending", check_after_secs=3), processing("pending", check_after_secs=7)]
    two = item("Snow", picture(), picture(shade=9))
    outcome = NETWORK.publisher.publish(run.channel, two, run.notes, now=NOW)
    assert isinstance(outcome, Pending)
    assert outcome.at == NOW + timedelta(seconds=7)
    assert calls(run).count(INITIALIZE) == 2


@pytest.mark.parametrize("call", [STATUS, DESCRIBE])
def test_a_picture_that_x_no_longer_has_is_handed_over_again(call: str) -> None:
    run, _ = scripted("x", "picture_processing")
    run.answers[STATUS] = processing("succeeded")
    run.run("publish")
    gone = {"status": 400, "body": {"errors": [{"message": "BadRequest: Not found"}]}}
    run.answers[call] = gone
    assert isinstance(run.run("publish"), Later)
    run.answers |= {FINALIZE: run.happy["answers"][FINALIZE], DESCRIBE: run.happy["answers"][DESCRIBE]}
    assert isinstance(run.run("publish"), Sent)
    assert calls(run).count(INITIALIZE) == 2


def test_a_picture_swept_before_the_post_is_handed_over_again() -> None:
    run, _ = scripted("x", "picture_swept")
    assert isinstance(run.run("publish"), Later)
    run.answers[PUBLISH] = run.happy["answers"][PUBLISH]
    assert isinstance(run.run("publish"), Sent)
    assert calls(run).count(INITIALIZE) == 2


def test_an_id_of_a_picture_cannot_lead_to_another_part_of_the_api() -> None:
    run, _ = scripted("x")
    run.answers[INITIALIZE] = {"status": 200, "body": {"data": {"id": "1/../../tweets"}}}
    assert isinstance(run.run("publish"), Later)
    assert calls(run) == [INITIALIZE]


# Doubles


def test_the_same_words_again_are_this_post_where_we_know_its_first_answer() -> None:
    run, case = scripted("x", "duplicate")
    run.answers[PUBLISH] = [run.happy["answers"][PUBLISH], case["answers"][PUBLISH]]
    first, second = run.run("publish"), run.run("publish")
    assert first == second == Sent(**run.happy["sent"])


def test_the_same_words_again_may_be_this_post_where_its_first_answer_was_lost() -> None:
    run, case = scripted("x", "duplicate")
    run.answers[PUBLISH] = [{"dropped": True}, case["answers"][PUBLISH]]
    assert [type(run.run("publish")) for _ in range(2)] == [Unsure, Unsure]
    assert isinstance(run.run("find_lost"), Found)


def test_an_answer_that_nobody_wrote_down_is_still_known() -> None:
    """The process died after X answered: the note tells which post it is, whatever else stands there."""
    run, _ = scripted("x")
    run.run("publish")
    run.requests.clear()
    assert isinstance(run.run("find_lost"), Found)
    assert calls(run) == [ONE]


def test_another_item_on_the_same_notes_is_not_taken_for_it() -> None:
    run, _ = scripted("x")
    run.run("publish")
    run.requests.clear()
    run.network.reader.find(run.channel, item("Another"), run.notes, native_id=None, is_another=nobodys, now=NOW)
    assert calls(run) == [OWN]


# Looking for what may be out


def a_post(run: Scripted, number: int, **changes: Any) -> dict[str, Any]:
    standing = run.happy["answers"][OWN]["body"]["data"][0]
    return {**standing, "id": str(number), "text": f"Another, {number}", "attachments": {}, **changes}


def pages(run: Scripted, *contents: list[Any], more: bool = False) -> None:
    includes = run.happy["answers"][OWN]["body"]["includes"]
    last = len(contents) - 1
    run.answers[OWN] = [
        {
            "status": 200,
            "body": {
                "data": page,
                "includes": includes,
                "meta": {"result_count": len(page), **({"next_token": f"t{n}"} if n < last or more else {})},
            },
        }
        for n, page in enumerate(contents)
    ]


def test_older_pages_are_looked_through() -> None:
    run, _ = scripted("x")
    ours = run.happy["answers"][OWN]["body"]["data"][0]
    pages(run, [a_post(run, 90), a_post(run, 80)], [a_post(run, 70), ours])
    assert isinstance(run.run("find_lost"), Found)
    asked = [request.url.params for request in run.requests]
    assert [one.get("pagination_token") for one in asked] == [None, "t0"]
    assert {one["exclude"] for one in asked} == {"retweets"}


def test_only_what_came_since_the_first_try_is_read_for_each_is_paid_for() -> None:
    run, _ = scripted("x", "answer_dropped")
    later = NOW + timedelta(days=20)
    run.network.publisher.publish(run.channel, run.item, run.notes, now=later)
    run.requests.clear()
    run.run("find_lost")
    assert run.requests[0].url.params["start_time"] == (later - SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_very_words_are_taken_before_whatever_else_stands_there() -> None:
    run, _ = scripted("x")
    ours = run.happy["answers"][OWN]["body"]["data"][0]
    pages(run, [a_post(run, 90), ours, a_post(run, 70)])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == POST


def test_words_that_x_altered_are_a_persons_to_judge() -> None:
    run, _ = scripted("x")
    pages(run, [a_post(run, 90, text="Made smart by the network…")])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert not run.network.reader.matches(run.item, seen, run.channel)


def test_a_noted_id_that_is_gone_does_not_end_the_looking() -> None:
    run, _ = scripted("x")
    run.run("publish")
    name = f"GET /2/tweets/{run.happy['sent']['native_id']}"
    run.answers[name] = {"status": 404, "body": {"title": "Not Found Error", "status": 404}}
    assert isinstance(run.run("find_lost"), Found)  # among the newest, by its words
    assert run.run("find") == Missing()  # asked for by its id, it is gone


def test_the_same_words_of_an_earlier_post_are_not_this_one() -> None:
    run, _ = scripted("x")
    seen = run.network.reader.find(
        run.channel, run.item, MemoryNotes(), native_id=None, is_another=POST.__eq__, now=NOW
    )
    assert seen == Missing()


def test_a_post_of_another_account_is_not_ours() -> None:
    run, _ = scripted("x")
    ours = run.happy["answers"][OWN]["body"]["data"][0]
    pages(run, [{**ours, "author_id": "1"}])
    assert run.run("find_lost") == Missing()


def test_a_list_that_pages_for_ever_is_left() -> None:
    run, _ = scripted("x")
    pages(run, [a_post(run, 90)], more=True)
    assert isinstance(run.run("find_lost"), Unreadable)
    assert len(run.requests) == PAGES


def test_an_id_cannot_lead_to_another_part_of_the_api() -> None:
    run, _ = scripted("x")
    run.answers["GET /2/tweets/../users/me"] = {"status": 404, "body": {}}
    seen = run.network.reader.find(
        run.channel, run.item, run.notes, native_id="../users/me", is_another=nobodys, now=NOW
    )
    assert seen == Missing()
    assert run.requests[0].url.raw_path.startswith(b"/2/tweets/..%2Fusers%2Fme?")


@pytest.mark.parametrize("native_id", ["1\x00", "1" * 501, "", None, 1])
def test_an_id_that_cannot_be_kept_leaves_open_whether_it_is_out(native_id: object) -> None:
    run, _ = scripted("x")
    run.answers[PUBLISH] = {"status": 201, "body": {"data": {"id": native_id, "text": "x"}}}
    assert isinstance(run.run("publish"), Unsure)


# What others wrote, profiles


def test_mentions_are_told_newest_first_without_our_own_or_older_ones() -> None:
    run, _ = scripted("x")
    page = run.happy["answers"][MENTIONS]["body"]
    one = page["data"][0]
    data = [
        {**one, "id": "3", "author_id": ME},
        {**one, "id": "1", "created_at": "2026-11-23T10:00:00Z"},
        {**one, "id": "2", "conversation_id": POST},
        {**one, "id": "0", "created_at": (NOW - timedelta(days=2)).isoformat()},
        {"id": "4"},
    ]
    run.answers[MENTIONS] = {"status": 200, "body": {**page, "data": data}}
    heard = run.run("mentions")
    assert [(each.native_id, each.under) for each in heard] == [("2", POST), ("1", one["conversation_id"])]
    assert heard[0] == Heard(
        "2", "https://x.com/somebody/status/2", "somebody", "Somebody",
        "@station is the road open? https://example.org/map", heard[0].made_at, POST,
    )  # fmt: skip


def test_nobodys_mention_is_an_empty_answer() -> None:
    run, _ = scripted("x")
    run.answers[MENTIONS] = {"status": 200, "body": {"meta": {"result_count": 0}}}
    assert run.run("mentions") == ()


def test_a_flood_of_mentions_is_read_so_far_and_no_further() -> None:
    run, _ = scripted("x")
    page = run.happy["answers"][MENTIONS]["body"]
    run.answers[MENTIONS] = {"status": 200, "body": {**page, "meta": {"next_token": "t"}}}
    assert len(run.run("mentions")) == HEARD_PAGES
    assert len(run.requests) == HEARD_PAGES


def test_an_author_whom_x_does_not_name_has_still_an_address() -> None:
    run, _ = scripted("x")
    page = run.happy["answers"][MENTIONS]["body"]
    run.answers[MENTIONS] = {"status": 200, "body": {**page, "includes": {}}}
    (heard,) = run.run("mentions")
    assert (heard.author, heard.url) == ("", f"https://x.com/i/status/{heard.native_id}")


def test_comments_are_asked_for_by_the_conversation_and_by_nothing_else() -> None:
    run, _ = scripted("x")
    (comment,) = run.run("comments")
    assert (comment.text, comment.under) == ("@station Thank you <3", POST)
    assert run.requests[0].url.params["query"] == f"conversation_id:{POST}"
    assert NETWORK.listener
    told = NETWORK.listener.comments(run.channel, native_id="1 OR from:somebody", now=NOW)
    assert isinstance(told, Unreadable)
    assert len(run.requests) == 1


def test_words_that_x_cannot_search_for_cost_nothing() -> None:
    run, _ = scripted("x")
    assert NETWORK.searcher
    assert NETWORK.searcher.accounts(run.channel, "警察", now=NOW) == ()
    assert run.requests == []


def test_no_programme_changes_a_profile() -> None:
    run, _ = scripted("x")
    assert NETWORK.profiler
    assert NETWORK.profiler.settable == frozenset()
    outcome = NETWORK.profiler.change(run.channel, NewProfile(name="New"), now=NOW)
    assert isinstance(outcome, Refused)
    assert run.requests == []
    assert NETWORK.editor is None
    assert NETWORK.reporter is None
