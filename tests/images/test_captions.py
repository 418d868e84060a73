"""Captions as they come in, and as they are kept."""

from __future__ import annotations

import pytest

from mercat.images.captions import MOST, NotCaptions, webvtt_of

KEPT = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nThe road is closed\nfrom nine\n"
TIMES = "00:00:01.000 --> 00:00:02.500"


@pytest.mark.parametrize(
    "text",
    [
        f"WEBVTT\n\n{TIMES}\nThe road is closed\nfrom nine",
        f"WEBVTT\n\nNOTE of the maker\n\n1\n{TIMES} align:start line:0\n<b>The road</b> is closed\nfrom nine\n",
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\nThe road is <i>closed</i>\r\nfrom nine\r\n",
        "WEBVTT\n\n00:01.000 --> 00:02.500\n  The road is closed  \n  from nine",
    ],
)
def test_all_shapes_become_one(text: str) -> None:
    assert webvtt_of(text) == KEPT
    assert webvtt_of(KEPT) == KEPT


@pytest.mark.parametrize("text", ["", "  \n ", "\ufeff"])
def test_none_are_none(text: str) -> None:
    assert webvtt_of(text) == ""


def test_what_would_be_a_mark_of_the_format_is_written_so_that_it_is_none() -> None:
    kept = webvtt_of("1\n00:00:01,000 --> 00:00:02,000\nB & C < D &amp; E\n")
    assert kept.endswith("\nB &amp; C &lt; D &amp; E\n")
    assert webvtt_of(kept) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("I <3 this and a <laughs> b", "I &lt;3 this and a &lt;laughs&gt; b"),
        ("<v Speaker>Good <c.loud>morning</c>", "Good morning"),
        ("A&#13;&#13;B", "A\nB"),
        ("bell\u0007s", "bells"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("at &lt;00:01&gt;", "at &lt;00:01&gt;"),
    ],
)
def test_words_are_kept_and_marks_are_not(said: str, kept: str) -> None:
    once = webvtt_of(f"WEBVTT\n\n{TIMES}\n{said}")
    assert once == f"WEBVTT\n\n{TIMES}\n{kept}\n"
    assert webvtt_of(once) == once


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("The road is closed", "no captions that can be read"),
        ("WEBVTT", "no captions that can be read"),
        ("WEBVTT\n\nNOTE nothing", "no captions that can be read"),
        ("1\nfrom --> to\nThe road", "Only 0 of the 1"),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nBye", "Only 1 of the 2"),
        ("1\n00:00:05,000 --> 00:00:02,000\nBye", "Caption 1 (00:00:05.000) ends before it begins"),
        (f"WEBVTT\n\n00:00:09.000 --> 00:00:10.000\nB\n\n{TIMES}\nA", "Caption 2 (00:00:01.000)"),
        ("x" * (MOST + 1), "more than the 200,000"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, says: str) -> None:
    with pytest.raises(NotCaptions) as refusal:
        webvtt_of(text)
    assert says in str(refusal.value)
