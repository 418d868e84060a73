"""The view over everything that somebody answers for: accounts, posts, people and cases, with the way to stop each.

Corporate Communications answers for the whole body (clause 5.1 of the default pack), a commander for a division: what
is shown is what guidance opens to whoever looks. In a fixed number of queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, Subquery

from mercat.delivery import states as sending
from mercat.delivery.models import Consignment
from mercat.delivery.queries import FOR_A_PERSON
from mercat.guidance import facts
from mercat.people.joining.queues import Queue, queues, waiting
from mercat.people.models import Licence, Person
from mercat.people.scope import units_open_to
from mercat.posts import states as post_states
from mercat.posts.models import Post
from mercat.posts.presenters.lines import Line, lines
from mercat.posts.queries import accounts_of, open_to, out_since, taken_down, told
from mercat.register.facts import with_facts
from mercat.register.models import Account
from mercat.register.presenters import COLOURS, state_of, title_of
from mercat.register.scope import open_to as accounts_open_to
from mercat.watch.cases import states as case_states
from mercat.watch.cases.queries import sees_all
from mercat.watch.heard.queries import Waits
from mercat.watch.heard.queries import waits as heard_waits
from mercat.watch.models import Case

LATEST = 15  # posts


@dataclass(frozen=True, slots=True)
class AccountLine:
    """`troubles`: posts there that wait for a person; `planned`: those that are still to go out."""

    account: Account
    title: str
    colour: str
    troubles: int
    planned: int
    last_out: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    queue: Queue
    people: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`cases` by state, and None for whoever may not see cases; `heard` None for whoever deals with none of it."""

    accounts: list[AccountLine]
    posts: list[Line]
    posts_by_state: dict[str, int]
    people: int
    licensed: int
    queues: list[Waiting]
    cases: dict[str, int] | None
    heard: Waits | None
    nothing: bool  # no account, no unit and no case is open to them


def overview(viewer: facts.Person, *, now: datetime) -> Overview:
    accounts = _accounts(viewer, now=now)
    units = units_open_to(viewer, now=now)
    theirs = Q(unit__in=units, is_active=True)
    latest = list(told(open_to(viewer, now=now).exclude(state=post_states.DRAFT))[:LATEST])
    posts = lines(latest, accounts_of(latest), out_since(latest), taken_down(latest))
    cases = _cases() if sees_all(viewer, now=now) else None
    return Overview(
        accounts=accounts,
        posts=posts,
        posts_by_state=_posts_by_state(accounts),
        people=Person.objects.filter(theirs).count(),
        licensed=Licence.objects.filter(ended_at=None, person__in=Person.objects.filter(theirs)).count(),
        queues=[Waiting(each, waiting(each, now=now).filter(unit__in=units).count()) for each in queues()],
        cases=cases,
        heard=heard_waits(viewer, now=now),
        nothing=not accounts and not units and cases is None,
    )


def _accounts(viewer: facts.Person, *, now: datetime) -> list[AccountLine]:
    """Those in use that are open to them, the ones with troubles first."""
    there = Consignment.objects.filter(account=OuterRef("pk")).order_by().values("account")
    counted = {
        "troubles": there.filter(state__in=FOR_A_PERSON).annotate(n=Count("pk")).values("n"),
        "planned": there.filter(state=sending.READY).annotate(n=Count("pk")).values("n"),
        "last_out": there.filter(state=sending.SENT).annotate(n=Max("sent_at")).values("n"),
    }
    rows = with_facts(Account.objects.exclude(status=Account.Status.CLOSED)).order_by("name", "pk")
    rows = rows.annotate(**{name: Subquery(query) for name, query in counted.items()})
    found = [_line(row) for row in accounts_open_to(viewer, rows, now=now)]
    return sorted(found, key=lambda line: (not line.troubles, line.colour != "red"))


def _line(row: Account) -> AccountLine:
    state = state_of(row)
    return AccountLine(row, title_of(row, state), COLOURS[state], row.troubles or 0, row.planned or 0, row.last_out)


def _posts_by_state(accounts: list[AccountLine]) -> dict[str, int]:
    """Of posts that were submitted to any of these accounts."""
    keys = [line.account.pk for line in accounts]
    rows = Post.objects.filter(current__targets__account__in=keys).order_by().values("state")
    return {row["state"]: row["n"] for row in rows.annotate(n=Count("pk", distinct=True))}


def _cases() -> dict[str, int]:
    rows = Case.objects.exclude(state=case_states.CLOSED).order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in rows}
