"""What an e-mail says: the notice's subject and kind, and where to read it. Never its body, and no word of a post.

Bodies hold reasons that people wrote, and names; a mailbox is outside of what guidance keeps watch over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.timezone import localtime

from mercat.people.models import Notice

LINES = 100  # of a daily message; the page has the rest
NOTICES, PREFERENCES = "/notices/", "/notices/preferences/"


def letter(rows: Sequence[Notice], *, daily: bool, now: datetime) -> EmailMessage:
    """The message about these rows of one person, at least one: a single notice, or what a day brought."""
    first = rows[0]
    subject, said = _of_a_day(rows) if daily else _of_one(first)
    ends = f"You are told this by Mercat. What you are told by e-mail, you choose here:\n{_url(PREFERENCES)}"
    return EmailMessage(
        subject=subject,
        body=f"{said}\n\n{ends}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[first.mail_to or first.person.email],
        headers={
            "Message-ID": _message_id(first, daily=daily),
            "Date": format_datetime(now),
            "Auto-Submitted": "auto-generated",
        },
    )


def _of_one(row: Notice) -> tuple[str, str]:
    subject = _one_line(row.subject)
    return subject, f"{subject}\n\nKind: {row.label}\nRead it: {_url(row.link)}"


def _of_a_day(rows: Sequence[Notice]) -> tuple[str, str]:
    many = f"{len(rows)} notices" if len(rows) > 1 else "1 notice"
    lines = [f"- {localtime(row.at):%d %b %H:%M}, {row.label}: {_one_line(row.subject)}" for row in rows[:LINES]]
    if len(rows) > LINES:
        lines.append(f"- and {len(rows) - LINES} more")
    listed = "\n".join(lines)
    return (
        f"{many} since yesterday",
        f"You have {many} that you have not read:\n\n{listed}\n\nRead them: {_url(NOTICES)}",
    )


def _one_line(text: str) -> str:
    """A header of several lines would be several headers."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())


def _url(link: str) -> str:
    """An address of this installation; a notice's link leads nowhere else."""
    ours = link.startswith("/") and not link.startswith(("//", "/\\")) and link.isprintable() and " " not in link
    return settings.MERCAT_BASE_URL + (link if ours else NOTICES)


def _message_id(first: Notice, *, daily: bool) -> str:
    """The same each time that the same row is tried, so that a repeat is known for one."""
    host = (urlsplit(settings.MERCAT_BASE_URL).hostname or "mercat").replace(":", "-")
    return f"<{'daily' if daily else 'notice'}.{first.pk}.{first.at:%Y%m%d%H%M%S}@{host}>"
