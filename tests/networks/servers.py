"""The servers that the contract meets: our stand-ins, and those that we did not write."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from mercat.networks import registry
from tests.networks.contract import Standing
from tests.servers.atproto_network import AtprotoNetwork
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
            Standing(post["native_id"], post["text"], tuple(medium["alt"] for medium in post["media"]))
            for post in posts
            if post["account"] == native_id
        ]

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

    def new_account(self) -> Mapping[str, str]:
        account = self.network.new_account()
        return {"base_url": self.origin, "handle": account.handle, "app_password": account.app_password}

    def standing(self, native_id: str) -> list[Standing]:
        return [
            Standing(record["uri"], record["value"]["text"], _alts(record["value"]))
            for record in self.network.records(native_id)
        ]


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

    def standing(self, native_id: str) -> list[Standing]:
        with self.server.client(self._tokens[native_id]) as client:
            return [
                Standing(
                    str(status["id"]),
                    client.status_source(status["id"])["text"],
                    tuple(medium["description"] for medium in status["media_attachments"]),
                )
                for status in reversed(client.account_statuses(native_id))
            ]
