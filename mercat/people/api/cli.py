"""`mercat token`: for whoever runs the server. On record as done at its command line."""

from __future__ import annotations

from datetime import timedelta

import click
from django.utils import timezone

from mercat.audit.actors import System
from mercat.people.actions import Impossible
from mercat.people.api import tokens
from mercat.people.models import SCOPES, Person, Token

BY = System("At the command line of the server")


@click.group()
def token() -> None:
    """Make, list and revoke tokens for other programmes. A token acts for a person, and may never do more than they."""


@token.command()
@click.option("--for", "email", required=True, metavar="EMAIL", help="The person for whom it acts.")
@click.option("--name", required=True, help="What uses it.")
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice(list(SCOPES)), help="Repeatable.")
@click.option("--days", default=90, show_default=True, help="How long it is in force.")
def make(*, email: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token. Its secret is the last line, and is not shown again."""
    now = timezone.now()
    owner = Person.objects.filter(email__iexact=email.strip()).first()
    if owner is None:
        raise click.ClickException(f"Nobody on the list has the e-mail {email}. Nothing was made.")
    try:
        row, secret = tokens.make_token(
            by=BY, owner=owner, name=name, scopes=scopes, expires_at=now + timedelta(days=days), now=now
        )
    except Impossible as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Token {row.pk} acts for {owner} until {row.expires_at:%-d %B %Y}. Keep its secret now:", err=True)
    click.echo(secret)


@token.command("list")
def list_() -> None:
    """Those in force."""
    for row in Token.objects.filter(revoked_at=None, expires_at__gt=timezone.now()).select_related("owner"):
        used = f"last used {row.last_used_at:%-d %B %Y}" if row.last_used_at else "never used"
        click.echo(f"{row.pk}  {row.name}, for {row.owner}: {', '.join(row.scopes)}; {used}")


@token.command()
@click.argument("token_id", metavar="ID", type=click.UUID)
def revoke(token_id: object) -> None:
    """Revoke a token, at once and for good."""
    row = Token.objects.filter(pk=token_id).first()
    if row is None:
        raise click.ClickException("There is no such token. Nothing was changed.")
    try:
        tokens.revoke(by=BY, token=row, now=timezone.now())
    except Impossible as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"“{row}” is revoked.")
