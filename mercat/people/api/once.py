"""Doing a write once, however often it is asked for: the Idempotency-Key header.

The row of a key is kept before the act begins and locked while it lasts; the answer is kept in the act's own
transaction. So a crash leaves a key without an answer and an act that never was, and the next try may do it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse

from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.api.problems import NOT_CHANGED, problem, refused
from mercat.people.models import Answered, Token

KEPT = timedelta(hours=24)


Act = Callable[[], str | HttpResponse]


def once(
    request: HttpRequest, token: Token, key: str, act: Act, *, now: datetime, body: bytes | None = None
) -> HttpResponse:
    """The answer to `act`, which gives JSON or a problem; of before, where this key was answered already.

    `body`: what was sent, where it came as a form of parts.
    """
    digest = _digest(request, request.body if body is None else body)
    row, _ = Answered.objects.get_or_create(token=token, key=key, defaults={"request": digest, "at": now})
    if row.request != digest:
        return problem(422, f"This Idempotency-Key was used for another request. {NOT_CHANGED}")
    try:
        with transaction.atomic():
            row = Answered.objects.select_for_update(nowait=True).get(pk=row.pk)
            if row.status is not None:
                return _answer(row.status, row.body, replayed=True)
            answer = _done(act)
            row.status, row.body = answer.status_code, answer.content.decode()
            row.save(update_fields=["status", "body"])
            return answer
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        return problem(409, "A request with this Idempotency-Key is being done now. Ask again in a moment.")


def forget(*, now: datetime) -> None:
    """A day later nobody asks again."""
    Answered.objects.filter(at__lte=now - KEPT).delete()


def _done(act: Act) -> HttpResponse:
    try:
        with transaction.atomic():  # what a refusal had begun is taken back; that it was refused is kept
            said = act()
            return said if isinstance(said, HttpResponse) else _answer(200, said)
    except Refused as no:
        return refused(no)
    except Impossible as error:
        return problem(409, str(error))


def _answer(status: int, body: str, *, replayed: bool = False) -> HttpResponse:
    kind = "application/json" if status < 400 else "application/problem+json"
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return HttpResponse(body, status=status, content_type=kind, headers=headers)


def _digest(request: HttpRequest, body: bytes) -> str:
    parts = (request.method.encode(), request.get_full_path().encode(), body)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()
