"""`mercat vault`: the keys of connections; `mercat register`: the register. For whoever runs the server."""

from __future__ import annotations

from pathlib import Path

import click
from django.utils import timezone

from mercat.audit.actors import System
from mercat.people.actions import Impossible
from mercat.people.vault import Unopenable
from mercat.register.comparing import files, report
from mercat.register.keeping import actions
from mercat.register.models import Account


@click.group()
def vault() -> None:
    """The keys that connections' credentials are sealed for."""


@vault.command()
def rotate() -> None:
    """Seal everything for a new key, while all goes on."""
    try:
        done, shut = actions.rotate(by=System("The vault's key was changed on the server"), now=timezone.now())
    except Unopenable as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{done} connections are sealed for the new key.")
    if shut:
        names = ", ".join(str(account) for account in shut)
        raise click.ClickException(
            f"These do not open: {names}. The older keys stay. Connect these accounts again, then repeat this."
        )


@vault.command()
@click.option("--account", "account_id", type=click.UUID, help="One account, by its id; it ends its page's address.")
@click.option("--all", "everything", is_flag=True, help="Every account.")
@click.option("--why", required=True, help="It stays on record.")
def revoke(account_id: str | None, everything: bool, why: str) -> None:
    """Wipe the credentials of an account, or of all. Nothing goes out there until it is connected again."""
    if (account_id is None) == (not everything):
        raise click.UsageError("Choose one: --account ID, or --all.")
    by, now = System("Connections were revoked on the server"), timezone.now()
    try:
        if everything:
            click.echo(f"{actions.disconnect_all(by=by, reason=why, now=now)} accounts are disconnected.")
            return
        account = Account.objects.filter(pk=account_id).first()
        if account is None:
            raise click.ClickException("There is no such account. Nothing was changed.")
        actions.disconnect_account(by=by, account=account, reason=why, now=now)
    except Impossible as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{account} is disconnected.")


@click.group()
def register() -> None:
    """The register of accounts."""


@register.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def compare(file: Path) -> None:
    """Compare Hootsuite's members or social profiles (JSON of its API, or CSV) with people and accounts here.

    It changes nothing.
    """
    with file.open("rb") as opened:
        data = opened.read(files.MOST_BYTES + 1)
    try:
        found = report.compare(files.read(data), now=timezone.now())
    except Impossible as error:
        raise click.ClickException(str(error)) from None
    for member in found.members:
        click.echo(f"{member.member.email}: {member.state.lower()}{_inactive(member)}")
    for line in found.profiles:
        profile = line.profile
        where = f": {line.account} ({line.standing.lower()})" if line.account else ""
        click.echo(f"{profile.type} {profile.network_id or profile.id} {profile.username}: {line.state.lower()}{where}")
    for fault in found.faults:
        click.echo(f"{found.word.capitalize()} {fault.number} was not read: {fault.reason}")
    missing = found.profile_counts[report.MISSING]
    if missing:
        click.echo(f"{missing} not on the register. Report unauthorised accounts to {report.told_to()}.")


def _inactive(line: report.MemberLine) -> str:
    return ", not active in Hootsuite" if line.member.active is False else ""
