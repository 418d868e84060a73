"""Whether an address is official: the look-up in memory, and the same through the whole WSGI application.

Per second of one processor's time, so that what else a shared machine does is not counted in.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from urllib.parse import quote

from bench._ground import installation

ACCOUNTS, ROUNDS, SECONDS = 110, 5, 1.0
# Spellings of one account of the register, of others, and of no account: as people ask.
ASKED = (
    "https://twitter.com/account{n}?s=20",
    "@Account{n}",
    "x.com/Account{n}/",
    "https://x.com/SomebodyElse{n}",
    "https://x.com/Аccount{n}",
    "https://www.example.org/contact/{n}",
)


def run() -> dict:
    """{accounts, lookups_per_s, wsgi_per_s}: medians of five runs of a second, in one thread."""
    with installation():
        from django.utils import timezone

        from mercat.config.wsgi import application
        from mercat.register.public.actions import CLOCK, publish
        from mercat.register.public.book import SHELF

        _accounts()
        publish(by=CLOCK, now=timezone.now())
        book = SHELF.current()
        asked = [text.format(n=n) for n in range(ACCOUNTS) for text in ASKED]
        assert book.look_up(asked[0]).verdict == "official"
        assert len({book.look_up(text).verdict for text in asked}) == 3
        environs = [_environ(text) for text in asked]
        assert b'"verdict": "official"' in b"".join(_answer(application, environs[0]))
        return {
            "accounts": ACCOUNTS,
            "lookups_per_s": _rate(asked, book.look_up),
            "wsgi_per_s": _rate(environs, lambda environ: _answer(application, environ)),
        }


def _accounts() -> None:
    from mercat.people.actions import found_units
    from mercat.register.public.actions import CLOCK
    from tests import factories as make

    found_units(by=CLOCK, now=make.NOW)
    for n in range(ACCOUNTS):
        row = make.account(network="x", connected=False)
        make.move(row, "active", by=make.TEST, reason="Connected", now=make.NOW)
        row.handle, row.native_id, row.url = f"Account{n}", str(n), f"https://x.com/Account{n}"
        row.save()


def _environ(text: str) -> dict:
    from io import BytesIO

    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/official/verify.json",
        "QUERY_STRING": f"url={quote(text)}",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8200",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }


def _answer(application, environ: dict) -> list[bytes]:
    response = application(dict(environ), lambda status, headers: None)
    body = list(response)
    response.close()
    return body


def _rate(items: list, act: Callable[[object], object]) -> int:
    rates = []
    for _ in range(ROUNDS):
        done, began = 0, time.process_time()
        while (took := time.process_time() - began) < SECONDS:
            for item in items:
                act(item)
            done += len(items)
        rates.append(done / took)
    return round(statistics.median(rates))
