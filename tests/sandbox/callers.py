"""Callers of the stand-ins as a plain HTTP client, one for each network, with the same few verbs."""

from __future__ import annotations

import io
from typing import Any

import httpx
from PIL import Image

POSTS = "app.bsky.feed.post"
WHEN = "2026-11-23T12:00:00.000Z"


def picture(colour: str = "navy", size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return data.getvalue()


class Caller:
    slug: str

    def __init__(self, http: httpx.Client, handle: str, display_name: str) -> None:
        self.http = http
        self.account = self.control("POST", "accounts", {"handle": handle, "display_name": display_name}).json()

    def control(self, method: str, what: str, fields: Any = None) -> httpx.Response:
        response = self.http.request(method, f"/_control/{self.slug}/{what}", json=fields)
        response.raise_for_status()
        return response

    def fault(self, name: str, **fields: Any) -> None:
        self.control("POST", "faults", {"fault": name, **fields})

    def posts(self) -> list[dict[str, Any]]:
        return self.control("GET", "posts").json()


class BlueskyCaller(Caller):
    slug = "bluesky"

    def __init__(self, http: httpx.Client, handle: str, display_name: str) -> None:
        super().__init__(http, handle, display_name)
        self.session = self.sign_in().json()

    def sign_in(self, **change: Any) -> httpx.Response:
        fields = {"identifier": self.account["handle"], "password": self.account["password"], **change}
        return self.http.post("/bluesky/xrpc/com.atproto.server.createSession", json=fields)

    def get(self, method: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/bluesky/xrpc/{method}", params=params, headers=self.bearer())

    def post(self, method: str, fields: Any = None, token: str | None = None) -> httpx.Response:
        return self.http.post(f"/bluesky/xrpc/{method}", json=fields, headers=self.bearer(token))

    def bearer(self, token: str | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {token or self.session['accessJwt']}"}

    def upload(self, data: bytes, mime: str = "image/png") -> httpx.Response:
        headers = {**self.bearer(), "content-type": mime}
        return self.http.post("/bluesky/xrpc/com.atproto.repo.uploadBlob", content=data, headers=headers)

    def blob(self, data: bytes) -> dict[str, Any]:
        return self.upload(data).json()["blob"]

    def create(self, record: Any, **more: Any) -> httpx.Response:
        fields = {"repo": self.account["native_id"], "collection": POSTS, "record": record, **more}
        return self.post("com.atproto.repo.createRecord", fields)

    def put(self, rkey: str, record: Any, **more: Any) -> httpx.Response:
        fields = {"repo": self.account["native_id"], "collection": POSTS, "rkey": rkey, "record": record, **more}
        return self.post("com.atproto.repo.putRecord", fields)

    def publish(self, text: str, **more: Any) -> httpx.Response:
        return self.create({"$type": POSTS, "text": text, "createdAt": WHEN, **more})

    def read_timeline(self) -> list[str]:
        answer = self.get("com.atproto.repo.listRecords", repo=self.account["native_id"], collection=POSTS)
        return [one["value"]["text"] for one in answer.json()["records"]]


class MastodonCaller(Caller):
    slug = "mastodon"

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/mastodon{path}", params=params, headers=self.bearer())

    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.account['token']}"}

    def upload(self, data: bytes, description: str = "", mime: str = "image/png") -> httpx.Response:
        files = {"file": ("picture", data, mime)}
        fields = {"description": description}
        return self.http.post("/mastodon/api/v2/media", files=files, data=fields, headers=self.bearer())

    def publish(self, text: str, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {**self.bearer(), **({"idempotency-key": key} if key else {})}
        return self.http.post("/mastodon/api/v1/statuses", json={"status": text, **more}, headers=headers)

    def read_timeline(self) -> list[str]:
        answer = self.get(f"/api/v1/accounts/{self.account['native_id']}/statuses").json()
        return [one["content"].removeprefix("<p>").removesuffix("</p>") for one in answer]
