"""`mercat trial`: an account of your own in a trial installation, granted and connected in one step.

In a body these are three people's acts; here the demonstration people do them, each recorded as theirs.
"""

from __future__ import annotations

import click
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mercat.config.seed import DEMONSTRATION, granted_account
from mercat.guidance.gate import Refused
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import ConnectError
from mercat.people.actions import Impossible
from mercat.people.models import Person
from mercat.register import actions as register
from mercat.register.models import Account

KNOWN = [network.spec.slug for network in registry.all()]


def _names(network: str) -> str:
    return ", ".join(field.name for field in registry.get(network).spec.connect_fields)


@click.command()
@click.argument("network", type=click.Choice(KNOWN))
@click.option("--name", required=True, help="What the account is to be called here.")
@click.option(
    "--field",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="What the network needs; what is missing is asked for. "
    + "; ".join(f"{network}: {_names(network)}" for network in KNOWN)
    + ".",
)
def trial(network: str, name: str, given: tuple[str, ...]) -> None:
    """Connect an account of your own, in an installation that was started with `mercat up --trial`."""
    if not Person.objects.filter(number="demo-communications").exists():
        raise click.ClickException("There are no demonstration people here: start with `mercat up --trial`.")
    known = _given(network, given)
    _is_free(name)
    fields = _fields(network, known)
    now = timezone.now()
    spec = registry.get(network).spec
    try:
        with guarded_client(timeout=spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS) as http:
            identity = register.identity_from_fields(network, fields, http, now=now)
        with transaction.atomic():  # a connection that is refused leaves no account without one
            account = granted_account(network, "corporate", "corporate-communications", name, now=now)
            register.connect_account(by=DEMONSTRATION, account=account, identity=identity, now=now)
    except (ConnectError, Impossible, Refused) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"“{name}” is {identity.handle} on {spec.name}. Write as communications@mercat.example,")
    click.echo("approve as communications.duty@mercat.example.")


def _is_free(name: str) -> None:
    if Account.objects.filter(name__iexact=name.strip()).exclude(status=Account.Status.CLOSED).exists():
        raise click.ClickException(f"There is an account “{name}” already. Choose another name. Nothing was changed.")


def _given(network: str, given: tuple[str, ...]) -> dict[str, str]:
    fields = dict(one.partition("=")[::2] for one in given if "=" in one)
    known = {field.name for field in registry.get(network).spec.connect_fields}
    if len(fields) < len(given) or not fields.keys() <= known:
        raise click.BadParameter(
            f"it is to be NAME=VALUE, each name once; {network} knows {_names(network)}. Nothing was changed.",
            param_hint="--field",
        )
    return fields


def _fields(network: str, given: dict[str, str]) -> dict[str, str]:
    spec = registry.get(network).spec
    defaults = {"base_url": spec.default_base_url} if spec.default_base_url else {}
    return {
        field.name: given.get(field.name)
        or defaults.get(field.name)
        or click.prompt(f"{field.label} ({field.hint})" if field.hint else field.label, hide_input=field.secret)
        for field in spec.connect_fields
    }
