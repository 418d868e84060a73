"""How an account is reached: one network account for one of the register, and secrets that nobody reads again."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from django.db import connection as connection_to_the_database
from django.db import connection as database
from django.db import transaction

from mercat.guidance.gate import Refused
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import ConnectError, Identity, Item
from mercat.people.actions import Impossible
from mercat.people.models import Notice
from mercat.people.vault import Unopenable
from mercat.register import actions
from mercat.register.connections import StoredCredentials, channel, given
from mercat.register.models import Account, Connection
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.meanwhile import meanwhile
from tests.networks.doubles import MemoryNotes
from tests.people.conftest import Holders

pytestmark = pytest.mark.django_db

SECRET = "s3cret-token-that-nobody-reads"


def identity(native_id: str = "did:plc:one", **about: object) -> Identity:
    return Identity(
        **{
            "native_id": native_id,
            "handle": "dundee.police.example",
            "url": "https://network.example/dundee",
            "base_url": "https://network.example",
            "credentials": {"access": SECRET, "refresh": f"{SECRET}-refresh"},
            "limits": {"characters": 500},
            **about,
        }
    )


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee", connected=False)


@pytest.fixture
def connection(account: Account) -> Connection:
    return actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)


def test_accounts_are_connected_by_communications_or_the_administrator(holders: Holders, account: Account) -> None:
    for name, holder in holders.items():
        if name not in {"comms", "administrator"}:
            with pytest.raises(Refused, match=r"5\.1"):
                actions.connect_account(by=holder, account=account, identity=identity(), now=NOW)
    before = kept()
    row = actions.connect_account(by=holders["administrator"], account=account, identity=identity(), now=NOW)
    account.refresh_from_db()
    assert (account.status, account.native_id, account.handle) == ("active", "did:plc:one", "dundee.police.example")
    assert (row.state, row.generation, row.limits, row.connected_by) == (
        "working", 1, {"characters": 500}, holders["administrator"],
    )  # fmt: skip
    record = {"audit.Event": 1, "audit.Pending": 1, "audit.PersonalData": 1}
    assert gained(before) == {"register.Connection": 1, "register.Change": 1, **record}


def test_the_holder_of_an_individual_account_does_not_connect_it(holders: Holders) -> None:
    account = make.account("Commander", tier="individual", connected=False)
    Account.objects.update(holder=holders["comms"])
    with pytest.raises(Refused, match=r"4\.9"):
        actions.connect_account(by=holders["comms"], account=account, identity=identity(), now=NOW)


def test_an_account_is_not_connected_to_another_account_of_the_network(
    account: Account, connection: Connection
) -> None:
    before, sealed = kept(), bytes(connection.sealed)
    with pytest.raises(Impossible, match="another account of the network"):
        actions.connect_account(by=TEST, account=account, identity=identity("did:plc:two"), now=NOW)
    connection.refresh_from_db()
    assert (gained(before), bytes(connection.sealed)) == ({}, sealed)


def on(server: str, native_id: str = "109") -> Identity:
    return identity(native_id, base_url=f"https://{server}", url=f"https://{server}/@force", handle=f"force@{server}")


def test_the_same_number_on_another_server_is_another_account_where_servers_number_them() -> None:
    account = make.account("Force", network="mastodon", connected=False)
    actions.connect_account(by=TEST, account=account, identity=on("mastodon.example"), now=NOW)
    with pytest.raises(Impossible, match="another account of the network"):
        actions.connect_account(by=TEST, account=account, identity=on("evil.example"), now=NOW)
    other = make.account("Elsewhere", network="mastodon", connected=False)
    actions.connect_account(by=TEST, account=other, identity=on("elsewhere.example"), now=NOW)
    third = make.account("Again", network="mastodon", connected=False)
    with pytest.raises(Impossible, match="connected to another account of the register"):
        actions.connect_account(by=TEST, account=third, identity=on("mastodon.example"), now=NOW)


def test_an_account_may_move_to_another_server_where_its_id_moves_with_it(
    account: Account, connection: Connection
) -> None:
    moved = identity(base_url="https://new.example", url="https://new.example/dundee")
    actions.connect_account(by=TEST, account=account, identity=moved, now=NOW)
    connection.refresh_from_db()
    assert connection.base_url == "https://new.example"


def test_also_not_by_a_page_that_was_opened_before_it_was_connected(account: Account) -> None:
    stale = Account.objects.get(pk=account.pk)
    actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)
    with pytest.raises(Impossible, match="another account of the network"):
        actions.connect_account(by=TEST, account=stale, identity=identity("did:plc:two"), now=NOW)


def test_two_accounts_of_the_register_are_never_one_of_the_network(connection: Connection) -> None:
    other = make.account("Perth", connected=False)
    before = kept()
    with pytest.raises(Impossible, match="connected to another account of the register"):
        actions.connect_account(by=TEST, account=other, identity=identity(), now=NOW)
    assert not gained(before)
    other.refresh_from_db()
    assert (other.native_id, other.status) == ("", "approved")


def test_connecting_again_replaces_the_secret_as_a_new_generation(account: Account, connection: Connection) -> None:
    actions.mark_broken(by=TEST, account=account, reason="Signed out", now=NOW)
    again = actions.connect_account(
        by=TEST, account=account, identity=identity(credentials={"access": "new"}), now=NOW + timedelta(hours=1)
    )
    assert (again.pk, again.generation, again.state, again.reason) == (connection.pk, 2, "working", "")
    assert StoredCredentials(again).get() == {"access": "new"}


@pytest.mark.parametrize("status", ["suspended", "dormant"])
def test_connecting_does_not_end_a_suspension(account: Account, status: str) -> None:
    make.put(account, status)
    actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)
    account.refresh_from_db()
    assert account.status == status


def test_a_broken_connection_is_told_once(account: Account, connection: Connection) -> None:
    spoc, _ = make.spoc_of(account), make.person("Somebody else")
    before = kept()
    for _ in range(3):
        actions.mark_broken(by=TEST, account=account, reason="The network signed us out." + "x" * 400, now=NOW)
    assert gained(before) == {"people.Notice": 1, "audit.Event": 1, "audit.Pending": 1}
    assert Notice.objects.get().person == spoc
    connection.refresh_from_db()
    assert (connection.state, len(connection.reason)) == ("broken", 300)


def test_without_a_point_of_contact_those_who_answer_everywhere_are_told(connection: Connection) -> None:
    comms = make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    actions.mark_broken(by=TEST, account=connection.account, reason="Signed out", now=NOW)
    assert [notice.person for notice in Notice.objects.all()] == [comms]


def test_a_network_without_typed_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "get", lambda slug: SimpleNamespace(connector=None))
    with pytest.raises(Impossible, match="sign-in"):
        actions.identity_from_fields("bluesky", {}, None, now=NOW)


def test_what_a_network_refuses_is_the_connectors_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def connect(self, fields: object, http: object, *, now: object) -> Identity:
            raise ConnectError("Wrong password.")

    monkeypatch.setattr(registry, "get", lambda slug: SimpleNamespace(connector=Refusing()))
    with pytest.raises(ConnectError, match="Wrong password"):
        actions.identity_from_fields("bluesky", {}, None, now=NOW)


# Stored credentials


def test_a_refreshed_secret_replaces_the_old_one_and_nothing_replaces_something(connection: Connection) -> None:
    stored = StoredCredentials(connection)
    stored.replace({"access": "newer", "refresh": "", "unasked": ""})
    assert stored.get() == {"access": "newer", "refresh": f"{SECRET}-refresh"}
    stored.replace({})
    assert stored.get() == {"access": "newer", "refresh": f"{SECRET}-refresh"}


def test_the_seal_of_an_earlier_connection_does_not_open(account: Account, connection: Connection) -> None:
    old = bytes(connection.sealed)
    actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)
    Connection.objects.update(sealed=old)
    with pytest.raises(Unopenable):
        StoredCredentials(connection).get()


def test_a_secret_moved_to_another_account_does_not_open(connection: Connection) -> None:
    other = make.account("Perth").connection
    Connection.objects.filter(pk=other.pk).update(sealed=connection.sealed, generation=connection.generation)
    with pytest.raises(Unopenable, match="Connect the account again"):
        StoredCredentials(other).get()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Connection.objects.update(base_url="https://evil.example"),
        lambda: Account.objects.update(network="mastodon"),
        lambda: Account.objects.update(native_id="did:plc:two"),
    ],
    ids=["server", "network", "account"],
)
def test_a_secret_is_not_sent_where_it_was_not_sealed_for(
    account: Account, connection: Connection, change: Callable[[], int]
) -> None:
    """Whoever can write the row cannot have a secret sent to a server, network or account of their choice."""
    with connection_to_the_database.cursor() as cursor:  # as its owner: nobody else moves an account to another network
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE register_account DISABLE TRIGGER register_account_stands")
    assert change() == 1
    asked: list[httpx.Request] = []
    http = guarded_client(timeout=timedelta(seconds=5), transport=httpx.MockTransport(asked.append))
    reach = channel(Account.objects.select_related("connection").get(pk=account.pk), http)
    one = Item("0" * 32, NOW, "Snow on the A9.")
    with pytest.raises(Unopenable, match=r"server's address .* Connect the account again"):
        registry.get("bluesky").publisher.publish(reach, one, MemoryNotes(), now=NOW)
    assert asked == []


def test_a_secret_sealed_while_a_send_is_under_way_does_not_go_to_the_server_before(
    account: Account, connection: Connection
) -> None:
    under_way = StoredCredentials(connection)
    moved = identity(base_url="https://new.example", url="https://new.example/dundee")
    actions.connect_account(by=TEST, account=account, identity=moved, now=NOW)
    with pytest.raises(Unopenable):
        under_way.get()


def test_what_was_refreshed_under_an_earlier_connection_is_not_kept_in_the_new_one(
    account: Account, connection: Connection
) -> None:
    under_way = StoredCredentials(connection)
    assert under_way.get()["access"] == SECRET
    again = identity(credentials={"access": "new", "refresh": "new"})
    actions.connect_account(by=TEST, account=account, identity=again, now=NOW)
    under_way.replace({"access": "of the earlier one"})
    assert under_way.get() == {"access": "new", "refresh": "new"}
    under_way.replace({"access": "newer"})  # what was read last is the new connection's
    assert under_way.get() == {"access": "newer", "refresh": "new"}


def test_an_attempt_under_an_earlier_connection_does_not_mark_the_new_one_broken(
    account: Account, connection: Connection
) -> None:
    under_way = Account.objects.select_related("connection").get(pk=account.pk)
    actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)
    before = kept()
    actions.mark_broken(by=TEST, account=under_way, reason="Signed out", now=NOW)
    connection.refresh_from_db()
    assert (connection.state, gained(before)) == ("working", {})


def test_a_connection_that_was_refreshed_meanwhile_is_still_the_same(account: Account, connection: Connection) -> None:
    under_way = Account.objects.select_related("connection").get(pk=account.pk)
    StoredCredentials(connection).replace({"access": "newer"})
    actions.mark_broken(by=TEST, account=under_way, reason="Signed out", now=NOW)
    connection.refresh_from_db()
    assert connection.state == "broken"


@pytest.mark.django_db(transaction=True)
def test_two_refreshes_at_once_lose_neither(account: Account) -> None:
    row = actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)
    with transaction.atomic():
        StoredCredentials(row).replace({"access": "first"})
        second = meanwhile(lambda: StoredCredentials(row).replace({"refresh": "second"}))
    second.result(10)
    assert StoredCredentials(row).get() == {"access": "first", "refresh": "second"}


# Nobody reads them again


def everything_stored() -> str:
    """Every value of every table, as a dump would carry it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_dump_of_the_database_holds_no_usable_secret(account: Account, connection: Connection) -> None:
    StoredCredentials(connection).replace({"access": SECRET + "-2"})
    actions.mark_broken(by=TEST, account=account, reason="Signed out", now=NOW)
    actions.connect_account(by=TEST, account=account, identity=identity(), now=NOW)
    dump = everything_stored()
    assert account.name in dump
    assert bytes(Connection.objects.get().sealed).hex() in dump
    for form in (SECRET, SECRET.encode().hex(), base64.b64encode(SECRET.encode()).decode()[:-4]):
        assert form not in dump


def test_no_text_about_a_connection_shows_the_secret(
    account: Account, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = Account.objects.select_related("connection").get(pk=account.pk)
    stored = StoredCredentials(connection)
    stored.get()
    stored.replace({"access": SECRET + "-2"})
    Connection.objects.update(generation=9)
    with pytest.raises(Unopenable) as error:
        stored.get()
    reach = channel(account, None)
    texts = [repr(stored), str(stored), repr(connection), str(connection), repr(reach), repr(error.value), caplog.text]
    assert not [text for text in texts if SECRET in text]


# The body's own registration with a network


def test_the_bodys_registration_is_beside_the_credentials_and_never_among_them(settings) -> None:
    settings.MERCAT_APPS = {"x": {"client_id": "public", "client_secret": "first"}}
    row = make.account(network="x", credentials={"access_token": "one"}).connection
    stored = StoredCredentials(row)
    assert stored.get() == {"client_id": "public", "client_secret": "first", "access_token": "one"}
    stored.replace({**stored.get(), "access_token": "two"})
    settings.MERCAT_APPS = {"x": {"client_id": "public", "client_secret": "second"}}
    assert stored.get() == {"client_id": "public", "client_secret": "second", "access_token": "two"}
    settings.MERCAT_APPS = {}
    assert stored.get() == {"access_token": "two"}


def test_a_connector_is_given_the_registration_and_in_a_demonstration_the_stand_in(settings) -> None:
    settings.MERCAT_APPS = {"x": {"client_id": "public"}}
    assert given("x", {"access_token": "one"}) == {"client_id": "public", "access_token": "one"}
    settings.MERCAT_DEMO, settings.MERCAT_SANDBOX_URL = True, "http://127.0.0.1:8300"
    assert given("x", {})["base_url"] == "http://127.0.0.1:8300/x"
    assert given("mastodon", {"base_url": "https://typed.example"})["base_url"] == "https://typed.example"
