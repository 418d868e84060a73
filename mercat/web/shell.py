"""What stands around every page: who is signed in, what they can reach, and what everybody must know now."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from mercat.delivery.models import Pause
from mercat.delivery.queries import may_pause_something, pauses_in_force
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.presenters import standing_of
from mercat.people.queries import unread_notices

PLACES = (
    ("Home", "web:home", ""),
    ("Posts", "posts:list", "posts"),
    ("Sending", "delivery:sending", "sending"),
    ("Register", "register:register", "register"),
    ("People", "people:list", "people"),
    ("Watch", "watch:cases", "watch"),
    ("Advice", "people:advice", "advice"),
    ("Guidance", "web:guidance", "guidance"),
)


@dataclass(frozen=True, slots=True)
class Shell:
    """The parts of the layout that depend on who looks. `standing`: role and unit in one line."""

    person: Person
    standing: str
    unread: int
    may_pause: bool
    pauses: list[Pause]
    here: str  # the first part of the address: which place is lit


def shell(request: HttpRequest) -> Shell | None:
    """None for somebody who is not signed in. Made once for a request."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return None
    if not hasattr(request, "shell"):
        request.shell = _shell(request, person)
    return request.shell


def _shell(request: HttpRequest, person: Person) -> Shell:
    standing = person_facts(person, now=timezone.now())
    return Shell(
        person=person,
        standing=standing_of(person, standing),
        unread=unread_notices(person),
        may_pause=may_pause_something(standing, now=timezone.now()),
        pauses=pauses_in_force(),
        here=request.path.split("/")[1],
    )
