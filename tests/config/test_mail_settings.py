"""The settings of e-mail: what is understood, what is not, and that no password is ever repeated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from mercat.config.environment import Environment, MailServer, mail_server
from tests.config.running import mercat
from tests.shared import ROOT

FROM = "Mercat <mercat@body.example>"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("mail.example", 587, "", "", starttls=True, tls=False)),
        ("smtp://mail.example:25/", MailServer("mail.example", 25, "", "", starttls=True, tls=False)),
        ("smtps://mail.example", MailServer("mail.example", 465, "", "", starttls=False, tls=True)),
        ("smtp://localhost:1025", MailServer("localhost", 1025, "", "", starttls=False, tls=False)),
        ("smtp://127.0.0.1:25", MailServer("127.0.0.1", 25, "", "", starttls=False, tls=False)),
        ("smtp://me%40body:a%3Ab%2F@mail.example", MailServer("mail.example", 587, "me@body", "a:b/", True, False)),
    ],
)
def test_a_server_is_understood(url: str, server: MailServer) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example", "http://me:hush@mail.example", "smtp://", "smtp://me@mail.example", "smtp://:hush@mail.example",
        "smtp://me:hush@mail.example:port", "smtp://me:hush@mail.example/inbox", "smtp://me:hush@mail.example?tls=no",
        "smtp://me:hush@[mail.example",
    ],
)  # fmt: skip
def test_what_is_no_server_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Environment(home=tmp_path, email_url=url, email_from=FROM)
    assert "email_url" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("sender", ["", "Mercat", "mercat@", "a@b.example\nBcc: c@d.example"])
def test_e_mail_comes_from_an_address(tmp_path: Path, sender: str) -> None:
    with pytest.raises(ValidationError, match="MERCAT_EMAIL_FROM must be an address"):
        Environment(home=tmp_path, email_url="smtp://me:hush@mail.example", email_from=sender)
    assert Environment(home=tmp_path, email_from=sender).mail is None


def test_the_command_line_names_the_setting_and_not_its_value() -> None:
    done = mercat("doctor", MERCAT_EMAIL_URL="http://me:hush@mail.example", MERCAT_EMAIL_FROM=FROM)
    assert done.returncode == 1
    assert "MERCAT_EMAIL_URL: " in done.stderr
    without = mercat("doctor", MERCAT_EMAIL_URL="smtp://me:hush@mail.example")
    assert without.returncode == 1
    assert "MERCAT_EMAIL_FROM must be an address" in without.stderr
    assert "hush" not in done.stderr + done.stdout + without.stderr + without.stdout
    assert "Traceback" not in done.stderr + without.stderr


def test_the_password_stands_in_no_copy_of_the_settings(tmp_path: Path) -> None:
    env = Environment(home=tmp_path, email_url="smtp://me:hush@mail.example", email_from=FROM)
    assert env.mail.password == "hush"
    assert "hush" not in f"{env!r} {env} {env.mail!r} {env.model_dump()} {env.model_dump_json()}"


SHOW = """
from django.conf import settings as s
print(s.MERCAT_EMAIL, s.EMAIL_BACKEND, s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS, s.EMAIL_USE_SSL, s.EMAIL_TIMEOUT)
"""


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ({}, "False django.core.mail.backends.dummy.EmailBackend localhost 25 False False 10"),
        (
            {"MERCAT_EMAIL_URL": "smtp://me:hush@mail.example", "MERCAT_EMAIL_FROM": FROM},
            "True django.core.mail.backends.smtp.EmailBackend mail.example 587 True False 10",
        ),
    ],
)
def test_django_is_told(about: dict[str, str], shown: str) -> None:
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "mercat.config.settings", **about}
    done = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == shown
