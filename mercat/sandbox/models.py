"""What the stand-ins remember: accounts, uploaded pictures, and posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    network: str
    native_id: str
    handle: str
    display_name: str
    secret: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Upload:
    network: str
    native_id: str
    account: str
    sha256: str
    mime: str
    size: int
    width: int
    height: int
    alt: str
    polls_left: int
    attached_to: str | None
    received_at: float


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture as it stands on a post. `upload` is the network's own id of it."""

    upload: str
    mime: str
    size: int
    sha256: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Post:
    """`body` is the network's own form of the post; `created_at` is ISO 8601 text as that network shows it.

    `seq` grows in the order in which posts were stored; the store gives it.
    """

    network: str
    account: str
    native_id: str
    text: str
    body: dict[str, Any]
    media: tuple[Medium, ...]
    created_at: str
    received_at: float
    seq: int = 0
