"""Addresses of the programming interface. They know tokens and nothing else: no session, no cookie."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import re_path

from mercat.people.api.interface import api
from mercat.people.api.problems import WORDS, as_problem, problem

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


def for_programmes(view: View) -> View:
    """Outside sign-in, cookies and pages: whatever goes wrong is a problem of RFC 9457."""

    @wraps(view, assigned=(), updated=())
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return as_problem(view(request, *args, **kwargs))
        except Http404:
            return problem(404, WORDS[404])
        except Exception:
            log.exception("the programming interface failed at %s %s", request.method, request.path)
            return problem(500, WORDS[500])

    answered.csrf_exempt, answered.login_required = True, False
    return answered


def _nothing(request: HttpRequest) -> HttpResponse:
    return problem(404, WORDS[404])


app_name = "api"
_patterns = api.urls[0]
for _pattern in _patterns:
    _pattern.callback = for_programmes(_pattern.callback)
urlpatterns = [*_patterns, re_path("", for_programmes(_nothing), name="nothing")]
