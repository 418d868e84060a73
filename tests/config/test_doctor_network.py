"""`mercat doctor NETWORK`: each thing that keeps posts from a network is found, and comes with its remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.utils import timezone

from mercat.config import doctor_network, seed
from mercat.config.doctor import doctor
from mercat.config.doctor_findings import WARNING, WELL, WRONG, Finding
from mercat.config.environment import Environment
from mercat.config.registrations import of_stand_ins
from mercat.networks import registry
from mercat.networks.port import Unreadable
from mercat.people.pack import guidance
from mercat.register.models import Account, Connection
from mercat.sandbox.server import RunningSandbox, running
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

SLUGS = [network.spec.slug for network in registry.all()]


@pytest.fixture
def sandbox(settings) -> Iterator[RunningSandbox]:
    with running() as server:
        settings.MERCAT_SANDBOX_URL = server.url
        settings.MERCAT_PRIVATE_ORIGINS = frozenset([server.url])
        settings.MERCAT_APPS = of_stand_ins()
        yield server


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(home=tmp_path, public_url="https://social.example.org")


def connected(network: str, sandbox: RunningSandbox) -> Account:
    account = make.account("Dundee", connected=False, network=network)
    seed.connect_to_stand_in(account, handle="dundee", sandbox=sandbox.url, by=make.TEST, now=timezone.now())
    return account


def found(slug: str, env: Environment) -> dict[str, Finding]:
    findings = doctor_network.examine(slug, env)
    assert all(bool(finding.remedy) == (finding.state != WELL) for finding in findings)
    return {finding.name: finding for finding in findings}


def with_(monkeypatch: pytest.MonkeyPatch, slug: str, **changes: object) -> None:
    network = replace(registry.get(slug), **changes)
    monkeypatch.setattr(registry, "get", lambda _: network)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_network_that_works_is_well_but_for_where_it_fetches(slug: str, env, sandbox) -> None:
    connected(slug, sandbox)
    findings = found(slug, env)
    ill = {name for name, finding in findings.items() if finding.state != WELL}
    unlisted = set() if slug in {each.key for each in guidance().pack.networks} else {"Pack"}
    assert ill <= {"Media address", *unlisted}  # social.example.org answers nobody here
    assert {"Pack", "Registration", "Server", "Interface", "Account Dundee"} <= findings.keys()
    asked = "takes its credentials" if registry.get(slug).profiler else "connected"
    assert asked in findings["Account Dundee"].found


def test_the_address_to_fetch_at_must_be_set_and_be_ours(env, sandbox, monkeypatch) -> None:
    nowhere = env.model_copy(update={"public_url": ""})
    assert "MERCAT_MEDIA_URL" in found("instagram", nowhere)["Media address"].remedy
    another = env.model_copy(update={"media_url": f"{sandbox.url}/mastodon"})
    assert "is not this programme" in found("instagram", another)["Media address"].found
    assert found("instagram", env)["Media address"].found.startswith("https://social.example.org does not answer")


def test_the_address_to_fetch_at_is_ours(env, sandbox, live_server, settings) -> None:
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([live_server.url])
    ours = env.model_copy(update={"media_url": live_server.url})
    assert found("instagram", ours)["Media address"].state == WELL


@pytest.mark.parametrize(
    ("public", "state"),
    [("https://social.example.org", WELL), ("", WELL), ("http://social.example.org", WRONG)],
)
def test_the_address_to_come_back_to_is_told_and_must_be_encrypted(env, sandbox, public: str, state: str) -> None:
    finding = found("x", env.model_copy(update={"public_url": public}))["Redirect address"]
    assert finding.state == state
    assert "/register/connected/" in finding.found


def test_a_registration_that_is_not_there_is_missed_by_name(env, sandbox, settings) -> None:
    settings.MERCAT_APPS = {"x": {"client_id": "secret-id"}}
    finding = found("x", env)["Registration"]
    assert (finding.state, finding.found) == (WRONG, "Client secret missing")
    assert "secret-id" not in str(finding)


def test_a_network_that_the_pack_does_not_list_is_told(env, sandbox, monkeypatch) -> None:
    spec = replace(registry.get("mastodon").spec, slug="unlisted", name="Unlisted")
    with_(monkeypatch, "mastodon", spec=spec)
    assert found("unlisted", env)["Pack"].state == WARNING


def test_a_server_that_does_not_answer_is_told(env, sandbox) -> None:
    connected("mastodon", sandbox)
    Connection.objects.update(base_url="http://127.0.0.1:9/mastodon")
    assert found("mastodon", env)["Server"].state == WRONG


def test_clocks_that_differ_are_told(sandbox, env) -> None:
    connected("mastodon", sandbox)

    def ahead() -> datetime:
        return timezone.now() + timedelta(minutes=10)

    findings = {finding.name: finding for finding in doctor_network.examine("mastodon", env, clock=ahead)}
    assert findings["Time"].state == WRONG


def test_a_server_that_is_slow_is_not_told_as_one_whose_clock_differs(sandbox, env) -> None:
    connected("mastodon", sandbox)
    began = timezone.now()
    moments = iter([began - timedelta(minutes=1), began - timedelta(minutes=1), began + timedelta(minutes=1)])
    findings = {
        finding.name: finding for finding in doctor_network.examine("mastodon", env, clock=lambda: next(moments))
    }
    assert findings["Time"].state == WELL


def test_an_interface_that_ends_is_told(env, sandbox, monkeypatch) -> None:
    with_(monkeypatch, "linkedin", warning=lambda now: "It ends soon.")
    finding = found("linkedin", env)["Interface"]
    assert (finding.state, finding.found) == (WARNING, "It ends soon.")


@pytest.mark.parametrize(("reconnect", "state"), [(True, WRONG), (False, WARNING)])
def test_an_account_that_its_network_does_not_take_is_told(env, sandbox, monkeypatch, reconnect, state) -> None:
    connected("mastodon", sandbox)

    class Profiler:
        def profile(self, channel, *, now):
            return Unreadable("Mastodon says no.", reconnect=reconnect)

    with_(monkeypatch, "mastodon", profiler=Profiler())
    finding = found("mastodon", env)["Account Dundee"]
    assert (finding.state, finding.found) == (state, "Mastodon says no.")


def test_an_account_whose_connection_broke_or_ends_is_told(env, sandbox) -> None:
    connected("mastodon", sandbox)
    Connection.objects.update(ends_at=timezone.now() + timedelta(days=3))
    assert found("mastodon", env)["Account Dundee"].state == WARNING
    Connection.objects.update(state="broken", reason="The password was changed.")
    finding = found("mastodon", env)["Account Dundee"]
    assert (finding.state, "The password was changed." in finding.found) == (WRONG, True)


def test_the_command_tells_people_and_machines(sandbox) -> None:
    connected("mastodon", sandbox)
    told = CliRunner().invoke(doctor, ["mastodon"])
    assert "✓ Account Dundee: Mastodon takes its credentials" in told.output
    assert json.loads(CliRunner().invoke(doctor, ["mastodon", "--json"]).stdout)["findings"]
    unknown = CliRunner().invoke(doctor, ["myspace"])
    assert (unknown.exit_code, "There is no network “myspace”" in unknown.output) == (1, True)
