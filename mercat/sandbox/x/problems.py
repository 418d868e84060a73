"""What X answers when it refuses: problem documents (docs.x.com, “Response codes & errors”)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mercat.sandbox.standin import ApiError

TYPES = "https://api.x.com/2/problems/"
KIND = {"content-type": "application/problem+json"}


def problem(status: int, title: str, detail: str, kind: str = "", **more: Any) -> ApiError:
    """`kind`: the last part of X's type; most refusals have none of their own."""
    body = {"title": title, "detail": detail, "type": TYPES + kind if kind else "about:blank", "status": status}
    return ApiError(status, {**body, **more}, KIND)


def invalid(message: str, parameters: Mapping[str, Any] | None = None) -> ApiError:
    error = {"message": message, **({"parameters": dict(parameters)} if parameters else {})}
    detail = "One or more parameters to your request was invalid."
    return problem(400, "Invalid Request", detail, "invalid-request", errors=[error])


def too_long() -> ApiError:
    detail = "Your Tweet text is too long. For more information on how Twitter determines text length see twitter-text."
    return problem(400, "Invalid Request", detail, "invalid-request")


def unauthorized() -> ApiError:
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str = "Forbidden") -> ApiError:
    return problem(403, "Forbidden", detail)


def duplicate() -> ApiError:
    return forbidden("You are not allowed to create a Tweet with duplicate content.")


def unpaid(account: str) -> ApiError:
    detail = f"Your enrolled account [{account}] does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", detail, "credits")


def missing(native_id: str) -> dict[str, Any]:
    """The problem of one thing that a look-up did not find; it comes inside an answer of 200."""
    return {
        "value": native_id,
        "detail": f"Could not find tweet with id: [{native_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "id",
        "resource_id": native_id,
        "type": TYPES + "resource-not-found",
    }


def not_found(native_id: str) -> ApiError:
    told = missing(native_id)
    return problem(404, told["title"], told["detail"], "resource-not-found", resource_type="tweet")
