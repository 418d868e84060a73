"""Words and phrases in what strangers write: whole words, however they are written."""

from __future__ import annotations

import pytest

from mercat.guidance.gate import Guidance
from mercat.guidance.phrases import holds_any, plain

PHRASES = ["stolen", "broken into", "I've been robbed", "èiginn"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("My bike was stolen last night", True),
        ("STOLEN!!! please share", True),
        ("#stolen", True),
        ("stolen_bike", True),
        ("ｓｔｏｌｅｎ", True),  # letters as wide as East Asian ones
        ("sto\u200blen", True),  # a blank that is not seen within the word
        ("sto\u0301len", True),
        ("Our shop was broken\ninto again", True),
        ("broken, into", True),
        ("Ive been robbed", True),
        ("I’ve been  ROBBED", True),
        ("eiginn", True),
        ("È̀iginn", True),
        ("@stolenbikes is a good account", False),
        ("Your heart has been stolenly", False),
        ("broken and into", False),
        ("into broken", False),
        ("Great work at the bridge, thank you", False),
        ("", False),
        ("?!", False),
    ],
)
def test_a_phrase_is_found_as_whole_words_in_order(text: str, found: bool) -> None:
    assert holds_any(text, PHRASES) is found


def test_without_phrases_nothing_is_found() -> None:
    assert not holds_any("My bike was stolen", [])


def test_only_words_are_left() -> None:
    assert plain("  Don’t PANIC — it's\n“fine” ") == "dont panic its fine"


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("Hi, somebody stole my bike in Dundee", True),
        ("Can I report a crime here?", True),
        ("There's a man with a knife at the bus station", True),
        ("My daughter has gone missing", True),
        ("i think im being followed", True),
        ("Think my card details were hacked", True),
        ("Someone just crashed into the bridge", True),
        ("Well done to everybody at the Tay Bridge today!", False),
        ("What time does the office open?", False),
        ("Love this photo of the dogs", False),
    ],
)
def test_what_the_police_pack_takes_for_a_report(police: Guidance, text: str, looks: bool) -> None:
    assert holds_any(text, police.pack.signposting.looks_like) is looks


def test_every_standing_text_of_the_police_pack_names_both_numbers(police: Guidance) -> None:
    for text in police.pack.signposting.texts:
        assert all(number.number in text for number in police.pack.body.numbers)
