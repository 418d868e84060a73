"""From seed to sent, in one process, over HTTP to the stand-ins."""

import pytest
from django.utils import timezone

from mercat.config import seed
from mercat.delivery.engine import Engine
from mercat.delivery.models import Attempt, Consignment
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.sandbox.server import running
from tests import factories as make
from tests.delivery.inline import inline


@pytest.fixture
def sandbox(settings):
    with running() as sandbox:
        settings.MERCAT_SANDBOX_URL = sandbox.url
        settings.MERCAT_PRIVATE_ORIGINS = frozenset([sandbox.url])
        yield sandbox


@pytest.mark.django_db(transaction=True)
def test_a_seeded_post_is_sent_and_read_back(sandbox):
    now = timezone.now()
    seed.seed(people=True, accounts=True, now=now)
    seed.seed(people=True, accounts=True, now=now)
    officer, spoc = (Person.objects.get(number=f"demo-{login}") for login in ("local.officer", "spoc"))
    accounts = list(Account.objects.filter(unit="tayside", tier="local"))
    make.approved(officer, spoc, *accounts, now=now, text="The bridge at https://example.org is closed. ⚠️")
    Engine("normal", pools=inline).drain()
    rows = list(Consignment.objects.all())
    assert [(row.state, row.reason) for row in rows] == [("sent", "")] * 2, list(
        Attempt.objects.values_list("reason", flat=True)
    )
    assert all(row.native_id and row.url and row.read_back_at for row in rows)
