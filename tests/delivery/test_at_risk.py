"""A connection that ends is warned of a week ahead, once, with what is due after its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.audit.models import Event
from mercat.delivery import at_risk
from mercat.delivery.models import Consignment
from mercat.people.models import Notice
from mercat.register.models import Connection
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def ending() -> Connection:
    account = make.account("Dundee")
    Connection.objects.filter(account=account).update(ends_at=NOW + WEEK + timedelta(hours=1))
    return Connection.objects.get()


def test_it_is_told_once_a_week_ahead(ending: Connection) -> None:
    spoc = make.spoc_of(ending.account)
    at_risk.run(now=NOW)
    assert not Notice.objects.exists()
    for hours in (1, 2, 30):
        at_risk.run(now=NOW + timedelta(hours=hours))
    notice = Notice.objects.get()
    assert (notice.person, notice.link) == (spoc, "/register/health/")
    assert "No post is due after its end so far." in notice.body
    assert Event.objects.filter(what="account.end_warned").count() == 1


def test_another_end_is_warned_of_anew(ending: Connection) -> None:
    make.spoc_of(ending.account)
    at_risk.run(now=NOW + timedelta(hours=1))
    Connection.objects.update(ends_at=NOW + timedelta(days=30))
    at_risk.run(now=NOW + timedelta(days=2))
    assert Notice.objects.count() == 1
    at_risk.run(now=NOW + timedelta(days=23))
    assert Notice.objects.count() == 2


def test_the_posts_at_risk_are_counted(ending: Connection) -> None:
    spoc = make.spoc_of(ending.account)
    for days in (1, 9, 12):
        make.approved(make.authorised(), spoc, ending.account, due_at=NOW + timedelta(days=days))
    assert Consignment.objects.count() == 3
    Notice.objects.all().delete()
    at_risk.run(now=NOW + timedelta(hours=1))
    (body,) = Notice.objects.filter(subject__startswith="The connection of").values_list("body", flat=True)
    assert "2 posts are due after its end, the first on 2 December." in body


def test_a_broken_one_was_told_of_already(ending: Connection) -> None:
    make.spoc_of(ending.account)
    Connection.objects.update(state="broken")
    at_risk.run(now=NOW + timedelta(days=2))
    assert not Notice.objects.exists()
