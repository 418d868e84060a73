"""`/api/v1/`: what the service desk's own system and the HR system can read and do, as their tokens' owners may
(clauses 5.2, 5.9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, File, Header, NinjaAPI, Path, Query, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.files import UploadedFile
from ninja.security import HttpBearer

from mercat.guidance import facts
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.api import problems, tokens
from mercat.people.api.once import once
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.hr.comparing import summed
from mercat.people.hr.files import MOST_BYTES, BadFile
from mercat.people.hr.imports import address_of, receive
from mercat.people.models import Access, Import, Person, Token
from mercat.people.scope import open_to
from mercat.people.slices import slice_of

State = Literal["confirmed", "open", "rejected", "ended"]
STATES: dict[str, Q] = {
    "confirmed": Q(ended_at=None, opened_at=None),
    "open": Q(ended_at=None, opened_at__isnull=False),
    "rejected": Q(rejected_by__isnull=False),
    "ended": Q(ended_at__isnull=False, rejected_by=None),
}
ON_A_PAGE = 50


class Bearer(HttpBearer):
    """A token with one scope. Which it lacks is said: whoever calls is known by then."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        now = timezone.now()
        found = tokens.find(token, now=now)
        if found is None:
            raise AuthenticationError
        if not tokens.within_its_rate(found, now=now):
            raise HttpError(429, f"More than {tokens.MOST_A_MINUTE} requests in a minute. Wait a minute.")
        if self.scope not in found.scopes:
            raise HttpError(403, f"This token lacks the scope {self.scope}. {problems.NOT_CHANGED}")
        require(tokens.agent(found), "read", facts.Body(), now=now)
        return found


class Refusal(Schema):
    clause: str
    reason: str
    remedy: str
    owner: str = Field(description="Who can put it right.")


class Problem(Schema):
    """An error (RFC 9457, application/problem+json)."""

    type: str
    title: str
    status: int
    detail: str
    refusals: list[Refusal] = Field(default=[], description="Every clause of the guidance that stands in the way.")
    errors: list[dict[str, Any]] = Field(default=[], description="What of the request is not as described here.")


class PersonOut(Schema):
    id: UUID
    number: str
    name: str
    unit: str = Field(description="The key of their unit.")
    rank: str = Field(description="The key of their rank or grade.")
    active: bool = Field(description="False: they have left.")


class AccessRequest(Schema):
    """A request for access, confirmed by the communications team. Until it is confirmed there is none."""

    id: int
    reference: str = Field(description="The service request at the desk.")
    state: State
    person: PersonOut
    confirmed_at: datetime
    opened_at: datetime | None
    ended_at: datetime | None


class AccessRequests(Schema):
    items: list[AccessRequest]
    page: int
    more: bool = Field(description="Whether there is a next page.")


class People(Schema):
    items: list[PersonOut]
    page: int
    more: bool = Field(description="Whether there is a next page.")


class Received(Schema):
    """A file of the HR system, compared with the list."""

    id: int
    state: Literal["waiting", "confirming", "applying", "closed"] = Field(description="Waiting: for somebody's choice.")
    rows: dict[str, int] = Field(description="How many lines are new, changed, gone, conflicting, same, faulty.")
    page: str = Field(description="Where people look at it and choose.")


class Why(Schema):
    reason: str = Field(min_length=1, max_length=500, description="For the person and the record.")


Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Of your choice. The same key with the same request is done once and answered alike for 24 hours.",
    ),
]
Number = Annotated[int, Path(ge=1, le=2**62)]
Page = Annotated[int, Query(ge=1, le=2000)]
ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 422, 429, 500), Problem)

api = NinjaAPI(
    title="Mercat",
    version="1",
    description="For the service desk: access requests, as the communications team confirmed them "
    "(docs/how-to/service-desk.md). For the HR system: its files (docs/how-to/import-people.md). "
    "Every error is a problem of RFC 9457.",
    urls_namespace="api",
    docs_url=None,
)


@api.get("/access-requests", auth=Bearer("access:read"), response={200: AccessRequests, **ERRORS})
def list_access_requests(request: HttpRequest, state: State | None = None, page: Page = 1) -> AccessRequests:
    """The newest confirmed first."""
    rows = _requests(request).filter(STATES[state] if state else Q()).order_by("-confirmed_at", "-pk")
    found = slice_of(rows, str(page), size=ON_A_PAGE)
    return AccessRequests(items=[_request(row) for row in found], page=found.number, more=found.more)


@api.get("/access-requests/{number}", auth=Bearer("access:read"), response={200: AccessRequest, **ERRORS})
def get_access_request(request: HttpRequest, number: Number) -> AccessRequest:
    return _request(get_object_or_404(_requests(request), pk=number))


@api.post("/access-requests/{number}/open", auth=Bearer("access:write"), response={200: AccessRequest, **ERRORS})
def open_access_request(request: HttpRequest, number: Number, key: Key) -> HttpResponse:
    """Open the access. Only what is confirmed and in no clause's way can be opened."""
    return _write(request, number, key, lambda by, person, now: actions.open_access(by=by, person=person, now=now))


@api.post("/access-requests/{number}/reject", auth=Bearer("access:write"), response={200: AccessRequest, **ERRORS})
def reject_access_request(request: HttpRequest, number: Number, key: Key, why: Why) -> HttpResponse:
    """Send a confirmed request away. Whoever confirmed it and the person are told why."""
    return _write(
        request,
        number,
        key,
        lambda by, person, now: actions.reject_access(by=by, person=person, reason=why.reason, now=now),
    )


@api.post("/access-requests/{number}/end", auth=Bearer("access:write"), response={200: AccessRequest, **ERRORS})
def end_access_request(request: HttpRequest, number: Number, key: Key, why: Why) -> HttpResponse:
    """End the access at once, with the authorisation and the licence that belong to it."""
    return _write(
        request,
        number,
        key,
        lambda by, person, now: actions.end_access(by=by, person=person, reason=why.reason, now=now),
    )


@api.get("/people", auth=Bearer("people:read"), response={200: People, **ERRORS})
def list_people(request: HttpRequest, number: str = "", page: Page = 1) -> People:
    """By staff number, where one is given."""
    rows = _people(request).filter(number=number) if number else _people(request)
    found = slice_of(rows.order_by("number"), str(page), size=ON_A_PAGE)
    return People(items=[_person(row) for row in found], page=found.number, more=found.more)


@api.get("/people/{person_id}", auth=Bearer("people:read"), response={200: PersonOut, **ERRORS})
def get_person(request: HttpRequest, person_id: UUID) -> PersonOut:
    return _person(get_object_or_404(_people(request), pk=person_id))


@api.post("/imports", auth=Bearer("people:import"), response={200: Received, **ERRORS})
def hand_in_import(request: HttpRequest, key: Key, file: File[UploadedFile], whole: bool | None = None) -> HttpResponse:
    """Hand in a file of the HR system, CSV or JSON. It is compared with the list; what it says is then chosen on its
    page, unless the pack has what is new or changed without a conflict applied unasked.

    `whole`: the file names everybody, so that whoever is missing has left; without it, as the file or the pack says.
    """
    token, now = request.auth, timezone.now()
    name, data = file.name or "", file.read(MOST_BYTES + 1)

    def done() -> str | HttpResponse:
        by = tokens.agent(token)
        try:
            row = receive(by=by, name=name, data=data, source=Import.Source.API, whole=whole, now=now)
        except BadFile as error:
            return problems.problem(422, str(error))
        return _received(row).model_dump_json()

    return once(request, token, key, done, now=now, body=data)


def _write(
    request: HttpRequest, number: int, key: str, act: Callable[[tokens.Agent, Person, datetime], object]
) -> HttpResponse:
    """Act on the request that stands, as the token's owner may, once for each key."""
    token, now = request.auth, timezone.now()

    def done() -> str:
        row = get_object_or_404(_requests(request), pk=number)
        if row.ended_at:
            raise Impossible("This request has ended already. Nothing was changed.")
        act(tokens.agent(token), row.person, now)
        return _request(_requests(request).get(pk=number)).model_dump_json()

    return once(request, token, key, done, now=now)


def _people(request: HttpRequest) -> QuerySet[Person]:
    """Those whom the token's owner sees on the pages (clause 5.6)."""
    now = timezone.now()
    return open_to(person_facts(request.auth.owner, now=now), Person.objects.all(), now=now)


def _requests(request: HttpRequest) -> QuerySet[Access]:
    return Access.objects.filter(person__in=_people(request)).select_related("person")


def _request(row: Access) -> AccessRequest:
    return AccessRequest(
        id=row.pk,
        reference=row.reference,
        state=_state(row),
        person=_person(row.person),
        confirmed_at=row.confirmed_at,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
    )


def _state(row: Access) -> State:
    if row.rejected_by_id:
        return "rejected"
    if row.ended_at:
        return "ended"
    return "open" if row.opened_at else "confirmed"


def _received(row: Import) -> Received:
    return Received(id=row.pk, state=row.state, rows=summed(row.rows.all()), page=address_of(row))


def _person(row: Person) -> PersonOut:
    return PersonOut(id=row.pk, number=row.number, name=row.name, unit=row.unit_id, rank=row.rank, active=row.is_active)


# Errors


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return problems.refused(error)


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.problem(404, problems.WORDS[404])


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    detail = "Send a token that is in force: “Authorization: Bearer …”."
    return problems.problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


@api.exception_handler(ValidationError)
def _not_as_described(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"where": [str(part) for part in each["loc"]], "what": each["msg"]} for each in error.errors]
    return problems.problem(422, f"The request is not as described. {problems.NOT_CHANGED}", errors=errors)


@api.exception_handler(HttpError)
def _other(request: HttpRequest, error: HttpError) -> HttpResponse:
    headers = {"Retry-After": "60"} if error.status_code == 429 else None
    return problems.problem(error.status_code, error.message, headers=headers)
