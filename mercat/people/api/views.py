"""The page of tokens: for those who administer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.people.actions import Impossible
from mercat.people.api import tokens
from mercat.people.gate import require
from mercat.people.models import SCOPES, Person, Token
from mercat.people.slices import slice_of

ON_A_PAGE = 25
DAYS = (("30", "30 days"), ("90", "90 days"), ("365", "A year"))


class TokenForm(forms.Form):
    """What uses the token, for whom it acts, what for, and how long."""

    name = forms.CharField(max_length=120, error_messages={"required": "Enter what the token is for"})
    owner = forms.CharField(max_length=64, error_messages={"required": "Enter the staff number of its owner"})
    scopes = forms.MultipleChoiceField(
        choices=list(SCOPES.items()), error_messages={"required": "Choose what the token may be used for"}
    )
    days = forms.ChoiceField(choices=DAYS, error_messages={"required": "Choose how long the token is in force"})

    def clean_owner(self) -> Person:
        person = Person.objects.filter(number__iexact=self.cleaned_data["owner"].strip(), is_active=True).first()
        if person is None:
            raise forms.ValidationError("Nobody on the list has this staff number")
        return person

    def clean_days(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["days"]))


@require_http_methods(["GET", "HEAD", "POST"])
def all_tokens(request: HttpRequest) -> HttpResponse:
    """Every token; and a form for another, whose secret the answer shows this once."""
    now = timezone.now()
    require(request.user, "administer", facts.Body(), now=now)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = None
    if form.is_bound and form.is_valid():
        about = form.cleaned_data
        try:
            made = tokens.make_token(
                by=request.user,
                owner=about["owner"],
                name=about["name"],
                scopes=about["scopes"],
                expires_at=now + about["days"],
                now=now,
            )
        except Impossible as error:
            form.add_error("name", str(error))
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {
        "made": made,
        "form": TokenForm() if made else form,
        "scopes": SCOPES,
        "days": DAYS,
        "page": slice_of(Token.objects.select_related("owner"), request.GET.get("page"), size=ON_A_PAGE),
        "now": now,
        "errors": {"lines": lines, "kept": "Nothing was made."} if lines else None,
    }
    return render(request, "people/tokens.html", said, status=422 if lines else 200)


@require_POST
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    row = get_object_or_404(Token, pk=token_id)
    try:
        tokens.revoke(by=request.user, token=row, now=timezone.now())
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"“{row}” is revoked, at once and for good.")
    return redirect("people:own-tokens" if row.owner == request.user else "people:tokens")


@require_safe
def own_tokens(request: HttpRequest) -> HttpResponse:
    """What acts for oneself, and what asks to."""
    rows = Token.objects.filter(owner=request.user).select_related("made_by")
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    return render(request, "people/own-tokens.html", {"page": page, "scopes": SCOPES, "now": timezone.now()})


@require_POST
def accept(request: HttpRequest, token_id: UUID) -> HttpResponse:
    row = get_object_or_404(Token, pk=token_id, owner=request.user)
    try:
        tokens.accept(by=request.user, token=row, now=timezone.now())
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"“{row}” acts for you from now on. You can revoke it at any time.")
    return redirect("people:own-tokens")
