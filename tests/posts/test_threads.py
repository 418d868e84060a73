"""A thread in a draft: what it looks like, what it breaks, what it costs, and what its approval sets on its way."""

from __future__ import annotations

import pytest

from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.posts.actions import compose, problems_for
from mercat.posts.attached import Attached
from mercat.posts.contents import Draft
from mercat.posts.presenters.cost import cost_of
from mercat.posts.presenters.preview import previews, use_of
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TEXT = "The road is closed.\n---\nUse the other one."


@pytest.fixture
def x():
    return make.account("Dundee on X", network="x")


@pytest.fixture
def facebook():
    return make.account("Dundee on Facebook", network="facebook")


def problems(draft: Draft, account) -> list[str]:
    return [problem.message for problem in problems_for(draft, account, Attached((), None), now=NOW)]


def test_each_post_of_a_thread_has_the_networks_whole_length(x, facebook) -> None:
    long = "\n---\n".join(["a" * 280] * 3)
    assert problems(Draft(text=long), x) == []
    assert problems(Draft(text=long.replace("\n---\n", "")), x) != []
    assert problems(Draft(text=long), facebook) == []


def test_a_problem_says_which_post_has_it(x) -> None:
    (said,) = problems(Draft(text=f"Closed.\n---\n{'a' * 290}"), x)
    assert said.startswith("Post 2 of 2: ")


def test_a_thread_has_an_end(x) -> None:
    assert problems(Draft(text="\n---\n".join(["Closed."] * 25)), x) == []
    (said,) = problems(Draft(text="\n---\n".join(["Closed."] * 26)), x)
    assert said == "This is a thread of 26 posts; 25 are the most. Join some of them."


def test_a_preview_shows_each_post_of_a_thread_and_one_where_there_are_none(x, facebook, author) -> None:
    draft = make.draft(x, facebook, text=TEXT)
    post = compose(by=author, draft=draft, now=NOW)
    cards = previews(draft, [x, facebook], Attached((), None), post, now=NOW)
    shown = {card.network: [str(each) for each in card.posts] for card in cards}
    assert shown == {
        "x": ["The road is closed.", "Use the other one."],
        "facebook": ["The road is closed.\n\nUse the other one."],
    }


def test_what_is_used_is_of_the_fullest_post_and_too_much_names_the_way_out(x, facebook) -> None:
    assert use_of(Draft(text=f"a\n---\n{'a' * 200}\n---\nb"), [x]).used == 200
    assert use_of(Draft(text="a" * 300), [x]).said == (
        "X: 20 characters too many. A line with only --- begins a second post, as a thread"
    )
    most = registry.get("facebook").count("", {}).limit
    assert "---" not in use_of(Draft(text="a" * (most + 1)), [facebook]).said


def test_a_thread_costs_what_its_posts_cost() -> None:
    assert cost_of("x", ["Closed."], 1, now=NOW) != cost_of("x", ["Closed.", "Soon."], 1, now=NOW)


def test_approval_sets_each_post_of_a_thread_on_its_way(x, author) -> None:
    post = make.approved(author, make.spoc_of(x, "X spoc"), x, text=TEXT)
    made = Consignment.objects.filter(post_ref=post.audit_ref).order_by("part")
    assert list(made.values_list("part", flat=True)) == [0, 1]
