"""Counting, limits and reading as Mastodon does them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.text import graphemes
from mercat.networks.mastodon.payload import check, count, created, found, limits_of, same, status
from mercat.networks.mastodon.spec import DEFAULTS, MOST, SCOPES
from mercat.networks.port import Found
from tests.networks.doubles import NOW, item, medium, picture
from tests.shared import shared


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("plain", 5),
        ("👮🏽‍♀️", 1),
        ("https://example.org", 23),
        ("https://example.org/" + "x" * 200, 23),
        ("see https://a.org!", 4 + 23 + 1),
        ("(https://a.org) https://b.org", 1 + 23 + 1 + 1 + 23),
        ("@user@example.org", 5),
        ("@user", 5),
        ("hi @user@example.org and @other@b.org.", 3 + 5 + 5 + 6 + 1),
        ("me@example.org", 14),
        ("https://example.org/@user@b.org", 23),
        ("example.org/path", 16),
        ("#Snow", 5),
    ],
)
def test_characters_are_counted_as_the_server_does(text: str, used: int) -> None:
    assert count(text, {}).used == used


def test_each_server_sets_its_own_limits() -> None:
    limits = {"max_characters": 5_000, "characters_reserved_per_url": 25}
    counted = count("https://example.org", limits)
    assert (counted.used, counted.limit) == (25, 5_000)
    assert check(item("x" * 5_000), limits) == []
    assert [problem.message for problem in check(item("x" * 501), {})] == [
        "The text has 501 characters; Mastodon takes 500. Take out 1."
    ]


@given(st.text())
def test_text_without_links_and_mentions_counts_what_a_reader_sees(text: str) -> None:
    plain = text.replace("@", "").replace(":", "")
    assert count(plain, {}).used == graphemes(plain)


def test_the_pixels_of_a_picture_are_a_limit_of_their_own() -> None:
    (problem,) = check(item("x", medium(b"x", width=9_000, height=9_000)), {})
    assert problem.message == "Picture 1 has 9,000 by 9,000 pixels, more than Mastodon takes. Use a smaller one."
    assert check(item("x", medium(b"x", width=9_000, height=9_000)), {"image_matrix_limit": 81_000_000}) == []


# The instance document

V2 = {
    "configuration": {
        "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        "media_attachments": {
            "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600,
            "video_size_limit": 103_809_024,
            "video_matrix_limit": 8_294_400,
            "description_limit": 1_500,
        },
    }
}


def test_every_limit_of_a_current_server_is_read() -> None:
    assert limits_of(V2) == DEFAULTS


@pytest.mark.parametrize(
    ("instance", "limits"),
    [
        ({"max_toot_chars": 3_000}, {"max_characters": 3_000}),
        ({}, {}),
        ({"configuration": None}, {}),
        ({"configuration": {"statuses": []}}, {}),
        ({"configuration": {"statuses": {"max_characters": "500"}}}, {}),
        ({"configuration": {"statuses": {"max_characters": 0, "max_media_attachments": True}}}, {}),
        (
            {"configuration": {"statuses": {"max_characters": -1, "max_media_attachments": 6}}},
            {"max_media_attachments": 6},
        ),
        ({"configuration": {"statuses": {"max_characters": 500.0, "characters_reserved_per_url": False}}}, {}),
        ({"configuration": {"statuses": {"characters_reserved_per_url": float("nan")}}}, {}),
    ],
)
def test_what_a_server_does_not_tell_is_left_out(instance: dict[str, Any], limits: dict[str, int]) -> None:
    assert limits_of(instance) == limits


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_limit_beyond_all_sense_is_not_believed(name: str) -> None:
    for value in (10**30, MOST[name] + 1):
        assert limits_of({"configuration": {"statuses": {name: value}}}) == {}
    assert limits_of({"configuration": {"statuses": {name: MOST[name]}}}) == {name: MOST[name]}


def test_links_are_counted_and_never_written_out() -> None:
    counted = count("https://a.org and\u0301 https://b.org\u0301", {"characters_reserved_per_url": 10**30})
    assert counted.used == 2 * 10**30 + 5


# Bodies


def test_a_status_has_only_fields_of_the_api() -> None:
    schemas = json.loads(shared("mastodon", "openapi-schema.json").read_text(encoding="utf-8"))["components"]["schemas"]
    known = {*schemas["BaseStatus"]["properties"], *schemas["MediaStatus"]["allOf"][1]["properties"]}
    assert set(status(item("Snow.", picture()), ["1"])) <= known


def test_the_scopes_are_the_apis_own() -> None:
    schema = json.loads(shared("mastodon", "openapi-schema.json").read_text(encoding="utf-8"))["components"]["schemas"]
    assert set(SCOPES.split()) <= set(schema["OAuthScope"]["enum"])


def test_a_language_goes_without_its_region() -> None:
    assert status(item("x"), [])["language"] == "en"
    assert status(replace(item("x"), language="en-GB"), [])["language"] == "en"


# Reading


def shown(content: str, *alts: str | None) -> Found:
    answer = {
        "id": "1",
        "url": "https://a.org/1",
        "content": content,
        "account": {"id": "9"},
        "media_attachments": [{"description": alt} for alt in alts],
    }
    read = found(answer, "https://a.org")
    assert read
    return read


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("One\n\n\n\nTwo", "<p>One</p><p>Two</p>"),
        ("One\nTwo", "<p>One<br>Two</p>"),
        ("  One  ", "<p>One</p>"),
        ("Tea & <b>", "<p>Tea &amp; &lt;b&gt;</p>"),
        ("Hi @user@example.org", '<p>Hi <span class="h-card"><a href="x">@<span>user</span></a></span></p>'),
        ("Hi @nobody@example.org", "<p>Hi @nobody@example.org</p>"),
        ("Hi @PoliceScotland@Example.org", "<p>Hi @<span>policescotland</span></p>"),
        ("#Snow", '<p><a href="x" class="hashtag">#<span>Snow</span></a></p>'),
        (
            "https://www.example.org/a/very/long/path/indeed",
            '<p><a href="x"><span class="invisible">https://www.</span>'
            '<span class="ellipsis">example.org/a/very/long</span><span class="invisible">/path/indeed</span></a></p>',
        ),
    ],
)
def test_a_text_matches_what_the_server_makes_of_it(text: str, content: str) -> None:
    assert same(item(text), shown(content))


@pytest.mark.parametrize(
    "content", ["<p>Snow on the A8.</p>", "<p>Snow on the A9</p>", "<p>snow on the A9.</p>", "<p></p>"]
)
def test_other_words_do_not_match(content: str) -> None:
    assert not same(item("Snow on the A9."), shown(content))


def test_descriptions_are_compared_in_their_order() -> None:
    one = item("x", picture("first"), picture("second", shade=1))
    assert same(one, shown("<p>x</p>", "first", "second"))
    assert not same(one, shown("<p>x</p>", "second", "first"))
    assert not same(one, shown("<p>x</p>", "first", None))
    assert not same(one, shown("<p>x</p>", "first"))
    assert same(item("x", picture("")), shown("<p>x</p>", None))


def test_a_status_too_long_to_read_is_none() -> None:
    assert (
        found(
            {"id": "1", "content": "<a " * 1_000_000, "account": {"id": "9"}, "media_attachments": []}, "https://a.org"
        )
        is None
    )


def test_many_mentions_are_shortened_in_one_pass() -> None:
    assert same(item("@user@example.org " * 20_000), shown("<p>" + "@user " * 20_000 + "</p>"))


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"content": 1}, {"content": "x"}, {"content": "x", "id": "1"}])
def test_what_is_not_a_status_is_not_read_as_one(answer: Any) -> None:
    assert found(answer, "https://a.org") is None


def test_a_moment_without_zone_or_sense_is_none() -> None:
    assert created({"created_at": "2026-11-23T12:00:00.000Z"}) == NOW
    assert created({"created_at": "2026-11-23T12:00:00"}) is None
    assert created({"created_at": "yesterday"}) is None
    assert created({}) is None
