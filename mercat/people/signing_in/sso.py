"""Single sign-on by OpenID Connect: allauth's exchange with the issuer, and our own judgement of what it says.

Nobody comes in who is not on the list. What groups bring as roles is the pack's to say, and ends with the group.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from requests import RequestException

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.people.backend import PeopleBackend
from mercat.people.devices.here import DEVICE_CLAIM
from mercat.people.models import Person, Subject
from mercat.people.signing_in import step_up
from mercat.people.signing_in.groups import apply_groups
from mercat.people.signing_in.proving import origin_of
from mercat.people.signing_in.throttle import FAILED, too_many
from mercat.people.signing_in.welcome import SSO, Journey, address_of, come_in

log = logging.getLogger(__name__)

BEGUN = "single_sign_on"  # in a session: the nonce, where to, and whether it is a proof of who is signed in
SLACK = timedelta(minutes=1)  # by which clocks differ
REFUSED = (
    "Single sign-on did not let you in: the identity provider said no, took too long, or names nobody who is on the "
    "list here. Try again, or ask the administrator."
)
NOT_YOU = "Single sign-on named somebody else, or did not ask them anew. Nothing was done."


class NotLetIn(OAuth2Error):
    """Why somebody is not let in, in our own words; what others raise may hold what a log must not."""


class Issuer(OpenIDConnectOAuth2Adapter):
    """The issuer of the environment. Its tokens are checked by its keys, though they come from it directly."""

    def get_provider(self) -> OpenIDConnectProvider:
        provider = super().get_provider()
        provider.oauth2_adapter_class = Issuer  # what it builds for itself, too
        return provider

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            return jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=settings.MERCAT_OIDC["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (KeyError, ValueError) as error:
            raise NotLetIn(f"The issuer's keys or its token cannot be read: {type(error).__name__}") from error

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        if not kwargs["response"].get("id_token"):
            raise NotLetIn("The issuer gave no ID token")
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return settings.MERCAT_BASE_URL + reverse("people:sso-back")


def begin(request: HttpRequest, *, next_: str, proof: bool) -> HttpResponse:
    """Off to the issuer, with state, a nonce and PKCE. `proof`: it is to ask the person anew."""
    issuer = Issuer(request, "sso")
    nonce = secrets.token_urlsafe(24)
    request.session[BEGUN] = {"nonce": nonce, "next": next_, "proof": proof}
    asked_anew = {"prompt": "login", "max_age": "0"} if proof else {}
    try:
        return issuer.get_provider().redirect(request, "login", auth_params={"nonce": nonce, **asked_anew})
    except (RequestException, KeyError, ValueError) as error:
        return failed(request, error)


def arrived(request: HttpRequest, found: SocialLogin) -> HttpResponse:
    """Back from the issuer, whose ID token is signed, for us, and in time."""
    now = timezone.now()
    begun = request.session.pop(BEGUN, None)
    claims = found.account.extra_data.get("id_token", {})
    if begun is None or not constant_time_compare(str(claims.get("nonce", "")), begun["nonce"]):
        return failed(request, NotLetIn("The nonce is not the one that was sent"))
    person = person_of(claims)
    if begun["proof"]:
        return _proved(request, person, claims, now=now)
    if person is None:
        return failed(request, NotLetIn("Nobody on the list has this number or verified e-mail"))
    if not _is_the_same(person, claims, now=now):
        return failed(request, NotLetIn("The provider means another by this number or e-mail than before"))
    with transaction.atomic():
        apply_groups(person, _texts(claims.get(settings.MERCAT_OIDC["groups"])), now=now)
        response = come_in(request, person, SSO, Journey(begun["next"]), now=now)
        request.session[DEVICE_CLAIM] = _is_own_device(claims)
    return response


@transaction.atomic
def failed(request: HttpRequest, why: Exception | None) -> HttpResponse:
    """Said to the person in one sentence for everything; why stands in the log and in the record."""
    reason, now = str(why) if isinstance(why, NotLetIn) else type(why).__name__, timezone.now()
    log.warning("single sign-on failed: %s", reason)
    origin = origin_of(request, "")
    if not too_many(origin, now=now):  # anybody can come to this address: the record does not grow for ever
        record(
            by=System("A single sign-on failed"),
            what=FAILED,
            about=["structure:sign-in", *origin.references.values()],
            personal={"why": reason[:200], "address": address_of(request)},
            now=now,
        )
    messages.warning(request, REFUSED)
    return redirect(settings.LOGIN_URL)


def person_of(claims: Mapping[str, Any]) -> Person | None:
    """By staff number where the issuer names one, else by an e-mail that it has verified."""
    number = claims.get(settings.MERCAT_OIDC["number"])
    if number:
        found = Person.objects.filter(number=str(number)).first()
    elif claims.get("email") and claims.get("email_verified") is True:
        found = Person.objects.filter(email__iexact=str(claims["email"])).first()
    else:
        found = None
    return found if found and PeopleBackend().user_can_authenticate(found) else None


@transaction.atomic
def _is_the_same(person: Person, claims: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether the provider still means whom it meant. Kept at the first time; two people set it up anew (recovery)."""
    meant = {"issuer": settings.MERCAT_OIDC["issuer"], "subject": str(claims["sub"])}
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    known = Subject.objects.filter(Q(**meant) | Q(person=person)).first()
    if known is None:
        Subject.objects.create(person=person, at=now, **meant)
        record(by=person, what="sign_in.subject_kept", about=[person.audit_ref], now=now)
        return True
    return (known.person_id, known.issuer, known.subject) == (person.pk, meant["issuer"], meant["subject"])


def _proved(request: HttpRequest, person: Person | None, claims: Mapping[str, Any], *, now: datetime) -> HttpResponse:
    """A proof counts when it is of whoever is signed in, and when the issuer has just asked them."""
    asked = claims.get("auth_time")
    fresh = isinstance(asked, int) and now - datetime.fromtimestamp(asked, UTC) < timedelta(minutes=5) + SLACK
    if not request.user.is_authenticated or person != request.user or not fresh:
        messages.warning(request, NOT_YOU)
        return redirect(settings.LOGIN_REDIRECT_URL)
    step_up.proved_now(request.session, now=now)
    record(by=person, what="person.proved", about=[person.audit_ref], facts={"how": "single sign-on"}, now=now)
    return redirect("people:prove")


def _is_own_device(claims: Mapping[str, Any]) -> bool:
    known = settings.MERCAT_OIDC
    said = claims.get(known["device"]) if known["device"] else None
    return said is not None and (str(said).lower() if isinstance(said, bool) else str(said)) == known["device_value"]


def _texts(said: Any) -> set[str]:
    return {each for each in said if isinstance(each, str)} if isinstance(said, list) else set()
