"""The API calls around statuses: edits, profiles, notifications, replies, search, reports."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.mastodon import entities
from mercat.sandbox.mastodon.api import Api, description_of, invalid, medium_of, not_found, page_limit
from mercat.sandbox.mastodon.oauth import fields_of
from mercat.sandbox.models import Account, Post, Upload
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import base_url, hidden_after
from mercat.sandbox.store import sha256_hex

MAX_NAME = 30  # app/validators and models/account.rb: DISPLAY_NAME_LENGTH_LIMIT, NOTE_LENGTH_LIMIT
MAX_NOTE = 500
MAX_PROFILE_BYTES = 8 * 1024 * 1024  # models/concerns/account/avatar.rb
MAX_COMMENT = 1_000
CATEGORIES = ("other", "spam", "legal", "violation")
EDITABLE = {"status", "media_ids", "media_attributes", "language", "sensitive", "spoiler_text"}


class Community(Api):
    async def edit(self, request: Request) -> Response:
        """What is not named is not kept: a status has the pictures that its edit names."""
        account, _ = self._signed_in(request, "write:statuses")
        post, fields = self._own_post(account, request.path_params["id"]), await fields_of(request)
        if unknown := set(fields) - EDITABLE:
            raise invalid(f"This stand-in edits no {', '.join(sorted(unknown))}")
        uploads = self._attachable(account, fields, post.native_id)
        words = str(fields.get("status") or "")
        given = {**fields, "visibility": post.body["visibility"], "in_reply_to_id": post.body["in_reply_to_id"]}
        given.setdefault("language", post.body["language"])
        body = self._checked_body(given, words, uploads, post.body["application"])
        media = self._described(uploads, fields, post)
        edited = Post(
            network=post.network,
            account=post.account,
            native_id=post.native_id,
            text=words,
            body={**body, "edited_at": entities.iso(request.state.received_at)},
            media=tuple(map(medium_of, media)),
            created_at=post.created_at,
            received_at=post.received_at,
        )
        self.store.put_post(edited)
        self._notify(edited, base_url(request, self.world.slug))
        return JSONResponse(self._status_view(request, account, edited))

    def _described(self, uploads: list[Upload], fields: dict[str, Any], post: Post) -> list[Upload]:
        """The pictures of the edited status, with the descriptions that the edit gives them."""
        given = fields.get("media_attributes") or []
        if not isinstance(given, list) or not all(isinstance(one, dict) and "id" in one for one in given):
            raise invalid("Media attributes are invalid")
        alts = {str(one["id"]): description_of(one) for one in given if "description" in one}
        for upload in uploads:
            alt = alts.get(upload.native_id, upload.alt)
            self.store.change_upload(upload, alt=alt, polls_left=0, attached_to=post.native_id)
        found = (self.store.upload(self.world.slug, upload.native_id) for upload in uploads)
        return [upload for upload in found if upload]

    async def favourite(self, request: Request) -> Response:
        account, _ = self._signed_in(request, "write:favourites")
        post = self._post(request.path_params["id"])
        entities.link(self.world, "favourites", post.native_id, account.native_id)
        return JSONResponse(self._status_view(request, self._author(post), post))

    async def context(self, request: Request) -> Response:
        self._signed_in(request, "read:statuses")
        post = self._post(request.path_params["id"], hidden_after(request))
        views = [self._status_view(request, self._author(one), one) for one in self._descendants(request, post)]
        return JSONResponse({"ancestors": [], "descendants": views})

    def _descendants(self, request: Request, post: Post) -> list[Post]:
        found: list[Post] = []
        for native_id in entities.linked(self.world, "replies", post.native_id):
            reply = self.store.post(self.world.slug, native_id, hidden_after(request))
            if reply:
                found += [reply, *self._descendants(request, reply)]
        return found

    async def notifications(self, request: Request) -> Response:
        """Mentions are the only kind that this stand-in knows."""
        account, _ = self._signed_in(request, "read:notifications")
        params = request.query_params
        types, excluded = params.getlist("types[]"), params.getlist("exclude_types[]")
        if (types and "mention" not in types) or "mention" in excluded:
            return JSONResponse([])
        limit, older = page_limit(params.get("limit"), 80, 40), params.get("max_id")
        ids = reversed(entities.linked(self.world, "mentions", account.native_id))
        posts = (
            self.store.post(self.world.slug, one, hidden_after(request)) for one in ids if not older or one < older
        )
        told = [post for post in posts if post and post.account != account.native_id][:limit]
        return JSONResponse([self._notification(request, post) for post in told])

    def _notification(self, request: Request, post: Post) -> dict[str, Any]:
        author = self._author(post)
        return {
            "id": post.native_id,
            "type": "mention",
            "created_at": post.created_at,
            "group_key": f"ungrouped-{post.native_id}",
            "account": self._account_view(request, author),
            "status": self._status_view(request, author, post),
        }

    async def search(self, request: Request) -> Response:
        self._signed_in(request, "read:search")
        words = request.query_params.get("q", "").strip().removeprefix("@").lower()
        if not words:
            raise invalid("q can't be blank")
        name, _, host = words.partition("@")
        here = not host or host == request.url.netloc
        accounts = self.store.accounts(self.world.slug) if here else []
        found = [one for one in accounts if name in one.handle or name in one.display_name.lower()]
        if request.query_params.get("type", "accounts") != "accounts":
            found = []
        views = [self._account_view(request, one) for one in found[: page_limit(request.query_params.get("limit"))]]
        return JSONResponse({"accounts": views, "statuses": [], "hashtags": []})

    async def report(self, request: Request) -> Response:
        self._signed_in(request, "write:reports")
        fields = await fields_of(request)
        target = self.store.account(self.world.slug, str(fields.get("account_id") or ""))
        comment, category = str(fields.get("comment") or ""), fields.get("category") or "other"
        if target is None or target.native_id != fields.get("account_id"):
            raise not_found()
        if len(comment) > MAX_COMMENT:
            raise invalid(f"Comment is too long (maximum is {MAX_COMMENT} characters)")
        if category not in CATEGORIES:
            raise invalid("Category is not included in the list")
        now = request.state.received_at
        view = {
            "id": self._next_id(now),
            "action_taken": False,
            "action_taken_at": None,
            "category": category,
            "comment": comment,
            "forwarded": False,  # everybody here is local
            "created_at": entities.iso(now),
            "status_ids": [],
            "rule_ids": None,
            "target_account": self._account_view(request, target),
        }
        self.store.keep(self.world.slug, "report", view["id"], {"account": target.native_id, "comment": comment})
        return JSONResponse(view)

    async def update_credentials(self, request: Request) -> Response:
        account, _ = self._signed_in(request, "write:accounts")
        fields = await fields_of(request)
        if unknown := set(fields) - {"display_name", "note", "avatar", "header"}:
            raise invalid(f"This stand-in sets no {', '.join(sorted(unknown))}")
        name, note = str(fields.get("display_name", account.display_name)), fields.get("note")
        if len(name) > MAX_NAME:
            raise invalid(f"Display name is too long (maximum is {MAX_NAME} characters)")
        if note is not None and len(str(note)) > MAX_NOTE:
            raise invalid(f"Note is too long (maximum is {MAX_NOTE} characters)")
        profile = entities.profile_of(self.world, account)
        if note is not None:
            profile["note"] = str(note)
        for kind in ("avatar", "header"):
            if kind in fields:
                profile[kind] = self._profile_picture(account, kind, fields[kind], request.state.received_at)
        self.store.keep(self.world.slug, "profile", account.native_id, profile)
        changed = Account(account.network, account.native_id, account.handle, name, account.secret, account.created_at)
        self.store.put_account(changed)
        return JSONResponse({**self._account_view(request, changed), **entities.own_view(self.world, changed)})

    def _profile_picture(self, account: Account, kind: str, data: Any, received_at: float) -> str:
        seen = inspect(data) if isinstance(data, bytes) else None
        if seen is None or seen.mime not in entities.MIMES or not isinstance(data, bytes):
            raise invalid(f"{kind.capitalize()} content type is invalid, {kind.capitalize()} is invalid")
        if len(data) > MAX_PROFILE_BYTES:
            raise invalid(f"{kind.capitalize()} file size must be less than 8 MB")
        upload = Upload(
            network=account.network,
            native_id=self._next_id(received_at),
            account=account.native_id,
            sha256=sha256_hex(data),
            mime=seen.mime,
            size=len(data),
            width=seen.width,
            height=seen.height,
            alt="",
            polls_left=0,
            attached_to=kind,
            received_at=received_at,
        )
        self.store.add_upload(upload, data)
        return upload.native_id

    def _own_post(self, account: Account, native_id: str) -> Post:
        post = self._post(native_id)
        if post.account != account.native_id:
            raise not_found()
        return post
