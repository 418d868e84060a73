"""What Threads takes, and how it counts."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.text import graphemes
from mercat.networks.threads import payload
from mercat.networks.threads.adapter import NETWORK
from tests.networks.contract import scripted
from tests.networks.doubles import item, picture_for


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("é", 1),
        ("e\u0301", 2),  # a letter and its accent
        ("❄️", 6),
        ("👮🏽‍♀️", 17),
        ("🇬🇧", 8),
        ("1️⃣", 7),
        ("a\nb", 3),
        ("नि", 2),
        ("x" * 500, 500),
    ],
)
def test_letters_count_one_by_one_and_emoji_by_their_bytes(text: str, used: int) -> None:
    assert payload.count(text, {}).used == used


@given(st.text(max_size=80))
def test_no_way_of_counting_that_is_reported_gives_more(text: str) -> None:
    assert payload.count(text, {}).used >= max(graphemes(text), len(text))


def test_the_stand_in_counts_the_same() -> None:
    from mercat.sandbox.threads import text

    for words in ("Snow ❄️ on the A9 👮🏽‍♀️ — drive", "🇬🇧1️⃣", "e\u0301"):
        assert text.count(words) == payload.count(words, {}).used


def problems(text: str) -> list[str]:
    return [problem.message for problem in payload.check(item(text), {})]


def test_one_topic_is_taken_and_more_are_not() -> None:
    assert problems("Snow #A9 and #1, see https://example.org/#part a#b &#39;") == []
    assert problems("#Snow on the #A9") == ["The text has 2 tags; Threads takes 1. Take out 1."]


def test_five_different_links_are_taken_and_more_are_not() -> None:
    five = " ".join(f"https://example.org/{n}" for n in range(4)) + " www.example.org"
    assert problems(f"{five} https://example.org/0 mail@www.example.org") == []
    assert problems(f"{five} https://example.com") == ["The text has 6 links; Threads takes 5. Take out 1."]


@pytest.mark.parametrize(
    ("size", "taken"), [((1000, 100), True), ((1001, 100), False), ((1, 11), False), ((0, 0), True)]
)
def test_shapes_are_taken_up_to_ten_to_one(size: tuple[int, int], taken: bool) -> None:
    one = dataclasses.replace(picture_for(NETWORK), width=size[0], height=size[1])
    assert (payload.check(item("ok", one), {}) == []) is taken


def test_forms_are_those_of_words_a_picture_a_part_and_an_album() -> None:
    one = picture_for(NETWORK, "A sign")
    bare = dataclasses.replace(one, alt="")
    assert payload.whole(item("Words")) == {"media_type": "TEXT", "text": "Words"}
    image = {"media_type": "IMAGE", "image_url": one.url}
    assert payload.whole(item("Words", one)) == {**image, "alt_text": "A sign", "text": "Words"}
    assert payload.whole(item("", bare)) == image
    assert payload.DIALECT.part(bare) == {**image, "is_carousel_item": "true"}
    assert payload.album(item("", one, one), ["1", "2"]) == {"media_type": "CAROUSEL", "children": "1,2"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=8,
)
NAMES = ("id", "text", "media_type", "owner", "children", "timestamp", "alt_text", "permalink", "username", "name")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON)))
def test_no_answer_makes_reading_stumble(node: dict[str, object]) -> None:
    channel = scripted("threads")[0].channel
    payload.found(node, channel)
    payload.heard(node, channel.base_url)
    payload.profile(node, channel.base_url)
    payload.account(node, channel.base_url)
