"""What only Threads has: words alone in containers, three ways of passing on, look-ups without a number."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from mercat.networks.port import Figures, Found, FoundAccount, Missing, NewProfile, Pending, Refused, Sent
from mercat.networks.threads.adapter import NETWORK
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, item, nobodys, picture_for, video
from tests.networks.graph_specs import parameters

USER, CONTAINER, MEDIA = "25600000000000001", "17900000000000005", "18000000000000007"
MAKE = f"POST /v1.0/{USER}/threads"
QUOTA = f"GET /v1.0/{USER}/threads_publishing_limit"
STATUS = f"GET /v1.0/{CONTAINER}"
PUBLISH = f"POST /v1.0/{USER}/threads_publish"
ADDRESS = f"GET /v1.0/{MEDIA}"


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


def publish(run: Scripted, text: str, *media: Any) -> Any:
    return NETWORK.publisher.publish(run.channel, item(text, *media, created_at=NOW), run.notes, now=NOW)


def test_words_alone_go_by_a_container_too_and_need_no_address() -> None:
    run, _ = scripted("threads")
    assert isinstance(publish(run, "Snow on the A9."), Sent)
    assert calls(run) == [QUOTA, MAKE, STATUS, PUBLISH, ADDRESS]
    assert parameters(run.requests[1]) == {"media_type": "TEXT", "text": "Snow on the A9."}
    assert parameters(run.requests[3]) == {"creation_id": CONTAINER}


def test_a_picture_without_an_address_is_refused_before_anything_is_asked() -> None:
    run, _ = scripted("threads")
    for what, medium in (("pictures", picture_for(NETWORK)), ("videos", video())):
        outcome = publish(run, "Snow.", dataclasses.replace(medium, url=""))
        assert isinstance(outcome, Refused)
        assert f"fetches {what} from a public address" in outcome.reason
    assert run.requests == []


def test_twenty_pictures_are_parts_of_one_container() -> None:
    run, _ = scripted("threads")
    run.answers[MAKE] = [{"status": 200, "body": {"id": str(n)}} for n in range(20)]
    run.answers[MAKE].append({"status": 200, "body": {"id": CONTAINER}})
    ready = {"status": 200, "body": {"status": "FINISHED"}}
    run.answers |= {f"GET /v1.0/{n}": ready for n in range(20)}
    assert isinstance(publish(run, "Snow.", *[picture_for(NETWORK, shade=n) for n in range(20)]), Sent)
    made = [parameters(request) for request in run.requests if f"{request.method} {request.url.path}" == MAKE]
    assert made[-1] == {"media_type": "CAROUSEL", "children": ",".join(map(str, range(20))), "text": "Snow."}


def test_a_second_try_asks_the_same_container() -> None:
    run, _ = scripted("threads", "container_busy")
    assert isinstance(publish(run, "Snow."), Pending)
    run.answers[STATUS] = run.happy["answers"][STATUS]
    assert isinstance(publish(run, "Snow."), Sent)
    assert calls(run).count(MAKE) == 1


def test_no_proof_is_given_where_none_is_documented() -> None:
    run, _ = scripted("threads")
    for step in ("publish", "find", "figures", "accounts"):
        run.run(step)
    assert not any("appsecret_proof" in parameters(request) for request in run.requests)
    assert {request.headers["authorization"] for request in run.requests} == {"Bearer secret-token"}


def test_words_alone_are_read_as_words_alone() -> None:
    run, _ = scripted("threads")
    body = {**run.happy["answers"][ADDRESS]["body"], "media_type": "TEXT_POST"}
    run.answers[ADDRESS] = {"status": 200, "body": body}
    seen = run.run("find")
    assert isinstance(seen, Found)
    assert (seen.media, seen.alts) == (0, ())


def test_descriptions_of_a_carousel_are_those_of_its_parts() -> None:
    run, _ = scripted("threads")
    children = {"data": [{"id": "1", "alt_text": "One"}, {"id": "2"}]}
    body = {**run.happy["answers"][ADDRESS]["body"], "media_type": "CAROUSEL_ALBUM", "children": children}
    run.answers[ADDRESS] = {"status": 200, "body": body}
    assert run.run("find").alts == ("One", "")


def test_every_way_of_passing_on_is_a_share() -> None:
    run, _ = scripted("threads")
    assert run.run("figures") == Figures({"views": 900, "reactions": 12, "replies": 3, "shares": 7})


def test_replies_are_others() -> None:
    run, _ = scripted("threads")
    (heard,) = run.run("comments")
    assert (heard.author, heard.text, heard.under) == ("a.resident", "Is the A9 open again?", MEDIA)
    assert heard.url == "https://www.threads.net/@a.resident/post/Cr1"


def test_accounts_are_found_by_their_whole_name_which_stands_for_the_number_that_is_not_told() -> None:
    run, _ = scripted("threads")
    assert NETWORK.searcher
    (found,) = NETWORK.searcher.accounts(run.channel, "@taysidepolice", now=NOW)
    page = "https://www.threads.net/@taysidepolice"
    assert found == FoundAccount(
        "taysidepolice", "taysidepolice", "Tayside police", page, "Not them", "https://scontent.example/x.jpg"
    )
    assert run.requests[0].url.params["username"] == "taysidepolice"


@pytest.mark.parametrize("odd", ["ä", "x" * 31, "", "a/b"])
def test_a_name_that_none_can_have_is_not_asked(odd: str) -> None:
    run, _ = scripted("threads")
    assert NETWORK.searcher
    assert NETWORK.searcher.accounts(run.channel, odd, now=NOW) == ()
    assert run.requests == []


def test_a_name_that_nobody_has_is_nobody() -> None:
    run, _ = scripted("threads")
    assert NETWORK.searcher
    gone = {"error": {"message": "no", "code": 100, "error_subcode": 33}}
    run.answers["GET /v1.0/profile_lookup"] = {"status": 400, "body": gone}
    assert NETWORK.searcher.accounts(run.channel, "nobody", now=NOW) == ()


def test_a_profile_is_not_changed_by_a_programme() -> None:
    run, _ = scripted("threads")
    assert NETWORK.profiler
    assert isinstance(NETWORK.profiler.change(run.channel, NewProfile(bio="x"), now=NOW), Refused)
    assert run.requests == []


def test_a_noted_id_that_is_gone_does_not_end_the_looking() -> None:
    run, _ = scripted("threads")
    sent = run.run("publish")
    gone = {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}
    run.answers[f"GET /v1.0/{sent.native_id}"] = {"status": 400, "body": gone}
    run.answers[STATUS] = {"status": 200, "body": {"status": "PUBLISHED"}}
    assert isinstance(run.run("find_lost"), Found)  # among the newest, by its words
    seen = NETWORK.reader.find(run.channel, run.item, run.notes, native_id=sent.native_id, is_another=nobodys, now=NOW)
    assert seen == Missing()  # asked for by its id, it is gone
