"""Warning people, a week ahead and once, of a connection that ends, and of what is due after its end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery import states
from mercat.delivery.models import Consignment
from mercat.people.actions import tell
from mercat.register.actions import people_of
from mercat.register.keeping.presenters import SOON
from mercat.register.models import Connection

CHORE = System("Connections that end are warned of")
LINK = "/register/health/"


def run(*, now: datetime) -> None:
    """The chore. Each end is warned of once, whatever fails between."""
    ending = Connection.objects.filter(state=Connection.State.WORKING, ends_at__lte=now + SOON)
    for key in ending.exclude(warned_of=F("ends_at"), warned_of__isnull=False).values_list("pk", flat=True):
        _warn(key, now=now)


@transaction.atomic
def _warn(key: int, *, now: datetime) -> None:
    connection = Connection.objects.select_for_update(of=("self",)).select_related("account").get(pk=key)
    account, ends_at = connection.account, connection.ends_at
    if ends_at is None or connection.warned_of == ends_at or connection.state != Connection.State.WORKING:
        return
    connection.warned_of = ends_at
    connection.save(update_fields=["warned_of"])
    due = at_risk(connection)
    body = f"It could not be renewed by itself. {_posts(due)} Have it connected again before then."
    tell(
        people_of(account),
        kind="accounts",
        subject=f"The connection of {account} ends soon",
        body=body,
        link=LINK,
        now=now,
    )
    facts = {"ends": ends_at.isoformat(), "posts": len(due)}
    record(by=CHORE, what="account.end_warned", about=[account.audit_ref], facts=facts, now=now)


def at_risk(connection: Connection) -> list[Consignment]:
    """What waits to go out through a connection after its end, the first due first."""
    waiting = Q(state__in=[states.READY, states.HELD], due_at__gte=connection.ends_at)
    return list(Consignment.objects.filter(waiting, account=connection.account_id).order_by("due_at", "pk"))


def _posts(due: list[Consignment]) -> str:
    if not due:
        return "No post is due after its end so far."
    several = "post is" if len(due) == 1 else "posts are"
    return f"{len(due)} {several} due after its end, the first on {due[0].due_at:%-d %B}."
