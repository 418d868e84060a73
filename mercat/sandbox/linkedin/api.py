"""The calls of the versioned interface.

Refusals are worded and numbered as LinkedIn's where others have met them; see docs/reference/sandbox.md.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.fields import BadBody, read_json
from mercat.sandbox.figures import figures_of
from mercat.sandbox.linkedin import body, little, oauth
from mercat.sandbox.linkedin.little import Little
from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.standin import ApiError, BadPost, ByHand, World, hidden_after
from mercat.sandbox.store import sha256_hex

OLDEST = "202512"  # versions before have ended; switch version_sunset ends all
MAX_COMMENT = 1_250
COUNTS = {
    "uniqueImpressionsCount": "reach",
    "impressionCount": "views",
    "clickCount": "clicks",
    "likeCount": "reactions",
    "shareCount": "shares",
    "commentCount": "replies",
}
READ, WRITE, ADMIN = "r_organization_social", "w_organization_social", "rw_organization_admin"
ORGANISATION = re.compile(r"urn:li:organization:(\d+)")
SPAN = re.compile(r"\(start:(\d+)(?:,end:(\d+))?\)")
LIST = re.compile(r"List\((.*)\)")


class Api:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store

    # Posts

    async def publish(self, request: Request) -> Response:
        account = self.signed_in(request, WRITE)
        given = await read(request)
        if object_of(given).get("author") != urn_of(account):
            raise denied("partnerApiPostsExternal.CREATE")
        text, media = body.post(given, lambda urn: self.store.upload(self.world.slug, urn, account.native_id))
        for other in self.store.posts(self.world.slug, account.native_id):
            if other.text == text.plain and _digests(other.media) == _digests(media):
                raise body.duplicate(other.native_id)
        post = self._new(account, text, media, request.state.received_at)
        if self._keeps(media):
            self.store.put_post(post)
        return Response(status_code=201, headers={"x-restli-id": post.native_id, "x-linkedin-id": post.native_id})

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """By an administrator on the page itself; one that passes on another reshares it."""
        if given.answers:
            raise BadPost("Answers on LinkedIn are comments, and no posts.")
        typed = "".join(f"\\{one}" if one in little.RESERVED and one != "#" else one for one in given.words)
        text = body.text(typed, ()) if given.words else little.read("")
        post = self._new(account, text, (), self.world.clock(), given.passes_on)
        self.store.put_post(post)
        return post

    def _new(
        self, account: Account, text: Little, media: tuple[Medium, ...], now: float, reshared: Post | None = None
    ) -> Post:
        at = ms(now)
        content = {"commentary": text.canonical, "mentions": text.mentions, "made": at, "changed": at, "edited": False}
        return Post(
            network=self.world.slug,
            account=account.native_id,
            native_id=f"urn:li:{'ugcPost' if len(media) > 1 else 'share'}:{self._next_number(now)}",
            text=text.plain,
            body={**content, **({"passes_on": reshared.native_id} if reshared else {})},
            media=media,
            created_at=str(at),
            received_at=now,
        )

    def _keeps(self, media: tuple[Any, ...]) -> bool:
        """A post that was accepted vanishes where its pictures are not ready, or turn out to be none."""
        if self.world.faults.standing("vanishing_posts"):
            return False
        uploads = [self.store.upload(self.world.slug, medium.upload) for medium in media]
        return all(upload and not upload.polls_left and upload.mime for upload in uploads)

    async def post(self, request: Request) -> Response:
        self.signed_in(request, READ)
        only(request, "viewContext")
        return JSONResponse(_post_view(self._post(request.path_params["urn"], hidden_after(request))))

    async def posts(self, request: Request) -> Response:
        account = self.signed_in(request, READ)
        only(request, "q", "author", "start", "count", "sortBy", "viewContext", "isDsc")
        params = request.query_params
        if params.get("q") != "author" or request.headers.get("x-restli-method", "").upper() != "FINDER":
            raise illegal("the finder of posts is called author, and X-RestLi-Method names it: FINDER")
        if params.get("author") != urn_of(account):
            raise denied("partnerApiPostsExternal.FINDER-author")
        by = {"LAST_MODIFIED": "changed", "CREATED": "made"}.get(params.get("sortBy", "LAST_MODIFIED"))
        if by is None:
            raise illegal("sortBy must be LAST_MODIFIED or CREATED")
        posts = self.store.posts(self.world.slug, account.native_id, until=hidden_after(request))
        posts.sort(key=lambda post: post.body[by], reverse=True)
        return _page(request, [_post_view(post) for post in posts])

    async def change(self, request: Request) -> Response:
        account = self.signed_in(request, WRITE)
        if request.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
            raise illegal("X-RestLi-Method must be PARTIAL_UPDATE")
        commentary = body.patch(await read(request))
        post = self._own_post(account, request.path_params["urn"])
        text = body.text(commentary, post.media)
        at = ms(request.state.received_at)
        new = {**post.body, "commentary": text.canonical, "mentions": text.mentions, "changed": at, "edited": True}
        self.store.put_post(
            Post(post.network, post.account, post.native_id, text.plain, new, post.media, str(at), post.received_at)
        )
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """Deleting what is already gone is no error."""
        account = self.signed_in(request, WRITE)
        if request.headers.get("x-restli-method", "DELETE").upper() != "DELETE":
            raise illegal("X-RestLi-Method must be DELETE")
        urn = request.path_params["urn"]
        if self.store.post(self.world.slug, urn):
            self._own_post(account, urn)
            self.store.remove_post(self.world.slug, urn)
        return Response(status_code=204)

    # Who may do what, and what a page is

    async def roles(self, request: Request) -> Response:
        account = self.signed_in(request, ADMIN)
        only(request, "q", "role", "state", "start", "count")
        params = request.query_params
        if params.get("q") != "roleAssignee":
            raise illegal("this stand-in knows the finder roleAssignee alone")
        role = {"role": "ADMINISTRATOR", "state": "APPROVED"}
        if any(params.get(name, value) != value for name, value in role.items()):
            return _page(request, [])
        person = f"urn:li:person:{sha256_hex(account.handle.encode())[:10]}"
        return _page(request, [{**role, "organization": urn_of(account), "roleAssignee": person}])

    async def organisations(self, request: Request) -> Response:
        self.signed_in(request, ADMIN)
        only(request, "q", "vanityName", "start", "count")
        if request.query_params.get("q") != "vanityName":
            raise illegal("this stand-in knows the finder vanityName alone")
        found = self.store.account(self.world.slug, request.query_params.get("vanityName", ""))
        named = found and found.handle == request.query_params.get("vanityName", "").lower()
        return _page(request, [_organisation(found)] if found and named else [])

    async def organisation(self, request: Request) -> Response:
        account = self.signed_in(request, ADMIN)
        if request.path_params["number"] != account.native_id:
            raise denied("organizations.GET")
        return JSONResponse({**_organisation(account), "localizedDescription": "A page of the stand-in."})

    async def lookup(self, request: Request) -> Response:
        self.signed_in(request, ADMIN)
        only(request, "ids")
        found = [self.store.account(self.world.slug, number) for number in _listed(request, "ids")]
        pages = {page.native_id: _organisation(page) for page in found if page}
        return JSONResponse({"results": pages, "statuses": dict.fromkeys(pages, 200), "errors": {}})

    # What is counted and said

    async def statistics(self, request: Request) -> Response:
        account = self.signed_in(request, ADMIN)
        only(request, "q", "organizationalEntity", "shares", "ugcPosts")
        params = request.query_params
        if params.get("q") != "organizationalEntity" or params.get("organizationalEntity") != urn_of(account):
            raise denied("organizationalEntityShareStatistics.FINDER-organizationalEntity")
        elements = []
        for name, field in (("shares", "share"), ("ugcPosts", "ugcPost")):
            for urn in _listed(request, name) if name in params else ():
                post = self._own_post(account, urn)
                if f":{field}:" not in urn:
                    raise illegal(f"{urn} is not of {name}")
                more = figures_of(self.world, post.native_id)
                counts = {name: more[word] for name, word in COUNTS.items()}
                counts["commentCount"] += len(self._comments(post.native_id))
                shown = {**counts, "engagement": 0.0}
                elements.append({"organizationalEntity": urn_of(account), field: urn, "totalShareStatistics": shown})
        return _page(request, elements)

    async def comments(self, request: Request) -> Response:
        self.signed_in(request, READ)
        only(request, "start", "count")
        post = self._post(request.path_params["urn"], hidden_after(request))
        return _page(request, self._comments(post.native_id))

    async def comment(self, request: Request) -> Response:
        """A page's comment under any post: so one stand-in page can write to another."""
        account = self.signed_in(request, WRITE)
        post, given = self._post(request.path_params["urn"]), object_of(await read(request))
        words = object_of(given.get("message")).get("text")
        if set(given) != {"actor", "object", "message"} or given["actor"] != urn_of(account):
            raise denied("socialActions.comments.CREATE")
        if not isinstance(words, str) or not 0 < len(words) <= MAX_COMMENT:
            raise body.too_long("/message/text")
        number = self._next_number(request.state.received_at)
        activity = f"urn:li:activity:{post.native_id.rpartition(':')[2]}"
        made = {"actor": urn_of(account), "time": ms(request.state.received_at)}
        view = {
            "id": number,
            "commentUrn": f"urn:li:comment:({activity},{number})",
            "actor": urn_of(account),
            "object": activity,
            "message": {"attributes": [], "text": words},
            "created": made,
            "lastModified": made,
        }
        self.store.keep(self.world.slug, "comments", post.native_id, [*self._comments(post.native_id), view])
        return JSONResponse(view, 201, {"x-restli-id": number})

    async def notifications(self, request: Request) -> Response:
        account = self.signed_in(request, ADMIN)
        only(request, "q", "actions", "organizationalEntity", "timeRange", "start", "count")
        params = request.query_params
        span = SPAN.fullmatch(params.get("timeRange", "(start:0)"))
        if params.get("q") != "criteria" or params.get("organizationalEntity") != urn_of(account) or span is None:
            raise illegal("the finder is called criteria, for the page's own organizationalEntity and a timeRange")
        if _listed(request, "actions") != ["SHARE_MENTION"]:
            raise illegal("this stand-in knows the action SHARE_MENTION alone")
        start, end = int(span[1]), int(span[2] or 10**15)
        posts = self.store.posts(self.world.slug, until=hidden_after(request))
        naming = [post for post in posts if urn_of(account) in post.body["mentions"]]
        return _page(request, [_notified(account, post) for post in naming if start <= post.body["made"] <= end])

    async def unknown(self, request: Request) -> Response:
        self.signed_in(request)
        raise not_found(request.url.path)

    # Parts

    def signed_in(self, request: Request, *scopes: str) -> Account:
        """The page of the token, after the headers that every call of the interface needs."""
        account = self.caller(request)
        version = request.headers.get("linkedin-version", "")
        if not version:
            why = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
            raise ApiError(400, {"status": 400, "code": "VERSION_MISSING", "message": why})
        if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version) or version < OLDEST or self._sunset():
            why = f"Requested version {version}01 is not active"
            raise ApiError(426, {"status": 426, "code": "NONEXISTENT_VERSION", "message": why})
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise illegal("X-Restli-Protocol-Version must be 2.0.0: lists in brackets mean nothing to version 1")
        grant = self.store.kept(self.world.slug, "token", oauth.bearer(request) or "", self.world.clock())
        if scopes and not set(scopes) & set(grant["scopes"].split()):
            raise denied(request.url.path)
        return account

    def caller(self, request: Request) -> Account:
        if self.world.faults.standing("day_limit"):
            raise rate_limited()
        token = oauth.bearer(request)
        grant = self.store.kept(self.world.slug, "token", token, self.world.clock()) if token else None
        account = self.store.account(self.world.slug, grant["account"]) if grant else None
        if account is None:
            raise token_refused("INVALID_ACCESS_TOKEN", 65600, "Invalid access token")
        return account

    def status_of(self, upload: Upload | None) -> str:
        """How far something handed over is; each question takes its processing further."""
        if upload is None:
            return "WAITING_UPLOAD"
        if upload.polls_left:
            self.store.change_upload(upload, alt="", polls_left=upload.polls_left - 1, attached_to=None)
            return "PROCESSING"
        failed = not upload.mime or self.world.faults.standing("processing_fails")
        return "PROCESSING_FAILED" if failed else "AVAILABLE"

    def _sunset(self) -> bool:
        return self.world.faults.standing("version_sunset") is not None

    def _post(self, urn: str, until: float | None = None) -> Post:
        post = self.store.post(self.world.slug, urn, until)
        if post is None:
            raise not_found(urn)
        return post

    def _own_post(self, account: Account, urn: str) -> Post:
        post = self._post(urn)
        if post.account != account.native_id:
            raise denied("partnerApiPostsExternal")
        return post

    def _comments(self, urn: str) -> list[dict[str, Any]]:
        return self.store.kept(self.world.slug, "comments", urn, self.world.clock()) or []

    def _next_number(self, now: float) -> str:
        """Grows with time, as LinkedIn's do: 19 digits, of which the highest are milliseconds."""
        last = self.store.kept(self.world.slug, "counter", "id", now) or 0
        number = max(ms(now) << 22, last + 1)
        self.store.keep(self.world.slug, "counter", "id", number)
        return str(number)


def ms(seconds: float) -> int:
    return int(seconds * 1_000)


def urn_of(account: Account) -> str:
    return f"urn:li:organization:{account.native_id}"


def _digests(media: tuple[Any, ...]) -> list[str]:
    return [medium.sha256 for medium in media]


def _post_view(post: Post) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": post.native_id,
        "author": f"urn:li:organization:{post.account}",
        "commentary": post.body["commentary"],
        "visibility": "PUBLIC",
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": post.body["edited"]},
        "createdAt": post.body["made"],
        "publishedAt": post.body["made"],
        "lastModifiedAt": post.body["changed"],
        "isReshareDisabledByAuthor": False,
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
    }
    if other := post.body.get("passes_on"):
        view["reshareContext"] = {"parent": other, "root": other}
    images = [{"id": medium.upload, **_said_of(medium)} for medium in post.media]
    if len(images) == 1:
        view["content"] = {"media": images[0]}
    if len(images) > 1:
        view["content"] = {"multiImage": {"images": images}}
    return view


def _said_of(medium: Medium) -> dict[str, str]:
    if not medium.alt:
        return {}
    return {"title" if medium.upload.startswith(body.DOCUMENT) else "altText": medium.alt}


def _organisation(account: Account) -> dict[str, Any]:
    return {
        "id": int(account.native_id),
        "vanityName": account.handle,
        "localizedName": account.display_name,
        "name": {
            "localized": {"en_US": account.display_name},
            "preferredLocale": {"country": "US", "language": "en"},
        },
        "primaryOrganizationType": "NONE",
        "locations": [],
    }


def _notified(account: Account, post: Post) -> dict[str, Any]:
    owner = f"urn:li:organization:{post.account}"
    share = {"entity": post.native_id, "owner": owner, "text": post.body["commentary"], "mediaCategory": "NONE"}
    return {
        "notificationId": post.body["made"],
        "organizationalEntity": urn_of(account),
        "action": "SHARE_MENTION",
        "generatedActivity": post.native_id,
        "decoratedGeneratedActivity": {"share": share},
        "lastModifiedAt": post.body["made"],
    }


def _page(request: Request, elements: list[Any]) -> Response:
    start, count = (_number(request, name, default) for name, default in (("start", 0), ("count", 10)))
    if not 1 <= count <= 100:
        raise illegal("count must be 1 to 100")
    paging = {"start": start, "count": count, "links": [], "total": len(elements)}
    return JSONResponse({"paging": paging, "elements": elements[start : start + count]})


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise illegal(f"{name} must be a number")
    return int(given)


def _listed(request: Request, name: str) -> list[str]:
    found = LIST.fullmatch(request.query_params.get(name, ""))
    if found is None or not found[1]:
        raise illegal(f"{name} must be a list in brackets: List(…)")
    return found[1].split(",")


def only(request: Request, *names: str) -> None:
    unknown = sorted(set(request.query_params) - set(names))
    if unknown:
        raise illegal(f"unknown query parameters: {', '.join(unknown)}")


async def read(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, {"status": 415, "message": "The content type must be application/json"})
    try:
        return await read_json(request)
    except BadBody as error:
        raise illegal(str(error)) from error


def object_of(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def token_refused(code: str, number: int, message: str) -> ApiError:
    return ApiError(401, {"status": 401, "serviceErrorCode": number, "code": code, "message": message})


def rate_limited() -> ApiError:
    why = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
    return ApiError(429, {"status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS", "message": why})


def not_found(what: str) -> ApiError:
    return ApiError(404, {"status": 404, "code": "NOT_FOUND", "message": f"Not found: {what}"})


def denied(what: str) -> ApiError:
    why = f"Not enough permissions to access: {what}"
    return ApiError(403, {"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": why})


def illegal(why: str) -> ApiError:
    return ApiError(400, {"status": 400, "code": "ILLEGAL_ARGUMENT", "message": why})
