from __future__ import annotations

from collections.abc import Iterator

import pytest

from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.register.models import Account
from tests import factories as make


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee")


@pytest.fixture
def author(db: None) -> Person:
    return make.authorised("Author")


@pytest.fixture
def spoc(account: Account) -> Person:
    return make.spoc_of(account, "Contact")


@pytest.fixture
def council(settings) -> Iterator[None]:
    """Another body's guidance in place of the default one."""
    settings.MERCAT_PACK = "example-council"
    guidance.cache_clear()
    yield
    guidance.cache_clear()
