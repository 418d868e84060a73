"""Accounts where nothing goes out for long are dormant; those that speak, wait to speak, or were woken are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.delivery.dormancy import mark_dormant
from mercat.delivery.models import Consignment
from mercat.people.models import Notice
from mercat.register.models import Account
from mercat.register.standing.actions import wake_account
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=180)


def status(row: Account) -> str:
    return Account.objects.get(pk=row.pk).status


def test_an_account_is_dormant_once_nothing_went_out_for_the_packs_days() -> None:
    account, fresh = make.account("Dundee"), make.account("Never connected", connected=False)
    spoc = make.spoc_of(account)
    mark_dormant(now=LATER - timedelta(seconds=1))
    assert status(account) == "active"
    for _ in range(2):
        mark_dormant(now=LATER + timedelta(seconds=1))
    assert (status(account), status(fresh)) == ("dormant", "approved")
    assert Notice.objects.filter(person=spoc).count() == 1
    wake_account(by=TEST, account=account, reason="Gales", now=LATER + timedelta(days=1))
    mark_dormant(now=LATER + timedelta(days=2))
    assert status(account) == "active"


@pytest.mark.parametrize(("sent", "expected"), [(10, "active"), (-10, "dormant")])
def test_what_went_out_lately_keeps_it_awake(sent: int, expected: str) -> None:
    account = make.account("Dundee")
    post = make.approved(make.authorised("Author"), make.spoc_of(account), account)
    mark_dormant(now=LATER + timedelta(days=1))
    assert status(account) == "active", "something waits to go out there"
    Consignment.objects.filter(post_ref=post.audit_ref).update(
        state="sent", native_id="n", read_back_at=NOW, sent_at=NOW + timedelta(days=1 + sent)
    )
    mark_dormant(now=LATER + timedelta(days=1))
    assert status(account) == expected
