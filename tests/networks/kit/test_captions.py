"""Captions in the form of other networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.captions import srt

CAPTIONS = """\
WEBVTT - The A9

NOTE written by hand

STYLE
::cue { color: white }

first
00:01.000 --> 00:03.250 align:start position:10%
<v Sergeant>Snow on the <i>A9</i> &amp; the A82.

01:00:04.000 --> 01:00:05.000
Drive with care.
- We will.
"""


def test_cues_keep_their_times_and_words_and_nothing_else() -> None:
    assert srt(CAPTIONS) == (
        "1\n00:00:01,000 --> 00:00:03,250\nSnow on the A9 & the A82.\n\n"
        "2\n01:00:04,000 --> 01:00:05,000\nDrive with care.\n- We will.\n"
    )


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_any_line_ends_and_a_byte_order_mark_are_read(ends: str) -> None:
    assert srt("\ufeff" + CAPTIONS.replace("\n", ends)) == srt(CAPTIONS)


@pytest.mark.parametrize("nothing", ["", "WEBVTT", "WEBVTT\n\n00:01.000 --> 00:02.000\n", "Snow."])
def test_what_holds_no_cue_gives_nothing(nothing: str) -> None:
    assert srt(nothing) == ""


@given(st.text())
def test_whatever_stands_there_nothing_raises(text: str) -> None:
    srt(text)
    srt(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}")
