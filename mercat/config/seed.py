"""Filling an empty installation: what the pack lays out, and, for a demonstration, people and connected accounts.

Everything goes through the same actions as everywhere else. What is there already stays as it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.utils import timezone

from mercat.audit.actors import System
from mercat.config.demo import ACCOUNTS, DOMAIN, PASSPHRASE, PEOPLE, DemoAccount, DemoPerson
from mercat.config.environment import environment
from mercat.config.problem import Problem
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.people import actions, backend
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.register import actions as register
from mercat.register.models import Account
from mercat.register.standing import actions as standing
from mercat.sandbox.server import running

FOUNDING = System("Founding, as the pack lays it out")
DEMONSTRATION = System("Demonstration data")


def seed(*, people: bool, accounts: bool, now: datetime | None = None) -> None:
    """Units and slots of the pack; on demand the people of `demo.py`, and their accounts on the stand-ins."""
    now = now or timezone.now()
    if people:
        _check_people()
    actions.found_units(by=FOUNDING, now=now)
    register.found_structure(by=FOUNDING, now=now)
    if people and not Person.objects.exists():
        for person in PEOPLE:
            _person(person, now=now)
        _join(now=now)
    if accounts and not Account.objects.exists():
        with _stand_ins() as url:
            for account in ACCOUNTS:
                _account(account, url, now=now)


def _check_people() -> None:
    """Raises Problem where the people are a body's own. Those whom a demonstration registered later may be there."""
    if Person.objects.exists() and not Person.objects.filter(number__startswith=backend.DEMONSTRATION).exists():
        raise Problem(
            "There are people here already, and demonstration people share one passphrase: the two are kept apart. "
            "Nothing was changed. Start without --demo and --trial, or choose another home with MERCAT_HOME."
        )


def who_can_sign_in() -> list[tuple[str, str]]:
    """For the start's last lines: e-mail and name of each demonstration person."""
    return [(person.email, person.name) for person in PEOPLE]


def _person(demo: DemoPerson, *, now: datetime) -> None:
    person = actions.register_person(
        by=DEMONSTRATION,
        name=demo.name,
        email=demo.email,
        number=f"demo-{demo.login}",
        unit=Unit.objects.get(pk=demo.unit),
        rank=demo.rank,
        employment=demo.employment,
        now=now,
    )
    actions.set_passphrase(by=DEMONSTRATION, person=person, passphrase=PASSPHRASE, now=now)
    for role in demo.roles:
        actions.grant_role(by=DEMONSTRATION, person=person, role=role, unit=None, now=now)
    for role in demo.unit_roles:
        actions.grant_role(by=DEMONSTRATION, person=person, role=role, unit=person.unit, now=now)


def _join(*, now: datetime) -> None:
    """Take everybody who may post through the whole chain, each step by its rightful role where it needs a person."""
    trainer = _login("trainer")
    for demo in (person for person in PEOPLE if person.joined):
        person = _login(demo.login)
        actions.nominate(by=DEMONSTRATION, person=person, now=now)
        actions.record_completion(
            by=DEMONSTRATION, person=person, trainer=trainer, completed_at=now - timedelta(days=30), now=now
        )
        for procedure in guidance().pack.procedures:
            actions.acknowledge(by=person, document=procedure.key, now=now)
        actions.authorise(by=DEMONSTRATION, person=person, now=now)
        actions.confirm_training(by=DEMONSTRATION, person=person, reference=f"DEMO-{demo.login}", now=now)
        actions.open_access(by=DEMONSTRATION, person=person, now=now)
        actions.assign_licence(by=DEMONSTRATION, person=person, now=now)


def _login(login: str) -> Person:
    return Person.objects.get(number=f"demo-{login}")


def _account(demo: DemoAccount, sandbox: str, *, now: datetime) -> None:
    account = granted_account(
        demo.network, demo.tier, demo.unit, f"{demo.name} ({registry.get(demo.network).spec.name})", now=now
    )
    if demo.spoc:
        register.appoint_spoc(by=DEMONSTRATION, account=account, person=_login(demo.spoc), now=now)
    connect_to_stand_in(account, handle=demo.handle, sandbox=sandbox, by=DEMONSTRATION, now=now)
    _looked_after(account, now=now)


def _looked_after(account: Account, *, now: datetime) -> None:
    """As an account stands whose people do what the register asks of them."""
    pack = guidance().pack
    words = {"bio": pack.body.words.get("bio", ""), "languages": "English"}
    standing.describe_account(by=DEMONSTRATION, account=account, words=words, now=now)
    standing.record_posture(
        by=DEMONSTRATION,
        account=account,
        second_factor=True,
        recovery_role=pack.reviews.by,
        recovery_mailbox=f"recovery@{DOMAIN}",
        evidence="A demonstration: there is nothing to see.",
        now=now,
    )


def granted_account(network: str, tier: str, unit: str, name: str, *, now: datetime) -> Account:
    """An account that one demonstration person applied for in writing and the rightful one granted."""
    application = register.apply_for_account(
        by=_login("communications"),
        network=network,
        kind=tier,
        unit=Unit.objects.get(pk=unit),
        name=name,
        purpose="To warn and inform people on a network that many of them use.",
        now=now,
    )
    slot = register.decide_application(
        by=_login("head.communications"),
        application=application,
        grant=True,
        reasons="It serves the pillar of warning and informing.",
        now=now,
    )
    return register.register_account(by=DEMONSTRATION, slot=slot, name=slot.name, now=now)


def connect_to_stand_in(account: Account, *, handle: str, sandbox: str, by: System, now: datetime) -> None:
    """Make the account of that handle on the stand-in network, and connect to it as a person would."""
    spec = registry.get(account.network).spec
    made = httpx.post(
        f"{sandbox}/_control/{account.network}/accounts", json={"handle": handle, "display_name": account.name}
    )
    made.raise_for_status()
    answer = made.json()
    secret = answer.get("password") or answer.get("token")
    fields = {field.name: answer["handle"] for field in spec.connect_fields if not field.secret}
    fields[next(field.name for field in spec.connect_fields if field.secret)] = secret
    fields["base_url"] = f"{sandbox}/{account.network}"
    with guarded_client(timeout=spec.timeout, allow_private=frozenset([sandbox])) as http:
        identity = register.identity_from_fields(account.network, fields, http, now=now)
    register.connect_account(by=by, account=account, identity=identity, now=now)


@contextlib.contextmanager
def _stand_ins() -> Iterator[str]:
    """The stand-in networks: those that run, or, for the length of the seeding, some of our own on the same state."""
    env = environment()
    try:
        httpx.get(f"{settings.MERCAT_SANDBOX_URL}/", timeout=2)
    except httpx.ConnectError:
        with running(env.home / "sandbox.sqlite3", port=env.sandbox_port) as sandbox:
            yield sandbox.url
        return
    yield settings.MERCAT_SANDBOX_URL
