"""What a browser does on the consent page of a stand-in of Meta's networks."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx


def agree(url: str, *handles: str, decision: str = "allow") -> str:
    """What a browser does on the consent page: send its form for these accounts."""
    shown = httpx.get(url)
    assert shown.status_code == 200, shown.text
    form = Form()
    form.feed(shown.text)
    chosen = {**form.hidden, "account[]": list(handles), "decision": decision}
    answer = httpx.post(httpx.URL(url).join(form.action), data=chosen)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["the-state"]
    return query["code"][0] if decision == "allow" else query["error"][0]


class Form(HTMLParser):
    """The address and the hidden fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action", "")
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given.get("value", "")
