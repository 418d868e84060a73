"""`/scim/v2/`: Users, and what the service says of itself. Every error is one of RFC 7644."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    ListResponse,
    NotFoundException,
    PatchOp,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    SearchRequest,
)

from mercat.guidance import facts
from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.api import tokens
from mercat.people.gate import Agent, require
from mercat.people.models import Person
from mercat.people.scim import actions
from mercat.people.scim.queries import found, users
from mercat.people.scim.resources import MOST, model, provider, user_of

log = logging.getLogger(__name__)

SCIM = "application/scim+json"
SCOPE = "scim"
View = Callable[..., HttpResponse]


def scim(*methods: str) -> Callable[[View], View]:
    """A view for programmes with a token of the scope `scim`. It is handed the token's agent, as `by`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, **about: Any) -> HttpResponse:
            if request.method not in methods:
                return _error(405, "This address does not take this method.", Allow=", ".join(methods))
            try:
                by = _known(request)
                return by if isinstance(by, HttpResponse) else _guarded(view, request, by, about)
            except Exception:
                log.exception("SCIM failed at %s %s", request.method, request.path)
                return _error(500, "Something went wrong here. What was not finished was not kept.")

        answered.csrf_exempt, answered.login_required = True, False
        return answered

    return decorate


def _guarded(view: View, request: HttpRequest, by: Agent, about: dict[str, Any]) -> HttpResponse:
    try:
        require(by, "import_people", facts.Body(), now=timezone.now())  # also to read: it lists everybody
        with provider():
            return view(request, by=by, **about)
    except SCIMException as error:
        return _said(error.to_error(), error.status)
    except ValidationError as error:
        told = Error.from_validation_errors(error)[0]
        return _said(told, told.status or 400)
    except Refused as no:
        return _error(403, str(no))
    except Impossible as error:
        return _error(409, str(error))


def _known(request: HttpRequest) -> Agent | HttpResponse:
    now = timezone.now()
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(secret.strip(), now=now) if kind.lower() == "bearer" else None
    if token is None:
        return _error(401, "Send a token that is in force.", **{"WWW-Authenticate": "Bearer"})
    if not tokens.within_its_rate(token, now=now):
        return _error(429, f"More than {tokens.MOST_A_MINUTE} requests in a minute.", **{"Retry-After": "60"})
    if SCOPE not in token.scopes:
        return _error(403, f"This token lacks the scope {SCOPE}.")
    return tokens.agent(token)


@scim("GET", "POST")
def all_users(request: HttpRequest, *, by: Agent) -> HttpResponse:
    if request.method == "GET":
        return _found(request, SearchRequest[model()].model_validate(request.GET.dict()))
    user = model().model_validate(_json(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    row = actions.create(by=by, user=user, now=timezone.now())
    return _user(request, row, Context.RESOURCE_CREATION_RESPONSE, status=201)


@scim("POST")
def search(request: HttpRequest, *, by: Agent) -> HttpResponse:
    wanted = SearchRequest[model()].model_validate(_json(request), scim_ctx=Context.SEARCH_REQUEST)
    return _found(request, wanted, Context.SEARCH_RESPONSE)


@scim("GET", "PUT", "PATCH", "DELETE")
def one_user(request: HttpRequest, *, by: Agent, user_id: UUID) -> HttpResponse:
    row = users().filter(pk=user_id).first()
    if row is None:
        raise NotFoundException(detail="There is no such user.")
    return ACTS[request.method](request, by, row)


def _read(request: HttpRequest, by: Agent, row: Person) -> HttpResponse:
    return _user(request, row, Context.RESOURCE_QUERY_RESPONSE)


def _replace(request: HttpRequest, by: Agent, row: Person) -> HttpResponse:
    user = model().model_validate(_json(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    user.replace(user_of(row))
    row = actions.change(by=by, person=row, user=user, now=timezone.now())
    return _user(request, row, Context.RESOURCE_REPLACEMENT_RESPONSE)


def _patch(request: HttpRequest, by: Agent, row: Person) -> HttpResponse:
    patch = PatchOp[model()].model_validate(_json(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    user = user_of(row)
    patch.patch(user)
    row = actions.change(by=by, person=row, user=user, now=timezone.now())
    return _user(request, row, Context.RESOURCE_PATCH_RESPONSE)


def _delete(request: HttpRequest, by: Agent, row: Person) -> HttpResponse:
    actions.delete(by=by, person=row, user=user_of(row), now=timezone.now())
    return HttpResponse(status=204)


ACTS = {"GET": _read, "PUT": _replace, "PATCH": _patch, "DELETE": _delete}


@scim("GET")
def config(request: HttpRequest, *, by: Agent) -> HttpResponse:
    return _said(provider().config, 200, Context.RESOURCE_QUERY_RESPONSE)


@scim("GET")
def resource_types(request: HttpRequest, *, by: Agent, name: str = "") -> HttpResponse:
    return _described(ResourceType, provider().resource_types, name)


@scim("GET")
def schemas(request: HttpRequest, *, by: Agent, name: str = "") -> HttpResponse:
    return _described(Schema, provider().schemas, name)


@scim("GET", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: HttpRequest, *, by: Agent, rest: str = "") -> HttpResponse:
    raise NotFoundException(detail="There is nothing at this address.")


def _described(kind: Any, rows: Any, name: str) -> HttpResponse:
    if not name:
        rows = list(rows)
        listed = ListResponse[kind](total_results=len(rows), start_index=1, items_per_page=len(rows), resources=rows)
        return _said(listed, 200, Context.RESOURCE_QUERY_RESPONSE)
    row = next((each for each in rows if str(each.id) == name), None)
    if row is None:
        raise NotFoundException(detail="There is nothing of this name.")
    return _said(row, 200, Context.RESOURCE_QUERY_RESPONSE)


def _found(request: HttpRequest, wanted: Any, context: Context = Context.RESOURCE_QUERY_RESPONSE) -> HttpResponse:
    rows = found(str(wanted.filter) if wanted.filter is not None else None)
    start = max(wanted.start_index or 1, 1)
    count = MOST if wanted.count is None else min(max(wanted.count, 0), MOST)
    page = list(rows[start - 1 : start - 1 + count])
    listed = ListResponse[model()](
        total_results=rows.count(),
        start_index=start,
        items_per_page=len(page),
        resources=[user_of(row) for row in page],
    )
    return _said(listed, 200, context, wanted)


def _user(request: HttpRequest, row: Person, context: Context, *, status: int = 200) -> HttpResponse:
    wanted = ResponseParameters[model()].model_validate(request.GET.dict())
    user = user_of(row)
    response = _said(user, status, context, wanted)
    response["Location"] = str(user.meta.location)
    return response


def _json(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        raise _not_json() from None


def _not_json() -> SCIMException:
    error = SCIMException(detail="The request is no JSON.")
    error.scim_type = "invalidSyntax"
    return error


def _said(said: Any, status: int, context: Context = Context.DEFAULT, wanted: Any = None) -> HttpResponse:
    """`wanted`: the attributes that were asked for, where some were."""
    body = json.dumps(said.model_dump(scim_ctx=context, response_parameters=wanted), ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=SCIM)


def _error(status: int, detail: str, **headers: str) -> HttpResponse:
    response = _said(Error(status=status, detail=detail), status)
    for name, value in headers.items():
        response[name] = value
    return response
