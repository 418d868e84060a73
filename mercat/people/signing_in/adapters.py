"""What django-allauth asks of us: how its secrets are kept, what we are called, and whom single sign-on lets in."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest

from mercat.people.models import Person
from mercat.people.pack import guidance

TIMEOUT = 10  # seconds


class Factors(DefaultMFAAdapter):
    """One-time codes and recovery codes are wrapped by a key that lies outside the database."""

    def encrypt(self, text: str) -> str:
        return _wrap().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _wrap().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return f"Mercat, {guidance().pack.body.name}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": self.get_totp_issuer()}

    def get_public_key_credential_user_entity(self, user: Person) -> dict[str, Any]:
        return {**super().get_public_key_credential_user_entity(user), "name": user.email, "display_name": user.name}


def _wrap() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"mercat factors").derive(settings.MERCAT_SIGN_IN_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


class SingleSignOn(DefaultSocialAccountAdapter):
    """The one identity provider of the environment, called and nobody else. What it said is judged by `sso`."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list:
        known = settings.MERCAT_OIDC
        if not known["issuer"]:
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id="sso",
                name=known["name"],
                client_id=known["client_id"],
                secret=known["secret"],
                settings={"server_url": known["issuer"], "fetch_userinfo": False},
            )
        ]

    def get_requests_session(self) -> requests.Session:
        return IssuerOnly(settings.MERCAT_OIDC["issuer"])

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Here allauth's own sign-in ends, and ours begins: nobody is created, and nobody linked."""
        from mercat.people.signing_in import sso  # noqa: PLC0415 - loaded with the views, which load this

        raise ImmediateHttpResponse(sso.arrived(request, sociallogin))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **about: Any) -> None:
        from mercat.people.signing_in import sso  # noqa: PLC0415 - the same

        raise ImmediateHttpResponse(sso.failed(request, about.get("exception")))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False


class IssuerOnly(requests.Session):
    """Calls to one origin, with a time limit, without redirects, and by no proxy that the environment names."""

    def __init__(self, issuer: str) -> None:
        super().__init__()
        self.trust_env = False
        self._origin = _origin(issuer)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        if _origin(url) != self._origin:
            raise requests.RequestException(f"{url} is not the issuer’s")
        return super().request(method, url, **{**options, "timeout": TIMEOUT, "allow_redirects": False})


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
