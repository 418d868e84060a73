"""An OpenID Connect provider that others wrote (npm oidc-provider), on loopback."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.servers.npm import NODE, environ, install
from tests.servers.process import child
from tests.shared import ROOT

SOURCE = Path(__file__).parent / "oidc"
CACHE = ROOT / ".cache" / "oidc-provider"
SECRET = "a secret between the two"


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A running provider."""

    issuer: str
    redirect: str

    def sign_in(self, address: str, claims: Mapping[str, Any]) -> str:
        """As a browser: open the address that Mercat leads to, sign in there as these claims, and return the address
        that leads back."""
        login = base64.urlsafe_b64encode(json.dumps(dict(claims)).encode()).decode().rstrip("=")
        with httpx.Client(timeout=10) as browser:
            answer = self._until_a_page(browser, browser.get(address))
            while isinstance(answer, httpx.Response):
                form = dict(re.findall(r'name="(prompt)" value="(\w+)"', answer.text))
                action = re.search(r'action="([^"]+)"', answer.text)
                assert action, answer.text[:500]
                typed = {**form, "login": login, "password": "anything"}
                sent = browser.post(urljoin(str(answer.url), action.group(1)), data=typed)
                answer = self._until_a_page(browser, sent)
            return answer

    def _until_a_page(self, browser: httpx.Client, answer: httpx.Response) -> httpx.Response | str:
        while answer.is_redirect:
            where = urljoin(str(answer.url), answer.headers["location"])
            if where.startswith(self.redirect):
                return where
            answer = browser.get(where)
        assert answer.status_code == 200, answer.text[:500]
        return answer


@contextmanager
def running(folder: Path, redirect: str) -> Iterator[OidcProvider]:
    """The provider, which sends people back to `redirect`. The first time it is also installed."""
    install(SOURCE, CACHE)
    log = folder / "oidc.log"
    with child([NODE, "provider.js", redirect, SECRET], folder=CACHE, env=environ(), log=log) as process:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"The OpenID Connect provider did not start: {log.read_text()[-2000:]}")
        yield OidcProvider(json.loads(line)["issuer"], redirect)
