"""One's own notices, and how one is told of them by e-mail."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.people.facts import person_facts
from mercat.people.models import Notice
from mercat.people.notices.kinds import KINDS
from mercat.people.notices.preferences import choose, ways_of
from mercat.people.presenters import may_administer
from mercat.people.slices import slice_of

ON_A_PAGE = 25


class PreferencesForm(forms.Form):
    """A way for each kind."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name, kind in KINDS.items():
            missing = f"Choose how you are told of {kind.label.lower()}"
            wrong = f"Choose one of the ways for {kind.label.lower()}"
            ways = list(kind.ways.items())
            said = {"required": missing, "invalid_choice": wrong}
            self.fields[name] = forms.ChoiceField(choices=ways, error_messages=said)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    rows = Notice.objects.filter(person=request.user)
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    return render(request, "people/notices.html", {"page": page, "unread": any(row.read_at is None for row in page)})


@require_POST
def read_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one as read, and go where it leads."""
    row = get_object_or_404(Notice, pk=notice_id, person=request.user)
    Notice.objects.filter(pk=row.pk, read_at=None).update(read_at=timezone.now())
    here = request.POST.get("stay") or not url_has_allowed_host_and_scheme(row.link, {request.get_host()})
    return redirect("people:notices") if here else redirect(row.link)


@require_POST
def read_all_notices(request: HttpRequest) -> HttpResponse:
    Notice.objects.filter(person=request.user, read_at=None).update(read_at=timezone.now())
    messages.success(request, "Every notice is marked as read.")
    return redirect("people:notices")


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """For each kind: at once, once a day or, where it may be, never."""
    now = timezone.now()
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial=ways_of(request.user))
    if form.is_bound and form.is_valid():
        choose(by=request.user, ways=form.cleaned_data, now=now)
        messages.success(request, "Your choices are kept.")
        return redirect("people:preferences")
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {
        "form": form,
        "kinds": KINDS,
        "on": settings.MERCAT_EMAIL,
        "may_administer": may_administer(person_facts(request.user, now=now), now=now),
        "errors": {"lines": lines, "kept": "Nothing was saved."} if lines else None,
    }
    return render(request, "people/preferences.html", said, status=422 if lines else 200)
