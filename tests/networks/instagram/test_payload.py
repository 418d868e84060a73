"""What Instagram takes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.instagram import payload
from mercat.networks.instagram.adapter import NETWORK
from mercat.networks.port import Medium
from tests.networks.doubles import item, picture_for, video


def shaped(width: int, height: int) -> list[str]:
    one = dataclasses.replace(picture_for(NETWORK), width=width, height=height)
    return [problem.message for problem in payload.check(item("ok", one), {})]


@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1350), (1080, 566), (1910, 1000), (4, 5), (0, 0)])
def test_shapes_between_upright_and_wide_are_taken(size: tuple[int, int]) -> None:
    assert shaped(*size) == []


@pytest.mark.parametrize("size", [(1080, 1351), (1920, 1000), (1, 100), (100, 1)])
def test_other_shapes_are_told_with_their_size(size: tuple[int, int]) -> None:
    (message,) = shaped(*size)
    assert message.startswith(f"Picture 1 is {size[0]:,} by {size[1]:,} pixels")
    assert "4:5" in message


def test_a_post_without_a_picture_is_told_once() -> None:
    assert [problem.field for problem in payload.check(item("Words alone."), {})] == ["media"]


@pytest.mark.parametrize(
    ("text", "used"), [("", 0), ("é", 1), ("👮🏽‍♀️", 7), ("a\nb", 3), ("x" * 2_200, 2_200), ("\ud800", 1)]
)
def test_characters_are_counted_as_no_count_is_higher(text: str, used: int) -> None:
    assert payload.count(text, {}).used == used


def problems(text: str) -> list[str]:
    return [problem.message for problem in payload.check(item(text, picture_for(NETWORK)), {})]


def test_thirty_tags_are_taken_and_more_are_not() -> None:
    assert problems(" ".join(f"#tag{n}" for n in range(30)) + " #1 &#39; a#b") == []
    (message,) = problems(" ".join(f"#tag{n}" for n in range(31)))
    assert message == "The text has 31 tags; Instagram takes 30. Take out 1."


def test_twenty_names_are_taken_and_more_are_not() -> None:
    assert problems(" ".join(f"@name{n}" for n in range(20)) + " somebody@example.org") == []
    (message,) = problems(" ".join(f"@name{n}" for n in range(22)))
    assert message == "The text names 22 accounts; Instagram takes 20. Take out 2."


def test_forms_are_those_of_a_picture_a_part_and_an_album() -> None:
    one = picture_for(NETWORK, "A sign")
    bare = dataclasses.replace(one, alt="")
    assert payload.whole(item("Words", one)) == {"image_url": one.url, "alt_text": "A sign", "caption": "Words"}
    assert payload.whole(item("", bare)) == {"image_url": one.url}
    assert payload.DIALECT.part(bare) == {"image_url": one.url, "is_carousel_item": "true"}
    album = payload.album(item("Words", one, one), ["1", "2"])
    assert album == {"media_type": "CAROUSEL", "children": "1,2", "caption": "Words"}


# Stories


def told(text: str, *media: Medium) -> list[tuple[str, str]]:
    story = dataclasses.replace(item(text, *media), story=True)
    return [(problem.field, problem.message) for problem in payload.check(story, {})]


def test_a_story_is_one_picture_or_one_video_in_whatever_shape() -> None:
    upright = dataclasses.replace(picture_for(NETWORK, "x" * 5_000), width=1080, height=1920)
    assert told("", upright) == []
    assert told(" \n", video("x" * 5_000)) == []
    assert told("") == [("media", "A story is one picture or one video. Add one.")]
    for media in ((upright, upright), (upright, video())):
        assert told("", *media) == [("media", "A story is one picture or one video. Leave one.")]


def test_a_story_carries_no_words() -> None:
    said = [("text", "A story carries no words. Leave them out, or put them into the picture.")]
    assert told("Snow.", picture_for(NETWORK)) == said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seconds": 60.5}, "Instagram takes 1 minute."),
        ({"seconds": 2.9}, "shorter than the 3 seconds"),
        ({"size": 100_000_001}, "Instagram takes up to 100 MB"),
        ({"mime": "video/quicktime"}, "of a kind that Instagram does not take"),
    ],
)
def test_a_storys_video_has_limits_of_its_own(changes: dict[str, Any], words: str) -> None:
    assert told("", dataclasses.replace(video(), seconds=60.0, size=100_000_000)) == []
    ((field, message),) = told("", dataclasses.replace(video(), **changes))
    assert (field, words in message) == ("media", True)


def test_the_form_of_a_story_has_nothing_beside_its_picture_or_video() -> None:
    one, film = picture_for(NETWORK, "A sign"), video("Snow falls")
    assert payload.story(item("", one)) == {"media_type": "STORIES", "image_url": one.url}
    assert payload.story(item("", film)) == {"media_type": "STORIES", "video_url": film.url}


@pytest.mark.parametrize(
    ("said", "words"),
    [("Error: Media upload has failed with error code 2207009", "Crop"), ("Error: 2207053", ""), ("", "")],
)
def test_only_failures_that_a_person_can_mend_are_told(said: str, words: str) -> None:
    assert words in payload.failed(said)
    assert bool(payload.failed(said)) == bool(words)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=8,
)
NAMES = ("id", "caption", "media_type", "owner", "children", "timestamp", "alt_text", "permalink", "username", "from")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON)))
def test_no_answer_makes_reading_stumble(node: dict[str, object]) -> None:
    from tests.networks.contract import scripted

    channel = scripted("instagram")[0].channel
    payload.found(node, channel)
    payload.comment(node, "1")
    payload.tagging(node, channel.base_url)
    payload.counts(node)
    payload.profile(node, channel.base_url)
    payload.account(node, channel.base_url)
