"""Looking at pages as a signed-in person, at a time that stands still."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from mercat.people.models import Person
from tests.factories import NOW

SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five minutes after everything that the factories make."""
    monkeypatch.setattr(timezone, "now", lambda: SOON)


@pytest.fixture
def files(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def passphrase_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a body whose guidance asks for no second factor."""
    monkeypatch.setattr("mercat.people.signing_in.factors.required", lambda person: False)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(response) -> str:
    """What a person reads: without tags, white space as one blank. Follows HTML only so far as these pages need it."""
    html = re.sub(r"(?s)<(script|style|head).*?</\1>", " ", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(path)
    assert response.status_code == 200
    return len(captured)


def picture(name: str = "bridge.jpg", colour: str = "#88aacc", size: tuple[int, int] = (60, 40)) -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")
