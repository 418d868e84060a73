"""The kinds of notices: what each is about, how it reaches somebody who has chosen nothing, and which cannot be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KindName = Literal["approvals", "sending", "security", "access", "accounts", "advice", "reminders", "administration"]

AT_ONCE, DAILY, NEVER = "at-once", "daily", "never"
WAYS = {AT_ONCE: "At once", DAILY: "Once a day, at 7am", NEVER: "Never"}


@dataclass(frozen=True, slots=True)
class Kind:
    """`usual` is the way of whoever has chosen none; what `must` be sent can be daily, and never off."""

    label: str
    about: str
    usual: str = AT_ONCE
    must: bool = False

    @property
    def ways(self) -> dict[str, str]:
        return {way: label for way, label in WAYS.items() if way != NEVER or not self.must}


KINDS: dict[str, Kind] = {
    "approvals": Kind("Approvals", "A post waits for your approval, or yours was sent back or rejected.", must=True),
    "sending": Kind("Sending", "A post is held or was not taken, or an account stopped speaking.", must=True),
    "security": Kind(
        "Security", "Your sign-in, your details, tokens in your name, and work from other devices.", must=True
    ),
    "access": Kind("Access to posting", "Steps from nomination to licence: yours, and those that wait for you."),
    "accounts": Kind("Accounts", "Applications, reviews, connections, holders and points of contact."),
    "advice": Kind("Advice", "A question waits for your answer, or yours was answered."),
    "reminders": Kind(
        "Reminders", "Training that runs out, procedures to read, reviews and looks that are due.", DAILY
    ),
    "administration": Kind("Administration", "Files of people that wait or were refused, and webhooks."),
}
MUST = tuple(name for name, kind in KINDS.items() if kind.must)
