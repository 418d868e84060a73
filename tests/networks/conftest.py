"""Servers for the contract, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.networks.contract import Server
from tests.networks.servers import MockMastodon, RealBluesky, Sandbox
from tests.servers import atproto_network, mastodon_mock_server, media_host, sandbox_server
from tests.servers.atproto_network import AtprotoNetwork
from tests.servers.mastodon_mock_server import MastodonMock
from tests.servers.media_host import MediaHost

settings.register_profile("networks", deadline=None)  # how long an example takes is not what is tested
settings.load_profile("networks")


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_server.running(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture(scope="session")
def pictures() -> Iterator[MediaHost]:
    """Where networks that fetch pictures find them."""
    with media_host.running() as host:
        yield host


@pytest.fixture(scope="session")
def atproto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtprotoNetwork]:
    with atproto_network.running(tmp_path_factory.mktemp("atproto")) as network:
        yield network


@pytest.fixture(scope="session")
def mastodon_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MastodonMock]:
    with mastodon_mock_server.running(tmp_path_factory.mktemp("mastodon")) as server:
        yield server


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, sandbox_url: str) -> Iterator[Sandbox]:
    """The stand-in of the network that the test is parametrised with, without leftover faults."""
    server = Sandbox(sandbox_url, request.param)
    yield server
    server.no_faults()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """A server named "sandbox:slug", "atproto" or "mastodon_mock"."""
    kind, _, slug = request.param.partition(":")
    if kind == "sandbox":
        return Sandbox(request.getfixturevalue("sandbox_url"), slug)
    if kind == "atproto":
        return RealBluesky(request.getfixturevalue("atproto"))
    return MockMastodon(request.getfixturevalue("mastodon_mock"))
