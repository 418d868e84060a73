"""The sandbox as one ASGI application: the index, the control, and every stand-in network under its own name."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mercat.sandbox import pages
from mercat.sandbox.control import Control
from mercat.sandbox.faults import Faults
from mercat.sandbox.guard import Guard
from mercat.sandbox.registry import stand_ins
from mercat.sandbox.standin import ApiError, World
from mercat.sandbox.store import Store


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


async def _gone(request: Request, error: Exception) -> Response:
    """Whoever asked hung up before the end of the request: nobody reads this answer."""
    return Response(status_code=400)


def create_app(state: Path | None = None, clock: Callable[[], float] = time.time) -> Starlette:
    """`state`: a file in which everything outlives a restart; in memory when None. `clock`: seconds since 1970.

    Raises store.StateFileError when the file cannot be used.
    """
    store = Store(state)
    networks = [(one, World(one.slug, store, clock, Faults(one.faults))) for one in stand_ins()]

    async def index(request: Request) -> Response:
        return pages.index(networks, str(request.base_url).rstrip("/"))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    return Starlette(
        routes=[
            Route("/", index),
            Mount("/_control", routes=Control(networks).routes()),
            Mount("/static", StaticFiles(directory=pages.HERE / "static")),
            *(Mount(f"/{standin.slug}", routes=standin.routes(world)) for standin, world in networks),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={ApiError: _refused, ClientDisconnect: _gone},
        lifespan=lifespan,
    )
