"""Two who may import people."""

from __future__ import annotations

import pytest

from mercat.people.models import Person
from tests import factories as make


@pytest.fixture
def administrator() -> Person:
    return make.person("Administrator", unit_key="ict", roles=("administrator",))


@pytest.fixture
def second() -> Person:
    return make.person("Second", unit_key="ict", roles=("administrator",))
