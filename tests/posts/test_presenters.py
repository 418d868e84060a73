"""What pages say of posts."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.delivery import states as sending
from mercat.networks.port import Count
from mercat.people.facts import person_facts
from mercat.posts.presenters import diff
from mercat.posts.presenters.diff import beside, changes, words
from mercat.posts.presenters.lines import excerpt, where
from mercat.posts.presenters.picker import picker
from mercat.posts.presenters.preview import marked, told_use
from mercat.posts.presenters.timeline import WORDS
from mercat.posts.queries import waiting_for
from tests import factories as make
from tests.factories import NOW
from tests.shared import ROOT

CONTENTS = {
    "text": "Road closed.", "variants": {}, "media": [], "targets": ["a"], "pillar": "warning", "language": "en",
    "due": None, "warning": False,
}  # fmt: skip


# Differences


def test_words_that_changed_are_marked_and_told_to_those_who_listen() -> None:
    html = words("Closed until noon.", "Closed until 2pm.")
    assert "Closed until " in html
    assert '<del><span class="govuk-visually-hidden">taken out: </span>noon</del>' in html
    assert '<ins><span class="govuk-visually-hidden">put in: </span>2pm</ins>' in html


def test_nothing_changed_is_no_difference() -> None:
    assert words("Same", "Same") is None
    assert changes(CONTENTS, CONTENTS, {}) == []


def test_what_people_write_stays_text() -> None:
    assert "<b>" not in words("<b>", "<b>x</b>")


def test_long_texts_are_compared_by_line() -> None:
    old = "\n".join(f"line {n}" for n in range(300))
    html = words(old, old.replace("line 1\n", "line changed\n").replace("line 298\n", "line too\n"))
    assert "line 1\n</del>" in html
    assert "line too\n</ins>" in html


def test_one_change_in_a_long_text_is_still_told_by_the_word() -> None:
    old = "\n".join(f"line {n}" for n in range(5_000))
    html = words(old, old.replace("line 2500", "line changed"))
    assert "2500</del>" in html
    assert html.count("<del>") == html.count("<ins>") == 1


def test_texts_too_long_to_compare_stand_whole_one_after_the_other() -> None:
    old, new = ("".join(f"{word} {n}\n" for n in range(12_000)) for word in ("old", "new"))
    html = words(f"same\n{old}end", f"same\n{new}end")
    assert html.startswith("same\n<del>")
    assert html.endswith("end")
    assert html.count("<del>") == html.count("<ins>") == 1


def test_no_comparison_is_larger_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Counting(SequenceMatcher):
        def __init__(self, junk, before, after, *, autojunk):
            sizes.append(max(len(before), len(after)))
            super().__init__(junk, before, after, autojunk=autojunk)

    monkeypatch.setattr(diff, "SequenceMatcher", Counting)
    for many in (10, 1_000, 3_000):
        words(" ".join(f"a{n}" for n in range(many)), " ".join(f"b{n}\n" for n in range(many)))
        words("a\n" * many, "b a\n" * many)
    assert sizes
    assert max(sizes) <= diff.MOST_TOKENS


@given(st.text(max_size=200), st.text(max_size=200))
def test_texts_beside_each_other_hold_each_its_own_whole(old: str, new: str) -> None:
    marks = re.compile(r'<(del|ins)><span class="govuk-visually-hidden">[^<]*</span>|</(del|ins)>')
    before, after = beside(old, new)
    assert (unescape(marks.sub("", before)), unescape(marks.sub("", after))) == (old, new)
    assert ("<ins>" in before, "<del>" in after) == (False, False)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_difference_holds_both_texts(old: str, new: str) -> None:
    html = words(old, new)
    if html is None:
        assert old == new
        return
    import re

    plain = re.sub(r'<span class="govuk-visually-hidden">[^<]*</span>', "", html)
    from html import unescape

    kept_new = unescape(re.sub(r"(?s)<del>.*?</del>|</?ins>", "", plain))
    kept_old = unescape(re.sub(r"(?s)<ins>.*?</ins>|</?del>", "", plain))
    assert (kept_old, kept_new) == (old, new)


def test_every_part_of_a_post_is_compared() -> None:
    new = {
        "text": "Road open.", "variants": {"bluesky": "Open!"}, "targets": ["a", "b"], "pillar": "trust",
        "language": "gd",
        "media": [{"kind": "video", "sha256": "0" * 64, "alt": "A road", "captions": "WEBVTT"}],
        "synthetic": True, "document": "Leaflet", "story": True, "due": "2026-12-01T10:00:00+00:00", "warning": True,
    }  # fmt: skip
    found = [change.label for change in changes(CONTENTS, new, {"bluesky": "Bluesky"})]
    assert found == [
        "Text", "Wording for Bluesky", "Pictures and video", "Captions", "Made or altered by a machine",
        "Title of the document", "A story", "Accounts", "Pillar", "Language", "Goes out", "Emergency warning",
    ]  # fmt: skip


# Previews


def test_links_tags_and_mentions_are_set_off_and_the_rest_is_text() -> None:
    html = marked("See https://example.org/a?b=1&c=2 by @someone.example, #Roads & <b>more</b>")
    assert '<span class="mercat-link">https://example.org/a?b=1&amp;c=2</span>' in html
    assert '<span class="mercat-link">@someone.example</span>,' in html
    assert '<span class="mercat-link">#Roads</span> &amp; &lt;b&gt;more' in html


@given(st.text(max_size=300))
def test_a_marked_text_says_what_was_written(text: str) -> None:
    import re
    from html import unescape

    assert unescape(re.sub(r"</?span[^>]*>", "", marked(text))) == text


LONGER = "A line with only --- begins a second post, as a thread"


@pytest.mark.parametrize(
    ("used", "level", "said"),
    [(10, "fine", "Bluesky: 290 graphemes left"), (285, "near", "Bluesky: 15 graphemes left"),
     (300, "near", "Bluesky: 0 graphemes left"), (1300, "over", f"Bluesky: 1,000 graphemes too many. {LONGER}")],
)  # fmt: skip
def test_how_much_is_used_is_told_before_it_is_too_much(used: int, level: str, said: str) -> None:
    use = told_use("bluesky", Count(used, 300, "graphemes"))
    assert (use.level, use.said) == (level, said)


# Lines


def test_an_excerpt_is_one_line_that_ends_at_a_word() -> None:
    assert excerpt("One\n two") == "One two"
    assert excerpt("") == "Nothing written yet"
    long = excerpt("word " * 60)
    assert len(long) <= 110
    assert long.endswith("word…")


@pytest.mark.django_db
def test_where_names_two_accounts_and_counts_the_rest() -> None:
    accounts = [make.account(name) for name in ("One", "Two", "Three", "Four")]
    assert where([]) == "No account chosen"
    assert where(accounts[:1]) == "One"
    assert where(accounts) == "One, Two and 2 more"


# The account picker


@pytest.mark.django_db
def test_the_accounts_of_ones_own_unit_come_first_and_the_others_say_why_not() -> None:
    author = make.authorised(unit_key="tayside")
    own = make.account("Own", unit_key="tayside")
    make.spoc_of(own)
    other = make.account("Other", unit_key="edinburgh")
    make.spoc_of(other)
    found = picker(author, [str(own.pk)], now=NOW)
    assert [(group.title, [o.account for o in group.options]) for group in found.groups] == [("Tayside", [own])]
    assert found.chosen == [own]
    assert [(closed.account, [r.clause for r in closed.refusals]) for closed in found.closed] == [(other, ["5.6"])]
    assert found.about_you == []


@pytest.mark.django_db
def test_what_stands_in_the_way_everywhere_is_said_once() -> None:
    newcomer = make.person(unit_key="tayside")
    for unit in ("tayside", "edinburgh"):
        make.spoc_of(make.account(unit, unit_key=unit))
    found = picker(newcomer, [], now=NOW)
    assert found.groups == []
    assert {each.clause for each in found.about_you} >= {"2.3", "5.3", "5.4", "5.8", "5.9"}
    by_name = {closed.account.name: [each.clause for each in closed.refusals] for closed in found.closed}
    assert by_name == {"tayside": [], "edinburgh": ["5.6"]}


@pytest.mark.django_db
def test_the_picker_takes_two_queries_however_many_accounts(django_assert_num_queries) -> None:
    author = make.authorised()
    for n in range(6):
        make.spoc_of(make.account(f"Account {n}"))
    with django_assert_num_queries(2):
        picker(author, [], now=NOW)


# The timeline


def test_every_step_that_is_recorded_of_a_post_has_words() -> None:
    sources = [
        path.read_text(encoding="utf-8") for room in ("posts", "delivery", "people/advice") for path in python_of(room)
    ]
    named = {
        what
        for source in sources
        for what in re.findall(
            r'"((?:post|consignment|removal|correction|broadcast|advice|contribution)\.[a-z_]+)"', source
        )
    }
    claimed = {state for (_, event), state in sending.TABLE.items() if event == "claim"}  # the one that nobody records
    assert named | {f"consignment.{state}" for state in sending.STATES if state not in claimed} == set(WORDS)


def python_of(room: str) -> list[Path]:
    return [path for path in (ROOT / "mercat" / room).rglob("*.py") if path.name != "timeline.py"]


# The queue


@pytest.mark.django_db
def test_a_queue_is_made_in_few_queries_however_long(django_assert_num_queries) -> None:
    account = make.account()
    spoc, author = make.spoc_of(account), make.authorised()
    for n in range(5):
        make.submitted(author, account, text=f"Post {n}")
    standing = person_facts(spoc, now=NOW)
    with django_assert_num_queries(9):
        assert len(waiting_for(standing, now=NOW)) == 5
