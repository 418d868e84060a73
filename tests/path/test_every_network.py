"""By command line: one approved post with a picture, its description and a video to every network, and read back from
each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from PIL import Image

from mercat.config import seed
from mercat.config.registrations import of_stand_ins
from mercat.delivery.engine import Engine
from mercat.networks import registry
from mercat.posts.cli import post
from mercat.register.models import Account
from mercat.sandbox.server import running
from tests import factories as make
from tests.delivery.inline import inline
from tests.images.filmed import film
from tests.pages import passphrase_alone  # noqa: F401
from tests.path.test_command_line import WORDS, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("passphrase_alone")]

NETWORKS = [each.spec.slug for each in registry.all()]
TEXT = "The road is closed. #Dundee"
ALT = "A road with a barrier"


@pytest.fixture
def accounts(settings, tmp_path, live_server) -> Iterator[dict[str, Account]]:
    with running() as sandbox:
        settings.MERCAT_SANDBOX_URL = sandbox.url
        settings.MERCAT_PRIVATE_ORIGINS, settings.MERCAT_APPS = frozenset([sandbox.url]), of_stand_ins()
        settings.MERCAT_MEDIA_URL, settings.MEDIA_ROOT = live_server.url, tmp_path / "files"
        rows = {network: make.account(f"Dundee on {network}", network=network, connected=False) for network in NETWORKS}
        for row in rows.values():
            seed.connect_to_stand_in(row, handle="dundee", sandbox=sandbox.url, by=make.TEST, now=timezone.now())
        yield rows


def test_one_post_goes_everywhere_by_command_line(accounts, settings, tmp_path) -> None:
    now = timezone.now()
    people = {"now": now, "trained_until": now + timedelta(days=300), "passphrase": WORDS}
    communications = {**people, "unit_key": "corporate-communications", "roles": ("corporate-communications",)}
    author, approver = make.authorised("Author", **communications), make.authorised("Approver", **communications)
    Image.effect_noise((1080, 1080), 40).convert("RGB").save(tmp_path / "road.jpg")
    to = [part for row in accounts.values() for part in ("--to", row.name)]
    told = run(
        post, "compose", "--text", TEXT, *to, "--pillar", "warning", "--wording", "hootsuite", f"{TEXT}\n{ALT}",
        "--picture", str(tmp_path / "road.jpg"), "--video", str(film(tmp_path / "road.mp4", seconds=4)),
        "--alt", ALT, "--alt", "A road", "--submit", by=author,
    )  # fmt: skip
    run(post, "approve", told["id"], "--digest", told["digest"], by=approver)
    for later in (0, 5, 15, 60):
        ahead = timedelta(seconds=later)
        Engine("normal", clock=lambda ahead=ahead: timezone.now() + ahead, pools=inline).drain()
    sent = run(post, "status", told["id"], by=author)["consignments"]
    assert [(each["state"], bool(each["read_back"])) for each in sent] == [("sent", True)] * len(NETWORKS)
    for network in NETWORKS:
        address = f"{settings.MERCAT_SANDBOX_URL}/_control/{network}/posts"
        (standing,) = httpx.get(address).raise_for_status().json()
        assert standing["text"].startswith(TEXT), network
        assert [given(medium) for medium in standing["media"]] == [expected(network)], network


def given(medium: dict) -> tuple[str, str]:
    return medium["mime"].partition("/")[0], medium["alt"]


def expected(network: str) -> tuple[str, str]:
    """YouTube takes videos alone; neither it nor Hootsuite takes a description."""
    rules = registry.get(network).spec.media
    return ("image" if rules.max_count else "video", ALT if rules.max_alt and rules.max_count else "")
