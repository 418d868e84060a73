"""The health of connections, and disconnecting one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.forms import ReasonForm
from mercat.people.gate import require
from mercat.register.facts import facts_of
from mercat.register.keeping import actions, presenters, queries
from mercat.register.models import Account
from mercat.register.scope import open_to


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The connections of the accounts that this person answers for: whether they work, until when, who must act."""
    now = timezone.now()
    mine = open_to(person_facts(request.user, now=now), queries.kept(), now=now)
    lines = presenters.health_of(mine, now=now)
    acting = sum(bool(line.act) for line in lines)
    warnings = presenters.warnings_of(lines, now=now)
    return render(request, "register/health.html", {"lines": lines, "acting": acting, "warnings": warnings})


@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = get_object_or_404(Account, pk=account_id)
    require(request.user, "connect_account", facts_of(account), now=timezone.now())
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            actions.disconnect_account(by=request.user, account=account, reason=reason, now=timezone.now())
        except Impossible as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, f"{account} is disconnected. Its credentials are wiped; what is due is held.")
            return redirect("register:account", account.pk)
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {"account": account, "errors": {"lines": lines} if lines else None, "typed": request.POST}
    return render(request, "register/disconnect.html", said, status=422 if lines else 200)
