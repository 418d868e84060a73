"""Where a network fetches what a post shows: for a short while, for that post alone, and only what was approved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from mercat.delivery.fetching import LASTS
from mercat.delivery.manifest import item_for
from mercat.delivery.models import Consignment
from mercat.delivery.states import STATES
from mercat.images.actions import take_in
from mercat.posts.contents import DraftPicture
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import quarters, saved

pytestmark = pytest.mark.django_db

OURS = "https://media.example.org"
# What the table asks of a row in a state.
NEEDS = {
    "leased": {"leased_until": NOW},
    "sending": {"leased_until": NOW},
    "in_doubt": {"look_at": NOW},
    "sent": {"native_id": "1", "read_back_at": NOW},
    "held": {"hold": "paused"},
}
ON_ITS_WAY = {"ready", "leased", "sending", "in_doubt"}


@pytest.fixture(autouse=True)
def _an_address(settings, tmp_path) -> None:
    settings.MERCAT_MEDIA_URL, settings.MEDIA_ROOT = OURS, tmp_path
    settings.ALLOWED_HOSTS = ["media.example.org"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Set what time it is for pages."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    at(NOW)
    return at


@pytest.fixture
def consignment(account, author, spoc, clock) -> Consignment:
    make.approved(author, spoc, account, pictures=(picture(author),))
    return Consignment.objects.select_related("manifest", "account").get()


def picture(author) -> DraftPicture:
    kept = take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)
    return DraftPicture(str(kept.pk), "A sign")


def address(row: Consignment) -> str:
    (medium,) = item_for(row, first_sent_at=NOW, now=NOW).media
    return medium.url


def fetched(url: str) -> int:
    answer = asked(url)
    if answer.streaming:
        list(answer.streaming_content)  # which closes the file
    return answer.status_code


def asked(url: str):
    return Client(HTTP_HOST="media.example.org").get(url.removeprefix(OURS))


def test_the_network_gets_what_was_approved_and_no_cookie(consignment: Consignment) -> None:
    (medium,) = item_for(consignment, first_sent_at=NOW, now=NOW).media
    answer = asked(medium.url)
    assert b"".join(answer.streaming_content) == medium.read()
    assert (answer["Content-Type"], answer["Content-Length"]) == (medium.mime, str(medium.size))
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
    assert not answer.cookies


def test_after_an_hour_it_is_there_no_more(consignment: Consignment, clock) -> None:
    url = address(consignment)
    clock(NOW + LASTS)
    assert fetched(url) == 200
    clock(NOW + LASTS + timedelta(seconds=1))
    assert fetched(url) == 404


@pytest.mark.parametrize("state", STATES)
def test_only_while_its_post_is_on_its_way(consignment: Consignment, state: str) -> None:
    url = address(consignment)
    make.as_if(Consignment, state=state, **NEEDS.get(state, {}))
    assert fetched(url) == (200 if state in ON_ITS_WAY else 404)


def test_what_was_taken_back_on_its_way_is_fetched_no_more(consignment: Consignment) -> None:
    url = address(consignment)
    make.as_if(Consignment, state="sending", recalled="Not now.", **NEEDS["sending"])
    assert fetched(url) == 404


def test_nobody_makes_an_address_of_their_own(consignment: Consignment) -> None:
    url = address(consignment)
    for wrong in (url[:-1], url + "A", f"{OURS}/sending/media/{consignment.pk.hex}", f"{OURS}/sending/media/::"):
        assert fetched(wrong) == 404


def test_another_file_in_its_place_is_not_given_away(consignment: Consignment) -> None:
    url = address(consignment)
    (name,) = consignment.manifest.files.values()
    default_storage.delete(name)
    assert fetched(url) == 404
    default_storage.save(name, ContentFile(b"another picture"))
    assert fetched(url) == 404


def test_where_nobody_reaches_this_installation_there_is_no_address(consignment: Consignment, settings) -> None:
    settings.MERCAT_MEDIA_URL = ""
    assert address(consignment) == ""
