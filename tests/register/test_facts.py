"""Rows to facts: accounts in one query however many, and points of contact who have left do not count."""

from __future__ import annotations

import pytest

from mercat.people.models import Person
from mercat.register import actions
from mercat.register.facts import account_facts, accounts_by_id, facts_of
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 12])
def test_facts_of_any_number_of_accounts_take_one_query(django_assert_num_queries, count: int) -> None:
    accounts = [make.account() for _ in range(count)]
    make.spoc_of(accounts[0])
    with django_assert_num_queries(1):
        found = [account_facts(row) for row in accounts_by_id([row.pk for row in accounts]).values()]
    assert len(found) == count
    assert all(each.connected and each.supported and each.in_structure for each in found)


def test_a_point_of_contact_who_left_is_none() -> None:
    account = make.account()
    spoc = make.person()
    actions.appoint_spoc(by=TEST, account=account, person=spoc, now=NOW)
    assert facts_of(account).spocs == {str(spoc.pk)}
    Person.objects.update(is_active=False)
    assert facts_of(account).spocs == frozenset()


def test_what_stands_in_the_way_of_an_account_is_told_as_facts() -> None:
    account = make.account(network="elsewhere")
    make.shut_place(account.slot)
    account.connection.state = "broken"
    account.connection.save()
    found = facts_of(account)
    assert (found.in_structure, found.connected, found.supported) == (False, False, False)
    assert found.spoc_missing_since == NOW
    assert facts_of(make.account(connected=False)).connected is False
    assert Account.objects.count() == 2
