"""What a post costs is said where it is written and where it is approved."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mercat.delivery.spending import Budget
from mercat.posts.presenters.cost import cost_of
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

pytestmark = pytest.mark.django_db

LINK = "Read https://example.org."


@pytest.mark.parametrize(
    ("network", "wording", "accounts", "said"),
    [
        ("x", "Snow.", 1, "X charges 0.015 USD for this."),
        ("x", LINK, 1, "X charges 0.2 USD for this."),
        ("x", LINK, 3, "X charges 0.6 USD for this, 0.2 USD for each account."),
        ("bluesky", LINK, 3, ""),
    ],
)
def test_what_a_network_charges(network: str, wording: str, accounts: int, said: str) -> None:
    assert cost_of(network, [wording], accounts, now=NOW) == said


def test_the_budget_stands_beside_it(monkeypatch) -> None:
    month = [Budget("x", Decimal("100"), Decimal("99.90"))]
    monkeypatch.setattr("mercat.posts.presenters.cost.budgets", lambda now: month)
    said = cost_of("x", [LINK], 1, now=NOW)
    assert said == "X charges 0.2 USD for this. This month 99.9 USD of 100 USD are spent."


@pytest.mark.usefixtures("at_noon")
def test_the_composer_and_the_post_say_it() -> None:
    account = make.account(network="x")
    author, spoc = make.authorised("Author"), make.spoc_of(account)
    client = signed_in(author)
    post = make.submitted(author, account, text="Snow.")
    assert "X charges 0.015 USD for this." in text_of(signed_in(spoc).get(f"/posts/{post.pk}/"))
    draft = make.posts.compose(by=author, draft=make.draft(account, text=LINK), now=NOW)
    assert "X charges 0.2 USD for this." in text_of(client.get(f"/posts/{draft.pk}/edit/"))
