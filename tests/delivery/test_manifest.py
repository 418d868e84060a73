"""What goes out is read from the approved bytes and nowhere else; whatever differs from them stays here."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from mercat.delivery.manifest import contents, item_for
from mercat.delivery.models import Consignment, Manifest
from mercat.images.actions import take_in
from mercat.networks.port import Altered
from mercat.posts.contents import DraftPicture
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import quarters, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(settings, tmp_path, author):
    settings.MEDIA_ROOT = tmp_path / "files"
    return take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)


@pytest.fixture
def consignment(account, author, spoc, picture) -> Consignment:
    pictures = (DraftPicture(str(picture.pk), "A sign"),)
    make.approved(author, spoc, account, text="Closed\r\nnow", variants={"mastodon": "Shut"}, pictures=pictures)
    return Consignment.objects.select_related("manifest", "account").get()


def test_what_goes_out_is_what_was_approved(consignment: Consignment, picture) -> None:
    item = item_for(consignment, first_sent_at=NOW, now=NOW)
    assert (item.key, item.created_at, item.text, item.language) == (consignment.pk.hex, NOW, "Closed\nnow", "en")
    (medium,) = item.media
    assert (medium.alt, medium.sha256, medium.size) == ("A sign", picture.sha256, picture.size)
    assert len(medium.read()) == picture.size


def test_each_network_gets_its_own_wording(consignment: Consignment) -> None:
    consignment.account.network = "mastodon"
    assert item_for(consignment, first_sent_at=NOW, now=NOW).text == "Shut"


def test_altered_words_do_not_go_out(consignment: Consignment) -> None:
    altered = bytes(consignment.manifest.canonical).replace(b"Closed", b"Opened")
    with pytest.raises(Altered, match="digest differs"):
        contents(Manifest(digest=consignment.manifest_id, canonical=altered))
    with connection.cursor() as cursor:  # as somebody might who owns the tables
        cursor.execute("ALTER TABLE delivery_manifest DISABLE TRIGGER USER")
        cursor.execute("UPDATE delivery_manifest SET canonical = %s", [altered])
        cursor.execute("ALTER TABLE delivery_manifest ENABLE TRIGGER USER")
    row = Consignment.objects.select_related("manifest", "account").get()
    with pytest.raises(Altered, match="digest differs"):
        item_for(row, first_sent_at=NOW, now=NOW)


def test_a_consignment_to_an_account_that_was_not_approved_does_not_go_out(consignment: Consignment) -> None:
    consignment.account = make.account("Perth")
    with pytest.raises(Altered, match="not among those"):
        item_for(consignment, first_sent_at=NOW, now=NOW)


def test_another_picture_in_its_place_does_not_go_out(consignment: Consignment, picture) -> None:
    (medium,) = item_for(consignment, first_sent_at=NOW, now=NOW).media
    default_storage.delete(picture.file)
    with pytest.raises(OSError, match="No such file"):
        medium.read()
    default_storage.save(picture.file, ContentFile(b"another picture"))
    with pytest.raises(Altered, match="not the one that was approved"):
        medium.read()
