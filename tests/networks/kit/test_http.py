"""The guarded client, against small servers that misbehave."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.kit import http
from mercat.networks.kit.http import AddressRefused, AnswerRefused, guarded_client, is_public, never_left

AMPLE = timedelta(seconds=30)  # never reached: a busy machine must not fail a test
SHORT = timedelta(milliseconds=500)  # reached on purpose
Talk = Callable[[socket.socket, threading.Event], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Talk], str]]:
    """Starts a server that holds one conversation per connection; gives its address."""
    done, listeners, threads = threading.Event(), [], []

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        thread = threading.Thread(target=_accept, args=(listener, talk, done), daemon=True)
        threads.append(thread)
        thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    done.set()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


def _accept(listener: socket.socket, talk: Talk, done: threading.Event) -> None:
    while not done.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                connection.recv(65536)
                talk(connection, done)
                _end(connection)
            except OSError:
                continue


def _end(connection: socket.socket) -> None:
    """Read what is still coming: a connection closed on unread bytes is reset, and the answer may be lost with it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(1)
    while connection.recv(65536):
        pass


def answer(head: str, body: bytes = b"") -> Talk:
    def talk(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode() + body)

    return talk


def drip(connection: socket.socket, done: threading.Event) -> None:
    """One byte of a long answer every 20 ms: no single read ever times out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not done.wait(0.02):
        connection.sendall(b"x")


def drip_head(connection: socket.socket, done: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not done.wait(0.02):
        connection.sendall(b"X-Slow: 1\r\n")


def silence(connection: socket.socket, done: threading.Event) -> None:
    done.wait(10)


def hang_up(connection: socket.socket, done: threading.Event) -> None:
    connection.close()


def client(*origins: str, **options: Any) -> httpx.Client:
    return guarded_client(**{"timeout": AMPLE, "allow_private": frozenset(origins), **options})


# Time


@pytest.mark.parametrize("talk", [drip, drip_head, silence])
def test_a_call_ends_at_its_total_time_out_however_the_server_dawdles(serve: Any, talk: Talk) -> None:
    url = serve(talk)
    with client(url, timeout=SHORT) as http_client, pytest.raises(httpx.ReadTimeout):
        http_client.get(url)


def test_a_server_that_takes_no_more_bytes_ends_the_call_too(serve: Any) -> None:
    url = serve(silence)
    with client(url, timeout=SHORT) as http_client, pytest.raises(httpx.TimeoutException) as late:
        http_client.post(url, content=b"x" * 30_000_000)
    assert not never_left(late.value)


def test_a_name_server_that_never_answers_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [stuck.wait(10)] * 0)
    with client(timeout=SHORT) as http_client, pytest.raises(httpx.ConnectTimeout) as late:
        http_client.get("https://slow.example.org/")
    stuck.set()
    assert never_left(late.value)


# Where it may go


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Names lead to `addresses`; addresses stay what they are."""
    real = socket.getaddrinfo

    def look_up(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        if host.endswith(".example.org"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "10.0.0.5", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        "0.0.0.0",
        *("::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "64:ff9b::a00:1", "ff02::1"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "2001:db8::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1:fffe::5db8:d70e"),  # NAT64
        *("fec0::1", "feff::1", "fe80::1%lo"),  # of a site, of a link
        *("::10.0.0.1", "::93.184.215.14", "::ffff:0:10.0.0.1", "::ffff:0:93.184.215.14"),  # IPv4 in retired forms
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2001:0:a00:1::"),
        *("100::1", "4000::1", "ff0e::1", "ffff::1"),  # nobody's, or many's
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data"])
def test_a_private_address_is_refused_before_anything_is_sent(url: str) -> None:
    with client() as http_client, pytest.raises(AddressRefused) as refused:
        http_client.get(url)
    assert never_left(refused.value)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"]])
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    resolving_to(monkeypatch, *addresses)
    with client() as http_client, pytest.raises(AddressRefused):
        http_client.get("https://rebinding.example.org/")


def test_a_name_is_resolved_once_so_that_it_cannot_change_between_check_and_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def rebinding(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    dialled: list[str] = []

    def dial(self: Any, host: str, *args: Any) -> Any:
        dialled.append(host)
        raise http.httpcore.ConnectError("no route in a test")

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(http.httpcore.SyncBackend, "connect_tcp", dial)
    with client() as http_client, pytest.raises(httpx.ConnectError):
        http_client.get("https://rebinding.example.org/")
    assert dialled == ["93.184.215.14"]


def test_the_next_address_is_tried_where_the_first_does_not_answer(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = httpx.URL(serve(answer("204 No Content"))).copy_with(host="two.example.org")
    resolving_to(monkeypatch, "::1", "127.0.0.1")
    with client(str(url)) as http_client:
        assert http_client.get(url).status_code == 204


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://example.org/", "file:///etc/passwd"])
def test_only_https_is_spoken_to_the_world(url: str) -> None:
    with client() as http_client, pytest.raises((AddressRefused, httpx.UnsupportedProtocol)):
        http_client.get(url)


def test_leave_for_one_origin_is_no_leave_for_its_neighbours(serve: Any) -> None:
    allowed, other = serve(answer("204 No Content")), serve(answer("204 No Content"))
    with client(allowed) as http_client:
        assert http_client.get(allowed).status_code == 204
        with pytest.raises(AddressRefused):
            http_client.get(other)


def test_a_redirect_is_not_followed(serve: Any) -> None:
    url = serve(answer("302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0"))
    with client(url) as http_client:
        assert http_client.get(url).status_code == 302


def test_proxies_of_the_environment_are_not_used(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    url = serve(answer("204 No Content"))
    with client(url) as http_client:
        assert http_client.get(url).status_code == 204


# What comes back


def test_an_answer_larger_than_the_cap_is_refused(serve: Any) -> None:
    url = serve(answer("200 OK", b"x" * 5_000))
    with client(url, max_answer=4_999) as http_client, pytest.raises(AnswerRefused) as refused:
        http_client.get(url)
    assert not never_left(refused.value)


def test_an_answer_of_the_cap_is_taken(serve: Any) -> None:
    url = serve(answer("200 OK", b"x" * 5_000))
    with client(url, max_answer=5_000) as http_client:
        assert len(http_client.get(url).content) == 5_000


def test_a_packed_answer_is_refused_as_it_could_unfold_to_any_size(serve: Any) -> None:
    url = serve(answer("200 OK\r\nContent-Encoding: gzip", b"\x1f\x8b"))
    with client(url) as http_client, pytest.raises(AnswerRefused):
        http_client.get(url)


def test_no_cookie_passes_from_one_call_to_the_next(serve: Any) -> None:
    url = serve(answer("204 No Content\r\nSet-Cookie: session=of-another-account; Path=/"))
    with client(url) as http_client:
        http_client.get(url)
        assert "cookie" not in http_client.get(url).request.headers


def test_a_line_that_drops_may_have_left_something_behind(serve: Any) -> None:
    url = serve(hang_up)
    with client(url) as http_client, pytest.raises(httpx.RemoteProtocolError) as dropped:
        http_client.post(url, json={})
    assert not never_left(dropped.value)


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (httpx.ConnectError("x"), True),
        (httpx.ConnectTimeout("x"), True),
        (httpx.PoolTimeout("x"), True),
        (httpx.UnsupportedProtocol("x"), True),
        (AddressRefused("x"), True),
        (AnswerRefused("x"), False),
        (httpx.ReadTimeout("x"), False),
        (httpx.WriteTimeout("x"), False),
        (httpx.ReadError("x"), False),
        (httpx.WriteError("x"), False),
        (httpx.CloseError("x"), False),
        (httpx.RemoteProtocolError("x"), False),
        (httpx.LocalProtocolError("x"), False),
        (httpx.DecodingError("x"), False),
        (httpx.TooManyRedirects("x"), False),
    ],
)
def test_only_what_failed_before_the_first_byte_never_left(error: httpx.HTTPError, gone: bool) -> None:
    assert never_left(error) is gone


# What is told


def test_it_introduces_itself(serve: Any) -> None:
    url = serve(answer("204 No Content"))
    with client(url) as http_client:
        headers = http_client.get(url).request.headers
    assert headers["user-agent"] == "Mercat"
    assert headers["accept-encoding"] == "identity"


def test_the_log_has_method_host_path_and_status_and_no_secret(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = serve(answer("200 OK\r\nSet-Cookie: a=secret-cookie", b'{"token": "secret-body"}'))
    with client(url) as http_client:
        http_client.post(
            f"{url}/path?code=secret-query",
            headers={"Authorization": "Bearer secret-token"},
            json={"password": "secret-password"},
        )
    assert "POST 127.0.0.1/path answered 200" in caplog.text
    assert "secret-" not in caplog.text


def test_many_threads_may_share_a_client_and_each_call_keeps_its_own_deadline(serve: Any) -> None:
    good, slow = serve(answer("204 No Content")), serve(drip)
    outcomes: list[Any] = []

    def call(url: str) -> None:
        try:
            outcomes.append(http_client.get(url).status_code)
        except httpx.ReadTimeout:
            outcomes.append("late")

    with client(good, slow, timeout=timedelta(seconds=2)) as http_client:
        threads = [threading.Thread(target=call, args=(url,)) for url in (good, slow, good, good)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, outcomes)) == ["204", "204", "204", "late"]
