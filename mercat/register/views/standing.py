"""Pages of how an account stands: what is said of it, its name and holder, its protection, and its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.pack import guidance
from mercat.register import queries
from mercat.register.facts import facts_of
from mercat.register.flags import for_person, missing_numbers
from mercat.register.forms import DescriptionForm, ManagementForm, ProtectionForm, lines_of
from mercat.register.models import Account
from mercat.register.presenters import refusal_lines
from mercat.register.standing import actions

Problems = list[dict[str, str]]


@require_safe
def attention(request: HttpRequest) -> HttpResponse:
    """All that is amiss on the register and that this person may put right."""
    now = timezone.now()
    found = for_person(person_facts(request.user, now=now), queries.slots(queries.Wanted()), now=now)
    return render(request, "register/attention.html", {"found": found})


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Purpose, bio and languages: by those who answer for the account."""
    row = _account(request, account_id, "edit_account")
    if request.method != "POST":
        return _describe_page(request, row, {name: getattr(row, name) for name in actions.DESCRIBED})
    form = DescriptionForm(request.POST)

    def keep(words: dict[str, Any]) -> None:
        actions.describe_account(by=request.user, account=row, words=words, now=timezone.now())

    problems = _tried(form, keep)
    if problems:
        return _describe_page(request, row, request.POST, problems)
    messages.success(request, f"What is said of {row} is kept.")
    return redirect("register:account", row.pk)


def _describe_page(
    request: HttpRequest, row: Account, typed: Mapping[str, str], problems: Problems | None = None
) -> HttpResponse:
    said = {
        "account": row,
        "typed": typed,
        "missing": missing_numbers(typed.get("bio", "")),
        "errors": _errors(problems),
    }
    return render(request, "register/describe.html", said, status=422 if problems else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Name and holder: by those who own the force's accounts."""
    row = _account(request, account_id, "manage_account")
    if request.method != "POST":
        return _manage_page(request, row, {"name": row.name, "holder": row.holder.number if row.holder else ""})
    form = ManagementForm(request.POST)

    def keep(words: dict[str, Any]) -> None:
        actions.manage_account(by=request.user, account=row, now=timezone.now(), **words)

    problems = _tried(form, keep)
    if problems:
        return _manage_page(request, row, request.POST, problems)
    messages.success(request, f"{form.cleaned_data['name']} is kept.")
    return redirect("register:account", row.pk)


def _manage_page(
    request: HttpRequest, row: Account, typed: Mapping[str, str], problems: Problems | None = None
) -> HttpResponse:
    said = {
        "account": row,
        "held": any(tier.holder for tier in guidance().pack.tiers if tier.key == row.tier),
        "typed": typed,
        "errors": _errors(problems),
    }
    return render(request, "register/manage.html", said, status=422 if problems else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def protection(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """What was seen of the account's own protection on its network, and until when it counts."""
    row = _account(request, account_id, "manage_account")
    if request.method != "POST":
        return _protection_page(request, row, {})
    form = ProtectionForm(request.POST)

    def keep(words: dict[str, Any]) -> None:
        seen = {**words, "second_factor": words["second_factor"] == "yes"}
        actions.record_posture(by=request.user, account=row, now=timezone.now(), **seen)

    problems = _tried(form, keep)
    if problems:
        return _protection_page(request, row, request.POST, problems)
    days = guidance().pack.posture.valid_days
    messages.success(request, f"What you saw of {row} is kept, and counts for {days} days.")
    return redirect("register:account", row.pk)


def _protection_page(
    request: HttpRequest, row: Account, typed: Mapping[str, str], problems: Problems | None = None
) -> HttpResponse:
    roles = guidance().pack.roles
    said = {
        "account": row,
        "roles": [{"value": each.key, "text": each.name} for each in roles],
        "role_names": {each.key: each.name for each in roles},
        "looks": row.postures.select_related("by"),
        "now_is": timezone.now(),
        "typed": typed,
        "errors": _errors(problems),
    }
    return render(request, "register/protection.html", said, status=422 if problems else 200)


def _account(request: HttpRequest, account_id: UUID, action: str) -> Account:
    """The account. Refused, with reasons, to those who may not do this."""
    row = get_object_or_404(queries.account(account_id))
    require(request.user, action, facts_of(row), now=timezone.now())
    return row


def _tried(form: forms.Form, act: Any) -> Problems:
    """What stands in the way of keeping what was typed; empty where it is kept."""
    if not form.is_valid():
        return lines_of(form)
    try:
        act(form.cleaned_data)
    except Impossible as error:
        return [{"field": "", "text": str(error)}]
    except Refused as refused:
        return refusal_lines("holder", refused.decision)
    return []


def _errors(problems: Problems | None) -> dict[str, Any] | None:
    return {"lines": problems, "kept": "Nothing was changed. What you typed is still here."} if problems else None
