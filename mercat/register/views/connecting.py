"""Connecting an account to its network, with typed credentials or by the network's own sign-in."""

from __future__ import annotations

from uuid import UUID

import httpx
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.kit.oauth import new_state
from mercat.networks.port import ConnectError, Identity, Network
from mercat.people.actions import Impossible
from mercat.people.gate import require
from mercat.register import actions, begun, forms, queries
from mercat.register.connections import app_of, given
from mercat.register.facts import facts_of
from mercat.register.models import Account


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """With typed credentials. They go to the network and then into the vault; no page shows them again."""
    row, network = _connectable(request, account_id)
    if request.method != "POST":
        return _connect_page(request, row, network)
    try:
        with _http(network) as http:
            typed = forms.values(network.spec, request.POST)
            identity = actions.identity_from_fields(row.network, typed, http, now=timezone.now())
        return _connected(request, row, identity)
    except (ConnectError, Impossible) as error:
        return _connect_page(request, row, network, problem=str(error))


@require_POST
def begin(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The network's own sign-in. What must come back with the person is kept on the server, in their session."""
    row, network = _connectable(request, account_id)
    if network.oauth is None:
        raise Http404
    state = new_state()
    try:
        with _http(network) as http:
            typed = given(row.network, forms.values(network.spec, request.POST))
            address, kept = network.oauth.begin(typed, _redirect_uri(), state, http)
    except ConnectError as error:
        return _connect_page(request, row, network, problem=str(error))
    begun.keep(request.session, request.user, row.pk, state, kept, now=timezone.now())
    # A link, not a redirect: the content security policy lets no form lead away from here.
    return render(request, "register/leave.html", {"account": row, "address": address})


@require_safe
def finish(request: HttpRequest) -> HttpResponse:
    """Back from the network's sign-in, with a code to trade or a no."""
    what = begun.take(request.session, request.user, request.GET.get("state", ""), now=timezone.now())
    if what is None:
        messages.warning(
            request,
            "This sign-in was not begun here, was used already, or took more than ten minutes. Nothing was connected. "
            "Begin again.",
        )
        return redirect("register:register")
    row, network = _connectable(request, what.account)
    if network.oauth is None:
        raise Http404
    if not begun.is_from(request.GET.get("iss", ""), what.kept.get("base_url", "")):
        return _connect_page(request, row, network, problem="Another server answered than was asked.")
    code = request.GET.get("code", "")
    if not code:
        return _connect_page(request, row, network, problem="The network did not agree. Nothing was connected.")
    try:
        with _http(network) as http:
            identity = network.oauth.finish(what.kept, code, _redirect_uri(), http, now=timezone.now())
        return _connected(request, row, identity)
    except (ConnectError, Impossible) as error:
        return _connect_page(request, row, network, problem=str(error))


def _connectable(request: HttpRequest, account_id: UUID) -> tuple[Account, Network]:
    """The account and its network. Refused, with reasons, to those who may not connect it."""
    row = get_object_or_404(queries.account(account_id))
    require(request.user, "connect_account", facts_of(row), now=timezone.now())
    return row, registry.get(row.network)


def _connected(request: HttpRequest, row: Account, identity: Identity) -> HttpResponse:
    actions.connect_account(by=request.user, account=row, identity=identity, now=timezone.now())
    messages.success(request, f"{row} is connected to {identity.handle}.")
    return redirect("register:account", row.pk)


def _connect_page(request: HttpRequest, row: Account, network: Network, *, problem: str = "") -> HttpResponse:
    said = {
        "account": row,
        "spec": network.spec,
        "fields": forms.fields(network.spec, request.POST),
        "oauth_fields": [each for each in forms.fields(network.spec, request.POST) if not each.secret],
        "has_oauth": network.oauth is not None,
        "guide": registry.guide(row.network),
        "missing": [each.label for each in network.spec.app_fields if not app_of(row.network).get(each.name)],
        "errors": {"lines": [{"field": "", "text": problem}], "kept": "Nothing was connected."} if problem else None,
    }
    return render(request, "register/connect.html", said, status=422 if problem else 200)


def _http(network: Network) -> httpx.Client:
    return guarded_client(timeout=network.spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS)


def _redirect_uri() -> str:
    return settings.MERCAT_BASE_URL + reverse("register:finish")
