"""Between Mercat's words and LinkedIn's: little text, limits, what is read back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mercat.networks.linkedin import payload
from mercat.networks.linkedin.spec import MAX_PIXELS, SPEC, SUNSET, VERSION
from mercat.networks.port import Found, Heard
from mercat.sandbox.linkedin import little
from tests.networks.doubles import item, medium, picture

RESERVED = "\\|{}@[]()<>#*_~"
BASE = "https://api.linkedin.com"
URN = "urn:li:share:7045020441609936898"

likely = st.text(st.sampled_from(RESERVED + "aZ9é❄ \n:/.hashtagurnli#＃"), max_size=60)


@given(st.one_of(st.text(max_size=80), likely))
def test_a_text_comes_back_from_little_text_as_it_was(text: str) -> None:
    assert payload.plain(payload.commentary(text)) == text


@example("#\U0003d000")  # a letter of a newer Unicode than Python's
@given(st.one_of(st.text(max_size=80), likely))
def test_the_stand_in_reads_the_whole_of_what_we_write(text: str) -> None:
    """It cuts off at whatever is reserved and not escaped, as LinkedIn does; nothing of ours is."""
    assert little.read(payload.commentary(text)).plain == text


@given(st.one_of(st.text(max_size=80), likely))
def test_what_others_wrote_is_read_without_trouble(text: str) -> None:
    assert len(payload.plain(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Point * one (of two)", "Point \\* one \\(of two\\)"),
        ("a_b ~c~ {d} [e] <f> |g| @h \\i", "a\\_b \\~c\\~ \\{d\\} \\[e\\] \\<f\\> \\|g\\| \\@h \\\\i"),
        ("#Snow on the #A9, #snow.", "{hashtag|\\#|Snow} on the {hashtag|\\#|A9}, {hashtag|\\#|snow}."),
        ("#1 and #winter_roads and a#b and ##c", "\\#1 and \\#winter\\_roads and a\\#b and \\#\\#c"),
        ("https://example.org/a_b#c", "https://example.org/a\\_b\\#c"),
        ("#Straße #дорога", "{hashtag|\\#|Straße} {hashtag|\\#|дорога}"),
    ],
)
def test_what_is_reserved_is_escaped_and_hashtags_work(text: str, written: str) -> None:
    assert payload.commentary(text) == written


@pytest.mark.parametrize(
    ("little_text", "read"),
    [
        ("{hashtag|\\#|Snow} and {hashtag|#|ice}", "#Snow and #ice"),
        ("Thank you @[Roads \\(North\\)](urn:li:organization:1)!", "Thank you Roads (North)!"),
        ("@[Eddy] (urn:li:person:1234) said so", "Eddy said so"),
        ("{hashtag|\\#|never closed", "{hashtag|#|never closed"),
        ("ends in \\", "ends in \\"),
    ],
)
def test_little_text_of_others_is_read(little_text: str, read: str) -> None:
    assert payload.plain(little_text) == read


@pytest.mark.parametrize("hard", ["{hashtag|#|", "@[", "@[a](", "\\", "{", "#"])
def test_reading_takes_time_by_the_length_alone(hard: str) -> None:
    began = perf_counter()
    payload.plain(hard * 100_000)
    assert perf_counter() - began < 5


def test_characters_are_counted_in_the_strictest_way_and_without_escapes() -> None:
    assert payload.count("❄️👮🏽‍♀️", {}).used == 9
    assert payload.check(item("(" * 3_000), {}) == []
    (problem,) = payload.check(item("👮" * 1_501), {})
    assert problem.message == "The text has 3,002 characters; LinkedIn takes 3,000. Take out 2."


def test_a_picture_of_too_many_pixels_is_told() -> None:
    wide = medium(b"x", width=MAX_PIXELS + 1, height=1)
    (problem,) = payload.check(item("Snow.", wide), {})
    assert "pixels" in problem.message
    assert payload.check(item("Snow.", medium(b"x", width=MAX_PIXELS, height=1)), {}) == []


def test_one_picture_is_media_and_more_are_a_multi_image() -> None:
    one, two = picture("One"), picture("Two", shade=10)
    assert "content" not in payload.post(item("Snow."), "1", [])
    alone = payload.post(item("Snow.", one), "1", ["urn:li:image:A"])
    assert alone["content"] == {"media": {"id": "urn:li:image:A", "altText": "One"}}
    both = payload.post(item("Snow.", one, two), "1", ["urn:li:image:A", "urn:li:image:B"])
    images = [{"id": "urn:li:image:A", "altText": "One"}, {"id": "urn:li:image:B", "altText": "Two"}]
    assert both["content"] == {"multiImage": {"images": images}}


def seen(text: str, alts: tuple[str, ...] = ()) -> Found:
    return Found(URN, "", text, len(alts), "1", alts)


@pytest.mark.parametrize(
    ("sent", "shown", "alike"),
    [
        ("Snow.  On\n\nthe A9", "Snow. On the A9", True),
        ("See https://example.org/a and #Snow", "See https://lnkd.in/abc and #Snow", True),
        ("See https://example.org/a", "See https://example.org/b", False),
        ("See https://example.org/a", "See https://lnkd.in.example.org/a", False),
        ("See https://example.org/a https://example.org/b", "See https://lnkd.in/a", False),
        ("Snow.", "Snow", False),
        ("Snow", "snow", False),
    ],
)
def test_a_post_is_the_items_where_a_reader_sees_the_same(sent: str, shown: str, alike: bool) -> None:
    assert payload.same(item(sent), seen(shown)) is alike


def test_descriptions_and_their_order_belong_to_a_post() -> None:
    one = item("Snow.", picture("A  sign"), picture("A road", shade=10))
    assert payload.same(one, seen("Snow.", ("A sign", "A road")))
    assert not payload.same(one, seen("Snow.", ("A road", "A sign")))


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "id", "author", "commentary", "content", "elements", "createdAt", "created", "lastModified", "message", "actor",
    "commentUrn", "generatedActivity", "decoratedGeneratedActivity", "lastModifiedAt", "logoV2", "vanityName",
)  # fmt: skip


@given(st.one_of(odd, st.dictionaries(st.sampled_from(KEYS), odd)))
def test_no_answer_of_any_shape_makes_reading_fail(answer: Any) -> None:
    payload.found(answer, BASE)
    payload.comment(answer, URN, BASE)
    payload.mention(answer, BASE)
    payload.account(answer, BASE)
    if isinstance(answer, dict):
        payload.figures(answer)
        payload.picture_urn(answer, "logoV2")
        payload.moment(answer, "createdAt")


def test_a_time_that_cannot_be_is_none() -> None:
    assert payload.moment({"t": 1_795_435_200_123}, "t") == datetime(2026, 11, 23, 12, 0, 0, 123_000, UTC)
    for told in (0, -1, True, "1", 1.5, 10**30, None):
        assert payload.moment({"t": told}, "t") is None


def test_a_comment_is_heard_in_its_own_plain_text() -> None:
    told = {
        "commentUrn": "urn:li:comment:(urn:li:activity:1,2)",
        "actor": "urn:li:person:A",
        "message": {"text": "Is \\#this plain? (yes)"},
        "created": {"time": 1_795_435_200_000},
    }
    heard = payload.comment(told, URN, BASE)
    assert heard == Heard(
        "urn:li:comment:(urn:li:activity:1,2)",
        f"https://www.linkedin.com/feed/update/{URN}/",
        "urn:li:person:A",
        "",
        "Is \\#this plain? (yes)",
        datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        URN,
    )


def test_addresses_lead_to_the_site_or_to_the_stand_in_itself() -> None:
    assert payload.permalink(URN, BASE) == f"https://www.linkedin.com/feed/update/{URN}/"
    assert payload.page_url("a", "http://127.0.0.1:1/linkedin") == "http://127.0.0.1:1/linkedin/company/a/"


# The version


def test_the_version_is_a_month_and_ends_about_a_year_later() -> None:
    month = date(int(VERSION[:4]), int(VERSION[4:]), 1)
    assert timedelta(days=360) < SUNSET.on - month < timedelta(days=400)


def test_the_page_and_the_token_are_what_a_person_gives_and_the_app_is_the_bodys() -> None:
    assert [field.name for field in SPEC.connect_fields] == ["organisation", "token"]
    assert [(field.name, field.secret) for field in SPEC.app_fields] == [("client_id", False), ("client_secret", True)]
