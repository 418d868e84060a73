"""Somebody for every role; and the list on the sign-in page, also where the pack is another than theirs."""

import pytest

from mercat.config.demo import PEOPLE
from mercat.people.pack import guidance
from mercat.web.demo_people import demo_people
from tests import factories as make
from tests.shared import ROOT

pytestmark = pytest.mark.django_db


def test_there_is_somebody_for_every_role_of_the_pack():
    held = {role for person in PEOPLE for role in (*person.roles, *person.unit_roles)}
    assert held == {role.key for role in guidance().pack.roles}


def test_the_readme_counts_them():
    assert f"{len(PEOPLE)} demonstration people" in (ROOT / "README.md").read_text()


def test_a_role_that_the_pack_does_not_have_is_passed_over(settings):
    settings.MERCAT_DEMO = True
    row = make.person("Local Officer")
    row.number = "demo-local.officer"
    row.save()
    row.role_grants.create(role="of-another-pack", at=make.NOW)
    assert [(line.name, line.does) for line in demo_people()] == [("Local Officer", "On the path to posting")]
