"""`mercat first-administrator`: the one person whom nobody in the programme can name."""

from __future__ import annotations

import os

import click
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mercat.audit.actors import System
from mercat.people import actions
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance

FOUNDING = System("Founding: the first administrator was named at the server's command line")


@click.command()
@click.option("--name", prompt=True)
@click.option("--email", prompt=True)
@click.option("--number", prompt="Staff number")
@click.option("--unit", prompt="Unit (its key in the pack)")
@click.option("--rank", prompt="Rank or grade (its key in the pack)")
def first_administrator(*, name: str, email: str, number: str, unit: str, rank: str) -> None:
    """Name the first person of a new installation. Refused once there is anybody.

    The passphrase (three random words or more) is asked for, or taken from MERCAT_PASSPHRASE.
    """
    if Person.objects.exists():
        raise click.ClickException("There are people here already: one of them grants roles. Nothing was changed.")
    place = Unit.objects.filter(pk=unit).first()
    grade = next((known for known in guidance().pack.ranks if known.key == rank), None)
    if place is None or grade is None:
        wrong, known = ("unit", Unit.objects.values_list("pk", flat=True)) if place is None else ("rank", _ranks())
        raise click.ClickException(f"There is no such {wrong}. Known are: {', '.join(known)}. Nothing was changed.")
    passphrase = os.environ.get("MERCAT_PASSPHRASE") or click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=True
    )
    try:
        validate_password(passphrase)
    except ValidationError as error:
        raise click.ClickException(f"{' '.join(error.messages)} Nothing was changed.") from None
    now = timezone.now()
    with transaction.atomic():
        person = actions.register_person(
            by=FOUNDING,
            name=name,
            email=email,
            number=number,
            unit=place,
            rank=rank,
            employment=grade.kind,
            now=now,
        )
        actions.set_passphrase(by=FOUNDING, person=person, passphrase=passphrase, now=now)
        role = guidance().pack.administered_by
        actions.grant_role(by=FOUNDING, person=person, role=role, unit=None, now=now)
    click.echo(f"{name} can sign in as {person.email} and holds the role “{role}”.")


def _ranks() -> list[str]:
    return [rank.key for rank in guidance().pack.ranks]
