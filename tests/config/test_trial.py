"""The README's five lines: an account of one's own, on a real server."""

import pytest
from click.testing import CliRunner
from django.utils import timezone

from mercat.audit.models import Event
from mercat.config import seed
from mercat.config.registrations import of_stand_ins
from mercat.config.trial import KNOWN, trial
from mercat.networks import registry
from mercat.people.actions import Impossible
from mercat.register.connections import StoredCredentials
from mercat.register.models import Account, Application, Connection, Slot
from mercat.sandbox.server import running
from tests import factories as make
from tests.networks.conftest import mastodon_mock  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.real
def test_an_account_of_ones_own_is_granted_and_connected(mastodon_mock, settings):  # noqa: F811
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([mastodon_mock.url])
    seed.seed(people=True, accounts=False)
    name, token = mastodon_mock.new_account()
    answer = CliRunner().invoke(
        trial, ["mastodon", "--name", "My account", "--field", f"base_url={mastodon_mock.url}"], input=f"{token}\n"
    )
    assert answer.exit_code == 0, answer.output
    assert token not in answer.output
    account = Account.objects.get()
    assert (account.status, account.handle.split("@")[0]) == ("active", name)
    assert account.slot.application.decision == "granted"


@pytest.fixture
def fake_identity(monkeypatch):
    """What the network says of the credentials, without a network."""
    found = make.register.Identity(
        "1", "mine", "https://live.example/@mine", "https://live.example", {"token": "t"}, {}
    )
    calls = []

    def look(network, fields, http, *, now):
        calls.append(fields)
        return found

    monkeypatch.setattr("mercat.config.trial.register.identity_from_fields", look)
    return calls


def tried(*arguments: str, **given):
    return CliRunner().invoke(trial, ["mastodon", "--field", "base_url=https://live.example", *arguments], **given)


def kept() -> list[int]:
    return [model.objects.count() for model in (Account, Slot, Application, Connection, Event)]


def test_a_refused_connection_leaves_nothing_behind(fake_identity):
    seed.seed(people=True, accounts=False)
    assert tried("--name", "Mine", "--field", "token=t").exit_code == 0
    before = kept()
    answer = tried("--name", "The same again", "--field", "token=t")
    assert (answer.exit_code, answer.output.startswith("Error: ")) == (1, True)
    assert "another account" in answer.output
    assert kept() == before


def test_a_name_is_given_to_one_open_account_only(fake_identity):
    seed.seed(people=True, accounts=False)
    assert tried("--name", "Mine", "--field", "token=t").exit_code == 0
    answer = tried("--name", "mine", "--field", "token=t")
    assert (answer.exit_code, Account.objects.count(), len(fake_identity)) == (1, 1, 1)
    assert "There is an account “mine” already. Choose another name. Nothing was changed." in answer.output


def test_the_name_of_a_closed_account_is_free(fake_identity):
    seed.seed(people=True, accounts=False)
    assert tried("--name", "Mine", "--field", "token=t").exit_code == 0
    make.put(Account.objects.get(), "closed")
    assert tried("--name", "Mine", "--field", "token=t").exit_code == 0


@pytest.mark.parametrize("field", ["tokn=t", "token", "=t"])
def test_a_field_that_the_network_does_not_have_is_refused_naming_those_it_has(fake_identity, field):
    seed.seed(people=True, accounts=False)
    answer = tried("--name", "Mine", "--field", field)
    assert (answer.exit_code, len(fake_identity), Account.objects.exists()) == (2, 0, False)
    assert "base_url, token" in answer.output


def test_the_help_names_the_fields_of_every_network():
    answer = CliRunner().invoke(trial, ["--help"], terminal_width=1000)
    for network in registry.all():
        names = ", ".join(field.name for field in network.spec.connect_fields)
        assert f"{network.spec.slug}: {names}" in " ".join(answer.output.split())


def test_without_a_trial_there_is_nobody_to_grant_it(settings):
    answer = CliRunner().invoke(
        trial, ["mastodon", "--name", "x", "--field", "base_url=https://example.org"], input="t\n"
    )
    assert answer.exit_code == 1
    assert "mercat up --trial" in answer.output


@pytest.fixture
def stand_ins(settings):
    with running() as sandbox:
        settings.MERCAT_SANDBOX_URL = sandbox.url
        settings.MERCAT_PRIVATE_ORIGINS = frozenset([sandbox.url])
        yield sandbox.url


def test_a_training_installation_takes_no_live_account(stand_ins):
    first, second = (make.account(connected=False, network="mastodon") for _ in range(2))
    seed.connect_to_stand_in(first, handle="first", sandbox=stand_ins, by=make.TEST, now=timezone.now())
    live = make.register.Identity("1", "live", "https://live.example/@live", "https://live.example", {"token": "t"}, {})
    with pytest.raises(Impossible, match="for training"):
        make.register.connect_account(by=make.TEST, account=second, identity=live, now=timezone.now())


def test_a_live_installation_takes_no_stand_in(stand_ins):
    make.account()  # connected to a live network
    second = make.account(connected=False, network="mastodon")
    with pytest.raises(Impossible, match="live accounts"):
        seed.connect_to_stand_in(second, handle="second", sandbox=stand_ins, by=make.TEST, now=timezone.now())


@pytest.mark.parametrize("network", KNOWN)
def test_an_account_of_every_network_is_connected_to_its_stand_in(network, stand_ins, settings):
    settings.MERCAT_APPS = of_stand_ins()
    account = make.account(connected=False, network=network)
    seed.connect_to_stand_in(account, handle="dundee", sandbox=stand_ins, by=make.TEST, now=timezone.now())
    account.refresh_from_db()
    assert account.status == "active"
    assert account.connection.base_url.startswith(f"{stand_ins}/{network}")
    held = StoredCredentials(account.connection)._open(account.connection)
    assert not held.keys() & {"client_id", "client_secret"}
