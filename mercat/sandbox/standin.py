"""What a stand-in network is: a folder of this room whose `STAND_IN` has this shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from mercat.sandbox.faults import FaultKind, Faults
from mercat.sandbox.limits import Allowance, Bucket, Windows
from mercat.sandbox.models import Account, Post
from mercat.sandbox.store import Store


class ApiError(Exception):
    """A network's refusal: `body` in that network's own shape, sent as JSON with `status`."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers

    def response(self) -> Response:
        return JSONResponse(self.body, self.status, self.headers)


class BadAccount(Exception):
    """The network would not have such an account; the message says why."""


class BadPost(Exception):
    """Nobody could have made such a post at the network's own site; the message says why."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """What somebody posts at the network's own site: `words`, under another post that it `answers`, or with one that it
    passes on: with words a quote, without any a mere repost."""

    words: str
    answers: Post | None = None
    passes_on: Post | None = None

    def only_words(self, network: str) -> None:
        """For networks where one's posts neither answer others nor pass them on. Raises BadPost."""
        if self.answers or self.passes_on:
            raise BadPost(f"A post of {network} neither answers another nor passes one on.")


@dataclass(slots=True)
class World:
    """One network's state as its handlers get it."""

    slug: str
    store: Store
    clock: Callable[[], float]
    faults: Faults
    windows: Windows = field(default_factory=Windows)


class StandIn(Protocol):
    slug: str
    name: str
    faults: Sequence[FaultKind]
    counters: Sequence[str]  # what its pages count below a post, in its own words
    secret_name: str  # what an account signs in with, as the control calls it: "password" or "token"
    app: Mapping[str, str]  # the one app it knows: its "client_id" and "client_secret"; empty where any may register

    def routes(self, world: World) -> Sequence[BaseRoute]:
        """All its routes, relative to /{slug}; the calls of its API made by `calls.call`."""
        ...

    def identify(self, handle: str) -> tuple[str, str]:
        """The handle as the network writes it, and its native id. Raises BadAccount for one it would not allow."""
        ...

    def new_secret(self) -> str: ...

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Lets a new or changed account sign in with its secret. Raises BadAccount."""
        ...

    async def caller(self, world: World, request: Request) -> Account | None:
        """Whose call this is, so far as the request tells; never raises."""
        ...

    @property
    def by_hand(self) -> Callable[[World, Account, ByHand], Post] | None:
        """Keeps a post that somebody makes at the network's own site, without its API, and gives it. None where nothing
        can be posted so. Raises BadPost, or the ApiError that the API would give."""
        ...

    def profile_path(self, account: Account) -> str:
        """Below /{slug}, starting with a slash."""
        ...

    def post_path(self, account: Account, post: Post) -> str: ...

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        """The post's text as safe HTML."""
        ...

    def media_path(self, post: Post, upload: str) -> str: ...

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]: ...

    def rate_limited(self) -> ApiError: ...

    def expired_token(self) -> ApiError: ...

    def out_of_order(self, status: int) -> ApiError:
        """The network's own 500 or 503."""
        ...

    def default_bucket(self, on: str) -> Bucket: ...


def answered(post: Post) -> str:
    """The native id of the post that it answers; "" where it answers none."""
    return str(post.body.get("reply_to") or post.body.get("in_reply_to_id") or "")


def base_url(request: Request, slug: str) -> str:
    """The address of the stand-in as this caller reaches it."""
    return f"{request.url.scheme}://{request.url.netloc}/{slug}"


def hidden_after(request: Request) -> float | None:
    """Set while a stale timeline is played: reads show nothing received later than this."""
    return getattr(request.state, "hidden_after", None)
