"""One call of a stand-in's API: noted if it publishes, counted against the limits, played with the fault that waits."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mercat.sandbox.faults import Fault
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account
from mercat.sandbox.standin import ApiError, StandIn, World

Endpoint = Callable[[Request], Awaitable[Response]]
NOT_AN_ANSWER = "<!doctype html><html lang=en><title>Welcome</title><h1>Welcome</h1><p>This is a page of a proxy.</p>"


class AnswerLost(ConnectionError):
    """Raised where the server cannot drop a connection (an application called in-process)."""


async def drop(request: Request) -> Response:
    """Ends the connection without an answer; the response goes nowhere."""
    transport = getattr(request.state, "transport", None)
    if transport is None:
        raise AnswerLost("This fault needs the sandbox's own server; this application was called in-process.")
    transport.abort()
    await sleep(0)  # lets the server notice, so that it does not try to answer
    return Response()


@dataclass(frozen=True, slots=True)
class Call:
    standin: StandIn
    world: World
    endpoint: Endpoint
    on: str
    bucket: Bucket
    cost: int

    async def __call__(self, request: Request) -> Response:
        now = self.world.clock()
        request.state.received_at = now
        account = await self.standin.caller(self.world, request)
        if self.on == "publish":
            native_id = account.native_id if account else None
            self.world.store.note_request(self.world.slug, native_id, request.method, request.url.path, now)
        allowance = self._allowance(request, account, now)
        if allowance.spent:
            return self._limited(allowance)
        fault = self.world.faults.take(self.on, (account.handle, account.native_id) if account else ())
        response = await self._play(fault, request, allowance)
        for name, value in self.standin.rate_headers(allowance).items():
            response.headers.setdefault(name, value)
        return response

    def _allowance(self, request: Request, account: Account | None, now: float) -> Allowance:
        """Counted only while the switch rate_limits is on: otherwise training and benchmarks would run dry."""
        if not self.world.faults.standing("rate_limits"):
            return Allowance(self.bucket, self.bucket.points - self.cost, now + self.bucket.seconds)
        name = account.native_id if account else request.client.host if request.client else ""
        return self.world.windows.spend(self.bucket, name, self.cost, now)

    def _limited(self, allowance: Allowance) -> Response:
        response = self.standin.rate_limited().response()
        response.headers.update(self.standin.rate_headers(allowance))
        return response

    async def _play(self, fault: Fault | None, request: Request, allowance: Allowance) -> Response:
        if fault is None:
            return await self._work(request)
        return await _PLAYS[fault.kind.name](self, fault, request, allowance)

    async def _work(self, request: Request) -> Response:
        try:
            return await self.endpoint(request)
        except ApiError as error:
            return error.response()

    async def _answer_lost(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        await self._work(request)
        return await drop(request)

    async def _rate_limited(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        reset = self.world.clock() + fault.options["retry_after"]
        return self._limited(Allowance(allowance.bucket, 0, reset, spent=True))

    async def _error_before(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        return self.standin.out_of_order(503).response()

    async def _error_after(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        await self._work(request)
        return self.standin.out_of_order(500).response()

    async def _expired_token(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        return self.standin.expired_token().response()

    async def _stale_timeline(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        request.state.hidden_after = self.world.clock() - fault.options["seconds"]
        return await self._work(request)

    async def _wrong_200(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        if fault.options["done"]:
            await self._work(request)
        if fault.options["body"] == "no_id":
            return JSONResponse({})
        return HTMLResponse(NOT_AN_ANSWER)

    async def _slow(self, fault: Fault, request: Request, allowance: Allowance) -> Response:
        if not fault.options["done"]:
            await sleep(fault.options["seconds"])
            return await self._work(request)
        response = await self._work(request)
        await sleep(fault.options["seconds"])
        return response


_PLAYS = {
    "answer_lost": Call._answer_lost,
    "rate_limited": Call._rate_limited,
    "error_before": Call._error_before,
    "error_after": Call._error_after,
    "expired_token": Call._expired_token,
    "stale_timeline": Call._stale_timeline,
    "wrong_200": Call._wrong_200,
    "slow": Call._slow,
}


def call(
    standin: StandIn,
    world: World,
    method: str,
    path: str,
    endpoint: Endpoint,
    *,
    on: str,
    bucket: Bucket | None = None,
    cost: int = 1,
) -> Route:
    """A route of a network's API. `on` says what kind of operation it is: see `faults.OPERATIONS`."""
    played = Call(standin, world, endpoint, on, bucket or standin.default_bucket(on), cost)

    async def answer(request: Request) -> Response:
        return await played(request)

    return Route(path, answer, methods=[method])
