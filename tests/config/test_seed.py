"""Filling an installation keeps demonstration people and a body's own people apart."""

from __future__ import annotations

import pytest

from mercat.config import seed
from mercat.config.problem import Problem
from mercat.people.models import Person
from mercat.register.models import Slot
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("accounts", [False, True])
def test_demonstration_people_are_not_added_to_a_bodys_own(accounts: bool) -> None:
    make.person("Officer")
    with pytest.raises(Problem, match="kept apart"):
        seed.seed(people=True, accounts=accounts)
    assert Person.objects.count() == 1
    assert not Slot.objects.exists()


def test_somebody_whom_a_trial_registered_does_not_stop_its_next_start() -> None:
    seed.seed(people=True, accounts=False)
    make.person("Officer")
    seed.seed(people=True, accounts=False)


def test_a_bodys_own_installation_is_filled_in_as_before() -> None:
    make.person("Officer")
    seed.seed(people=False, accounts=False)
    assert Slot.objects.exists()
