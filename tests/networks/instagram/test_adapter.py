"""Containers: made once, asked, published once, looked up."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from mercat.networks.instagram.adapter import NETWORK
from mercat.networks.kit.graph_containers import PATIENCE
from mercat.networks.port import (
    Figures,
    Found,
    FoundAccount,
    Later,
    Missing,
    NewProfile,
    Pending,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, item, nobodys, picture_for, video
from tests.networks.graph_specs import parameters, wrong_with

USER, CONTAINER, MEDIA = "17841400000000001", "17900000000000005", "18000000000000007"
MAKE = f"POST /v25.0/{USER}/media"
STATUS = f"GET /v25.0/{CONTAINER}"
PUBLISH = f"POST /v25.0/{USER}/media_publish"
OWN = f"GET /v25.0/{USER}/media"
QUOTA = f"GET /v25.0/{USER}/content_publishing_limit"
ADDRESS = f"GET /v25.0/{MEDIA}"


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


def state(code: str, said: str = "") -> dict[str, Any]:
    return {"status": 200, "body": {"status_code": code, "status": said or code.capitalize(), "id": CONTAINER}}


def refused(code: int, subcode: int) -> dict[str, Any]:
    error = {"message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode}
    return {"status": 400, "body": {"error": error}}


def publish(run: Scripted, *, after: timedelta = timedelta(0)) -> Any:
    return NETWORK.publisher.publish(run.channel, run.item, run.notes, now=NOW + after)


def kind_of(native_id: str) -> str:
    kinds = {USER: "IGUser", CONTAINER: "ShadowIGMediaBuilder", MEDIA: "IGMedia"}
    return kinds.get(native_id, "")


@pytest.mark.parametrize(
    "step",
    ["publish", "find", "find_lost", "posts", "remove", "profile", "figures", "mentions", "comments", "accounts"],
)
def test_every_call_has_only_what_metas_specs_name(step: str) -> None:
    run, _ = scripted("instagram")
    run.run(step)
    assert run.requests
    assert [wrong for request in run.requests for wrong in wrong_with(request, kind_of)] == []


def test_a_post_goes_the_way_of_a_container() -> None:
    run, _ = scripted("instagram")
    run.run("publish")
    assert calls(run) == [QUOTA, MAKE, STATUS, PUBLISH, ADDRESS]
    assert parameters(run.requests[1])["image_url"].startswith("https://media.example/")
    assert parameters(run.requests[3])["creation_id"] == CONTAINER


def test_a_container_is_noted_before_it_is_asked_and_never_made_twice() -> None:
    run, _ = scripted("instagram", "poll_late")
    assert isinstance(publish(run), Later)
    run.answers[STATUS] = state("IN_PROGRESS")
    assert isinstance(publish(run), Pending)
    run.answers[STATUS] = state("FINISHED")
    assert isinstance(publish(run), Sent)
    assert calls(run).count(MAKE) == 1
    assert calls(run).count(QUOTA) == 1


def test_a_container_that_is_never_ready_is_given_up_after_ten_minutes() -> None:
    run, _ = scripted("instagram", "container_busy")
    assert isinstance(publish(run), Pending)
    assert isinstance(publish(run, after=PATIENCE), Pending)
    outcome = publish(run, after=PATIENCE + timedelta(seconds=1))
    assert isinstance(outcome, Later)
    assert not outcome.limited
    run.answers[STATUS] = state("FINISHED")
    assert isinstance(publish(run, after=PATIENCE * 2), Sent)
    assert calls(run).count(MAKE) == 2


@pytest.mark.parametrize("gone", [state("EXPIRED"), refused(100, 33)])
def test_a_noted_container_that_lapsed_is_made_anew_at_once(gone: dict[str, Any]) -> None:
    run, _ = scripted("instagram", "container_busy")
    publish(run)
    run.answers[STATUS] = [gone, state("FINISHED")]
    assert isinstance(publish(run, after=timedelta(days=1)), Sent)
    assert calls(run).count(MAKE) == 2


def test_a_published_container_is_not_published_again() -> None:
    run, _ = scripted("instagram")
    first = publish(run)
    run.answers[STATUS] = state("PUBLISHED")
    assert publish(run) == first
    assert calls(run).count(PUBLISH) == 1


def test_a_lost_answer_is_never_followed_by_another_container() -> None:
    """Even where the container seems ready still, and has vanished when it is published: look, never make anew."""
    run, _ = scripted("instagram", "answer_dropped")
    assert isinstance(publish(run), Unsure)
    run.answers[PUBLISH] = refused(24, 2207008)
    assert isinstance(publish(run), Unsure)
    assert calls(run).count(MAKE) == 1


# Many pictures


def album(run: Scripted) -> Any:
    one = item(
        "Snow.", *[picture_for(NETWORK, f"Picture {n}", shade=n) for n in range(3)], created_at=NOW, key="0" * 32
    )
    return NETWORK.publisher.publish(run.channel, one, run.notes, now=NOW)


def parts(run: Scripted, **states: Any) -> None:
    """Three parts called 1, 2, 3, and the container of all."""
    run.answers[MAKE] = [{"status": 200, "body": {"id": one}} for one in ("1", "2", "3", CONTAINER)]
    for one in ("1", "2", "3"):
        run.answers[f"GET /v25.0/{one}"] = states.get(f"part{one}", state("FINISHED"))


def test_many_pictures_are_parts_of_one_container() -> None:
    run, _ = scripted("instagram")
    parts(run)
    assert isinstance(album(run), Sent)
    made = [parameters(request) for request in run.requests if f"{request.method} {request.url.path}" == MAKE]
    assert [one.get("is_carousel_item") for one in made] == ["true", "true", "true", None]
    assert [one.get("alt_text") for one in made] == ["Picture 0", "Picture 1", "Picture 2", None]
    assert (made[3]["media_type"], made[3]["children"], made[3]["caption"]) == ("CAROUSEL", "1,2,3", "Snow.")
    assert "caption" not in made[0]


def test_parts_are_awaited_and_made_once() -> None:
    run, _ = scripted("instagram")
    parts(run, part2=[state("IN_PROGRESS"), state("FINISHED")])
    assert isinstance(album(run), Pending)
    assert isinstance(album(run), Sent)
    assert calls(run).count(MAKE) == 4


def test_a_part_that_a_person_must_change_is_told() -> None:
    run, _ = scripted("instagram")
    parts(run, part3=state("ERROR", "Error: 2207009"))
    outcome = album(run)
    assert isinstance(outcome, Refused)
    assert "Crop" in outcome.reason


def test_a_part_whose_answer_was_lost_is_the_only_one_made_again() -> None:
    run, _ = scripted("instagram")
    parts(run)
    run.answers[MAKE].insert(1, {"late": True})
    assert isinstance(album(run), Later)
    assert isinstance(album(run), Sent)
    assert calls(run).count(MAKE) == 5


def test_where_this_installation_has_no_address_nothing_is_asked() -> None:
    run, _ = scripted("instagram")
    for what, medium in (("pictures", picture_for(NETWORK)), ("videos", video())):
        bare = dataclasses.replace(medium, url="")
        outcome = NETWORK.publisher.publish(run.channel, item("x", bare), run.notes, now=NOW)
        assert isinstance(outcome, Refused)
        assert f"fetches {what} from a public address" in outcome.reason
    assert run.requests == []


# Looking


def posts(run: Scripted, *nodes: dict[str, Any]) -> None:
    run.answers[OWN] = {"status": 200, "body": {"data": list(nodes)}}


def a_post(run: Scripted, number: int, **changes: Any) -> dict[str, Any]:
    return {**run.happy["answers"][ADDRESS]["body"], "id": str(number), "caption": f"Another, {number}", **changes}


def lost(container: str) -> Scripted:
    """A post whose publishing was not answered, and whose container is in this state."""
    run, _ = scripted("instagram", "answer_dropped")
    assert isinstance(publish(run), Unsure)
    run.answers[STATUS] = state(container)
    run.requests.clear()
    return run


@pytest.mark.parametrize("code", ["FINISHED", "IN_PROGRESS", "ERROR", "EXPIRED"])
def test_a_container_that_is_not_out_tells_that_the_post_is_missing(code: str) -> None:
    run = lost(code)
    assert run.run("find_lost") == Missing()
    assert calls(run) == [STATUS]


def test_a_container_that_is_out_is_found_by_its_words() -> None:
    run = lost("PUBLISHED")
    posts(run, a_post(run, 9), run.happy["answers"][ADDRESS]["body"])
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == MEDIA


def test_a_container_that_is_out_may_have_become_other_words() -> None:
    run = lost("PUBLISHED")
    posts(run, a_post(run, 9), a_post(run, 8))
    seen = run.run("find_lost")
    assert isinstance(seen, Found)
    assert seen.native_id == "9"
    assert not NETWORK.reader.matches(run.item, seen, run.channel)


def test_a_container_that_is_out_and_not_shown_yet_is_looked_for_again() -> None:
    run = lost("PUBLISHED")
    posts(run)
    seen = run.run("find_lost")
    assert isinstance(seen, Unreadable)
    assert "does not show it yet" in seen.reason


def test_a_container_that_is_gone_leaves_the_newest_posts_to_tell() -> None:
    run = lost("FINISHED")
    run.answers[STATUS] = refused(100, 33)
    posts(run)
    assert run.run("find_lost") == Missing()
    posts(run, a_post(run, 9))
    assert isinstance(run.run("find_lost"), Found), "it may be the post as Instagram altered it"
    posts(run, run.happy["answers"][ADDRESS]["body"])
    assert isinstance(run.run("find_lost"), Found)


def test_a_list_that_may_not_be_seen_is_not_an_empty_one() -> None:
    run = lost("FINISHED")
    run.answers[STATUS] = refused(100, 33)
    run.answers[OWN] = refused(100, 33)
    assert isinstance(run.run("find_lost"), Unreadable)


def test_a_container_that_vanished_after_it_was_to_be_published_is_looked_for_before_another_is_made() -> None:
    run = lost("FINISHED")
    run.answers[STATUS] = refused(100, 33)
    assert isinstance(publish(run), Unsure)
    assert MAKE not in calls(run)


def test_a_state_that_nobody_knows_says_nothing() -> None:
    assert isinstance(lost("THINKING").run("find_lost"), Unreadable)


def test_the_id_that_was_noted_is_read_without_the_container() -> None:
    run, _ = scripted("instagram")
    publish(run)
    run.requests.clear()
    assert isinstance(run.run("find_lost"), Found)
    assert calls(run) == [ADDRESS]


def test_descriptions_of_an_album_are_those_of_its_parts() -> None:
    run, _ = scripted("instagram")
    children = {"data": [{"id": "1", "alt_text": "One"}, {"id": "2"}]}
    body = {**run.happy["answers"][ADDRESS]["body"], "media_type": "CAROUSEL_ALBUM", "children": children}
    run.answers[ADDRESS] = {"status": 200, "body": body}
    seen = run.run("find")
    assert (seen.media, seen.alts) == (2, ("One", ""))


def test_without_the_owners_number_the_name_tells_whose_it_is() -> None:
    run, _ = scripted("instagram")
    body = {name: value for name, value in run.happy["answers"][ADDRESS]["body"].items() if name != "owner"}
    run.answers[ADDRESS] = {"status": 200, "body": body}
    assert NETWORK.reader.matches(run.item, run.run("find"), run.channel)
    run.answers[ADDRESS] = {"status": 200, "body": {**body, "username": "somebody"}}
    assert not NETWORK.reader.matches(run.item, run.run("find"), run.channel)


# Stories

STORIES = f"GET /v25.0/{USER}/stories"
A_DAY = timedelta(hours=24)


def find(run: Scripted, *, after: timedelta = timedelta(0), native_id: str | None = None, others: str = "") -> Any:
    return NETWORK.reader.find(
        run.channel, run.item, run.notes, native_id=native_id, is_another=lambda one: one == others, now=NOW + after
    )


def a_story(number: int, **changes: Any) -> dict[str, Any]:
    node = {"id": str(number), "media_type": "IMAGE", "timestamp": "2026-11-23T12:00:01+0000"}
    url = f"https://www.instagram.com/stories/station.example/{number}"
    return {**node, "permalink": url, "owner": {"id": USER}, "username": "station.example", **changes}


def lost_story(container: str, *stories: dict[str, Any]) -> Scripted:
    """A story whose publishing was not answered, whose container is in this state, and what stands there now."""
    run, _ = scripted("instagram", "story")
    run.answers[PUBLISH] = {"dropped": True}
    assert isinstance(publish(run), Unsure)
    run.answers[STATUS] = state(container) if container else refused(100, 33)
    run.answers[STORIES] = {"status": 200, "body": {"data": list(stories)}}
    run.requests.clear()
    return run


def test_a_story_is_a_container_of_its_own_kind_without_words_and_description() -> None:
    run, _ = scripted("instagram", "story")
    publish(run)
    assert calls(run) == [QUOTA, MAKE, STATUS, PUBLISH, ADDRESS]
    made = parameters(run.requests[1])
    assert (made["media_type"], set(made)) == ("STORIES", {"media_type", "image_url", "appsecret_proof"})
    seen = run.run("find")
    assert NETWORK.reader.matches(run.item, seen, run.channel)
    for odd in ({"text": "Snow."}, {"media": 2}, {"account": "5"}):
        assert not NETWORK.reader.matches(run.item, dataclasses.replace(seen, **odd), run.channel)
    assert [wrong for request in run.requests for wrong in wrong_with(request, kind_of)] == []


def test_a_lost_story_is_the_only_one_that_nobody_accounts_for() -> None:
    older = a_story(5, timestamp="2026-11-23T11:00:00+0000")
    run = lost_story("PUBLISHED", older, a_story(9), a_story(8))
    seen = find(run, others="8")
    assert isinstance(seen, Found)
    assert seen.native_id == "9"
    assert NETWORK.reader.matches(run.item, seen, run.channel)
    assert calls(run) == [STATUS, STORIES]
    assert "since" not in parameters(run.requests[1])
    assert [wrong for request in run.requests for wrong in wrong_with(request, kind_of)] == []


@pytest.mark.parametrize(
    ("container", "stories", "says"),
    [
        ("PUBLISHED", [a_story(9), a_story(8)], "does not tell which"),
        ("", [a_story(9)], "does not tell which"),  # nothing says that ours is out
        ("PUBLISHED", [], "does not show it yet"),
        ("PUBLISHED", [a_story(9, owner={"id": "5"})], "does not show it yet"),
    ],
)
def test_another_story_is_never_taken_for_a_lost_one(container: str, stories: Any, says: str) -> None:
    seen = find(lost_story(container, *stories))
    assert isinstance(seen, Unreadable)
    assert says in seen.reason


def test_a_lost_story_that_is_not_out_is_missing() -> None:
    for container in ("FINISHED", "ERROR", "EXPIRED", ""):
        assert find(lost_story(container)) == Missing()
    run, _ = scripted("instagram", "story")
    run.answers[STORIES] = {"status": 200, "body": {"data": [a_story(9)]}}
    assert find(run) == Missing(), "nothing was ever published"


@pytest.mark.parametrize("container", ["PUBLISHED", ""])
def test_after_a_day_nobody_can_tell_whether_a_story_was_out(container: str) -> None:
    """It may have ended by itself: sent once more, it would be there twice."""
    seen = find(lost_story(container), after=A_DAY)
    assert isinstance(seen, Unreadable)
    assert "gone after a day" in seen.reason
    assert find(lost_story("EXPIRED"), after=A_DAY) == Missing(), "its container says that it never was out"


def test_a_story_that_is_gone_by_its_id_is_missing_whether_it_ended_or_was_taken_down() -> None:
    run, _ = scripted("instagram", "story")
    publish(run)
    run.answers[ADDRESS] = refused(100, 33)
    run.answers[STORIES] = {"status": 200, "body": {"data": []}}
    for after in (timedelta(hours=1), A_DAY):
        assert find(run, native_id=MEDIA, after=after) == Missing()


def test_a_storys_figures_are_those_that_stories_have() -> None:
    run, _ = scripted("instagram", "story")
    node = run.answers[ADDRESS]["body"]
    run.answers[ADDRESS] = {"status": 200, "body": {**node, "media_product_type": "STORY"}}
    run.run("figures")
    assert parameters(run.requests[-1])["metric"] == "views,reach,shares,replies"


# The other parts


def test_figures_are_told_by_our_words() -> None:
    run, _ = scripted("instagram")
    assert run.run("figures") == Figures(
        {"reactions": 12, "replies": 3, "views": 900, "reach": 700, "saves": 5, "shares": 4}
    )


def test_comments_are_others() -> None:
    run, _ = scripted("instagram")
    (heard,) = run.run("comments")
    assert (heard.author, heard.text, heard.under) == ("a.resident", "Is the A9 open again?", MEDIA)


def test_accounts_are_found_by_their_whole_name() -> None:
    run, _ = scripted("instagram")
    assert NETWORK.searcher
    assert NETWORK.searcher.exact
    (found,) = NETWORK.searcher.accounts(run.channel, "@taysidepolice", now=NOW)
    assert found == FoundAccount(
        "17841400000000099",
        "taysidepolice",
        "Tayside police",
        "https://www.instagram.com/taysidepolice",
        "Not them",
        "https://scontent.example/x.jpg",
    )
    assert run.requests[0].url.params["fields"].startswith("business_discovery.username(taysidepolice){")


def test_a_name_that_nobody_has_is_nobody_and_one_that_none_can_have_is_not_asked() -> None:
    run, _ = scripted("instagram")
    assert NETWORK.searcher
    run.answers[f"GET /v25.0/{USER}"] = refused(110, 2207013)
    assert NETWORK.searcher.accounts(run.channel, "nobody", now=NOW) == ()
    assert len(run.requests) == 1
    for odd in ("a){id}", "ä", "x" * 31, ""):
        assert NETWORK.searcher.accounts(run.channel, odd, now=NOW) == ()
    assert len(run.requests) == 1


def test_a_profile_is_not_changed_by_a_programme() -> None:
    run, _ = scripted("instagram")
    assert NETWORK.profiler
    assert isinstance(NETWORK.profiler.change(run.channel, NewProfile(bio="x"), now=NOW), Refused)
    assert run.requests == []


def test_a_noted_id_that_is_gone_does_not_end_the_looking() -> None:
    run, _ = scripted("instagram")
    sent = run.run("publish")
    gone = {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}
    run.answers[f"GET /v25.0/{sent.native_id}"] = {"status": 400, "body": gone}
    run.answers[STATUS] = {"status": 200, "body": {"status_code": "PUBLISHED"}}
    assert isinstance(run.run("find_lost"), Found)  # among the newest, by its words
    seen = NETWORK.reader.find(run.channel, run.item, run.notes, native_id=sent.native_id, is_another=nobodys, now=NOW)
    assert seen == Missing()  # asked for by its id, it is gone
