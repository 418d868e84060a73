"""How the pages are served: who is believed about addresses, how much is taken, and what is this machine only."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator

import pytest
import waitress
from waitress import wasyncore

from mercat.config.commands import LARGEST_REQUEST, serving
from mercat.config.environment import Environment


def address(environ: dict, start_response: Callable) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]


@pytest.fixture
def served() -> Iterator[Callable[..., http.client.HTTPConnection]]:
    over, threads = threading.Event(), []

    def run(server: waitress.server.BaseWSGIServer) -> None:
        while not over.is_set():
            wasyncore.loop(timeout=0.1, map=server._map, count=1)
        server.task_dispatcher.shutdown()
        wasyncore.close_all(server._map)

    def serve(**given: str) -> http.client.HTTPConnection:
        server = waitress.create_server(address, **serving(Environment(**given)) | {"port": 0})
        threads.append(threading.Thread(target=run, args=[server]))
        threads[-1].start()
        return http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=30)

    yield serve
    over.set()
    for thread in threads:
        thread.join()


FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, b"127.0.0.1 http"),
        ({"trusted_proxy": "127.0.0.1"}, b"192.0.2.7 https"),
        ({"trusted_proxy": "192.0.2.1"}, b"127.0.0.1 http"),
    ],
)
def test_only_the_trusted_web_server_says_where_people_come_from(served, given, said) -> None:
    connection = served(**given)
    connection.request("GET", "/", headers=FORWARDED)
    assert connection.getresponse().read() == said
    connection.close()


def test_what_is_too_large_is_refused_before_it_is_read(served) -> None:
    connection = served()
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(LARGEST_REQUEST + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    ("given", "loopback"),
    [
        ({}, True),
        ({"host": "::1", "public_url": "http://localhost:8200"}, True),
        ({"host": "127.0.0.2"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "192.0.2.1"}, False),
        ({"host": "social.example.org"}, False),
        ({"public_url": "https://social.example.org"}, False),
        ({"host": "0.0.0.0", "public_url": "http://127.0.0.1:8200"}, False),
    ],
)
def test_this_machine_only_means_both_the_listening_and_the_public_address(given, loopback: bool) -> None:
    assert Environment(**given).loopback is loopback
