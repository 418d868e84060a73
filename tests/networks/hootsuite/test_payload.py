"""Limits of the profiles' networks, and what Hootsuite cannot carry."""

from __future__ import annotations

import pytest

from mercat.networks.hootsuite import payload
from mercat.networks.hootsuite.media import is_own_place
from mercat.networks.hootsuite.spec import API, KINDS, PROFILE_TYPE
from tests.networks.doubles import item, picture, video

X, FACEBOOK, INSTAGRAM, TIKTOK = ({PROFILE_TYPE: number} for number in (1, 2, 3, 6))


def test_no_number_of_a_type_is_given_twice() -> None:
    assert len({kind.number for kind in KINDS}) == len({kind.type for kind in KINDS}) == len(KINDS)


def test_what_a_picture_shows_must_stand_in_the_text_and_a_video_needs_none() -> None:
    (problem,) = payload.check(item("Snow.", picture("A sign")), FACEBOOK)
    assert problem.field == "alt"
    assert "would go out without its own" in problem.message
    assert payload.check(item("Snow.\n\nA  sign", picture("A sign")), FACEBOOK) == []
    assert len(payload.check(item("Snow. A sign", picture("A sign"), picture("A gate")), FACEBOOK)) == 1
    assert payload.check(item("Snow.", picture("")), FACEBOOK) == []
    assert payload.check(item("Snow.", video("Snow falls")), FACEBOOK) == []


@pytest.mark.parametrize(
    ("text", "used"), [("Snow", 4), ("雪", 2), ("a https://example.org/a/long/address/of/many/letters b", 27), ("❄️", 4)]
)
def test_x_counts_by_weights(text: str, used: int) -> None:
    assert payload.count(text, X).used == used


def test_each_network_has_its_own_limits() -> None:
    assert payload.count("", X).limit == 280
    assert payload.count("", {}).limit == 280  # nothing known: the strictest
    assert payload.check(item("x" * 281), FACEBOOK) == []
    assert payload.check(item("Snow."), INSTAGRAM)[0].field == "media"
    assert payload.check(item("Snow.", picture("")), TIKTOK)[0].field == "media"
    assert payload.check(item("Snow.", video()), TIKTOK) == []


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("https://hootsuite-video.s3.amazonaws.com/production/1.mp4?Signature=b", True),
        ("http://hootsuite-video.s3.amazonaws.com/1", False),
        ("https://amazonaws.com.example.org/1", False),
        ("https://evilamazonaws.com/1", False),
        ("https://me@x.s3.amazonaws.com/1", False),
        ("https://x.s3.amazonaws.com:8443/1", False),
        ("https://[/", False),
        ("https://xn--.example.org/1", False),
    ],
)
def test_a_file_goes_to_the_store_that_hootsuite_names_alone(place: str, own: bool) -> None:
    assert is_own_place(place, API) is own
