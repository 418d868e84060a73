"""The XRPC calls around posts: profiles, threads, notifications, search, reports.

On the public network the account's own server passes all but the profile's record on to the network's AppView and its
moderation; here one server does it all.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.bluesky import feed, profile
from mercat.sandbox.bluesky.ids import DID, record_cid
from mercat.sandbox.bluesky.xrpc import Xrpc, account_input, invalid, limit_of, param, read_input
from mercat.sandbox.graphemes import count_graphemes
from mercat.sandbox.models import Account, Post
from mercat.sandbox.standin import ApiError, base_url, hidden_after

REASONS = ("com.atproto.moderation.defs#reason", "tools.ozone.report.defs#reason")
MAX_DEPTH = 1_000


class Community(Xrpc):
    # Profiles

    async def put_record(self, request: Request) -> Response:
        account = self.signed_in(request)
        fields = await read_input(request, "repo", "collection", "rkey")
        if fields["collection"] != profile.COLLECTION:
            return await super().put_record(request)
        account_input(account, fields)
        if fields["rkey"] != "self":
            raise invalid(f"Invalid record key: {profile.COLLECTION} takes self alone")
        content = fields.get("record")
        profile.check(content, lambda cid: self.store.upload(self.world.slug, cid, account.native_id))
        content = {"$type": profile.COLLECTION, **content}
        known = feed.profile_of(self.world, account)
        if "swapRecord" in fields and fields["swapRecord"] != (known["cid"] if known else None):
            raise ApiError(400, {"error": "InvalidSwap", "message": f"Record was at {known and known['cid']}"})
        kept = {"cid": record_cid(content), "record": content}
        self.store.keep(self.world.slug, "profile", account.native_id, kept)
        self.store.put_account(
            Account(
                account.network,
                account.native_id,
                account.handle,
                content.get("displayName") or account.handle,
                account.secret,
                account.created_at,
            )
        )
        uri = f"at://{account.native_id}/{profile.COLLECTION}/self"
        answer = {"uri": uri, "cid": kept["cid"], "validationStatus": "valid"}
        return JSONResponse(answer if known == kept else {**answer, "commit": self._commit(uri)})

    async def get_record(self, request: Request) -> Response:
        if param(request, "collection") != profile.COLLECTION:
            return await super().get_record(request)
        account = self.account(param(request, "repo"))
        known = feed.profile_of(self.world, account)
        if known is None or param(request, "rkey") != "self":
            raise ApiError(400, {"error": "RecordNotFound", "message": "Could not locate record"})
        return JSONResponse(_profile_record(account, known))

    async def list_records(self, request: Request) -> Response:
        if param(request, "collection") != profile.COLLECTION:
            return await super().list_records(request)
        account = self.account(param(request, "repo"))
        known = feed.profile_of(self.world, account)
        return JSONResponse({"records": [_profile_record(account, known)] if known else []})

    # What the network knows

    async def thread(self, request: Request) -> Response:
        uri = param(request, "uri")
        post = self.store.post(self.world.slug, uri, hidden_after(request))
        if post is None:
            raise ApiError(400, {"error": "NotFound", "message": f"Post not found: {uri}"})
        depth = request.query_params.get("depth", "6")
        if not depth.isdecimal() or int(depth) > MAX_DEPTH:
            raise invalid(f"Error: depth must be between 0 and {MAX_DEPTH}")
        return JSONResponse({"thread": self._thread(request, post, int(depth))})

    def _thread(self, request: Request, post: Post, depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {"$type": "app.bsky.feed.defs#threadViewPost", "post": self._view(request, post)}
        replies = feed.replies_of(self.world, post.native_id, hidden_after(request)) if depth else []
        return {**shown, "replies": [self._thread(request, reply, depth - 1) for reply in replies]}

    async def notifications(self, request: Request) -> Response:
        """Mentions and replies are the only kinds that this stand-in knows. The cursor is a seq."""
        account, limit = self.signed_in(request), limit_of(request)
        reasons, cursor = request.query_params.getlist("reasons"), request.query_params.get("cursor", "")
        told: list[tuple[Post, str]] = []
        for kind, reason in (("mentions", "mention"), ("answers", "reply")):
            if not reasons or reason in reasons:
                posts = feed.linked(self.world, kind, account.native_id, hidden_after(request))
                told += [(post, reason) for post in posts if post.account != account.native_id]
        older = int(cursor) if cursor.isdecimal() else None
        told = sorted((one for one in told if older is None or one[0].seq < older), key=lambda one: -one[0].seq)[:limit]
        views = [self._notification(request, post, reason) for post, reason in told]
        return JSONResponse({"notifications": views, **({"cursor": str(told[-1][0].seq)} if told else {})})

    def _notification(self, request: Request, post: Post, reason: str) -> dict[str, Any]:
        view = self._view(request, post)
        shown = {name: view[name] for name in ("uri", "cid", "author", "record", "indexedAt")}
        return {**shown, "reason": reason, "isRead": False}

    async def search(self, request: Request) -> Response:
        words = (request.query_params.get("q") or request.query_params.get("term") or "").lower().split()
        base, found = base_url(request, self.world.slug), []
        for account in self.store.accounts(self.world.slug):
            view = feed.profile_view(self.world, account, base)
            said = " ".join((account.handle, account.display_name, view.get("description", ""))).lower()
            if words and all(word in said for word in words):
                found.append(view)
        return JSONResponse({"actors": found[: limit_of(request, "25")]})

    async def report(self, request: Request) -> Response:
        account = self.signed_in(request)
        fields = await read_input(request, "reasonType")
        reason, subject = fields.get("reason", ""), fields.get("subject")
        if not fields["reasonType"].startswith(REASONS):
            raise invalid("Input/reasonType must be a known reason")
        if not isinstance(reason, str) or count_graphemes(reason) > 2_000 or len(reason.encode()) > 20_000:
            raise invalid("Input/reason must not be longer than 2000 graphemes")
        if not isinstance(subject, dict) or subject.get("$type") != "com.atproto.admin.defs#repoRef":
            raise invalid("Input/subject must be a repoRef: this stand-in takes reports of accounts")
        if not isinstance(subject.get("did"), str) or not DID.fullmatch(subject["did"]):
            raise invalid("Input/subject/did must be a valid did")
        number = (self.store.kept(self.world.slug, "counter", "report", self.world.clock()) or 0) + 1
        self.store.keep(self.world.slug, "counter", "report", number)
        view = {
            "id": number,
            "reasonType": fields["reasonType"],
            "reason": reason,
            "subject": subject,
            "reportedBy": account.native_id,
            "createdAt": feed.iso(request.state.received_at),
        }
        self.store.keep(self.world.slug, "report", str(number), {"account": subject["did"], "comment": reason})
        return JSONResponse(view)

    def _view(self, request: Request, post: Post) -> dict[str, Any]:
        return feed.post_view(self.world, self.account(post.account), post, base_url(request, self.world.slug))


def _profile_record(account: Account, known: dict[str, Any]) -> dict[str, Any]:
    uri = f"at://{account.native_id}/{profile.COLLECTION}/self"
    return {"uri": uri, "cid": known["cid"], "value": known["record"]}
