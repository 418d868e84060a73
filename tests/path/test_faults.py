"""Whatever a stand-in does wrong, no post stands twice, and none is told as out that is not there, nor the reverse.

`python -m bench faults` does the same with twenty posts for each fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from mercat.config.registrations import of_stand_ins
from mercat.sandbox.server import running
from tests import factories as make
from tests.path.faults import Course, every_fault

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running() as server:
        yield server.url


@pytest.fixture
def course(sandbox, settings, tmp_path, live_server) -> Course:
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([sandbox])
    settings.MERCAT_APPS = of_stand_ins()
    settings.MERCAT_MEDIA_URL, settings.MEDIA_ROOT = live_server.url, tmp_path
    now = timezone.now()
    about = {"unit_key": "corporate-communications", "roles": ("corporate-communications",), "now": now}
    until = now + timedelta(days=300)
    author, approver = (make.authorised(name, trained_until=until, **about) for name in ("Author", "Approver"))
    return Course(sandbox, author, approver)


@pytest.mark.parametrize("network", sorted({network for network, _ in every_fault()}))
def test_no_fault_doubles_or_mistells(course: Course, network: str) -> None:
    faults = [fault for slug, fault in every_fault() if slug == network]
    outcomes = [each for n, fault in enumerate(faults) for each in course.run(network, fault, n)]
    assert [each for each in outcomes if each.doubled or each.mistold] == []
    assert sum(each.state == "sent" for each in outcomes) >= len(outcomes) // 2
