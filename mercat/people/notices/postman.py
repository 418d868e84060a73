"""Handing a message to the server for e-mail, over one connection, and what came of it in three words.

`Refused`: this message is not taken, ever. `Later`: not now. `Silent`: the server is not there, or takes nothing from
us; no fault of the message. Only the server's answers are kept, and of a refused sign-in only the number.
"""

from __future__ import annotations

import contextlib
import smtplib
from types import TracebackType

from django.core.mail import EmailMessage, get_connection

CLOSING = 421  # "service not available, closing"


class NotSent(Exception):
    """The message says why, in a line."""


class Refused(NotSent):
    pass


class Later(NotSent):
    pass


class Silent(NotSent):
    pass


class Postman:
    """A connection that is opened when first needed, and closed at the end of the block."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def __enter__(self) -> Postman:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def ready(self) -> None:
        """Raises Silent when the server cannot be reached, does not speak TLS, or does not know us."""
        try:
            self._connection.open()
        except smtplib.SMTPAuthenticationError as error:
            raise Silent(f"The sign-in to the server for e-mail was refused ({error.smtp_code}).") from None
        except OSError as error:
            raise Silent(f"The server for e-mail cannot be reached: {_said(error)}") from None

    def send(self, message: EmailMessage) -> None:
        try:
            self._connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _outcome(code)(f"The address was refused: {code} {_text(answer)}") from None
        except smtplib.SMTPDataError as error:
            raise _outcome(error.smtp_code)(f"The message was refused: {_said(error)}") from None
        except smtplib.SMTPSenderRefused as error:
            raise Silent(f"The server takes nothing from our address: {_said(error)}") from None
        except ValueError as error:  # an address that no header can hold
            self._hang_up()
            raise Refused(f"The address cannot be written to: {type(error).__name__}.") from None
        except OSError as error:
            raise Silent(f"The connection broke off: {_said(error)}") from None

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):  # smtplib's errors are of this kind too
            self._connection.close()


def _outcome(code: int) -> type[NotSent]:
    if code == CLOSING:
        return Silent
    return Later if 400 <= code < 500 else Refused


def _said(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__} {error.strerror or ''}".strip()


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:200]
