"""The states of a post, as a table. What happens to it on each network is the consignments' (delivery/states.py)."""

from __future__ import annotations

DRAFT, SUBMITTED, SENT_BACK = "draft", "submitted", "sent_back"
APPROVED, REJECTED, WITHDRAWN = "approved", "rejected", "withdrawn"

STATES = {
    DRAFT: "Draft",
    SUBMITTED: "Waiting for approval",
    SENT_BACK: "Sent back",
    APPROVED: "Approved",
    REJECTED: "Rejected",
    WITHDRAWN: "Withdrawn",
}

TABLE: dict[tuple[str, str], str] = {
    (DRAFT, "submit"): SUBMITTED,
    (SENT_BACK, "submit"): SUBMITTED,
    (SUBMITTED, "submit"): SUBMITTED,  # a changed post is a new version: approvals of the old one are void
    (APPROVED, "submit"): SUBMITTED,
    (SUBMITTED, "approve"): APPROVED,  # with the last approval of the last account
    (APPROVED, "reopen"): SUBMITTED,  # an approval is void before all of it is out
    (SUBMITTED, "send_back"): SENT_BACK,
    (SUBMITTED, "reject"): REJECTED,
    (DRAFT, "withdraw"): WITHDRAWN,
    (SENT_BACK, "withdraw"): WITHDRAWN,
    (SUBMITTED, "withdraw"): WITHDRAWN,
    (APPROVED, "withdraw"): WITHDRAWN,
}
EVENTS = ("submit", "approve", "reopen", "send_back", "reject", "withdraw")
EDITABLE = tuple(state for state, event in TABLE if event == "submit")


class ImpossibleStep(ValueError):
    """A step that the table does not know."""


def after(state: str, event: str) -> str:
    try:
        return TABLE[state, event]
    except KeyError:
        raise ImpossibleStep(
            f"This post is “{STATES[state].lower()}”, so that it cannot be changed this way."
        ) from None


def drawing() -> str:
    """The table as a Mermaid diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {DRAFT}"]
    lines += [f"    {state} --> {target}: {event}" for (state, event), target in TABLE.items()]
    return "\n".join(lines)
