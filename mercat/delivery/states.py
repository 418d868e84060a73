"""The states of a consignment, as a table. Everything that changes a state goes through it; the docs are drawn from it.

Source of the rules: the sending rules in docs/explanation/sending.md. A pair that is not in the table cannot happen.
"""

from __future__ import annotations

READY, LEASED, SENDING, SENT = "ready", "leased", "sending", "sent"
REFUSED, IN_DOUBT, NEEDS_PERSON = "refused", "in_doubt", "needs_person"
HELD, WITHDRAWN = "held", "withdrawn"

STATES = {
    READY: "Waiting for its time",
    LEASED: "A worker has taken it",
    SENDING: "Being sent now",
    SENT: "Out, and read back",
    REFUSED: "The network refused it",
    IN_DOUBT: "May be out: being looked for",
    NEEDS_PERSON: "A person must look",
    HELD: "Held",
    WITHDRAWN: "Withdrawn before it went out",
}

# At most one consignment of an account and lane is in these at a time (a partial unique index holds it).
BUSY = (LEASED, SENDING, IN_DOUBT)
FINAL = (SENT, WITHDRAWN)
# Nothing is out in these for certain, so that a person may still take it back.
RECALLABLE = (READY, LEASED, HELD, REFUSED)

EVENTS = {
    "claim": "a worker takes it when it is due",
    "lapse": "the worker's lease ran out before it began to send",
    "hold": "guidance, a pause or a lost connection stands in the way, or it is not what was approved",
    "begin": "the last look at guidance passed; committed before the call",
    "confirm": "read back, and what stands there is what was sent",
    "refuse": "the network refused it cleanly: nothing is out",
    "put_off": "nothing is out; the network named a time, or is preparing",
    "doubt": "no clear answer: it may be out",
    "miss": "looked for after the grace, and it is not there",
    "give_up": "it cannot be read, or what stands there differs",
    "stop": "somebody whom it rests on has left or moved: its author, or who approved it",
    "release": "a person, a new approval, or the end of a pause, lets it go on",
    "withdraw": "its post was changed or taken back",
    "vouch": "a person found it on the network",
    "deny": "a person looked, and it is not there",
}

TABLE: dict[tuple[str, str], str] = {
    (READY, "claim"): LEASED,
    (LEASED, "lapse"): READY,
    (LEASED, "hold"): HELD,
    (LEASED, "begin"): SENDING,
    (SENDING, "confirm"): SENT,
    (SENDING, "refuse"): REFUSED,
    (SENDING, "put_off"): READY,
    (SENDING, "hold"): HELD,
    (SENDING, "doubt"): IN_DOUBT,
    (IN_DOUBT, "confirm"): SENT,
    (IN_DOUBT, "doubt"): IN_DOUBT,
    (IN_DOUBT, "miss"): READY,
    (IN_DOUBT, "give_up"): NEEDS_PERSON,
    (NEEDS_PERSON, "vouch"): SENT,
    (NEEDS_PERSON, "deny"): READY,
    (READY, "stop"): HELD,
    (LEASED, "stop"): HELD,
    (HELD, "stop"): HELD,
    (HELD, "release"): READY,
    (READY, "withdraw"): WITHDRAWN,
    (LEASED, "withdraw"): WITHDRAWN,
    (HELD, "withdraw"): WITHDRAWN,
    (REFUSED, "withdraw"): WITHDRAWN,
}


class ImpossibleStep(ValueError):
    """A step that the table does not know."""


def after(state: str, event: str) -> str:
    """The state that `event` leads to from `state`."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise ImpossibleStep(f"A consignment that is “{state}” cannot “{event}”.") from None


def sources(event: str) -> list[str]:
    """The states in which `event` can happen."""
    return [state for state, known in TABLE if known == event]


def drawing() -> str:
    """The table as a Mermaid diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {READY}"]
    lines += [f"    {state} --> {target}: {event}" for (state, event), target in TABLE.items()]
    lines += [f"    {state} --> [*]" for state in FINAL]
    return "\n".join(lines)
