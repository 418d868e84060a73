"""The list on the sign-in page, also where the pack is another than the one that the people were made for."""

import pytest

from mercat.web.demo_people import demo_people
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_a_role_that_the_pack_does_not_have_is_passed_over(settings):
    settings.MERCAT_DEMO = True
    row = make.person("Local Officer")
    row.number = "demo-local.officer"
    row.save()
    row.role_grants.create(role="of-another-pack", at=make.NOW)
    assert [(line.name, line.does) for line in demo_people()] == [("Local Officer", "Writes posts")]
