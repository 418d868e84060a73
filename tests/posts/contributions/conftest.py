from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from mercat.images.actions import take_in
from mercat.images.models import Picture
from mercat.people.models import Person
from mercat.posts.contents import DraftPicture
from mercat.posts.contributions import actions
from mercat.posts.models import Contribution
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW
from tests.pages import files  # noqa: F401

WORDS = "The new boat on the Tay, on its first day."


@pytest.fixture
def officer(db: None) -> Person:
    """Nobody trained them, and they hold no role."""
    return make.person("Officer")


@pytest.fixture
def comms(db: None) -> Person:
    return make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def duty(db: None) -> Person:
    return make.authorised("Duty", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def instagram(db: None) -> Account:
    return make.account("The Force", network="instagram", tier="national", unit_key="corporate-communications")


def brought(by: Person, colour: str = "#88aacc") -> Picture:
    """Large enough for every network."""
    out = BytesIO()
    Image.new("RGB", (640, 640), colour).save(out, "JPEG")
    return take_in(by=by, name="boat.jpg", upload=out.getvalue(), now=NOW)


def handed_in(by: Person, *pictures: Picture, alt: str = "A boat", **about: object) -> Contribution:
    media = [DraftPicture(str(each.pk), alt) for each in pictures or (brought(by),)]
    told = {"words": WORDS, "place": "Dundee harbour", "taken_on": date(2026, 11, 20), "stated": True, "now": NOW}
    return actions.hand_in(by=by, **{**told, "pictures": media, **about})


@pytest.fixture
def waiting(officer: Person) -> Contribution:
    return handed_in(officer)
