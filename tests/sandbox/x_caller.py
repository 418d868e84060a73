"""A caller of X's stand-in as a plain HTTP client."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.callers import Caller, picture


class XCaller(Caller):
    slug = "x"

    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.account['token']}"}

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/x/2/{path}", params=params, headers=self.bearer())

    def post(self, path: str, fields: Any = None, **given: Any) -> httpx.Response:
        body = {"json": fields} if fields is not None else {}
        return self.http.post(f"/x/2/{path}", headers=self.bearer(), **body, **given)

    def delete(self, native_id: str) -> httpx.Response:
        return self.http.delete(f"/x/2/tweets/{native_id}", headers=self.bearer())

    def publish(self, text: str, **more: Any) -> httpx.Response:
        return self.post("tweets", {"text": text, **more})

    def published(self, text: str, **more: Any) -> str:
        answer = self.publish(text, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    def begin(self, data: bytes, **change: Any) -> httpx.Response:
        begun = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": len(data), **change}
        return self.post("media/upload/initialize", begun)

    def append(self, media_id: str, data: bytes, index: int | str = 0) -> httpx.Response:
        files = {"media": ("piece", data, "application/octet-stream")}
        return self.post(f"media/upload/{media_id}/append", data={"segment_index": str(index)}, files=files)

    def finalize(self, media_id: str) -> httpx.Response:
        return self.post(f"media/upload/{media_id}/finalize")

    def upload(self, data: bytes | None = None, alt: str = "") -> str:
        data = data or picture()
        media_id = self.begin(data).json()["data"]["id"]
        assert self.append(media_id, data).status_code == 200
        assert self.finalize(media_id).status_code == 200
        if alt:
            described = self.post("media/metadata", {"id": media_id, "metadata": {"alt_text": {"text": alt}}})
            assert described.status_code == 200
        return media_id

    def read_timeline(self) -> list[str]:
        answer = self.get(f"users/{self.account['native_id']}/tweets").json()
        return [post["text"] for post in answer.get("data", [])]


def said(answer: httpx.Response) -> str:
    """What a problem says."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["status"] == answer.status_code
    return " ".join([told["detail"], *(error["message"] for error in told.get("errors", ()))])
