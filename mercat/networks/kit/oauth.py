"""The parts of OAuth 2.0's code flow that do not depend on a network."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_state() -> str:
    """A value to bind the answer to the browser that began (RFC 6749, 10.12)."""
    return secrets.token_urlsafe(32)


def new_verifier() -> str:
    """A PKCE code verifier of 43 characters (RFC 7636, 4.1)."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
