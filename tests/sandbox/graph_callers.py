"""Callers of the stand-ins of Meta's networks, as a plain HTTP client."""

from __future__ import annotations

import json
from typing import Any

import httpx

from mercat.sandbox.graph import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.callers import Caller

APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
BACK = "http://127.0.0.1:8200/connections/back"


class GraphCaller(Caller):
    version = "v25.0"

    @property
    def id(self) -> str:
        return self.account["native_id"]

    def url(self, path: str) -> str:
        return f"/{self.slug}/{self.version}/{path}"

    def bearer(self, token: str | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {token or self.account['token']}"}

    def get(self, path: str, token: str | None = None, **params: Any) -> httpx.Response:
        return self.http.get(self.url(path), params=params, headers=self.bearer(token))

    def post(self, path: str, token: str | None = None, files: Any = None, **fields: Any) -> httpx.Response:
        return self.http.post(self.url(path), data=fields, files=files, headers=self.bearer(token))

    def delete(self, path: str, token: str | None = None) -> httpx.Response:
        return self.http.delete(self.url(path), headers=self.bearer(token))


class FacebookCaller(GraphCaller):
    slug = "facebook"

    def photo(self, data: bytes, alt: str = "", **more: Any) -> httpx.Response:
        fields = {"published": "false", **({"alt_text_custom": alt} if alt else {}), **more}
        return self.post(f"{self.id}/photos", files={"source": ("p.png", data, "image/png")}, **fields)

    def publish(self, text: str = "", *photos: str, **more: Any) -> httpx.Response:
        attached = {f"attached_media[{n}]": json.dumps({"media_fbid": one}) for n, one in enumerate(photos)}
        return self.post(f"{self.id}/feed", **({"message": text} if text else {}), **attached, **more)

    def read_timeline(self) -> list[str]:
        return [one.get("message", "") for one in self.get(f"{self.id}/published_posts").json()["data"]]


def told(response: httpx.Response) -> tuple[int, int, int | None]:
    """Status, code and subcode of a refusal."""
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("error_subcode")


class FetchedCaller(GraphCaller):
    """Of a network that fetches pictures: from the host that the test brings."""

    host: Any = None
    make, publish_edge = "", ""

    def reachable(self, data: bytes, mime: str = "image/jpeg") -> str:
        return self.host.put(data, mime)

    def container(self, **fields: Any) -> httpx.Response:
        return self.post(f"{self.id}/{self.make}", **fields)

    def publish_container(self, container: str) -> httpx.Response:
        return self.post(f"{self.id}/{self.publish_edge}", creation_id=container)


class InstagramCaller(FetchedCaller):
    slug = "instagram"
    make, publish_edge = "media", "media_publish"

    def picture(self, data: bytes, caption: str = "", **more: Any) -> httpx.Response:
        fields = {"image_url": self.reachable(data), **({"caption": caption} if caption else {}), **more}
        return self.container(**fields)

    def publish(self, caption: str, data: bytes, **more: Any) -> httpx.Response:
        return self.publish_container(self.picture(data, caption, **more).json()["id"])

    def story(self, **fields: Any) -> httpx.Response:
        return self.publish_container(self.container(media_type="STORIES", **fields).json()["id"])


class ThreadsCaller(FetchedCaller):
    slug, version = "threads", "v1.0"
    make, publish_edge = "threads", "threads_publish"

    def picture(self, data: bytes, text: str = "", **more: Any) -> httpx.Response:
        fields = {"media_type": "IMAGE", "image_url": self.reachable(data), **({"text": text} if text else {}), **more}
        return self.container(**fields)

    def publish(self, text: str, **more: Any) -> httpx.Response:
        made = self.container(media_type="TEXT", text=text, **more)
        return made if made.is_client_error else self.publish_container(made.json()["id"])
