"""Profiles, threads, notifications, search and reports: refused where a PDS refuses them."""

from __future__ import annotations

from contextlib import closing

import httpx
import pytest

from tests.sandbox.callers import POSTS, WHEN, BlueskyCaller, picture

PROFILE = "app.bsky.actor.profile"
REPORT = "com.atproto.moderation.createReport"
IMPERSONATION = "tools.ozone.report.defs#reasonMisleadingImpersonation"


@pytest.fixture
def walker(http) -> BlueskyCaller:
    return BlueskyCaller(http, "walker.force.test", "A walker")


def put(caller: BlueskyCaller, record, **more) -> httpx.Response:
    fields = {"repo": caller.account["native_id"], "collection": PROFILE, "rkey": "self", "record": record, **more}
    return caller.post("com.atproto.repo.putRecord", fields)


def ref(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.json()[name] for name in ("uri", "cid")}


def answered(caller: BlueskyCaller, parent: dict[str, str], text: str) -> dict[str, str]:
    record = {"$type": POSTS, "text": text, "createdAt": WHEN, "reply": {"root": parent, "parent": parent}}
    return ref(caller.create(record))


def mention(caller: BlueskyCaller, did: str) -> httpx.Response:
    facet = {
        "index": {"byteStart": 0, "byteEnd": 5},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": did}],
    }
    return caller.publish("@fife is it open?", facets=[facet])


def test_a_profile_is_one_record_that_everybody_reads(bluesky, http):
    avatar = bluesky.blob(picture())
    answer = put(bluesky, {"displayName": "Fife", "description": "Call 101.", "avatar": avatar})
    assert answer.json()["uri"] == f"at://{bluesky.account['native_id']}/{PROFILE}/self"
    (record,) = bluesky.get(
        "com.atproto.repo.listRecords", repo=bluesky.account["native_id"], collection=PROFILE
    ).json()["records"]
    assert record["value"]["description"] == "Call 101."
    one = bluesky.get("com.atproto.repo.getRecord", repo=bluesky.account["handle"], collection=PROFILE, rkey="self")
    assert one.json() == record
    seen = bluesky.get("app.bsky.actor.getProfile", actor=bluesky.account["handle"]).json()
    assert (seen["displayName"], seen["description"]) == ("Fife", "Call 101.")
    assert http.get(seen["avatar"]).content == picture()
    assert "Fife" in http.get(f"/bluesky/profile/{bluesky.account['handle']}").text


def test_a_profile_is_swapped_only_for_the_version_that_was_seen(bluesky):
    assert put(bluesky, {"displayName": "One"}, swapRecord="bafyother").json()["error"] == "InvalidSwap"
    first = put(bluesky, {"displayName": "One"}, swapRecord=None).json()
    assert put(bluesky, {"displayName": "Two"}, swapRecord=None).json()["error"] == "InvalidSwap"
    second = put(bluesky, {"displayName": "Two"}, swapRecord=first["cid"]).json()
    assert put(bluesky, {"displayName": "Three"}, swapRecord=first["cid"]).json()["error"] == "InvalidSwap"
    assert "commit" not in put(bluesky, {"displayName": "Two"}, swapRecord=second["cid"]).json()


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {"$type": POSTS},
        {"displayName": 1},
        {"displayName": "x" * 65},
        {"description": "x" * 257},
        {"displayName": "👮🏽‍♀️" * 64},
        {"avatar": "blob"},
        {"avatar": {"$type": "blob", "ref": {"$link": "bafkunknown"}, "mimeType": "image/png", "size": 1}},
    ],
)
def test_a_profile_that_the_lexicon_forbids_is_refused(bluesky, record):
    answer = put(bluesky, record)
    assert (answer.status_code, "error" in answer.json()) == (400, True)
    assert (
        bluesky.get(
            "com.atproto.repo.getRecord", repo=bluesky.account["handle"], collection=PROFILE, rkey="self"
        ).status_code
        == 400
    )


def test_a_picture_of_a_profile_is_of_its_kind_and_size(bluesky):
    webp = bluesky.blob(picture(kind="WEBP"))
    assert put(bluesky, {"avatar": webp}).json()["error"] == "InvalidMimeType"
    assert put(bluesky, {"avatar": {**bluesky.blob(picture()), "size": 1}}).json()["error"] == "BlobTooLarge"


def test_nobody_writes_anothers_profile_or_a_second_one(bluesky, walker):
    assert put(walker, {"displayName": "x"}, repo=bluesky.account["native_id"]).status_code == 401
    assert put(bluesky, {"displayName": "x"}, rkey="other").status_code == 400


def test_a_thread_holds_the_replies_as_deep_as_was_asked(bluesky, walker):
    root = ref(bluesky.publish("hello"))
    first = answered(walker, root, "one")
    answered(bluesky, first, "two")

    def shown(**params) -> dict:
        return bluesky.get("app.bsky.feed.getPostThread", uri=root["uri"], **params).json()["thread"]

    (reply,) = shown()["replies"]
    assert (reply["post"]["record"]["text"], reply["post"]["author"]["handle"]) == ("one", walker.account["handle"])
    assert [each["post"]["record"]["text"] for each in reply["replies"]] == ["two"]
    assert shown(depth=1)["replies"][0]["replies"] == []
    assert shown(depth=0)["replies"] == []
    assert shown()["post"]["replyCount"] == 1
    for depth in ("x", "1001"):
        assert bluesky.get("app.bsky.feed.getPostThread", uri=root["uri"], depth=depth).status_code == 400
    gone = bluesky.get("app.bsky.feed.getPostThread", uri=root["uri"] + "x")
    assert (gone.status_code, gone.json()["error"]) == (400, "NotFound")


def test_a_reply_that_was_removed_is_no_longer_in_the_thread(bluesky, walker):
    root = ref(bluesky.publish("hello"))
    reply = answered(walker, root, "one")
    key = reply["uri"].rpartition("/")[2]
    where = {"repo": walker.account["native_id"], "collection": POSTS, "rkey": key}
    walker.post("com.atproto.repo.deleteRecord", where)
    thread = bluesky.get("app.bsky.feed.getPostThread", uri=root["uri"]).json()["thread"]
    assert (thread["replies"], thread["post"]["replyCount"]) == ([], 0)


def test_whoever_is_named_or_answered_hears_of_it(bluesky, walker):
    did = bluesky.account["native_id"]
    root = ref(bluesky.publish("hello"))
    named = ref(mention(walker, did))
    answered(walker, root, "one")
    mention(bluesky, did)

    def told(**params) -> list[tuple[str, str]]:
        views = bluesky.get("app.bsky.notification.listNotifications", **params).json()["notifications"]
        return [(view["reason"], view["record"]["text"]) for view in views]

    assert told() == [("reply", "one"), ("mention", "@fife is it open?")]
    assert told(reasons="mention") == [("mention", "@fife is it open?")]
    assert told(reasons="like") == []
    first = bluesky.get("app.bsky.notification.listNotifications", limit=1).json()
    assert told(cursor=first["cursor"]) == [("mention", "@fife is it open?")]
    assert told(limit=1) == [("reply", "one")]
    assert named["uri"].startswith("at://")
    assert walker.get("app.bsky.notification.listNotifications").json()["notifications"] == []
    assert walker.http.get("/bluesky/xrpc/app.bsky.notification.listNotifications").status_code == 401


def test_a_search_wants_every_word(bluesky, walker):
    put(walker, {"displayName": "A walker", "description": "Hills and roads"})

    def found(words: str) -> list[str]:
        return [one["handle"] for one in bluesky.get("app.bsky.actor.searchActors", q=words).json()["actors"]]

    assert found("WALKER hills") == found("walker.force") == [walker.account["handle"]]
    assert found("walker seas") == found("") == []


@pytest.mark.parametrize(
    "change",
    [
        {"reasonType": "odd"},
        {"reasonType": None},
        {"reason": "x" * 2_001},
        {"reason": 1},
        {"subject": None},
        {"subject": {"$type": "com.atproto.admin.defs#repoRef", "did": "nobody"}},
        {"subject": {"did": "did:plc:ewvi7nxzyoun6zhxrhs64oiz"}},
    ],
)
def test_a_report_is_checked(bluesky, walker, change):
    subject = {"$type": "com.atproto.admin.defs#repoRef", "did": walker.account["native_id"]}
    good = {"reasonType": IMPERSONATION, "reason": "It pretends to be us.", "subject": subject}
    assert bluesky.post(REPORT, good).json()["reportedBy"] == bluesky.account["native_id"]
    assert bluesky.post(REPORT, {**good, **change}).status_code == 400
    told = {"id": "1", "account": walker.account["native_id"], "comment": "It pretends to be us."}
    assert bluesky.control("GET", "reports").json() == [told]
    assert "It pretends to be us." in bluesky.http.get(walker.account["url"]).text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_makers_client_reads_all_of_it(sandbox, bluesky, walker):
    atproto = pytest.importorskip("atproto")
    root = ref(bluesky.publish("hello"))
    answered(walker, root, "one")
    mention(walker, bluesky.account["native_id"])
    client = atproto.Client(base_url=f"{sandbox.url}/bluesky")
    with closing(client.request):  # it never closes its connections by itself
        client.login(bluesky.account["handle"], bluesky.account["password"])
        thread = client.get_post_thread(root["uri"]).thread
        assert [one.post.record.text for one in thread.replies] == ["one"]
        told = client.app.bsky.notification.list_notifications({"limit": 10}).notifications
        assert [one.reason for one in told] == ["mention", "reply"]
        found = client.app.bsky.actor.search_actors({"q": "walker"}).actors
        assert [one.did for one in found] == [walker.account["native_id"]]
        subject = atproto.models.ComAtprotoAdminDefs.RepoRef(did=walker.account["native_id"])
        report = client.com.atproto.moderation.create_report({"reason_type": IMPERSONATION, "subject": subject})
        assert report.reported_by == bluesky.account["native_id"]
        record = {"repo": client.me.did, "collection": PROFILE, "rkey": "self", "record": {"displayName": "Fife"}}
        client.com.atproto.repo.put_record(record)
        assert client.get_profile(bluesky.account["handle"]).display_name == "Fife"
