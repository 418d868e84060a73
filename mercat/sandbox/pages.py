"""The pages people look at: the index with the fault switches, and each network's public timelines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mercat.sandbox.faults import OPERATIONS
from mercat.sandbox.models import Account, Post
from mercat.sandbox.standin import StandIn, World, answered

HERE = Path(__file__).parent
LONDON = ZoneInfo("Europe/London")
PAGE_SIZE = 50


def _when(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, LONDON):%-d %B %Y at %H:%M:%S %Z}"


def _tone(native_id: str) -> int:
    """One of the six colours of avatars, the same each time."""
    return sum(native_id.encode()) % 6


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


TEMPLATES = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.filters.update(when=_when, iso=_iso, tone=_tone)


def render(template: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> Response:
    """`template` is a path below this folder: templates/index.html, bluesky/timeline.html."""
    return HTMLResponse(TEMPLATES.get_template(template).render(values), status, headers)


def index(networks: Sequence[tuple[StandIn, World]], base: str) -> Response:
    """`base`: the sandbox's own address, without a slash at its end."""
    rows = [
        {
            "standin": standin,
            "accounts": world.store.accounts(standin.slug),
            "posts": world.store.count_posts(standin.slug),
            "kinds": world.faults.kinds.values(),
            "active": world.faults.active,
        }
        for standin, world in networks
    ]
    return render("templates/index.html", networks=rows, operations=OPERATIONS, base=base)


class Timelines:
    """The public pages of one network."""

    def __init__(self, standin: StandIn, world: World) -> None:
        self.standin, self.world = standin, world

    def everyone(self, request: Request) -> Response:
        return self._timeline(request, "Everyone’s posts")

    def tagged(self, request: Request, tag: str) -> Response:
        return self._timeline(request, f"Posts with #{tag}", containing=f"#{tag}")

    def profile(self, request: Request, name: str) -> Response:
        account = self.world.store.account(self.standin.slug, name)
        if account is None:
            return self._missing("There is no such account")
        return self._timeline(request, account.display_name, account)

    def post(self, name: str, native_id: str) -> Response:
        account = self.world.store.account(self.standin.slug, name)
        post = self.world.store.post(self.standin.slug, native_id)
        if account is None or post is None or post.account != account.native_id:
            return self._missing("This post cannot be found")
        return self._render("templates/post.html", shown=self._shown(account, post))

    def _timeline(
        self, request: Request, heading: str, account: Account | None = None, containing: str = ""
    ) -> Response:
        slug, older_than, store = self.standin.slug, _older_than(request), self.world.store
        native_id = account.native_id if account else None
        posts = store.posts(slug, native_id, older_than=older_than, containing=containing, limit=PAGE_SIZE + 1)
        accounts = {one.native_id: one for one in store.accounts(slug)}
        return self._render(
            "templates/timeline.html",
            heading=heading,
            account=account,
            accounts=accounts.values(),
            total=store.count_posts(slug, native_id),
            reports=[one["comment"] for one in store.all_kept(slug, "report").values() if one["account"] == native_id],
            posts=[self._shown(accounts[post.account], post) for post in posts[:PAGE_SIZE]],
            older=posts[PAGE_SIZE - 1].seq if len(posts) > PAGE_SIZE else None,
            newest=older_than is None,
        )

    def _missing(self, heading: str) -> Response:
        return self._render("templates/missing.html", 404, heading=heading)

    def _render(self, template: str, status: int = 200, **values: Any) -> Response:
        return render(template, status, standin=self.standin, **values)

    def _address_of(self, native_id: str) -> str:
        """Where a post is shown; "" where it is no longer there."""
        post = self.world.store.post(self.standin.slug, native_id) if native_id else None
        account = self.world.store.account(self.standin.slug, post.account) if post else None
        return f"/{self.standin.slug}{self.standin.post_path(account, post)}" if account and post else ""

    def _shown(self, account: Account, post: Post) -> dict[str, Any]:
        slug = f"/{self.standin.slug}"
        return {
            "account": account,
            "profile": slug + self.standin.profile_path(account),
            "address": slug + self.standin.post_path(account, post),
            # The network's own renderer escapes the text and answers for the tags it adds.
            "html": Markup(self.standin.paragraphs(self.world, account, post)),  # noqa: S704
            "pictures": [(slug + self.standin.media_path(post, medium.upload), medium) for medium in post.media],
            "answers": self._address_of(answered(post)),
            "passed_on": bool(post.body.get("passes_on")),
            "story": bool(post.body.get("story")),
            "received_at": post.received_at,
        }


def _older_than(request: Request) -> int | None:
    given = request.query_params.get("older_than", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def picture(data: bytes, mime: str) -> Response:
    """A published picture or video, as the network's picture server would give it; never as something that can run."""
    headers = {"content-security-policy": "default-src 'none'; sandbox", "cache-control": "public, max-age=3600"}
    return Response(
        data, media_type=mime if mime.startswith(("image/", "video/")) else "application/octet-stream", headers=headers
    )
