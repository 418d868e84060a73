"""The table of states, and that the database holds the same."""

from __future__ import annotations

import itertools
import re

import pytest

from mercat.posts.contributions import states
from tests.shared import ROOT


def test_a_pair_that_is_not_in_the_table_cannot_be() -> None:
    with pytest.raises(states.ImpossibleStep, match="taken back"):
        states.after(states.TAKEN_BACK, "reopen")


def test_the_trigger_knows_the_same_pairs() -> None:
    text = (ROOT / "mercat/posts/migrations/0007_contributions.py").read_text(encoding="utf-8")
    pairs = set(re.findall(r"\('(\w+)', '(\w+)'\)[,\n]", text[text.index("NOT IN") : text.index("NO_STATES")]))
    assert pairs == {(state, after) for (state, _), after in states.TABLE.items()}


def test_what_was_taken_back_stays_so() -> None:
    events = {event for _, event in states.TABLE}
    assert not [pair for pair in itertools.product([states.TAKEN_BACK], events) if pair in states.TABLE]
