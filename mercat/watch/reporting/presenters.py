"""A report by the network's own interface in words, as the page of its case shows it."""

from __future__ import annotations

from dataclasses import dataclass

from mercat.networks import registry
from mercat.watch.cases import states as case_states
from mercat.watch.models import Case, NetworkReport
from mercat.watch.reporting import states
from mercat.watch.reporting.targets import target_of


@dataclass(frozen=True, slots=True)
class Way:
    """`network` is its slug, and `name` how it is called. `words`: what would be sent. `row`: the last report that was
    asked for, if any.

    `waits` and `problem` are sentences, "" where there is none; `offered`: whether it can be asked for.
    """

    network: str
    name: str
    words: str
    row: NetworkReport | None
    waits: str
    problem: str
    offered: bool


def way_of(case: Case, words: str) -> Way | None:
    """None where no network takes a report of it from here, and none was asked for."""
    row = case.network_reports.select_related("asked_by").last()
    target = target_of(case) if case.state == case_states.FAKE else None
    network = target.network if target else row.network if row else ""
    if not network:
        return None
    name, state = registry.get(network).spec.name, row.state if row else ""
    return Way(
        network=network,
        name=name,
        words=words,
        row=row,
        waits=_waits(row, name) if row and state in states.UNDER_WAY else "",
        problem=_problem(row, name) if row else "",
        offered=target is not None and state not in states.OPEN,
    )


def _waits(row: NetworkReport, name: str) -> str:
    if row.state == states.CALLING:
        return f"It is being reported through {name}."
    if row.tries:
        return f"{name} asked to wait ({row.said}). It is tried again by itself."
    return f"It goes to {name} within a minute. Nothing else is to be done."


def _problem(row: NetworkReport, name: str) -> str:
    if row.state == states.UNSURE:
        return (
            f"It may have been reported through {name}, and is not sent again: {row.said} See whether {name} answered "
            "us. If it did, or to be safe, say below that you have reported it, or report it by hand."
        )
    if row.state == states.REFUSED:
        return f"It was not reported through {name}: {row.said}"
    return ""
