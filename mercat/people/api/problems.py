"""Every error as a problem of RFC 9457, with the clauses in the way and who can put it right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, HttpResponseBase

from mercat.guidance.gate import Refused

PROBLEM = "application/problem+json"
NOT_CHANGED = "Nothing was changed."


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Sequence[Any]
) -> HttpResponse:
    """`detail` is a sentence for a person; `more` are members of our own: `refusals`, `errors`."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    body = json.dumps(said, ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=PROBLEM, headers=dict(headers or {}))


def refused(no: Refused) -> HttpResponse:
    refusals = [
        {"clause": each.clause, "reason": each.reason, "remedy": each.remedy, "owner": each.owner_name}
        for each in no.decision.refusals
    ]
    return problem(403, f"This is not allowed by the guidance. {NOT_CHANGED}", refusals=refusals)


WORDS = {
    400: "The request could not be read.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "The request is too large.",
    500: "Something went wrong here. What was not finished was not kept. Tell ICT.",
}


def as_problem(response: HttpResponseBase) -> HttpResponseBase:
    """An error of the framework's in our form; whatever is none, or is a problem already, as it is."""
    if response.status_code < 400 or response.get("Content-Type", "").startswith(PROBLEM):
        return response
    kept = {name: response[name] for name in ("Allow", "Retry-After", "WWW-Authenticate") if name in response}
    return problem(response.status_code, WORDS.get(response.status_code, NOT_CHANGED), headers=kept)
