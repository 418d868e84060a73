"""One text, cut into the posts of a thread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.thread import posts_of


@pytest.mark.parametrize(
    ("text", "posts"),
    [
        ("Closed.", ("Closed.",)),
        ("", ("",)),
        ("Closed.\n---\nUse the other.", ("Closed.", "Use the other.")),
        ("Closed.\n\n  --- \n\nUse the other.\n---\nSoon.", ("Closed.", "Use the other.", "Soon.")),
        ("---\nClosed.\n---\n---\n", ("Closed.",)),
        ("---", ("",)),
        ("Closed --- for now.\n----\nno", ("Closed --- for now.\n----\nno",)),
    ],
)
def test_a_line_of_three_hyphens_begins_another_post(text: str, posts: tuple[str, ...]) -> None:
    assert posts_of(text, threads=True) == posts


def test_a_network_without_threads_is_given_all_of_it() -> None:
    assert posts_of("Closed.\n---\nUse the other.", threads=False) == ("Closed.\n\nUse the other.",)


@given(st.text())
def test_there_is_always_a_post_and_without_the_line_it_is_the_text_as_it_was(text: str) -> None:
    for threads in (True, False):
        posts = posts_of(text, threads=threads)
        assert posts
        assert posts == (text,) or "---" in text
