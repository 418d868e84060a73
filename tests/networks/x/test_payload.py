"""What is sent, what is read, and what a refusal means."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.port import Found, Price, Reconnect, Refused, Unsure
from mercat.networks.x import payload
from mercat.networks.x.adapter import NETWORK
from tests.networks.doubles import item, picture

API = "https://api.x.com"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


def told(text: str, urls: Any = (), **more: Any) -> dict[str, Any]:
    """A post as X tells it."""
    return {"id": "1", "author_id": "9", "text": text, "entities": {"urls": list(urls)}, **more}


def url(short: str, expanded: str, **more: str) -> dict[str, Any]:
    return {"start": 0, "end": 23, "url": f"https://t.co/{short}", "expanded_url": expanded, **more}


def read(post: dict[str, Any], media: Any = ()) -> Found:
    found = payload.found(post, {"media": list(media)}, API, "station")
    assert found
    return found


# What a reader sees


@pytest.mark.parametrize(
    ("shown", "urls", "seen"),
    [
        ("Snow &amp; ice &lt;here&gt;", [], "Snow & ice <here>"),
        ("&amp;amp; stays", [], "&amp; stays"),
        ("See https://t.co/a1", [url("a1", "https://example.org/x?a=1&b=2")], "See https://example.org/x?a=1&b=2"),
        ("https://t.co/a1 https://t.co/a12", [url("a1", "https://a.org"), url("a12", "https://b.org")],
         "https://a.org https://b.org"),
        ("Snow https://t.co/p1", [url("p1", "https://x.com/station/status/1/photo/1", media_key="3_1")], "Snow"),
        ("Snow https://t.co/p1", [url("p1", "https://twitter.com/station/status/1/photo/1")], "Snow"),
        ("https://t.co/p1", [url("p1", "https://x.com/station/status/1/photo/1", media_key="3_1")], ""),
        ("Whose? https://t.co/zz", [], "Whose? https://t.co/zz"),
        ("Whose? https://t.co/a1", [url("a1", "")], "Whose? https://t.co/a1"),
        ("One\n\nTwo", [], "One\n\nTwo"),
    ],
)  # fmt: skip
def test_a_text_is_read_as_people_see_it(shown: str, urls: list[Any], seen: str) -> None:
    assert read(told(shown, urls)).text == seen


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org", "https://example.org/"),
        ("example.org", "http://example.org"),
        ("EXAMPLE.org/Path", "http://example.org/Path"),
        ("https://example.org/a(b)", "https://example.org/a(b)"),
        ("https://example.org/ä?q=ö", "https://example.org/%C3%A4?q=%C3%B6"),
    ],
)
def test_a_link_that_x_completed_is_still_the_link_that_was_written(written: str, expanded: str) -> None:
    one = item(f"Snow: {written}\nDrive with care.")
    seen = read(told("Snow: https://t.co/a1\nDrive with care.", [url("a1", expanded)]))
    assert payload.same(one, seen)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Snow: https://example.org/a", "Snow: https://example.org/b"),
        ("Snow: https://example.org/a", "Snow: https://example.com/a"),
        ("Snow: https://example.org/a", "Snow: https://example.org/A"),
        ("Snow", "Snow."),
        ("Snow", "snow"),
    ],
)
def test_what_was_changed_is_another_text(written: str, shown: str) -> None:
    assert not payload.same(item(written), read(told(shown)))


def test_white_space_and_composed_letters_make_no_other_text() -> None:
    assert payload.same(item("Caf\u00e9  on \n\n the A9 "), read(told("Cafe\u0301 on\nthe A9")))


def test_descriptions_are_taken_in_the_order_of_the_pictures() -> None:
    post = told("Snow", attachments={"media_keys": ["3_2", "3_1"]})
    seen = read(post, [{"media_key": "3_1", "alt_text": "first"}, {"media_key": "3_2", "alt_text": "second"}])
    assert (seen.media, seen.alts) == (2, ("second", "first"))
    assert payload.same(item("Snow", picture("second"), picture("first", shade=9)), seen)
    assert not payload.same(item("Snow", picture("first"), picture("second", shade=9)), seen)


def test_a_picture_without_a_description_is_read_as_such() -> None:
    seen = read(told("Snow", attachments={"media_keys": ["3_1"]}), [{"media_key": "3_1", "type": "photo"}])
    assert seen.alts == ("",)
    assert payload.same(item("Snow", picture("")), seen)


@given(ANY_JSON, ANY_JSON)
def test_nothing_that_x_could_say_breaks_the_reading(post: Any, includes: Any) -> None:
    fields = post if isinstance(post, dict) else {"text": "x", "id": "1", "author_id": "2", "entities": post}
    payload.found(fields, includes, API, "station")
    payload.heard({**fields, "created_at": "2026-11-23T12:00:00Z"}, includes, API, "")
    payload.figures(fields)
    payload.account_of(fields, API)
    payload.profile_of(fields, API)
    payload.tells_missing(httpx.Response(200, json=post))
    payload.refusal(httpx.Response(403, json=post), ())


# Figures, accounts


def test_figures_are_told_in_either_dialect() -> None:
    counts = {"like_count": 3, "reply_count": 0, "quote_count": 2, "impression_count": 90, "bookmark_count": 1}
    for name in ("repost_count", "retweet_count"):
        figures = payload.figures({"public_metrics": {**counts, name: 7}})
        assert figures
        assert figures.counts == {"views": 90, "reactions": 3, "replies": 0, "shares": 9, "saves": 1}


@pytest.mark.parametrize("value", [-1, True, "3", None, 2**63, 1.5])
def test_what_is_no_count_is_left_out(value: Any) -> None:
    assert payload.figures({"public_metrics": {"like_count": value}}) is None
    figures = payload.figures({"public_metrics": {"like_count": value, "reply_count": 1}})
    assert figures
    assert figures.counts == {"replies": 1}


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("Tayside Police", "Tayside Police"),
        ("@tayside_police!", "tayside_police"),
        ("Polïce Écosse", "Police Ecosse"),
        ("警察", ""),
        ("x" * 60, "x" * 50),
        ("  ", ""),
    ],
)
def test_accounts_are_searched_by_what_x_takes(words: str, asked: str) -> None:
    assert payload.searched(words) == asked


def test_an_address_of_a_picture_that_is_no_page_is_left_out() -> None:
    account = payload.account_of({"id": "1", "username": "a", "profile_image_url": "javascript:alert(1)"}, API)
    assert account
    assert (account.avatar, account.url) == ("", "https://x.com/a")


# Limits and prices


def test_a_character_that_x_takes_from_nobody_is_told_in_the_composer() -> None:
    (problem,) = NETWORK.check(item("Snow\ufeff"), {})
    assert problem.field == "text"
    assert "invisible" in problem.message


def test_a_description_of_many_part_characters_is_told_though_it_looks_short() -> None:
    (problem,) = NETWORK.check(item("Snow", picture("👩‍👩‍👧‍👦" * 200)), {})
    assert problem.field == "alt"
    assert "1,400" in problem.message


def test_a_link_costs_more() -> None:
    assert NETWORK.price
    assert NETWORK.price(item("Snow on the A9.")) == Price(Decimal("0.015"), "USD")
    for text in ("See https://example.org", "See example.org/roads."):
        assert NETWORK.price(item(text)) == Price(Decimal("0.20"), "USD")


def test_a_body_holds_no_more_than_it_must() -> None:
    assert payload.post(item("Snow"), []) == {"text": "Snow"}
    assert payload.post(item("Snow"), ["1"]) == {"text": "Snow", "media": {"media_ids": ["1"]}}


def test_a_moment_is_told_in_utc() -> None:
    assert payload.moment(datetime.fromisoformat("2026-11-23T13:00:00.9+01:00")) == "2026-11-23T12:00:00Z"
    assert payload.created({"created_at": "2026-11-23T12:00:00.000Z"}) == datetime(2026, 11, 23, 12, tzinfo=UTC)
    for wrong in ("2026-11-23T12:00:00", "yesterday", None, 5):
        assert payload.created({"created_at": wrong}) is None


# Refusals


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"type": "https://api.x.com/2/problems/invalid-request", "detail": "no"}, Refused),
        (400, {"type": "https://api.twitter.com/2/problems/invalid-request", "detail": "no"}, Refused),
        (400, [], Refused),
        (401, {}, Reconnect),
        (403, {}, Reconnect),
        (403, {"detail": "Forbidden", "type": "about:blank"}, Reconnect),
        (403, {"detail": "You are not permitted to perform this action.", "type": "about:blank"}, Refused),
        (403, {"detail": "You are not allowed to create a Tweet with duplicate content."}, Unsure),
        (403, {"type": "https://api.x.com/2/problems/unsupported-authentication", "detail": "x"}, Reconnect),
        (404, {}, Refused),
        (413, "<html>", Refused),
        (422, {"type": {"a": 1}, "detail": ["x"], "errors": "x"}, Refused),
    ],
)
def test_a_refusal_means_what_its_problem_says(status: int, body: Any, kind: type) -> None:
    assert isinstance(payload.refusal(httpx.Response(status, json=body), ()), kind)


def test_every_word_for_a_person_is_a_sentence() -> None:
    for outcome in (*payload.TYPES.values(), *payload.SAYINGS.values(), *payload.STATUSES.values()):
        assert outcome.reason.endswith(".")
        assert outcome.reason[0].isupper()
