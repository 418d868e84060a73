"""The states of an account, as a table. A pair that is not in it cannot happen, here or in the database.

What was only applied for is an application, and no account yet; whether an account is connected is its connection's to
say. The trigger `register_change_is_in_the_table` holds the same pairs; a test compares the two.
"""

from __future__ import annotations

from mercat.register.models import Account

Status = Account.Status

# From, to: what brings it about.
TABLE: dict[tuple[str, str], str] = {
    (Status.APPROVED, Status.ACTIVE): "it is connected to its network",
    (Status.APPROVED, Status.SUSPENDED): "those who answer for it stop it",
    (Status.APPROVED, Status.CLOSED): "a review, or whoever may close it, closes it",
    (Status.ACTIVE, Status.DORMANT): "nothing went out there for the days that the pack names",
    (Status.ACTIVE, Status.SUSPENDED): "those who answer for it stop it",
    (Status.ACTIVE, Status.CLOSED): "a review, or whoever may close it, closes it",
    (Status.DORMANT, Status.ACTIVE): "those who answer for it wake it",
    (Status.DORMANT, Status.SUSPENDED): "those who answer for it stop it",
    (Status.DORMANT, Status.CLOSED): "a review, or whoever may close it, closes it",
    (Status.SUSPENDED, Status.APPROVED): "it is reinstated, and was never connected",
    (Status.SUSPENDED, Status.ACTIVE): "it is reinstated",
    (Status.SUSPENDED, Status.CLOSED): "a review, or whoever may close it, closes it",
}
