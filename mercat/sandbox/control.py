"""The control: accounts, fault switches and what was published, for tests, benchmarks and trainers. Loopback only.

Forms are answered with a page, everything else with JSON; a refusal is 400 {"error": text}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mercat.sandbox.faults import BadFault
from mercat.sandbox.fields import BadBody, is_form, read_fields, read_json
from mercat.sandbox.figures import put_figures
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import render
from mercat.sandbox.standin import ApiError, BadAccount, BadPost, ByHand, StandIn, World, answered, base_url

Handler = Callable[[Request], Awaitable[Any]]
ACCOUNT_FIELDS = {"handle", "display_name"}
POST_FIELDS = {"account", "text", "answers", "passes_on"}


class Control:
    def __init__(self, networks: Sequence[tuple[StandIn, World]]) -> None:
        self._networks = {standin.slug: (standin, world) for standin, world in networks}

    def routes(self) -> list[Route]:
        return [
            _route("GET", "/networks", self.list_networks),
            _route("POST", "/reset", self.reset),
            _route("GET", "/{network}/faults", self.list_faults),
            _route("POST", "/{network}/faults", self.add_fault),
            _route("DELETE", "/{network}/faults", self.clear_faults),
            _route("POST", "/{network}/faults/clear", self.clear_faults),
            _route("GET", "/{network}/accounts", self.list_accounts),
            _route("POST", "/{network}/accounts", self.add_accounts),
            _route("GET", "/{network}/posts", self.list_posts),
            _route("POST", "/{network}/posts", self.post_by_hand),
            _route("POST", "/{network}/figures", self.set_figures),
            _route("GET", "/{network}/requests", self.list_requests),
            _route("GET", "/{network}/reports", self.list_reports),
        ]

    async def list_networks(self, request: Request) -> Any:
        return [{"slug": slug, "name": standin.name} for slug, (standin, _) in self._networks.items()]

    async def reset(self, request: Request) -> Any:
        """Forgets everything: accounts, posts, pictures, sessions, faults."""
        for _, world in self._networks.values():
            world.store.clear()
            world.faults.clear()
            world.windows.clear()
        return {}

    async def list_faults(self, request: Request) -> Any:
        _, world = self._network(request)
        return [fault.told() for fault in world.faults.active]

    async def add_fault(self, request: Request) -> Any:
        _, world = self._network(request)
        return world.faults.add(await read_fields(request)).told()

    async def clear_faults(self, request: Request) -> Any:
        """All of the network, or those named by ?fault= or the form field `fault`."""
        _, world = self._network(request)
        fields = await read_fields(request)
        world.faults.clear(request.query_params.get("fault") or fields.get("fault") or None)
        return [fault.told() for fault in world.faults.active]

    async def list_accounts(self, request: Request) -> Any:
        standin, world = self._network(request)
        base = base_url(request, standin.slug)
        return [_told_account(standin, account, base) for account in world.store.accounts(standin.slug)]

    async def add_accounts(self, request: Request) -> Any:
        """One object, or a list of them: then all or none."""
        standin, world = self._network(request)
        wanted = await read_fields(request) if is_form(request) else await read_json(request)
        base = base_url(request, standin.slug)
        with world.store.transaction():
            if isinstance(wanted, list):
                return [_told_account(standin, _account(standin, world, one), base) for one in wanted]
            return _told_account(standin, _account(standin, world, wanted), base)

    async def list_posts(self, request: Request) -> Any:
        """Oldest first."""
        standin, world = self._network(request)
        base = base_url(request, standin.slug)
        accounts = {account.native_id: account for account in world.store.accounts(standin.slug)}
        posts = reversed(world.store.posts(standin.slug))
        return [_told_post(standin, accounts[post.account], post, base) for post in posts]

    async def post_by_hand(self, request: Request) -> Any:
        """As if somebody had used the network's own site: no call of its API is made, counted or struck by a fault."""
        standin, world = self._network(request)
        if standin.by_hand is None:
            raise BadPost(f"{standin.name} has no site on which posts are made: post at the network itself.")
        account, given = _by_hand(world, await read_fields(request))
        try:
            post = standin.by_hand(world, account, given)
        except ApiError as error:
            raise BadPost(f"{standin.name} would not take it: {error.body}") from error
        return _told_post(standin, account, post, base_url(request, standin.slug))

    async def set_figures(self, request: Request) -> Any:
        """As if so many people had seen, answered or passed on a post, beyond what was done to it here."""
        _, world = self._network(request)
        post, told = put_figures(world, await read_fields(request))
        return {"post": post.native_id, **told}

    async def list_requests(self, request: Request) -> Any:
        standin, world = self._network(request)
        requests = world.store.requests(standin.slug)
        return {"count": len(requests), "requests": requests}

    async def list_reports(self, request: Request) -> Any:
        """Accounts that were reported to the network, oldest first."""
        standin, world = self._network(request)
        return [{"id": number, **report} for number, report in world.store.all_kept(standin.slug, "report").items()]

    def _network(self, request: Request) -> tuple[StandIn, World]:
        try:
            return self._networks[request.path_params["network"]]
        except KeyError:
            raise HTTPException(404, f"There is no stand-in network {request.path_params['network']!r} here.") from None


def _route(method: str, path: str, handler: Handler) -> Route:
    async def answer(request: Request) -> Response:
        try:
            result = await handler(request)
        except (BadFault, BadAccount, BadBody, BadPost) as error:
            return _refused(request, 400, str(error))
        except HTTPException as error:
            return _refused(request, error.status_code, error.detail)
        if is_form(request):
            return RedirectResponse(_shown_at(request, result), 303)
        return JSONResponse(result)

    return Route(path, answer, methods=[method])


def _shown_at(request: Request, result: Any) -> str:
    """Where somebody sees what their form has done: a post on its account's page, all else on the index."""
    if isinstance(result, Mapping) and "profile" in result:
        return str(result["profile"])
    return f"/#{request.path_params.get('network', '')}"


def _refused(request: Request, status: int, why: str) -> Response:
    if is_form(request):
        return render("templates/refused.html", status, why=why)
    return JSONResponse({"error": why}, status)


def _account(standin: StandIn, world: World, wanted: Any) -> Account:
    """The account of that handle: made, or brought up to date with the fields given."""
    if not isinstance(wanted, Mapping) or not wanted.get("handle"):
        raise BadAccount("An account needs a handle.")
    if not all(isinstance(value, str) for value in wanted.values()):
        raise BadAccount("The fields of an account are all text.")
    unknown = set(wanted) - ACCOUNT_FIELDS - {standin.secret_name}
    if unknown:
        raise BadAccount(f"{standin.name} accounts have no field {', '.join(sorted(unknown))}.")
    handle, native_id = standin.identify(wanted["handle"].strip())
    known = world.store.account(standin.slug, handle)
    account = Account(
        network=standin.slug,
        native_id=native_id,
        handle=handle,
        display_name=wanted.get("display_name") or (known.display_name if known else handle),
        secret=wanted.get(standin.secret_name) or (known.secret if known else standin.new_secret()),
        created_at=known.created_at if known else world.clock(),
    )
    world.store.put_account(account)
    standin.admit(world, account, known)
    return account


def _by_hand(world: World, given: Mapping[str, Any]) -> tuple[Account, ByHand]:
    """Who posts, and what."""
    if not all(isinstance(value, str) for value in given.values()):
        raise BadPost("The fields of a post are all text.")
    if unknown := set(given) - POST_FIELDS:
        raise BadPost(f"Posts have no field {', '.join(sorted(unknown))}.")
    account = world.store.account(world.slug, given.get("account", ""))
    if account is None:
        raise BadPost("A post needs the handle or native id of an account that is here.")
    named = {name: world.store.post(world.slug, given[name]) for name in ("answers", "passes_on") if given.get(name)}
    if missing := [name for name, post in named.items() if post is None]:
        raise BadPost(f"There is no post {given[missing[0]]!r} here.")
    words = given.get("text", "").replace("\r\n", "\n").strip()  # a browser's forms end their lines so
    if not words and "passes_on" not in named:
        raise BadPost("A post needs words, or another that it passes on.")
    return account, ByHand(words, **named)


def _told_account(standin: StandIn, account: Account, base: str) -> dict[str, Any]:
    return {
        "handle": account.handle,
        "native_id": account.native_id,
        "display_name": account.display_name,
        standin.secret_name: account.secret,
        "url": base + standin.profile_path(account),
        **standin.app,
    }


def _told_post(standin: StandIn, account: Account, post: Post, base: str) -> dict[str, Any]:
    return {
        "native_id": post.native_id,
        "account": account.native_id,
        "handle": account.handle,
        "text": post.text,
        "media": [{"mime": m.mime, "size": m.size, "sha256": m.sha256, "alt": m.alt} for m in post.media],
        "created_at": post.created_at,
        "received_at": post.received_at,
        "url": base + standin.post_path(account, post),
        "profile": base + standin.profile_path(account),
        "answers": answered(post),
        "passes_on": post.body.get("passes_on", ""),
    }
