"""Everything on the path works as the application's own database role, which may change nothing that only grows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.audit.append_only import APPEND_ONLY_TABLES
from mercat.audit.grants import grant, is_another_role
from mercat.audit.log import integrate
from mercat.delivery import actions as delivery
from mercat.delivery import engine as engine_module
from mercat.delivery import queue
from mercat.delivery.engine import Engine
from mercat.delivery.models import Consignment
from mercat.images.actions import take_in
from mercat.networks.port import Later, Missing, Sent, Unsure
from mercat.people import actions as people
from mercat.people.models import Person
from mercat.posts import actions as posts
from mercat.posts.contents import DraftPicture
from mercat.register import actions as register
from mercat.register.connections import StoredCredentials
from tests import factories as make
from tests.delivery import conftest as sending
from tests.factories import NOW, TEST
from tests.images.crafted import quarters, saved

pytestmark = pytest.mark.django_db

network, nudges, time, engine = sending.network, sending.nudges, sending.time, sending.engine
ROLE = "mercat_app"


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The role is this connection's: the engine's threads, here the test's own, must not close it."""
    monkeypatch.setattr(engine_module, "connection", SimpleNamespace(close=lambda: None))


@pytest.fixture
def application(db: None) -> Iterator[None]:
    if not is_another_role(ROLE):
        rows(f"CREATE ROLE {ROLE}")
    grant(ROLE)
    rows(f"SET LOCAL ROLE {ROLE}")
    yield
    rows("RESET ROLE")


@pytest.fixture
def _files(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MERCAT_AUDIT_KEY_FILE = tmp_path / "audit_key"
    settings.MERCAT_AUDIT_ORIGIN = "log.example/audit"


@pytest.mark.usefixtures("application", "_files")
def test_the_whole_path_works_as_the_application(engine: Engine, network, time) -> None:
    make.unit()
    register.found_structure(by=TEST, now=NOW)
    author, spoc, account = everybody()
    post = a_post_with_a_picture(author, account)
    posts.send_back(by=spoc, post=post, digest=post.current.digest, reason="Which bridge?", now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    network.outcomes.extend(
        [Later(NOW + timedelta(seconds=5), "Slow down"), Unsure("Lost"), Sent("n1", "https://n.example/1")]
    )
    network.sightings.append(Missing())  # after the lost answer: it is not there, so it is sent again
    network.shows()
    for later in (timedelta(), timedelta(seconds=6), timedelta(minutes=5)):
        time.pass_(later)
        engine.drain()
    row = Consignment.objects.get()
    assert (row.state, row.reason) == ("sent", "")
    pause = delivery.pause(by=spoc, scope="account", key=str(account.pk), reason="A test", now=NOW)
    delivery.resume(by=a_colleague(), pause=pause, now=NOW)
    register.mark_broken(by=TEST, account=account, reason="Signed out", now=NOW)
    StoredCredentials(account.connection).replace({"token": "newer"})
    people.end_access(by=TEST, person=author, reason="Left", now=NOW)
    queue.nudge("normal")
    assert queue.rescue() == 0
    assert integrate(now=NOW).size > 50
    assert rows("SELECT current_user") == [(ROLE,)]


def everybody() -> tuple[Person, Person, object]:
    author = make.joined("Author", passphrase="castle river lantern")
    comms = make.joined("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    head = make.person(
        "Head", unit_key="corporate-communications", roles=("head-of-communications-specialist-services",)
    )
    application = register.apply_for_account(
        by=author, network="bluesky", kind="local", unit=author.unit, name="Dundee", purpose="To inform.", now=NOW
    )
    slot = register.decide_application(by=head, application=application, grant=True, reasons="Needed.", now=NOW)
    register.register_account(by=comms, slot=slot, name="Dundee", now=NOW)
    account = make.account("Perth")
    return author, make.spoc_of(account, "Contact"), account


def a_post_with_a_picture(author: Person, account: object) -> posts.Post:
    picture = take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)
    draft = make.draft(account, pictures=(DraftPicture(str(picture.pk), "A sign"),))
    post = posts.compose(by=author, draft=draft, now=NOW)
    posts.compose(by=author, post=post, draft=draft, now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    return post


def a_colleague() -> Person:
    return make.person("Colleague", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.mark.parametrize("table", sorted(APPEND_ONLY_TABLES))
@pytest.mark.usefixtures("application")
def test_the_application_may_add_to_what_only_grows_and_not_change_it(table: str) -> None:
    column = {
        "audit_leaf": "index",
        "audit_personaldata": "event_id",
        "delivery_manifest": "digest",
        "register_slot": "key",
    }.get(table, "id")
    for sql in (f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            rows(sql)
    assert rows(f"SELECT has_table_privilege('{ROLE}', '{table}', 'INSERT')") == [(True,)]
