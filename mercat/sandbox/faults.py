"""The fault switches: what a stand-in is told to do wrong, and how often."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OPERATIONS = ("publish", "upload", "read", "remove", "session", "any")


@dataclass(frozen=True, slots=True)
class Option:
    """A field of a fault. `default`: a number, a yes or no, or a tuple of choices of which the first is the default."""

    name: str
    label: str
    default: float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault that can be switched on.

    A lasting fault is a way of being (it stays until cleared); the others happen `times` times and are used up.
    """

    name: str
    label: str
    help: str
    on: str = "publish"
    options: tuple[Option, ...] = ()
    lasting: bool = False


_DONE = Option("done", "Do what was asked all the same", False)

COMMON_FAULTS = (
    FaultKind("answer_lost", "Answer lost", "Does what was asked, then drops the connection without an answer."),
    FaultKind(
        "rate_limited",
        "Rate limited",
        "Does nothing, and answers 429 with the network’s own headers.",
        options=(Option("retry_after", "Seconds until the limit ends", 30),),
    ),
    FaultKind("error_before", "Error before", "Does nothing, and answers 503."),
    FaultKind("error_after", "Error after", "Does what was asked, and answers 500."),
    FaultKind("expired_token", "Expired token", "Does nothing, and refuses the access token as if it had run out."),
    FaultKind(
        "stale_timeline",
        "Stale timeline",
        "Reading does not show the newest posts.",
        on="read",
        options=(Option("seconds", "Hide what came in within so many seconds", 60),),
    ),
    FaultKind(
        "wrong_200",
        "Wrong 200",
        "Answers 200 with something that is not the answer.",
        options=(Option("body", "What to answer instead", ("html", "no_id")), _DONE),
    ),
    FaultKind(
        "slow",
        "Slow",
        "Answers late, and does what was asked after the wait or before it.",
        options=(
            Option("seconds", "How many seconds late", 5),
            Option("done", "Do what was asked before the wait", False),
        ),
    ),
)


@dataclass(slots=True)
class Fault:
    """A fault that is switched on. `times` None: until cleared. `account`: handle or native id; None: every account."""

    kind: FaultKind
    on: str
    times: int | None
    account: str | None
    options: dict[str, Any]

    def told(self) -> dict[str, Any]:
        return {
            "fault": self.kind.name,
            "on": self.on,
            "times": self.times,
            "account": self.account,
            **self.options,
        }


class BadFault(Exception):
    """The fault asked for does not exist or its fields are wrong; the message says how."""


class Faults:
    """The faults of one network, oldest first. In memory: a restart ends them."""

    def __init__(self, kinds: Iterable[FaultKind]) -> None:
        self.kinds = {kind.name: kind for kind in (*COMMON_FAULTS, *kinds)}
        self.active: list[Fault] = []

    def add(self, fields: Mapping[str, Any]) -> Fault:
        fault = _parse(self.kinds, fields)
        if fault.kind.lasting:
            self.clear(fault.kind.name)
        self.active.append(fault)
        return fault

    def clear(self, name: str | None = None) -> None:
        self.active = [fault for fault in self.active if name is not None and fault.kind.name != name]

    def standing(self, name: str) -> Fault | None:
        """A lasting fault that is on, else None."""
        return next((fault for fault in self.active if fault.kind.name == name), None)

    def take(self, on: str, names: Iterable[str | None]) -> Fault | None:
        """The oldest fault that fits this call, and one of its times used up. `names`: the caller's handle and id."""
        known = set(names)
        for fault in self.active:
            if fault.kind.lasting or fault.on not in (on, "any"):
                continue
            if fault.account is None or fault.account in known:
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self.active.remove(fault)


def _parse(kinds: Mapping[str, FaultKind], fields: Mapping[str, Any]) -> Fault:
    kind = kinds.get(str(fields.get("fault", "")))
    if kind is None:
        raise BadFault(f"There is no fault {fields.get('fault')!r}. Known here: {', '.join(kinds)}.")
    unknown = set(fields) - {"fault", "times", "on", "account", *(option.name for option in kind.options)}
    if unknown:
        raise BadFault(f"{kind.name} has no field {', '.join(sorted(unknown))}.")
    on = fields.get("on") or kind.on
    if on not in OPERATIONS:
        raise BadFault(f"on must be one of {', '.join(OPERATIONS)}.")
    options = {option.name: _value(option, fields.get(option.name)) for option in kind.options}
    account = fields.get("account") or None
    if not isinstance(account, str | None):
        raise BadFault("account must be a handle or a native id.")
    return Fault(kind, on, None if kind.lasting else _times(fields.get("times", 1)), account, options)


def _times(given: Any) -> int | None:
    """Absent or empty: once. JSON null: until cleared."""
    if given is None:
        return None
    try:
        times = int(given if given != "" else 1)
    except (TypeError, ValueError) as error:
        raise BadFault("times must be a whole number, or null for until it is cleared.") from error
    if times < 1:
        raise BadFault("times must be at least 1.")
    return times


def _value(option: Option, given: Any) -> Any:
    name, default = option.name, option.default
    if isinstance(default, tuple):
        return _choice(name, default[0] if given in (None, "") else given, default)
    if given is None or given == "":
        return default
    if isinstance(default, bool):
        return given in (True, "true", "on", "1")
    try:
        number = float(given)
    except (TypeError, ValueError) as error:
        raise BadFault(f"{name} must be a number.") from error
    if not 0 <= number < math.inf:
        raise BadFault(f"{name} must be zero or more.")
    return number


def _choice(name: str, given: Any, choices: tuple[str, ...]) -> Any:
    if given not in choices:
        raise BadFault(f"{name} must be one of {', '.join(choices)}.")
    return given
