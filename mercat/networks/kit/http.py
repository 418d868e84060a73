"""The one way out: an HTTP client that an adapter cannot misuse and a server cannot abuse.

It ends every call at a total time-out, follows no redirect, reads no proxy from the environment, keeps no cookie, caps
the answer, reaches public addresses only (checked on the very address it connects to, so a name that changes its mind
between check and call gains nothing) and logs method, host, path and status, never headers, queries or bodies.
"""

from __future__ import annotations

import ipaddress
import logging
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast

import httpcore
import httpx

USER_AGENT = "Mercat"
MAX_ANSWER = 4 * 1024 * 1024  # bytes; a page of 40 statuses is about 200 kB
CONNECT_TIMEOUT = 5.0  # seconds
MAX_CONNECTIONS = 200  # a warning goes to every account at once
KEPT_OPEN = 2.0  # seconds; servers close idle lines after five, and a call caught by that would be in doubt
CHUNK = 64 * 1024  # bytes written between two looks at the deadline

log = logging.getLogger(__name__)

# Their own lines hold whole addresses with queries and answer headers; ours below are redacted.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class AddressRefused(httpx.ConnectError):
    """The address leads somewhere this client may not go. Nothing was sent."""


class AnswerRefused(httpx.ReadError):
    """The answer was too large or packed. The request was sent."""


# Errors after which the request certainly never reached the network. Anything else may have.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def never_left(error: httpx.HTTPError) -> bool:
    """Whether the request certainly did not leave, so that repeating it cannot double anything."""
    return isinstance(error, _NEVER_LEFT)


def guarded_client(
    *,
    timeout: timedelta,
    allow_private: frozenset[str] = frozenset(),
    max_answer: int = MAX_ANSWER,
    transport: httpx.BaseTransport | None = None,
    log_paths: bool = True,
) -> httpx.Client:
    """A client that may be shared by threads. `timeout` is total, for one call.

    `allow_private` holds origins ("http://127.0.0.1:8010") that may lie on private or loopback addresses and may speak
    plain http; every other origin must be https and public. `transport` replaces the network in tests. `log_paths`: no
    path of this caller's holds a secret.
    """
    seconds = timeout.total_seconds()
    allowed = frozenset(_origin(httpx.URL(origin)) for origin in allow_private)
    return httpx.Client(
        transport=_Guard(transport or _network(), seconds, allowed, max_answer),
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_TIMEOUT, seconds)),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
        event_hooks={"response": [partial(_log_answer, path=log_paths)]},
    )


def _log_answer(response: httpx.Response, *, path: bool) -> None:
    url = response.request.url
    where = f"{url.host}{url.path if path else ''}"
    log.info("%s %s answered %d", response.request.method, where, response.status_code)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


@dataclass(frozen=True, slots=True)
class _Call:
    deadline: float  # on the monotonic clock
    private: bool  # may lie on a private address

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise error("the total time-out has passed")
        return remaining if timeout is None else min(timeout, remaining)


_current: ContextVar[_Call] = ContextVar("current call")


@contextmanager
def _during(call: _Call) -> Iterator[None]:
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)


class _Guard(httpx.BaseTransport):
    """Admits the request, and reads the whole answer inside the deadline and under the cap."""

    def __init__(
        self, inner: httpx.BaseTransport, seconds: float, allowed: frozenset[tuple[str, str, int]], max_answer: int
    ) -> None:
        self._inner = inner
        self._seconds = seconds
        self._allowed = allowed
        self._max_answer = max_answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        private = _origin(request.url) in self._allowed
        if request.url.scheme != "https" and not private:
            raise AddressRefused(f"{request.url.host} may only be reached by https")
        call = _Call(time.monotonic() + self._seconds, private)
        with _during(call):
            answer = self._inner.handle_request(request)
            try:
                body = self._body(answer)
            finally:
                answer.close()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, extensions=answer.extensions)

    def _body(self, answer: httpx.Response) -> bytes:
        # A packed answer could unfold to any size after the cap; "identity" was asked for.
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise AnswerRefused("the answer is packed")
        body = bytearray()
        for chunk in cast(httpx.SyncByteStream, answer.stream):
            body += chunk
            if len(body) > self._max_answer:
                raise AnswerRefused(f"the answer is larger than {self._max_answer} bytes")
        return bytes(body)

    def close(self) -> None:
        self._inner.close()


@cache
def _authorities() -> ssl.SSLContext:
    """Read once: to read the certificates of all authorities takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


def _network() -> httpx.HTTPTransport:
    context = _authorities()
    transport = httpx.HTTPTransport(verify=context, trust_env=False)
    # httpx has no parameter for the backend; httpcore's pool does.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context,
        network_backend=_Backend(),
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=20,
        keepalive_expiry=KEPT_OPEN,
    )
    return transport


class _Backend(httpcore.NetworkBackend):
    """Connects to an address it has itself resolved and checked."""

    def __init__(self) -> None:
        self._sync = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        call = _current.get()
        addresses = resolve(host, port, call.left(timeout, httpcore.ConnectTimeout))
        if not call.private and not all(map(is_public, addresses)):
            raise AddressRefused(f"{host} does not lie on a public address")
        return self._first_open(addresses, port, lambda: call.left(timeout, httpcore.ConnectTimeout), socket_options)

    def _first_open(
        self, addresses: list[str], port: int, left: Callable[[], float], socket_options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return _Stream(self._sync.connect_tcp(address, port, left(), None, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


class _Stream(httpcore.NetworkStream):
    """A connection on which every read and write ends by the deadline of the call that uses it."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _current.get().left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), CHUNK):
            left = _current.get().left(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + CHUNK], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _current.get().left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def resolve(host: str, port: int, timeout: float) -> list[str]:
    """The addresses of `host`. The system's resolver knows no time-out: it runs on a thread that may be left behind."""
    if _literal(host):
        return [host]
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), name="mercat-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the address of {host} could not be looked up in time") from None
    if isinstance(answer, OSError):
        raise httpcore.ConnectError(f"the address of {host} could not be looked up") from answer
    return answer


def _look_up(host: str, port: int, answers: queue.SimpleQueue[list[str] | OSError]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answers.put(error if isinstance(error, OSError) else OSError(str(error)))
        return
    answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_UNICAST = ipaddress.ip_network("2000::/3")  # all that is handed out of IPv6; the rest is local, retired or nobody's


def is_public(address: str) -> bool:
    """Whether an address lies in the public internet, also where an IPv6 address only carries an IPv4 one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if carried := _carried(ip):
        return is_public(str(carried))
    return ip.is_global and ip in _UNICAST


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that this one leads to. A network without IPv4 gets all its IPv4 addresses by NAT64."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour
