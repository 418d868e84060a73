"""Signing in with Threads: the code, the token for an hour, the one for 60 days, and its renewal from the second day.

Source: developers.facebook.com/documentation/threads/get-started (authorization windows, long-lived tokens).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import graph
from mercat.sandbox.graph import bad_parameter
from mercat.sandbox.graph_login import Login, check_client, check_secret, no_post

SHORT_SECONDS = 3600
YOUNG_SECONDS = 86_400


class ThreadsLogin(Login):
    dialog = "oauth/authorize"
    many = False

    async def token(self, request: Request) -> Response:
        given = await graph.parameters(request)
        check_client(given)
        if given.get("grant_type") != "authorization_code":
            raise bad_parameter("Param grant_type must be authorization_code")
        known = self.redeemed(given)
        if not known["accounts"]:
            raise bad_parameter("The person chose no account")
        token = self._new(known["accounts"], known["scopes"], SHORT_SECONDS)
        return JSONResponse({"access_token": token, "user_id": int(known["accounts"][0])})

    async def exchange(self, request: Request) -> Response:
        """A short-lived token becomes one for 60 days."""
        given = await graph.parameters(request)
        if request.method == "POST" and str(given.get("method", "")).upper() != "GET":
            raise no_post("access_token")
        check_secret(given)
        if given.get("grant_type") != "th_exchange_token":
            raise bad_parameter("Param grant_type must be th_exchange_token")
        known = self._granted_to(request, given)
        if not 0 < known["expires"] - known["issued"] <= SHORT_SECONDS:
            raise bad_parameter("Session key invalid. This could be because the token is no short-lived one")
        return self._lasting_for(known)

    async def refresh(self, request: Request) -> Response:
        """A token of at least 24 hours that has not run out becomes another for 60 days."""
        given = await graph.parameters(request)
        if given.get("grant_type") != "th_refresh_token":
            raise bad_parameter("Param grant_type must be th_refresh_token")
        known = self._granted_to(request, given)
        if self.world.clock() - known["issued"] < YOUNG_SECONDS:
            raise bad_parameter("The access token must be at least 24 hours old to be refreshed")
        return self._lasting_for(known)

    def _granted_to(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        token = graph.given_token(request, given)
        if self.store.kept(self.world.slug, "token", token, self.world.clock()) is None:
            raise graph.token_refused()
        known = graph.granted(self.world, token)
        if known is None:
            raise graph.token_expired()
        return known

    def _lasting_for(self, known: dict[str, Any]) -> Response:
        token = self._new(known["accounts"], known["scopes"], graph.LONG_SECONDS)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": graph.LONG_SECONDS})

    def _new(self, accounts: Sequence[str], scopes: Sequence[str], seconds: int) -> str:
        token = "TH" + secrets.token_urlsafe(60)
        expires = self.world.clock() + seconds
        graph.grant(self.world, token, "user", accounts=accounts, scopes=scopes, expires=expires)
        return token
