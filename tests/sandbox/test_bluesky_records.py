from __future__ import annotations

import json
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.sandbox.bluesky import ids, record
from mercat.sandbox.graphemes import count_graphemes
from mercat.sandbox.standin import ApiError
from tests.sandbox.callers import POSTS, WHEN, picture
from tests.shared import shared

KEY = "3n2yiygtg5v22"
GOOD = {"$type": POSTS, "text": "Good morning, Fife", "createdAt": WHEN}
BLOB = {"$type": "blob", "ref": {"$link": "bafkreiabc"}, "mimeType": "image/png", "size": 5}


def images(*pictures: dict) -> dict:
    return {"$type": "app.bsky.embed.images", "images": list(pictures)}


def facet(start: int, end: int, **feature: str) -> dict:
    feature = feature or {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.test"}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    body = response.json()
    return response.status_code, body["error"], body["message"]


def test_a_created_record_is_answered_with_its_address_and_found_again(bluesky):
    answer = bluesky.create(GOOD).json()
    did, collection, key = answer["uri"].removeprefix("at://").split("/")
    assert (did, collection) == (bluesky.account["native_id"], POSTS)
    assert ids.TID.fullmatch(key)
    assert answer["validationStatus"] == "valid"
    assert set(answer["commit"]) == {"cid", "rev"}
    found = bluesky.get("com.atproto.repo.getRecord", repo=did, collection=POSTS, rkey=key).json()
    assert found == {"uri": answer["uri"], "cid": answer["cid"], "value": GOOD}


REFUSED = {
    "301 graphemes": ({"text": "a" * 301}, "grapheme too big (maximum 300, got 301) at $.text"),
    "3,001 bytes": ({"text": "👨‍👩‍👧‍👦" * 121}, "string too big (maximum 3000, got 3025) at $.text"),
    "no text": ({"text": None}, "Expected string value type at $.text"),
    "no time": ({"createdAt": ...}, 'Missing required key "createdAt" at $'),
    "a time without a zone": ({"createdAt": "2026-11-23T12:00:00"}, "Invalid datetime at $.createdAt"),
    "a day that is none": ({"createdAt": "2026-02-30T12:00:00Z"}, "Invalid datetime at $.createdAt"),
    "four languages": ({"langs": ["en", "gd", "sco", "pl"]}, "array too big (maximum 3, got 4) at $.langs"),
    "a language that is none": ({"langs": ["English!"]}, "Invalid language tag at $.langs"),
    "nine tags": ({"tags": ["x"] * 9}, "array too big (maximum 8, got 9) at $.tags"),
    "a long tag": ({"tags": ["x" * 65]}, "grapheme too big (maximum 64, got 65) at $.tags"),
    "another record type": (
        {"$type": "app.bsky.feed.like"},
        f"Invalid $type: expected {POSTS}, got app.bsky.feed.like",
    ),
    "an unknown embed": ({"embed": {"$type": "app.bsky.embed.hologram"}}, "Unknown $type app.bsky.embed.hologram"),
    "an embed without type": ({"embed": {"images": []}}, 'Missing required key "$type" at $.embed'),
    "five pictures": ({"embed": images(*[{"image": BLOB, "alt": ""}] * 5)}, "array too big (maximum 4, got 5)"),
    "a picture without alt": ({"embed": images({"image": BLOB})}, "Could not find blob"),
    "a facet past the end": ({"facets": [facet(0, 99)]}, "outside the text of 18 bytes"),
    "a facet backwards": ({"facets": [facet(5, 5)]}, "The byte range 5 to 5 is outside"),
    "a facet before the start": ({"facets": [facet(-1, 5)]}, "The byte range -1 to 5 is outside"),
    "a facet through a character": ({"text": "é!", "facets": [facet(1, 3)]}, "cuts a character"),
    "an unknown facet": ({"facets": [facet(0, 4, **{"$type": "app.x#y"})]}, "Unknown $type app.x#y"),
    "a link to nowhere": (
        {"facets": [facet(0, 4, **{"$type": "app.bsky.richtext.facet#link", "uri": "example"})]},
        "Invalid URI",
    ),
    "a mention of nobody": (
        {"facets": [facet(0, 4, **{"$type": "app.bsky.richtext.facet#mention", "did": "@fife"})]},
        "Invalid DID",
    ),
    "half a reply": ({"reply": {"root": {"uri": "at://a/b/c", "cid": "bafy"}}}, 'Missing required key "parent"'),
    "a float": ({"extra": 1.5}, "the data model has no float"),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_lexicon_forbids_is_refused_by_name_and_not_kept(bluesky, change):
    fields, words = change
    content = {name: value for name, value in {**GOOD, **fields}.items() if value is not ...}
    status, error, message = refusal(bluesky.create(content))
    assert (status, error) in [(400, "InvalidRequest"), (400, "BlobNotFound")]
    assert words in message
    assert bluesky.posts() == []


def test_the_limits_themselves_are_accepted(bluesky):
    assert bluesky.publish("👨‍👩‍👧‍👦" * 120).status_code == 200
    assert bluesky.publish("a" * 300, langs=["en", "gd", "sco"], tags=["x" * 64] * 8).status_code == 200
    assert bluesky.publish("é!", facets=[facet(0, 2), facet(2, 3)]).status_code == 200


def test_graphemes_are_counted_as_a_real_server_counts_them():
    measured = json.loads(shared("atproto", "measured", "grapheme-counts.json").read_text())
    for row in measured["rows"]:
        assert count_graphemes(row["unit"] * row["repeat"]) == row["pds_graphemes"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("recordkey", ids.RECORD_KEY), ("tid", ids.TID), ("did", ids.DID), ("handle", ids.HANDLE)],
)
@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_names_follow_the_published_examples(name, pattern, kind):
    lines = shared("atproto", "interop-tests", "syntax", f"{name}_syntax_{kind}.txt").read_text().split("\n")
    examples = [line for line in lines if line and not line.startswith("#")]
    fold = str.lower if name == "handle" else str
    wrong = [line for line in examples if bool(pattern.fullmatch(fold(line))) != (kind == "valid")]
    assert examples
    assert wrong == []


@pytest.mark.parametrize("kind", ["datetime_syntax_valid", "datetime_syntax_invalid", "datetime_parse_invalid"])
def test_times_follow_the_published_examples(kind):
    lines = shared("atproto", "interop-tests", "syntax", f"{kind}.txt").read_text().split("\n")
    for line in (line for line in lines if line and not line.startswith("#")):
        content = {**GOOD, "createdAt": line}
        if kind.endswith("_valid") and not line.startswith("0000"):
            assert record.check(content, lambda cid: None) == ()
        else:
            with pytest.raises(ApiError):
                record.check(content, lambda cid: None)


def test_content_identifiers_are_those_of_another_implementation():
    libipld = pytest.importorskip("libipld")
    for content in (GOOD, {**GOOD, "embed": images({"image": BLOB, "alt": "é"}), "n": [-1, 2**40, True, None]}):
        plain = json.loads(json.dumps(content))
        plain.get("embed", {"images": []})["images"].clear()  # links have their own test below
        assert ids.dag_cbor(plain) == libipld.encode_dag_cbor(plain)
    cid = ids.record_cid(GOOD)
    assert ids.dag_cbor({"$link": cid}) == libipld.encode_dag_cbor(libipld.decode_cid(cid) and _link(libipld, cid))


def _link(libipld, cid: str) -> bytes:
    """libipld takes a CID as bytes."""
    return bytes(ids._unbase32(cid))


scalars = st.sampled_from([None, True, 0, -1, 5, 2**70, "", "é", "did:plc:x", "https://a.test", POSTS, WHEN, [], {}])
inner = ["$type", "index", "features", "byteStart", "byteEnd", "images", "image", "alt", "ref", "external", "record"]
objects = st.dictionaries(st.sampled_from(inner), scalars, max_size=4)
shapes = st.dictionaries(st.sampled_from(inner), scalars | objects | st.lists(objects, max_size=2), max_size=4)
kinds = ["app.bsky.embed.images", "app.bsky.embed.external", "app.bsky.embed.record"]
embeds = st.builds(lambda kind, shape: {"$type": kind, **shape}, st.sampled_from(kinds), shapes)
members = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("$type", "text", "createdAt", "langs", "tags"), scalars),
        "reply": scalars | shapes,
        "facets": scalars | st.lists(scalars | shapes, max_size=2),
        "embed": scalars | embeds,
    },
)


@given(members)
def test_whatever_comes_in_is_taken_or_refused_but_breaks_nothing(changes):
    with suppress(ApiError):
        assert record.check({**GOOD, **changes}, lambda cid: None) == ()


# Keys


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "key with spaces", "x" * 600, "my-own-key", 5])
def test_a_record_key_that_is_no_tid_is_refused(bluesky, key):
    assert refusal(bluesky.put(key, GOOD))[:2] == (400, "InvalidRequest")
    assert bluesky.posts() == []


def test_a_second_record_of_the_same_key_is_a_server_error_and_leaves_the_first(bluesky):
    assert bluesky.create(GOOD, rkey=KEY).status_code == 200
    assert refusal(bluesky.create({**GOOD, "text": "again"}, rkey=KEY))[:2] == (500, "InternalServerError")
    assert [post["text"] for post in bluesky.posts()] == [GOOD["text"]]


def test_putting_the_same_again_does_nothing_and_says_so_by_leaving_out_the_commit(bluesky):
    first, second = bluesky.put(KEY, GOOD).json(), bluesky.put(KEY, GOOD).json()
    assert "commit" in first
    assert "commit" not in second
    assert first["cid"] == second["cid"]
    assert len(bluesky.posts()) == 1


def test_putting_something_else_overwrites(bluesky):
    bluesky.put(KEY, GOOD)
    assert "commit" in bluesky.put(KEY, {**GOOD, "text": "corrected"}).json()
    assert [post["text"] for post in bluesky.posts()] == ["corrected"]


def test_a_put_that_expects_nothing_there_overwrites_nothing(bluesky):
    assert bluesky.put(KEY, GOOD, swapRecord=None).status_code == 200
    assert "commit" not in bluesky.put(KEY, GOOD, swapRecord=None).json()
    answer = bluesky.put(KEY, {**GOOD, "text": "another"}, swapRecord=None)
    assert refusal(answer)[:2] == (400, "InvalidSwap")
    assert [post["text"] for post in bluesky.posts()] == [GOOD["text"]]


def test_two_accounts_may_use_the_same_key(bluesky, http):
    other = type(bluesky)(http, "dundee.force.test", "Dundee")
    assert [bluesky.put(KEY, GOOD).status_code, other.put(KEY, GOOD).status_code] == [200, 200]
    assert len(bluesky.posts()) == 2


def test_nobody_writes_into_another_repository(bluesky, http):
    other = type(bluesky)(http, "dundee.force.test", "Dundee")
    answer = bluesky.create(GOOD, repo=other.account["native_id"])
    assert refusal(answer)[:2] == (401, "AuthenticationRequired")
    assert bluesky.posts() == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"collection": "app.bsky.feed.like"}, "Lexicon not found"),
        ({"swapCommit": "bafy"}, "swaps nothing"),
        ({"record": "text"}, "Input/record must be an object"),
        ({"repo": 5}, "Input/repo must be a string"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(bluesky, more, words):
    status, _, message = refusal(bluesky.create(**{"record": GOOD, **more}))
    assert status == 400
    assert words in message


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"repo": NaN}', "application/json"),
        (b'{"repo": "\\ud800"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"{}", "text/plain"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(bluesky, http, body, kind):
    headers = {**bluesky.bearer(), "content-type": kind}
    answer = http.post("/bluesky/xrpc/com.atproto.repo.createRecord", content=body, headers=headers)
    assert refusal(answer)[:2] == (400, "InvalidRequest")


# Pictures


def test_a_picture_stands_on_the_post_with_its_alt_text(bluesky, http):
    data = picture()
    blob = bluesky.blob(data)
    assert blob["mimeType"] == "image/png"
    bluesky.publish("look", embed=images({"image": blob, "alt": "A navy rectangle"})).raise_for_status()
    medium = bluesky.posts()[0]["media"][0]
    assert (medium["mime"], medium["size"], medium["alt"]) == ("image/png", len(data), "A navy rectangle")
    params = {"did": bluesky.account["native_id"], "cid": blob["ref"]["$link"]}
    assert http.get("/bluesky/xrpc/com.atproto.sync.getBlob", params=params).content == data


def test_a_picture_needs_its_alt_field(bluesky):
    status, _, message = refusal(bluesky.publish("look", embed=images({"image": bluesky.blob(picture())})))
    assert status == 400
    assert 'Missing required key "alt"' in message


def test_a_picture_must_have_been_uploaded_by_this_account(bluesky, http):
    other = type(bluesky)(http, "dundee.force.test", "Dundee")
    blob = other.blob(picture())
    answer = bluesky.publish("look", embed=images({"image": blob, "alt": ""}))
    assert refusal(answer)[:2] == (400, "BlobNotFound")


def test_a_picture_over_two_million_bytes_is_refused_when_it_is_posted(bluesky):
    blob = bluesky.blob(picture() + bytes(2_000_000))
    answer = bluesky.publish("look", embed=images({"image": blob, "alt": ""}))
    assert refusal(answer)[:2] == (400, "BlobTooLarge")


@pytest.mark.parametrize(
    ("change", "error"), [({"size": 3}, "InvalidSize"), ({"mimeType": "image/jpeg"}, "InvalidMimeType")]
)
def test_a_picture_must_be_what_was_uploaded(bluesky, change, error):
    blob = {**bluesky.blob(picture()), **change}
    assert refusal(bluesky.publish("look", embed=images({"image": blob, "alt": ""})))[:2] == (400, error)


def test_a_file_that_is_no_picture_cannot_be_shown_as_one(bluesky):
    blob = bluesky.upload(b"hello", "text/plain").json()["blob"]
    answer = bluesky.publish("look", embed=images({"image": blob, "alt": ""}))
    assert refusal(answer)[:2] == (400, "InvalidMimeType")


def test_an_empty_upload_is_refused(bluesky):
    assert refusal(bluesky.upload(b""))[:2] == (400, "InvalidRequest")


# Reading and removing


def test_records_are_listed_newest_first_and_page_by_page(bluesky):
    keys = ["3n2yiygtg5v22", "3n2yiygtg5v23", "3n2yiygtg5v24"]
    for key in keys:
        bluesky.put(key, {**GOOD, "text": key})
    params = {"repo": "fife.force.test", "collection": POSTS, "limit": 2}
    first = bluesky.get("com.atproto.repo.listRecords", **params).json()
    rest = bluesky.get("com.atproto.repo.listRecords", **params, cursor=first["cursor"]).json()
    assert [one["value"]["text"] for one in first["records"] + rest["records"]] == keys[::-1]
    assert "cursor" not in rest
    backwards = bluesky.get("com.atproto.repo.listRecords", **params, reverse="true").json()
    assert [one["value"]["text"] for one in backwards["records"]] == keys[:2]


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_page_size_out_of_range_is_refused(bluesky, limit):
    params = {"repo": "fife.force.test", "collection": POSTS, "limit": limit}
    assert refusal(bluesky.get("com.atproto.repo.listRecords", **params))[:2] == (400, "InvalidRequest")


def test_the_feed_and_single_posts_are_shown_with_their_pictures(bluesky, http):
    blob = bluesky.blob(picture())
    uri = bluesky.publish("look", embed=images({"image": blob, "alt": "navy"})).json()["uri"]
    feed = bluesky.get("app.bsky.feed.getAuthorFeed", actor="fife.force.test").json()["feed"]
    posts = bluesky.get("app.bsky.feed.getPosts", uris=[uri, "at://nobody/x/y"]).json()["posts"]
    assert [one["post"] for one in feed] == posts
    image = posts[0]["embed"]["images"][0]
    assert image["alt"] == "navy"
    assert http.get(image["fullsize"]).headers["content-type"] == "image/png"


def test_removing_twice_is_harmless_and_the_record_is_gone(bluesky):
    bluesky.put(KEY, GOOD)
    fields = {"repo": bluesky.account["native_id"], "collection": POSTS, "rkey": KEY}
    first, second = (bluesky.post("com.atproto.repo.deleteRecord", fields) for _ in range(2))
    assert "commit" in first.json()
    assert (second.status_code, second.json()) == (200, {})
    assert refusal(bluesky.get("com.atproto.repo.getRecord", **fields))[:2] == (400, "RecordNotFound")
