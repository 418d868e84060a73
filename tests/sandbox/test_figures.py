"""Figures that the control sets are told by each network's own call, beside what was done to a post here."""

from __future__ import annotations

import pytest

from mercat.sandbox.figures import WORDS


@pytest.fixture
def post(http) -> str:
    http.post("/_control/mastodon/accounts", json={"handle": "fife"})
    return http.post("/_control/mastodon/posts", json={"account": "fife", "text": "Snow."}).json()["native_id"]


def put(http, **given):
    return http.post("/_control/mastodon/figures", json=given)


def test_figures_are_set_by_word_and_what_is_left_out_stays(http, post):
    assert put(http, post=post, reactions=12).json() == {"post": post, **dict.fromkeys(WORDS, 0), "reactions": 12}
    assert put(http, post=post, shares=3).json()["reactions"] == 12
    told = http.get(f"/mastodon/api/v1/statuses/{post}").json()
    assert (told["favourites_count"], told["reblogs_count"], told["replies_count"]) == (12, 3, 0)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"post": "none", "views": 1}, "native id of a post"),
        ({"post": "", "views": 1}, "native id of a post"),
        ({"likes": 1}, "no figure likes"),
        ({"views": -1}, "whole number"),
        ({"views": "1"}, "whole number"),
        ({"views": True}, "whole number"),
    ],
)
def test_what_is_no_figure_is_refused(http, post, given, why):
    answer = put(http, **{"post": post, **given})
    assert answer.status_code == 400
    assert why in answer.json()["error"]


def test_a_reset_forgets_them(http, post):
    put(http, post=post, reactions=12)
    http.post("/_control/reset")
    http.post("/_control/mastodon/accounts", json={"handle": "fife"})
    made = http.post("/_control/mastodon/posts", json={"account": "fife", "text": "Snow."}).json()["native_id"]
    assert http.get(f"/mastodon/api/v1/statuses/{made}").json()["favourites_count"] == 0
