"""The limits on pictures and videos, in one set of words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mercat.networks.kit.media import media_problems
from mercat.networks.port import MediaRules, Medium, VideoRules
from tests.networks.doubles import picture, video

VIDEO = VideoRules(max_bytes=1_000_000, max_seconds=140, max_alt=10, min_seconds=3)
RULES = MediaRules(4, 1_000_000, frozenset({"image/png"}), 100, video=VIDEO)
NONE_WITHOUT = replace(RULES, min_count=1)
VIDEOS_ONLY = replace(NONE_WITHOUT, max_count=0)
PICTURES_ONLY = replace(RULES, video=None)

FILM = replace(video("Snow"), size=1_000)


@pytest.mark.parametrize(
    ("rules", "media", "said"),
    [
        (RULES, [], []),
        (RULES, [picture()], []),
        (RULES, [FILM], []),
        (NONE_WITHOUT, [FILM], []),
        (NONE_WITHOUT, [], ["X takes no post without a picture or a video. Add one."]),
        (replace(PICTURES_ONLY, min_count=1), [], ["X takes no post without a picture. Add one."]),
        (VIDEOS_ONLY, [], ["X takes no post without a video. Add one."]),
        (
            replace(VIDEOS_ONLY, min_count=0),
            [picture()],
            ["X takes no pictures. Take them out, or leave this account out."],
        ),
        (
            PICTURES_ONLY,
            [FILM],
            ["Videos do not go to X from here. Take it out, or leave this account out."],
        ),
        (RULES, [FILM, picture()], ["X takes one video and nothing beside it. Take out the others."]),
        (RULES, [replace(FILM, mime="video/webm")], ["The video is of a kind that X does not take. It takes MP4."]),
        (RULES, [replace(FILM, size=1_000_001)], ["The video has 1.000001 MB; X takes up to 1 MB. Use a shorter one."]),
        (
            RULES,
            [replace(FILM, seconds=200.4)],
            ["The video lasts 3 minutes 20 seconds; X takes 2 minutes 20 seconds."],
        ),
        (RULES, [replace(FILM, seconds=1.0)], ["The video is shorter than the 3 seconds that X asks for."]),
        (
            RULES,
            [replace(FILM, alt="It is snowing")],
            ["The description of the video has 13 characters; X takes 10."],
        ),
        (replace(RULES, video=replace(VIDEO, max_alt=0)), [replace(FILM, alt="It is snowing")], []),
    ],
)
def test_every_limit_is_said(rules: MediaRules, media: list[Medium], said: list[str]) -> None:
    assert [problem.message for problem in media_problems("X", rules, media)] == said
