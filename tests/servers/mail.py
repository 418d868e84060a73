"""A server for e-mail on loopback, by others' hand (aiosmtpd), that can be told to refuse, to break off, or to die."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.config.running import free_port

FROM = "Mercat <mercat@body.example>"


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        box: MailBox = self.event_handler
        if box.dies_in_data:
            box.dies_in_data -= 1
            await self.push("354 Go on")
            await self._reader.readline()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class MailBox(Controller):
    """`messages` are what was taken. The lists of answers are given in turn, and then everything is taken."""

    def __init__(self, port: int, **about: object) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, list[str]] = {}
        self.data_answers: list[str] = []
        self.sender_answers: list[str] = []
        self.loses_the_answer = self.dies_in_data = self.connections = 0
        self._lock = threading.Lock()
        super().__init__(self, hostname="127.0.0.1", port=port, **about)

    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list
    ) -> list:
        session.host_name = hostname
        if not getattr(session, "counted", False):
            session.counted = True
            self.connections += 1
        return responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:  # noqa: N802
        if self.sender_answers:
            return self.sender_answers.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:  # noqa: N802
        if self.answers.get(address):
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answers:
            return self.data_answers.pop(0)
        with self._lock:
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
            self.recipients += envelope.rcpt_tos
        if self.loses_the_answer:
            self.loses_the_answer -= 1
            server.transport.abort()
        return "250 Taken"


def use(settings: SimpleNamespace, port: int) -> None:
    """As `MERCAT_EMAIL_URL=smtp://127.0.0.1:PORT` would."""
    settings.MERCAT_EMAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.DEFAULT_FROM_EMAIL = FROM
    settings.EMAIL_TIMEOUT = 5


@contextmanager
def running(settings: SimpleNamespace, **about: object) -> Iterator[MailBox]:
    box = MailBox(free_port(), **about)
    use(settings, box.port)
    box.start()
    try:
        yield box
    finally:
        if box.server is not None:
            box.stop()
