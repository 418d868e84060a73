"""The servers that the contract meets: our stand-ins, and those that we did not write."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from mercat.networks import registry
from tests.networks.contract import Standing
from tests.servers.atproto_network import Account, AtprotoNetwork
from tests.servers.mastodon_mock_server import MastodonMock


class Sandbox:
    """One network of the sandbox, whichever: its control makes accounts and tells what stands there."""

    def __init__(self, origin: str, slug: str) -> None:
        self.slug, self.origin = slug, origin
        self.base_url = f"{origin}/{slug}"

    def new_account(self) -> Mapping[str, str]:
        """What its adapter is given: typed, from the body's registration, and where the network is."""
        made = self.control("POST", "accounts", json={"handle": self._free_handle()})
        spec = registry.get(self.slug).spec
        secret = next(field.name for field in spec.connect_fields if field.secret)
        typed = {field.name: made["handle"] for field in spec.connect_fields if not field.secret}
        typed["handle"] = made["handle"]  # whether or not its adapter asks
        of_the_app = {field.name: made[field.name] for field in spec.app_fields}
        return {**typed, **of_the_app, "base_url": self.base_url, secret: made.get("password") or made.get("token")}

    def standing(self, native_id: str) -> list[Standing]:
        posts = self.control("GET", "posts")
        return [
            Standing(post["native_id"], post["text"], tuple(medium["alt"] for medium in post["media"]), post["answers"])
            for post in posts
            if post["account"] == native_id
        ]

    def by_hand(self, native_id: str, text: str, passes_on: str = "") -> str:
        fields = {"account": native_id, "text": text, "passes_on": passes_on}
        return self.control("POST", "posts", json=fields)["native_id"]

    def fault(self, name: str, on: str, **options: Any) -> None:
        self.control("POST", "faults", json={"fault": name, "on": on, **options})

    def no_faults(self) -> None:
        self.control("DELETE", "faults")

    def published_calls(self) -> int:
        return self.control("GET", "requests")["count"]

    def control(self, method: str, path: str, **given: Any) -> Any:
        answer = httpx.request(method, f"{self.origin}/_control/{self.slug}/{path}", **given)
        return answer.raise_for_status().json()

    def _free_handle(self) -> str:
        return f"s{uuid.uuid4().hex[:12]}"


class RealBluesky:
    """A personal data server of the AT Protocol's makers."""

    slug = "bluesky"

    def __init__(self, network: AtprotoNetwork) -> None:
        self.network = network
        self.origin = network.url
        self._accounts: dict[str, Account] = {}

    def new_account(self) -> Mapping[str, str]:
        account = self.network.new_account()
        self._accounts[account.did] = account
        return {"base_url": self.origin, "handle": account.handle, "app_password": account.app_password}

    def by_hand(self, native_id: str, text: str, passes_on: str = "") -> str:
        """As the makers' own app writes a record."""
        account = self._accounts[native_id]
        session = self.network.call(
            "com.atproto.server.createSession", {"identifier": account.did, "password": account.password}
        )
        made_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kind, record = "app.bsky.feed.post", {"text": text, "createdAt": made_at}
        if passes_on:
            other = passes_on.removeprefix("at://").partition("/")[0]
            (cid,) = [one["cid"] for one in self.network.records(other) if one["uri"] == passes_on]
            kind, record = "app.bsky.feed.repost", {"subject": {"uri": passes_on, "cid": cid}, "createdAt": made_at}
        body = {"repo": account.did, "collection": kind, "record": {"$type": kind, **record}}
        return self.network.call("com.atproto.repo.createRecord", body, token=session["accessJwt"])["uri"]

    def standing(self, native_id: str) -> list[Standing]:
        return [
            Standing(record["uri"], record["value"]["text"], _alts(record["value"]), _answered(record["value"]))
            for record in self.network.records(native_id)
        ]


def _answered(value: Mapping[str, Any]) -> str:
    return value["reply"]["parent"]["uri"] if value.get("reply") else ""


def _alts(value: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(image["alt"] for image in value.get("embed", {}).get("images", ()))


class MockMastodon:
    """mastodon_mock from PyPI, asked through Mastodon.py."""

    slug = "mastodon"

    def __init__(self, server: MastodonMock) -> None:
        self.server = server
        self.origin = server.url
        self._tokens: dict[str, str] = {}

    def new_account(self) -> Mapping[str, str]:
        _, token = self.server.new_account()
        with self.server.client(token) as client:
            self._tokens[str(client.me()["id"])] = token
        return {"base_url": self.origin, "token": token}

    def by_hand(self, native_id: str, text: str, passes_on: str = "") -> str:
        with self.server.client(self._tokens[native_id]) as client:
            made = client.status_reblog(passes_on) if passes_on else client.status_post(text)
            return str(made["id"])

    def standing(self, native_id: str) -> list[Standing]:
        with self.server.client(self._tokens[native_id]) as client:
            return [
                Standing(
                    str(status["id"]),
                    client.status_source(status["id"])["text"],
                    tuple(medium["description"] for medium in status["media_attachments"]),
                    str(status["in_reply_to_id"] or ""),
                )
                for status in reversed(client.account_statuses(native_id))
            ]
