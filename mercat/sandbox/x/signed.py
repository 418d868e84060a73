"""Whose call it is and what it may do, and numbers that grow with time."""

from __future__ import annotations

from starlette.requests import Request

from mercat.sandbox.models import Account
from mercat.sandbox.standin import World
from mercat.sandbox.x import oauth
from mercat.sandbox.x.problems import forbidden, unauthorized, unpaid

EPOCH = 1_288_834_974_657  # milliseconds since 1970 at which X began to count


def signed_in(world: World, request: Request, *scopes: str) -> tuple[Account, str]:
    """The account and its token. Raises ApiError where the token is no good, may not do this, or nobody has paid."""
    grant = oauth.grant_of(world, request)
    account = world.store.account(world.slug, grant["account"]) if grant else None
    if grant is None or account is None:
        raise unauthorized()
    if not set(scopes) <= set(grant["scopes"].split()):
        raise forbidden()
    if world.faults.standing("credits_used_up"):
        raise unpaid(account.native_id)
    return account, oauth.bearer(request)


class Ids:
    """Numbers of 19 digits in the order in which they were given; none is given twice."""

    def __init__(self, world: World) -> None:
        self.world = world

    def next(self) -> str:
        now = self.world.clock()
        last = self.world.store.kept(self.world.slug, "counter", "id", now) or 0
        number = max((int(now * 1_000) - EPOCH) << 22, last + 1)
        self.world.store.keep(self.world.slug, "counter", "id", number)
        return str(number)
