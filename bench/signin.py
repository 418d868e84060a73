"""Signing in, with passphrase and one-time code, twenty people at a time, over the web process as it is served."""

from __future__ import annotations

import os
import re
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from bench._ground import _free_port, _until_answers, installation, process

PEOPLE, AT_A_TIME = 200, 20
PASSPHRASE = "thistle harbour lantern"
CONTEXT = ssl.create_default_context()  # made once: each client's own would cost the callers more than the call
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def run() -> dict:
    """{p95_ms, per_s}: of whole sign-ins, from the page to home; each hashes the passphrase once, as configured."""
    with installation():
        everybody = _people()
        port = _free_port()
        os.environ["MERCAT_PORT"] = str(port)
        url = f"http://127.0.0.1:{port}"
        with process("web"):
            _until_answers(f"{url}/healthz")
            began = time.monotonic()
            with ThreadPoolExecutor(AT_A_TIME) as pool:
                took = list(pool.map(lambda who: _sign_in(url, *who), everybody))
            whole = time.monotonic() - began
    took.sort()
    return {
        "sign_ins": PEOPLE,
        "at_a_time": AT_A_TIME,
        "p95_ms": round(took[int(PEOPLE * 0.95) - 1] * 1000),
        "median_ms": round(took[PEOPLE // 2] * 1000),
        "per_s": round(PEOPLE / whole, 1),
    }


def _people() -> list[tuple[str, str]]:
    """E-mail and secret of their one-time codes. All have the same passphrase, hashed once."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from mercat.audit.actors import System
    from mercat.people import actions
    from mercat.people.models import Person, Unit

    bench, now = System("A benchmark"), timezone.now()
    actions.found_units(by=bench, now=now)
    unit, hashed, made = Unit.objects.get(pk="tayside"), make_password(PASSPHRASE), []
    for number in range(PEOPLE):
        email, secret = f"p{number}@mercat.example", generate_totp_secret()
        person = actions.register_person(
            by=bench,
            name=f"Person {number}",
            email=email,
            number=f"b{number}",
            unit=unit,
            rank="constable",
            employment="officer",
            now=now,
        )
        TOTP.activate(person, secret)
        made.append((email, secret))
    Person.objects.update(password=hashed)
    return made


def _sign_in(url: str, email: str, secret: str) -> float:
    """Seconds, from the sign-in page to the home page."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    began = time.monotonic()
    with httpx.Client(base_url=url, timeout=60, follow_redirects=True, verify=CONTEXT) as browser:
        page = browser.get("/sign-in/")
        typed = {"csrfmiddlewaretoken": _token(page), "email": email, "passphrase": PASSPHRASE}
        page = browser.post("/sign-in/", data=typed)
        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
        home = browser.post("/sign-in/second/", data={"csrfmiddlewaretoken": _token(page), "code": code})
        if "What needs me now?" not in home.text:
            raise RuntimeError(f"{email} was not let in: {home.status_code}")
    return time.monotonic() - began


def _token(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    if not found:
        raise RuntimeError(f"{page.url} answered {page.status_code} without a form")
    return found.group(1)
