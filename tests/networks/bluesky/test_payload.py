"""What in a text is a link, a mention, a tag; records; limits."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.bluesky import payload, spec
from mercat.networks.bluesky.payload import check, count, facets, mentions, record, tags
from tests.networks.doubles import item, medium, picture
from tests.shared import shared

DID = "did:plc:z72i7hdynmk6r22z27h6tvur"
LINK, TAG, MENTION = (f"app.bsky.richtext.facet#{kind}" for kind in ("link", "tag", "mention"))


def marked(text: str, **dids: str) -> list[tuple[str, dict[str, str]]]:
    """The facets as the bytes they mark and what they say."""
    known = {name.replace("_", "."): did for name, did in dids.items()}
    return [
        (
            text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(),
            facet["features"][0],
        )
        for facet in facets(text, known)
    ]


# Byte offsets


@pytest.mark.parametrize(
    "before",
    [
        "plain ",
        "❄️ ",  # emoji with a variation selector
        "👮🏽‍♀️👮🏽‍♀️ ",  # emoji joined of five code points, 17 bytes
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿 ",  # flag made of tags, 28 bytes
        "e\u0301a\u0300 ",  # combining accents
        "é ",
        "مرحبا بالعالم ",  # right to left
        "\u202bשלום\u202c ",  # right to left with marks of direction
        "क्षि ",
        "漢字 ",
        "\n\n",
    ],
)
def test_offsets_count_bytes_of_utf_8_whatever_comes_before(before: str) -> None:
    text = f"{before}https://example.org/a #Snow"
    assert marked(text) == [
        ("https://example.org/a", {"$type": LINK, "uri": "https://example.org/a"}),
        ("#Snow", {"$type": TAG, "tag": "Snow"}),
    ]
    first = facets(text, {})[0]["index"]
    assert first["byteStart"] == len(before.encode())


@given(st.text(), st.text())
def test_every_facet_marks_whole_characters_in_order_and_without_overlap(before: str, after: str) -> None:
    text = f"{before} https://example.org/{after} #tag {after} @a.example.org"
    found = facets(text, {"a.example.org": DID})
    ends = 0
    for facet in found:
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert ends <= start < end <= len(text.encode())
        text.encode()[start:end].decode()
        ends = end


# Mentions


def test_a_mention_is_marked_where_its_handle_is_known() -> None:
    assert marked("Thanks @a.example.org!", a_example_org=DID) == [("@a.example.org", {"$type": MENTION, "did": DID})]
    assert marked("Thanks @a.example.org!") == []


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@a.example.org", ["a.example.org"]),
        ("(@a.example.org)", ["a.example.org"]),
        ("@a.example.org.", ["a.example.org"]),
        ("@A.Example.ORG", ["a.example.org"]),
        ("@a.org,@b.org", ["a.org", "b.org"]),
        ("mail a@example.org", []),
        ("@plain", []),
        ("@@a.org", []),
        ("@user@a.org", []),
        ("https://example.org/@a.org", []),
        ("https://example.org/?q=(@a.org)", []),
        ("@-a.org @a-.org @a.-b @a.0", []),
    ],
)
def test_mentions_are_handles_after_an_at(text: str, handles: list[str]) -> None:
    assert [span.text for span in mentions(text)] == handles


def _lines(name: str) -> list[str]:
    text = shared("atproto", "interop-tests", "syntax", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_every_handle_that_the_protocol_allows_can_be_mentioned() -> None:
    handles = _lines("handle_syntax_valid.txt")
    assert [[span.text for span in mentions(f"@{handle}")] for handle in handles] == [[h.lower()] for h in handles]


def test_no_handle_that_the_protocol_forbids_is_looked_up() -> None:
    taken = [line for line in _lines("handle_syntax_invalid.txt") if line in [s.text for s in mentions(f"@{line}")]]
    assert taken == []


# Tags


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#Snow", ["Snow"]),
        ("＃雪", ["雪"]),
        ("a #b #c", ["b", "c"]),
        ("#Snow.", ["Snow"]),
        ("#Snow!?)", ["Snow"]),
        ("#A9", ["A9"]),
        ("#road-works", ["road-works"]),
        ("#❄️", ["❄️"]),
        ("#999", []),
        ("#", []),
        ("# Snow", []),
        ("#️⃣", []),
        ("no#tag", []),
        ("https://example.org/#part", []),
        ("#" + "x" * 64, ["x" * 64]),
        ("#" + "x" * 65, []),
    ],
)
def test_tags_are_words_after_a_hash(text: str, found: list[str]) -> None:
    assert [span.text for span in tags(text)] == found


# Records


def sample_blob() -> dict[str, Any]:
    cid = "bafkreibjfgx2gprinfvicegelk5kosd6y2frmqpqzwqkg7usac74l3t2v4"
    return {"$type": "blob", "ref": {"$link": cid}, "mimeType": "image/png", "size": 70}


def test_a_record_is_as_the_makers_own_client_reads_it() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's own
        from atproto import models

    text = "Snow ❄️ https://example.org #Snow @a.example.org"
    made = record(item(text, picture("A sign")), {"a.example.org": DID}, [sample_blob()])
    read = models.get_or_create(made, models.AppBskyFeedPost.Record)
    assert isinstance(read, models.AppBskyFeedPost.Record)
    assert read.text == text
    assert read.created_at == "2026-11-23T12:00:00.000Z"
    assert [feature.py_type for facet in read.facets or [] for feature in facet.features] == [LINK, TAG, MENTION]
    assert isinstance(read.embed, models.AppBskyEmbedImages.Main)
    assert (read.embed.images[0].alt, read.embed.images[0].aspect_ratio.width) == ("A sign", 4)  # type: ignore[union-attr]


def test_a_plain_post_has_neither_facets_nor_an_embed() -> None:
    assert set(record(item("Snow."), {}, [])) == {"$type", "text", "createdAt", "langs"}


def test_a_picture_of_unknown_size_has_no_aspect_ratio() -> None:
    made = record(item("", medium(b"x", width=0, height=0)), {}, [sample_blob()])
    assert "aspectRatio" not in made["embed"]["images"][0]


# Limits


def test_the_limits_are_the_lexicons() -> None:
    def lexicon(*parts: str) -> Any:
        return json.loads(shared("atproto", "lexicons", "app", "bsky", *parts).read_text(encoding="utf-8"))["defs"]

    text = lexicon("feed", "post.json")["main"]["record"]["properties"]["text"]
    assert (text["maxGraphemes"], text["maxLength"]) == (spec.MAX_GRAPHEMES, spec.MAX_BYTES)
    images = lexicon("embed", "images.json")
    assert spec.SPEC.media.max_count == images["main"]["properties"]["images"]["maxLength"]
    assert spec.SPEC.media.max_bytes == images["image"]["properties"]["image"]["maxSize"]
    tag = lexicon("richtext", "facet.json")["tag"]["properties"]["tag"]
    assert (tag["maxGraphemes"], tag["maxLength"]) == (spec.MAX_TAG_GRAPHEMES, spec.MAX_TAG_BYTES)


def test_graphemes_are_what_counts() -> None:
    assert count("👮🏽‍♀️" * 10, {}).used == 10


def test_bytes_are_a_limit_of_their_own_told_in_its_own_words() -> None:
    family = "👨‍👩‍👧‍👦"  # one grapheme, 25 bytes
    assert check(item(family * 120), {}) == []
    (problem,) = check(item(family * 121), {})
    assert problem.message.startswith("The text takes 3,025 bytes; Bluesky takes 3,000.")


def test_the_words_say_by_how_much() -> None:
    (problem,) = check(item("x" * 312), {})
    assert problem.message == "The text has 312 characters; Bluesky takes 300. Take out 12."
    (problem,) = check(item("x", medium(b"x" * 2_000_001)), {})
    assert problem.message == "Picture 1 has 2.000001 MB; Bluesky takes up to 2 MB. Use a smaller one."


def test_an_answer_that_is_no_blob_is_not_kept() -> None:
    import httpx

    for body in ({}, {"blob": "x"}, {"blob": {"ref": "x"}}, {"blob": {"ref": {"$link": 1}}}, [], None):
        assert payload.blob_of(httpx.Response(200, json=body)) is None
