"""Keeping connections: renewed ahead by one process, checked, revoked, and the key changed while all goes on."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner
from django.db import IntegrityError, transaction
from django.db import connection as database

from mercat.audit.models import Event
from mercat.config.chores import CALLING, CHORES
from mercat.config.environment import Environment
from mercat.config.supervisor import Supervisor
from mercat.delivery import queue
from mercat.guidance.gate import Refused
from mercat.networks import registry
from mercat.networks.bluesky import session
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Identity, Kept, Later, Reconnect
from mercat.people import keyring
from mercat.people.actions import Impossible
from mercat.people.models import Notice
from mercat.people.signing_in.sessions import SessionStore
from mercat.people.vault import Unopenable, is_for
from mercat.register import actions, begun
from mercat.register.cli import vault
from mercat.register.connections import StoredCredentials, channel, sealed_for
from mercat.register.keeping import actions as keeping
from mercat.register.keeping.presenters import BROKEN, ENDS, NONE, SILENT, WELL, state_of
from mercat.register.models import Account, Connection
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401
from tests.register.test_connections import everything_stored
from tests.shared import ROOT

pytestmark = pytest.mark.django_db

SECRET = "s3cret-token-that-nobody-reads"
SERVER = "https://network.example"


@pytest.fixture(autouse=True)
def _ring(settings, tmp_path) -> None:
    settings.MERCAT_VAULT_KEY = f"file:{tmp_path / 'vault_key'}"
    settings.MERCAT_VAULT_PUBLIC_FILE = tmp_path / "vault_key.pub"


def jwt(ends: datetime, name: str = "") -> str:
    body = base64.urlsafe_b64encode(json.dumps({"exp": int(ends.timestamp()), "jti": name}).encode()).decode()
    return f"h.{body.rstrip('=')}.s"


def tokens(access: timedelta, refresh: timedelta = timedelta(days=90), *, name: str = "") -> dict[str, str]:
    return {"access_jwt": jwt(NOW + access, name), "refresh_jwt": jwt(NOW + refresh, name)}


def connected(name: str = "Dundee", *, network: str = "bluesky", **credentials: str) -> Account:
    account = make.account(name, network=network, connected=False)
    native_id = f"did:plc:{uuid4().hex}"
    url = f"{SERVER}/{name}"
    identity = Identity(native_id, f"{name.lower()}.example", url, SERVER, credentials or {"access_jwt": SECRET}, {})
    actions.connect_account(by=TEST, account=account, identity=identity, now=NOW)
    return Account.objects.select_related("connection").get(pk=account.pk)


class Server:
    """Answers calls as told, and counts them."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answer(request)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable], Server]:
    def serve(answer: Callable[[httpx.Request], httpx.Response]) -> Server:
        made = Server(answer)
        transport = httpx.MockTransport(made)
        monkeypatch.setattr(
            keeping,
            "guarded_client",
            lambda timeout, allow_private: guarded_client(timeout=timeout, transport=transport),
        )
        return made

    return serve


def renewed(request: httpx.Request) -> httpx.Response:
    new = tokens(timedelta(hours=2), timedelta(days=91), name="new")
    return httpx.Response(200, json={"accessJwt": new["access_jwt"], "refreshJwt": new["refresh_jwt"]})


def dropped(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone", request=request)


# Renewing and checking


def test_what_credentials_tell_of_their_end_is_kept_beside_them() -> None:
    row = connected(**tokens(timedelta(hours=2))).connection
    assert (row.renew_at, row.ends_at) == (NOW + timedelta(hours=2), NOW + timedelta(days=90))
    StoredCredentials(row).replace(tokens(timedelta(hours=4), timedelta(days=95)))
    row.refresh_from_db()
    assert (row.renew_at, row.ends_at) == (NOW + timedelta(hours=4), NOW + timedelta(days=95))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "h.e30.s", jwt(datetime(2500, 1, 1, tzinfo=UTC)), "h.W10.s"])
def test_a_token_that_tells_no_end_has_none(token: str) -> None:
    assert session.lifetime({"access_jwt": token}).renew_at is None


def test_a_session_is_renewed_before_it_lapses_and_only_then(server) -> None:
    account, asked = connected(**tokens(timedelta(minutes=20))), server(renewed)
    keeping.run(now=NOW + timedelta(minutes=4))
    assert asked.asked == []
    keeping.run(now=NOW + timedelta(minutes=6))
    assert [request.url.path for request in asked.asked] == ["/xrpc/com.atproto.server.refreshSession"]
    row = Connection.objects.get(account=account)
    assert (row.state, row.checked_at) == ("working", NOW + timedelta(minutes=6))
    assert row.ends_at == NOW + timedelta(days=91)
    assert StoredCredentials(row).get() == tokens(timedelta(hours=2), timedelta(days=91), name="new")


@pytest.mark.parametrize(
    "answer",
    [
        dropped,
        lambda request: httpx.Response(503),
        lambda request: httpx.Response(429),
        lambda request: httpx.Response(200, json={}),
    ],
    ids=["dropped", "unavailable", "limited", "empty"],
)
@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_a_fault_of_the_network_is_no_disconnect_and_loses_nothing(server, network: str, answer: Callable) -> None:
    before = tokens(timedelta(minutes=5))
    account = connected(network=network, **before)
    asked = server(answer)
    keeping.run(now=NOW + timedelta(hours=7))
    row = Connection.objects.get(account=account)
    assert (len(asked.asked), row.state, row.checked_at) == (1, "working", NOW)
    assert StoredCredentials(row).get() == before


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_a_clear_no_is_told_to_whoever_answers_for_the_account(server, network: str) -> None:
    account = connected(network=network, **tokens(timedelta(minutes=5)))
    spoc = make.spoc_of(account)
    server(lambda request: httpx.Response(401, json={"error": "ExpiredToken"}))
    keeping.run(now=NOW + timedelta(hours=7))
    assert Connection.objects.get().state == "broken"
    assert [notice.person for notice in Notice.objects.all()] == [spoc]
    keeping.run(now=NOW + timedelta(hours=14))
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_what_was_not_asked_for_hours_is_asked(server, network: str) -> None:
    account = connected(network=network)
    asked = server(lambda request: httpx.Response(200, json={"did": account.native_id, "id": account.native_id}))
    keeping.run(now=NOW + timedelta(hours=5))
    assert asked.asked == []
    keeping.run(now=NOW + timedelta(hours=6))
    keeping.run(now=NOW + timedelta(hours=7))
    assert len(asked.asked) == 1
    assert Connection.objects.get().checked_at == NOW + timedelta(hours=6)


def test_another_accounts_session_is_not_taken_for_this_ones(server) -> None:
    account = connected(network="mastodon")
    server(lambda request: httpx.Response(200, json={"id": "another"}))
    keeping.keep(account, now=NOW + timedelta(hours=6))
    assert Connection.objects.get().checked_at == NOW


def test_one_that_fails_keeps_no_other_from_being_kept(server, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = connected("One", **tokens(timedelta(minutes=1))), connected("Two", **tokens(timedelta(minutes=2)))
    kept = []

    def keep(account: Account, *, now: datetime) -> None:
        kept.append(account.pk)
        raise RuntimeError

    monkeypatch.setattr(keeping, "keep", keep)
    keeping.run(now=NOW)
    assert kept == [first.pk, second.pk]


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_renew_at_once_make_one_call() -> None:
    account = connected(**tokens(timedelta(minutes=-1)))
    inside, go_on = threading.Event(), threading.Event()

    def slow(request: httpx.Request) -> httpx.Response:
        inside.set()
        assert go_on.wait(20)
        return renewed(request)

    asked = Server(slow)
    said: list[object] = []

    def keep() -> None:
        with guarded_client(timeout=timedelta(seconds=30), transport=httpx.MockTransport(asked)) as http:
            said.append(session.Keeper().keep(channel(account, http), ahead=keeping.AHEAD, now=NOW))
        database.close()

    first = threading.Thread(target=keep)
    first.start()
    assert inside.wait(20)
    second = threading.Thread(target=keep)
    second.start()
    second.join(20)
    go_on.set()
    first.join(20)
    third = threading.Thread(target=keep)
    third.start()
    third.join(20)
    renewals = [request for request in asked.asked if request.url.path.endswith("refreshSession")]
    assert len(renewals) == 1
    assert isinstance(said[0], Later)
    assert said[0].limited
    assert said[1] == Kept()
    assert Connection.objects.get().renewing_until is None


def test_a_turn_that_its_process_did_not_live_to_end_is_over_by_itself() -> None:
    row = connected().connection
    with StoredCredentials(row).turn() as mine, StoredCredentials(row).turn() as others:
        assert (mine, others) == (True, False)
    with database.cursor() as cursor:
        cursor.execute("UPDATE register_connection SET renewing_until = now() - interval '1 second'")
    with StoredCredentials(row).turn() as mine:
        assert mine


def test_when_it_was_used_is_kept_to_the_minute() -> None:
    account = connected()
    channel(account, None)
    used = Connection.objects.get().used_at
    channel(account, None)
    assert used is not None
    assert Connection.objects.get().used_at == used


# Disconnecting


def test_disconnecting_wipes_what_is_sealed(django_user_model) -> None:
    account = connected()
    with pytest.raises(Refused):
        keeping.disconnect_account(by=make.spoc_of(account), account=account, reason="Leaked", now=NOW)
    with pytest.raises(Impossible, match="Say why"):
        keeping.disconnect_account(by=TEST, account=account, reason=" ", now=NOW)
    keeping.disconnect_account(by=TEST, account=account, reason="Leaked", now=NOW)
    row = Connection.objects.get()
    assert (row.state, bytes(row.sealed), row.reason) == ("revoked", b"", "Leaked")
    assert Event.objects.last().what == "account.credentials_wiped"
    with pytest.raises(Unopenable, match="wiped"):
        StoredCredentials(row).get()
    with pytest.raises(Impossible, match="is not connected"):
        keeping.disconnect_account(by=TEST, account=account, reason="Again", now=NOW)


def test_an_account_that_was_disconnected_can_be_connected_again() -> None:
    account = connected()
    keeping.disconnect_account(by=TEST, account=account, reason="Leaked", now=NOW)
    identity = Identity(account.native_id, account.handle, account.url, SERVER, {"access_jwt": "new"}, {})
    row = actions.connect_account(by=TEST, account=account, identity=identity, now=NOW)
    assert (row.state, row.generation, StoredCredentials(row).get()) == ("working", 2, {"access_jwt": "new"})


@pytest.mark.parametrize("sql", ["SET sealed = ''", "SET state = 'revoked'"])
def test_the_database_keeps_what_is_wiped_and_what_is_not_apart(sql: str) -> None:
    connected()
    with pytest.raises(IntegrityError, match="a_revoked_connection"), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(f"UPDATE register_connection {sql}")


def test_all_are_revoked_by_one_command() -> None:
    connected("One")
    connected("Two")
    done = CliRunner().invoke(vault, ["revoke", "--all", "--why", "The server was stolen"])
    assert (done.exit_code, done.output) == (0, "2 accounts are disconnected.\n")
    assert set(Connection.objects.values_list("state", flat=True)) == {"revoked"}
    assert all(not bytes(row.sealed) for row in Connection.objects.all())


def test_one_is_revoked_by_its_id_and_what_is_unclear_revokes_none() -> None:
    account, other = connected("One"), connected("Two")
    for unclear in (
        ["--why", "x"],
        ["--all", "--account", str(account.pk), "--why", "x"],
        ["--account", str(uuid4()), "--why", "x"],
    ):
        assert CliRunner().invoke(vault, ["revoke", *unclear]).exit_code != 0
    assert set(Connection.objects.values_list("state", flat=True)) == {"working"}
    assert CliRunner().invoke(vault, ["revoke", "--account", str(account.pk), "--why", "x"]).exit_code == 0
    assert Connection.objects.get(account=other).state == "working"


# Changing the key


def test_a_new_key_opens_everything_and_the_old_one_nothing() -> None:
    accounts = [connected(f"Account {n}", access_jwt=f"{SECRET}-{n}") for n in range(3)]
    (old,) = keyring.opening_keys()
    done = CliRunner().invoke(vault, ["rotate"])
    assert (done.exit_code, done.output) == (0, "3 connections are sealed for the new key.\n")
    (new,) = keyring.opening_keys()
    assert new != old
    for n, account in enumerate(accounts):
        row = Connection.objects.get(account=account)
        assert is_for(bytes(row.sealed), new.sealing)
        assert StoredCredentials(row).get() == {"access_jwt": f"{SECRET}-{n}"}
    assert Event.objects.get(what="vault.rotated").facts == {"rewrapped": 3, "unopenable": 0}


def test_all_works_in_the_middle_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two slices, what is rewrapped and what is not opens, and new credentials come in."""
    first, second = connected("One"), connected("Two")
    monkeypatch.setattr(keeping, "SLICE", 1)
    rewrap, seen = keeping._rewrap, []

    def slice_by_slice(keys):
        done = rewrap(keys)
        seen.append([StoredCredentials(account.connection).get() for account in (first, second)])
        if len(seen) == 1:
            StoredCredentials(first.connection).replace({"access_jwt": "newer"})
            connected("Three")
        return done

    monkeypatch.setattr(keeping, "_rewrap", slice_by_slice)
    assert keeping.rotate(by=TEST, now=NOW) == (2, [])
    assert seen[0] == [{"access_jwt": SECRET}] * 2
    assert StoredCredentials(first.connection).get() == {"access_jwt": "newer"}
    assert len(keyring.opening_keys()) == 1


def test_what_comes_late_for_the_old_key_is_rewrapped_before_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    account = connected()
    late = bytes(account.connection.sealed)
    rewrap = keeping._rewrap

    def and_then_a_late_one(keys):
        done = rewrap(keys)
        Connection.objects.filter(account=account).update(sealed=late)
        return done

    monkeypatch.setattr(keeping, "_rewrap", and_then_a_late_one)
    keeping.rotate(by=TEST, now=NOW)
    assert StoredCredentials(account.connection).get() == {"access_jwt": SECRET}
    assert len(keyring.opening_keys()) == 1


def test_where_something_does_not_open_the_older_keys_stay() -> None:
    account = connected("Shut")
    connected("Sound")
    Connection.objects.filter(account=account).update(generation=9)
    done = CliRunner().invoke(vault, ["rotate"])
    assert done.exit_code == 1
    assert "These do not open: Shut. The older keys stay." in done.output
    assert len(keyring.opening_keys()) == 2


# Who can open


def test_the_pages_are_started_without_the_key_and_the_senders_with_it(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEYS", "secret")
    supervisor = Supervisor(Environment(home=tmp_path, vault_key="env:THE_KEYS"))
    web, worker = supervisor._child("web", "web")._env, supervisor._child("normal", "worker", "normal")._env
    assert (web["MERCAT_VAULT_KEY"], web.get("THE_KEYS")) == ("none:", None)
    assert worker["THE_KEYS"] == "secret"


def test_the_pages_seal_and_cannot_open(settings, tmp_path) -> None:
    """A process with the settings that the supervisor gives the pages, for itself."""
    account = connected()
    ring = settings.MERCAT_VAULT_KEY
    script = (
        "import django; django.setup()\n"
        "from mercat.people import keyring\n"
        "from mercat.people.vault import seal, unseal, Unopenable\n"
        "sealed = seal({'a': 'b'}, to=keyring.sealing_key(), bound_to='x')\n"
        "for each in (sealed, bytes.fromhex(input())):\n"
        "    try: unseal(each, keys=keyring.opening_keys(), bound_to='x')\n"
        "    except Unopenable as no: print(no)\n"
    )
    env = Supervisor(Environment(home=tmp_path))._child("web", "web")._env
    env |= {
        "DJANGO_SETTINGS_MODULE": "mercat.config.settings",
        "MERCAT_VAULT_PUBLIC_FILE": str(tmp_path / "vault_key.pub"),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        input=bytes(account.connection.sealed).hex(), cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.count("can seal credentials and not open them") == 2, done.stderr
    assert ring.startswith("file:")
    settings.MERCAT_VAULT_KEY = "none:"
    again = sealed_for(account, SERVER, 1, {"access_jwt": "typed on a page"})
    Connection.objects.update(sealed=again)
    with pytest.raises(Unopenable, match="can seal"):
        StoredCredentials(account.connection).get()
    settings.MERCAT_VAULT_KEY = ring
    assert StoredCredentials(account.connection).get() == {"access_jwt": "typed on a page"}


def test_a_dump_of_everything_and_the_source_open_nothing(server, caplog, settings) -> None:
    """Whatever the database holds after connecting, a sign-in on the way, renewing and rotating: no token, no key."""
    caplog.set_level(logging.DEBUG)
    first = tokens(timedelta(minutes=5), name="first")
    account, browser = connected(**first), SessionStore()
    kept = {"client_secret": SECRET, "code_verifier": "v3rifier"}
    begun.keep(browser, make.person(), account.pk, "state", kept, now=NOW)
    browser.save()
    server(renewed)
    keeping.run(now=NOW)
    keeping.rotate(by=TEST, now=NOW)
    queue.nudge("normal")
    actions.mark_broken(by=TEST, account=account, reason="Signed out", now=NOW)
    new = tokens(timedelta(hours=2), timedelta(days=91), name="new")
    keys = [base64.b64encode(key.secret).decode() for key in keyring.opening_keys()]
    seen = everything_stored() + caplog.text
    assert account.name in seen
    assert "account.connected" in seen
    for secret in (*first.values(), *new.values(), SECRET, "v3rifier", *keys):
        for form in (secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode()[:-4]):
            assert form not in seen
    row = Connection.objects.get(account=account)
    settings.MERCAT_VAULT_KEY = "none:"  # all that whoever has dump and source has
    with pytest.raises(Unopenable):
        StoredCredentials(row).get()


# Health


@pytest.mark.parametrize(
    ("about", "state"),
    [
        ({"checked_at": NOW}, WELL),
        ({"checked_at": NOW, "ends_at": NOW + timedelta(days=8)}, WELL),
        ({"checked_at": NOW, "ends_at": NOW + timedelta(days=7)}, ENDS),
        ({"checked_at": NOW - timedelta(days=2)}, SILENT),
        ({"checked_at": NOW, "state": "broken"}, BROKEN),
        ({"checked_at": NOW, "state": "revoked"}, NONE),
    ],
)
def test_the_health_of_a_connection(about: dict, state: str) -> None:
    assert state_of(Connection(**{"state": "working", "connected_at": NOW, **about}), now=NOW) == state


@pytest.mark.usefixtures("at_noon")
def test_the_page_says_what_is_wrong_and_who_must_act() -> None:
    make.unit()
    client = signed_in(make.person(roles=("corporate-communications",)))
    assert "There is no connection for you to look after" in text_of(client.get("/register/health/"))
    connected("Sound")
    actions.mark_broken(by=TEST, account=connected("Dead"), reason="The network signed us out.", now=NOW)
    make.account("Never", connected=False)
    said = text_of(client.get("/register/health/"))
    assert said.index("Dead") < said.index("Never") < said.index("Sound")
    assert "2 connections need somebody to act" in said
    assert "Connect again The network signed us out." in said
    assert "Corporate Communications" in said


@pytest.mark.usefixtures("at_noon")
def test_the_page_tells_of_an_interface_that_ends_soon(monkeypatch) -> None:
    network = replace(registry.get("bluesky"), warning=lambda now: "It is due to end. Update Mercat.")
    monkeypatch.setattr(registry, "get", lambda slug: network)
    for name in ("One", "Two"):
        make.account(name, connected=False)
    client = signed_in(make.person(roles=("corporate-communications",)))
    assert text_of(client.get("/register/health/")).count("It is due to end. Update Mercat.") == 1


@pytest.mark.usefixtures("at_noon")
def test_an_account_is_disconnected_on_its_page() -> None:
    account = connected()
    client = signed_in(make.authorised(unit_key="corporate-communications", roles=("corporate-communications",)))
    page = f"/register/{account.pk}/disconnect/"
    assert page in client.get(f"/register/{account.pk}/").content.decode()
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "The laptop was stolen"}, follow=True).status_code == 200
    assert Connection.objects.get().state == "revoked"
    assert client.post(page, {"reason": "Again"}).status_code == 422
    assert signed_in(make.person()).post(page, {"reason": "x"}).status_code == 403


def test_the_chores_are_done_by_the_clock() -> None:
    assert {"connections", "ends of connections"} <= {chore.name for chore in (*CHORES, *CALLING)}


def test_a_clear_no_is_the_only_thing_that_breaks(server, monkeypatch: pytest.MonkeyPatch) -> None:
    account = connected()
    monkeypatch.setattr(session.Keeper, "keep", lambda self, channel, *, ahead, now: Reconnect("Signed out"))
    keeping.keep(account, now=NOW)
    assert Connection.objects.get().state == "broken"
