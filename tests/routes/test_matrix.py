"""Every route × every role × own and foreign unit, walked from the table of addresses itself.

What is found is printed as a table in the docs, so that whoever opens a route to somebody sees it in the difference:
`WRITE_ROUTES=1 python -m pytest tests/routes` writes it anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.template.backends.jinja2 import Template
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from mercat.people.models import Person
from mercat.people.pack import guidance
from tests import factories as make
from tests.pages import SOON, signed_in
from tests.routes.visits import ELSEWHERE, VISITS, Visit
from tests.routes.world import FOREIGN, NEWCOMER, OFFICER, OWN, Place, cast
from tests.shared import ROOT

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "reference" / "who-may-do-what.md"
FULL, HALF, NONE = "●", "◐", ""
# What those who answer for one division, or for nothing, can open of another. Everything else is kept from them.
OPEN_TO_ALL = {
    "open an account",  # the register is public
    "see who has accepted a procedure",  # the list holds the people of their own unit
    "follow a notice",
    "open where a post can be taken down",  # it offers nothing but what they answer for
}
OF_A_UNIT = (NEWCOMER, OFFICER, "spoc", "divisional-commander")


@dataclass(frozen=True, slots=True)
class Found:
    """Who could: by role, whether in their own unit and whether in another."""

    visit: Visit
    by: dict[str, tuple[bool, bool]]

    def cell(self, role: str) -> str:
        own, foreign = self.by[role]
        return FULL if own and foreign else HALF if own else NONE


def names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from names(each, f"{each.namespace}:" if each.namespace else space)
        elif isinstance(each, URLPattern):
            yield f"{space}{each.name or each.pattern}"


@pytest.fixture(scope="module")
def found(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[Found]:
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        people = cast()
        authors = (people[OFFICER], make.authorised("Author elsewhere", unit_key=FOREIGN))
        places = [
            Place(unit, author, people["corporate-communications"])
            for unit, author in zip((OWN, FOREIGN), authors, strict=True)
        ]
        patch.setattr(timezone, "now", lambda: SOON)
        patch.setattr(Template, "render", lambda *_, **__: "")  # whether a page opens is decided before it is drawn
        for visit in VISITS:  # all that the addresses are about is there before anybody looks
            for place in places:
                _made(visit, place, people[OFFICER])
        clients = {role: signed_in(person) for role, person in people.items()}
        lines = [Found(visit, _try(visit, places, clients, people)) for visit in VISITS]
        transaction.set_rollback(True)
    return lines


def _made(visit: Visit, place: Place, viewer: Person) -> None:
    if visit.about:
        visit.about(place, viewer)
    if visit.send:
        visit.send(place, viewer)


def _try(
    visit: Visit, places: list[Place], clients: dict[str, Client], people: dict[str, Person]
) -> dict[str, tuple[bool, bool]]:
    """A page about no unit is the same from anywhere, and opened once."""
    tried = places if visit.about or visit.send else places[:1]
    found = {role: [_can(visit, place, client, people[role]) for place in tried] for role, client in clients.items()}
    return {role: (could[0], could[-1]) for role, could in found.items()}


def _can(visit: Visit, place: Place, client: Client, viewer: Person) -> bool:
    with transaction.atomic():
        address = reverse(visit.route, kwargs=visit.about(place, viewer) if visit.about else {})
        if visit.send is None:
            can = client.get(address).status_code < 400
        else:
            form = visit.send(place, viewer)
            before = visit.did(place)
            answer = client.post(address, form)
            can = answer.status_code < 400 and visit.did(place) != before
        transaction.set_rollback(True)
    return can


def test_every_route_has_its_line() -> None:
    routes = set(names(get_resolver()))
    told = {visit.route for visit in VISITS} | set(ELSEWHERE)
    told |= {route for route in routes if f"{route.partition(':')[0]}:" in ELSEWHERE}
    told -= {name for name in ELSEWHERE if name.endswith(":")}
    assert routes - told == set(), "add these to tests/routes/visits.py: what they are about, and what is sent there"
    assert told - routes == set()


def test_each_can_be_done_by_somebody(found: list[Found]) -> None:
    """Else the line proves nothing: what it sends is never taken."""
    assert [line.visit.says for line in found if not any(own for own, _ in line.by.values())] == []


def test_nobody_may_do_more_in_another_unit_than_in_their_own(found: list[Found]) -> None:
    assert [
        (line.visit.says, role)
        for line in found
        for role, (own, foreign) in line.by.items()
        if foreign and not own and role in OF_A_UNIT
    ] == []


def test_what_is_of_another_unit_is_shut_to_those_who_answer_for_one(found: list[Found]) -> None:
    """Clauses 5.6 and 5.7."""
    assert {
        (line.visit.says, role)
        for line in found
        for role in OF_A_UNIT
        if line.visit.about and line.by[role][1] and line.visit.says not in OPEN_TO_ALL
    } == set()


def test_the_table_in_the_docs_is_what_was_found(found: list[Found]) -> None:
    text = page(found)
    if os.environ.get("WRITE_ROUTES"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "WRITE_ROUTES=1 python -m pytest tests/routes"


def page(found: list[Found]) -> str:
    titles = {NEWCOMER: "Newcomer", OFFICER: "Officer who may post"}
    titles |= {role.key: role.name for role in guidance().pack.roles}
    roles = list(found[0].by)
    head = f"| | {' | '.join(titles[role] for role in roles)} |"
    rows = [f"| {line.visit.says} | {' | '.join(line.cell(role) for role in roles)} |" for line in found]
    elsewhere = [f"| `{name}` | {why} |" for name, why in ELSEWHERE.items()]
    return "\n".join([*INTRODUCTION, "", head, f"|---{'|:-:' * len(roles)}|", *rows, "", *OTHERS, *elsewhere, ""])


INTRODUCTION = [
    "# Who may do what",
    "",
    "Found by trying: a test signs in as the holder of each role of the default pack, opens every route and sends what",
    f"would be taken there. {FULL} everywhere; {HALF} in the own unit only, or about oneself; empty: refused, or not",
    f"there. Where a line is about no unit, {FULL} is yes. Everybody but the newcomer may post; none holds two roles.",
    "Nobody gets anywhere without a sign-in: each route leads there (tests/web/test_layout.py).",
]
OTHERS = ["## Routes that are no matter of roles", "", "| route | why |", "|---|---|"]
