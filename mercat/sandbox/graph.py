"""What the stand-ins of Meta's networks share: the Graph API's errors, tokens, parameters, fields, edges and headers.

Errors are numbered and worded as Meta's (developers.facebook.com/docs/graph-api/guides/error-handling). Stricter than
Meta: a parameter that a call does not have is refused, where Meta would pass over it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mercat.sandbox.calls import Endpoint
from mercat.sandbox.fields import BadBody, is_form, read_fields
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account
from mercat.sandbox.standin import ApiError, BadAccount, World

VERSION = "v25.0"
# The body's own registration, as every stand-in of Meta's knows it.
CLIENT_ID = "1200000000000001"
CLIENT_SECRET = "stand-in-app-secret"  # noqa: S105 - it opens nothing but the stand-in
APP_TOKEN = f"{CLIENT_ID}|{CLIENT_SECRET}"

SHORT_SECONDS = 2 * 3600
LONG_SECONDS = 60 * 86_400
DATA_ACCESS_SECONDS = 90 * 86_400

UNIVERSAL = frozenset({"access_token", "appsecret_proof", "fields", "locale", "pretty", "method"})
PAGING = frozenset({"limit", "after", "before", "since", "until", "summary"})


# Errors


def error(
    code: int,
    message: str,
    *,
    status: int = 400,
    subcode: int | None = None,
    user: tuple[str, str] | None = None,
    transient: bool | None = None,
    kind: str = "OAuthException",
) -> ApiError:
    """`user`: title and words for people."""
    told: dict[str, Any] = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        told["error_subcode"] = subcode
    if transient is not None:
        told["is_transient"] = transient
    if user:
        told["error_user_title"], told["error_user_msg"] = user
    told["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    return ApiError(status, {"error": told})


def bad_parameter(why: str) -> ApiError:
    return error(100, f"(#100) {why}")


def no_such(native_id: str, verb: str = "get") -> ApiError:
    message = (
        f"Unsupported {verb} request. Object with ID '{native_id}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation"
    )
    return error(100, message, subcode=33, kind="GraphMethodException")


def token_expired() -> ApiError:
    return error(190, "Error validating access token: Session has expired.", subcode=463)


def token_refused() -> ApiError:
    return error(190, "Invalid OAuth access token - Cannot parse access token")


def out_of_order(status: int) -> ApiError:
    if status == 503:
        return error(2, "Service temporarily unavailable", status=503, transient=True)
    return error(1, "An unknown error has occurred.", status=500, transient=False)


# Tokens


def grant(
    world: World, token: str, kind: str, *, accounts: Sequence[str], scopes: Sequence[str], expires: float
) -> None:
    """`kind`: "page" or "user"; `expires`: seconds since 1970, 0 for never. An expired one is kept, to be told so."""
    value = {
        "kind": kind,
        "accounts": list(accounts),
        "scopes": list(scopes),
        "issued": world.clock(),
        "expires": expires,
        "data_access": world.clock() + DATA_ACCESS_SECONDS,
    }
    world.store.keep(world.slug, "token", token, value)


def given_token(request: Request, fields: Mapping[str, Any] | None = None) -> str:
    """From the header, the address or the form."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() in {"bearer", "oauth"}:
        return token.strip()
    return request.query_params.get("access_token") or str((fields or {}).get("access_token") or "")


def granted(world: World, token: str) -> dict[str, Any] | None:
    """What a token is for; None where there is none such, or it has expired."""
    known: dict[str, Any] | None = world.store.kept(world.slug, "token", token, world.clock())
    return known if known and not _expired(world, known) else None


def _expired(world: World, known: Mapping[str, Any]) -> bool:
    return bool(known["expires"]) and known["expires"] <= world.clock()


def caller_of(world: World, request: Request) -> Account | None:
    """Whose call this is, so far as the header tells."""
    known = granted(world, given_token(request))
    return world.store.account(world.slug, known["accounts"][0]) if known and known["accounts"] else None


@dataclass(frozen=True, slots=True)
class Caller:
    """A call that was let in: what its token is for, and its parameters."""

    token: str
    grant: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The native id of the page or user that the token speaks for."""
        return str(self.grant["accounts"][0]) if self.grant["accounts"] else ""

    def needs(self, *scopes: str) -> None:
        """Raises ApiError where none of them was granted."""
        if not set(scopes) & set(self.grant["scopes"]):
            message = f"(#10) This endpoint requires the '{scopes[0]}' permission"
            raise error(10, message, status=403)


Check = Callable[[Any], bool]


async def let_in(
    world: World, request: Request, allowed: Mapping[str, Check] | None = None, *, paging: bool = False
) -> Caller:
    """Checks token, proof and parameters; `allowed` says what this call takes besides what every one does."""
    given = await parameters(request)
    token = given_token(request, given)
    known = world.store.kept(world.slug, "token", token, world.clock()) if token else None
    if known is None:
        raise token_refused()
    if _expired(world, known):
        raise token_expired()
    check_proof(token, given)
    takes = dict(allowed or {})
    unknown = set(given) - UNIVERSAL - set(takes) - (PAGING if paging else frozenset())
    if unknown:
        raise bad_parameter(f"Param {sorted(unknown)[0]} is not known to this endpoint")
    for name, check in takes.items():
        if name in given and not check(given[name]):
            raise bad_parameter(f"Param {name} is not of the right kind")
    return Caller(token, known, given)


def check_proof(token: str, given: Mapping[str, Any]) -> None:
    proof = hmac.new(CLIENT_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    if "appsecret_proof" in given and not hmac.compare_digest(str(given["appsecret_proof"]), proof):
        raise error(100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")


async def parameters(request: Request) -> dict[str, Any]:
    """Of the address and the body together; `name[0]`, `name[1]` become a list called `name`."""
    given: dict[str, Any] = dict(request.query_params)
    if request.method == "POST":
        if not is_form(request) and not (request.headers.get("content-type") or "").startswith("application/json"):
            return _gathered(given)
        try:
            given |= await read_fields(request)
        except BadBody as trouble:
            raise bad_parameter(str(trouble)) from trouble
    return _gathered(given)


_NUMBERED = re.compile(r"(\w+)\[(\d{1,2})\]")


def _gathered(given: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    lists: dict[str, dict[int, Any]] = {}
    for name, value in given.items():
        if found := _NUMBERED.fullmatch(name):
            lists.setdefault(found[1], {})[int(found[2])] = value
        else:
            plain[name] = value
    for name, values in lists.items():
        if sorted(values) != list(range(len(values))):
            raise bad_parameter(f"Param {name} must be an array")
        plain[name] = [values[n] for n in range(len(values))]
    return plain


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_flag(value: Any) -> bool:
    return value in (True, False, "true", "false", "0", "1")


def is_file(value: Any) -> bool:
    return isinstance(value, bytes)


def is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit())


def is_web(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"https?://[^\s/]+\S*", value))


def one_of(*choices: str) -> Check:
    return lambda value: value in choices


def flag(value: Any) -> bool:
    return value in (True, "true", "1")


def json_objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects, each as JSON or as it is, or all of it as JSON."""
    try:
        whole = json.loads(value) if isinstance(value, str) else value
        parts = [json.loads(one) if isinstance(one, str) else one for one in whole]
    except (ValueError, TypeError) as trouble:
        raise bad_parameter("Param must be an array of objects") from trouble
    if not all(isinstance(one, dict) for one in parts):
        raise bad_parameter("Param must be an array of objects")
    return parts


# Accounts and routes that every one of Meta's stand-ins has


def admit(world: World, account: Account, before: Account | None, kind: str, scopes: Sequence[str]) -> None:
    """Lets an account sign in with its own secret as a token without an end."""
    known = world.store.kept(world.slug, "token", account.secret, world.clock())
    if known and known["accounts"] != [account.native_id]:
        raise BadAccount("That token already belongs to another account.")
    if before and before.secret != account.secret:
        world.store.forget(world.slug, "token", before.secret)
    if known is None:
        grant(world, account.secret, kind, accounts=[account.native_id], scopes=scopes, expires=0)


def unless_ended(world: World, endpoint: Endpoint) -> Endpoint:
    """The call, while this version of the interface has not ended by the switch version_sunset."""

    async def answer(request: Request) -> Response:
        if world.faults.standing("version_sunset"):
            message = (
                "(#2635) You are calling a deprecated version of the Graph API. Please update to the latest version"
            )
            raise error(2635, message)
        return await endpoint(request)

    return answer


def unknown_routes() -> list[Route]:
    """For calls that this version of the interface does not have. Meta does not mind a slash at the end of an address,
    and its own client sends one."""

    async def unknown(request: Request) -> Response:
        if request.url.path.endswith("/"):
            return RedirectResponse(request.url.replace(path=request.url.path.rstrip("/")), 308)
        raise error(2500, f"Unknown path components: /{request.path_params['path']}")

    methods = ["GET", "POST", "DELETE"]
    return [Route("/{path:path}", unknown, methods=methods)]


# Fields: name, name{name,…}, name.modifier(value)

Wanted = dict[str, "Wanted"]
_TOKEN = re.compile(r"[a-z_]+|\.[a-z_]+\([^(){}]*\)|[,{}]")


def parse_fields(text: str) -> Wanted:
    """What ?fields= asks for. Modifiers are read and passed over. Raises ApiError."""
    words = _TOKEN.findall(text)
    if "".join(words) != text.replace(" ", ""):
        raise error(2500, "Syntax error in the fields parameter")
    wanted: Wanted = {}
    open_ones, last = [wanted], ""
    for word in words:
        if word == "{" and last:
            open_ones.append(open_ones[-1][last])
        elif word == "}" and len(open_ones) > 1:
            open_ones.pop()
        elif word[0].isalpha() or word[0] == "_":
            last = word
            open_ones[-1][last] = {}
        elif word in {"{", "}"}:
            raise error(2500, "Syntax error in the fields parameter")
    if len(open_ones) != 1:
        raise error(2500, "Syntax error in the fields parameter")
    return wanted


def shown(node: Mapping[str, Any], fields: str, default: str = "id") -> dict[str, Any]:
    """Of a node what was asked for, and its id. None stands for a field that exists and has nothing to tell."""
    return _picked(node, parse_fields(fields or default))


def _picked(node: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    unknown = [name for name in wanted if name not in node]
    if unknown:
        raise bad_parameter(f"Tried accessing nonexisting field ({unknown[0]})")
    told = {name: _part(node[name], wanted[name]) for name in wanted if node[name] is not None}
    return {**told, "id": node["id"]} if "id" in node else told


def _part(value: Any, wanted: Wanted) -> Any:
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        return {**value, "data": [_part(one, wanted) for one in value["data"]]}
    return _picked(value, wanted) if wanted and isinstance(value, dict) else value


# Edges


def edge(
    nodes: Iterable[tuple[int, Mapping[str, Any]]], params: Mapping[str, Any], default: str, *, most: int = 100
) -> Response:
    """A page of an edge. `nodes`: each with a number by which they are ordered, highest first."""
    limit = int(params["limit"]) if is_number(params.get("limit")) else 25
    if not 0 < limit <= most:
        raise bad_parameter(f"Param limit must be a number from 1 to {most}")
    before = _uncursor(params.get("after"))
    rows = [(number, node) for number, node in nodes if before is None or number < before]
    page = rows[:limit]
    data = [shown(node, str(params.get("fields") or ""), default) for _, node in page]
    if not page:
        return JSONResponse({"data": []})
    paging: dict[str, Any] = {"cursors": {"before": _cursor(page[0][0]), "after": _cursor(page[-1][0])}}
    if len(rows) > limit:
        paging["next"] = "https://graph.facebook.com/next?access_token=not-to-be-followed"
    return JSONResponse({"data": data, "paging": paging})


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"QVFI{number}".encode()).decode()


def _uncursor(given: Any) -> int | None:
    if given is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(str(given)).decode().removeprefix("QVFI"))
    except ValueError:
        raise bad_parameter("Invalid cursors values") from None


def within(made_at: float, params: Mapping[str, Any]) -> bool:
    """Whether a moment lies between `since` and `until`, both in seconds since 1970."""
    return all(
        not is_number(params.get(name)) or ok(int(params[name]))
        for name, ok in (("since", lambda at: made_at >= at), ("until", lambda at: made_at <= at))
    )


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def insights(native_id: str, values: Mapping[str, int | None], metric: Any) -> Response:
    """The named ones of the metrics that there are; named with commas, or as a list in JSON."""
    asked = [name for name in re.split(r'[\s,"\[\]]+', str(metric or "")) if name]
    unknown = [name for name in asked if name not in values]
    if not asked or unknown:
        raise bad_parameter("The value must be a valid insights metric")
    return JSONResponse(
        {
            "data": [
                {
                    "name": name,
                    "period": "lifetime",
                    "values": [{"value": values[name]}],
                    "title": name.replace("_", " "),
                    "id": f"{native_id}/insights/{name}/lifetime",
                }
                for name in asked
                if values[name] is not None
            ]
        }
    )


def next_number(world: World, floor: int) -> int:
    """Grows, and is never given twice, also not after a removal."""
    last = world.store.kept(world.slug, "counter", "id", world.clock()) or floor
    number = int(last) + 1 + secrets.randbelow(9)
    world.store.keep(world.slug, "counter", "id", number)
    return number


# Headers: Meta tells how long to wait, not until when


class Timed:
    """A stand-in with the clock of the world that it serves here."""

    def __init__(self, standin: Any, clock: Callable[[], float], use: str) -> None:
        self._standin, self._clock, self._use = standin, clock, use

    def __getattr__(self, name: str) -> Any:
        return getattr(self._standin, name)

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        bucket = allowance.bucket
        spent = 100 * (bucket.points - allowance.remaining) // bucket.points
        minutes = math.ceil(max(allowance.reset - self._clock(), 0) / 60) if allowance.spent else 0
        used = {"call_count": spent, "total_cputime": 1, "total_time": 1}
        business = {"0": [{"type": self._use, **used, "estimated_time_to_regain_access": minutes}]}
        return {"x-app-usage": json.dumps(used), "x-business-use-case-usage": json.dumps(business)}


CALLS = Bucket("calls", 4800, 86_400)  # 4,800 a day and engaged person; at least one is engaged
