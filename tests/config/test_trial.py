"""The README's five lines: an account of one's own, on a real server."""

import pytest
from click.testing import CliRunner
from django.utils import timezone

from mercat.config import seed
from mercat.config.trial import trial
from mercat.people.actions import Impossible
from mercat.register.models import Account
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
