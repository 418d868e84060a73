"""Two connections at once: what one closes, the other does not fill."""

from __future__ import annotations

import pytest
from django.db import transaction

from mercat.people.actions import Impossible
from mercat.register.actions import register_account
from mercat.register.models import Account, Review, Slot
from mercat.register.reviews.actions import propose
from tests import factories as make
from tests.factories import NOW, TEST
from tests.meanwhile import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_place_that_is_being_closed_is_not_filled_meanwhile() -> None:
    slot = make.slot()

    def fill() -> None:
        register_account(by=TEST, slot=slot, name="Dundee", now=NOW)

    with transaction.atomic():
        propose(by=TEST, slot=slot, outcome=Review.Outcome.CLOSE, reason="Never used", now=NOW)
        filling = meanwhile(fill)
    with pytest.raises(Impossible, match="is closed"):
        filling.result(20)
    assert not Account.objects.exists()


def test_a_place_that_is_being_filled_is_closed_with_what_fills_it() -> None:
    slot = make.slot()

    def close() -> None:
        propose(by=TEST, slot=slot, outcome=Review.Outcome.CLOSE, reason="Not needed", now=NOW)

    with transaction.atomic():
        row = register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
        closing = meanwhile(close)
    closing.result(20)
    row.refresh_from_db()
    assert row.status == "closed"
    assert Slot.objects.get(pk=slot.pk).closed_at == NOW
