"""Texts weigh what X's published rules say: the conformance cases that come with the rules, and what they leave out."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.x.weight import LINK, links, weight
from mercat.sandbox.x import text as stand_in
from tests.shared import shared

VERSION_3 = ("WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")


def cases(file: str, *groups: str) -> list[Any]:
    """The conformance cases of some groups (all where none is named) with their ids."""
    told = yaml.safe_load(shared("x", "twitter-text-conformance", file).read_text(encoding="utf-8"))["tests"]
    return [
        pytest.param(case, id=f"{group}: {case['description'][:60]}")
        for group in groups or told
        for case in told[group]
    ]


def conformance(file: str, *groups: str) -> Any:
    """Absent specs make one test that skips, visibly, instead of none."""
    try:
        found = cases(file, *groups)
    except pytest.skip.Exception as absent:
        found = [pytest.param(None, marks=pytest.mark.skip(reason=str(absent)))]
    return pytest.mark.parametrize("case", found)


@conformance("validate.yml", *VERSION_3)
def test_a_text_weighs_what_the_rules_say(case: dict[str, Any]) -> None:
    assert weight(case["text"]) == case["expected"]["weightedLength"]


@conformance("validate.yml", *VERSION_3)
def test_the_stand_in_which_counts_for_itself_comes_to_the_same(case: dict[str, Any]) -> None:
    assert stand_in.weight(case["text"]) == case["expected"]["weightedLength"]


@conformance("extract.yml", "urls", "urls_with_indices", "urls_with_directional_markers", "tco_urls_with_params")
def test_links_are_found_where_the_rules_find_them(case: dict[str, Any]) -> None:
    expected = [each["url"] if isinstance(each, dict) else each for each in case["expected"]]
    found = links(case["text"])
    assert [link.text for link in found] == expected
    assert all(case["text"][link.start : link.end] == link.text for link in found)


def test_every_top_level_domain_of_the_rules_is_known() -> None:
    told = [case.values[0] for case in cases("tlds.yml")]
    assert len(told) > 1_000
    assert [case for case in told if [link.text for link in links(case["text"])] != case["expected"]] == []


@pytest.mark.parametrize(
    ("text", "weighs"),
    [
        ("", 0),
        ("Snow", 4),
        ("e\u0301", 1),  # é, once it is composed
        ("–—“”…", 5 + 1),  # of General Punctuation not everything is light: the ellipsis is not
        ("©", 2),
        ("☺\ufe0e", 4),  # told to be text, it is no emoji
        ("👩🏽‍❤️‍💋‍👨🏿", 2),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2),
        ("🇬🇧🇬🇧", 4),
        ("1️⃣2️⃣", 4),
        ("see example.org", 4 + LINK),
        ("see example.org.", 4 + LINK + 1),
        ("done.Next", LINK),  # .next is a top-level domain
        ("http://intranet.local/x", 23),  # .local is none: weighed as it stands
        ("mail somebody@example.org", 25),
        ("https://user:pw@example.org", 27),
        ("#example.org", 12),
        ("https://example.org/" + "x" * 3_000, LINK),
        ("https://example.org/" + "x" * 4_096, 4_116),
        ("https://例え.jp", LINK),
        ("例え.jp", 7),
        ("(https://example.org/a_(b))", 2 + LINK),
        ("https://t.co/" + "a" * 41, 54),
    ],
    ids=repr,
)
def test_what_the_cases_leave_out(text: str, weighs: int) -> None:
    assert weight(text) == weighs


@given(st.text(max_size=200))
def test_any_text_has_a_weight_and_its_links_stand_in_it(text: str) -> None:
    assert weight(text) >= 0
    found = links(text)
    assert all(text[link.start : link.end] == link.text for link in found)
    assert all(first.end <= second.start for first, second in pairwise(found))


PARTS = (
    *("a", ".", "-", "_", "/", ":", "あ", "@", "#", "http://", "https://", "t.co", "com", "xn--"),
    *("(", ")", "?", "👮🏽", "\u200d", "é"),
)


@given(st.lists(st.sampled_from(PARTS), max_size=30))
def test_whatever_looks_half_like_a_link_ends_in_time(parts: list[str]) -> None:
    text = "".join(parts)
    assert weight(text) <= 2 * len(text) + LINK * text.count(".")


@pytest.mark.parametrize(
    "text",
    [
        "a." * 20_000,
        "あ." * 20_000,
        "あ" * 20_000,
        "x_" * 20_000 + ".com",
        "https://" * 5_000,
        "https://example.org/" + "(" * 20_000,
        "https://example.org/" + "a(" * 20_000,
        "https://example.org/?" + "." * 20_000,
        "example.org " * 3_000,
        "com." * 10_000,
    ],
    ids=lambda text: text[:22],
)
def test_time_grows_with_the_length_alone(text: str) -> None:
    began = time.perf_counter()
    weight(text)
    assert time.perf_counter() - began < 2
