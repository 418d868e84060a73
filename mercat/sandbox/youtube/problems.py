"""What Google answers when it refuses: a code, a message, and reasons (developers.google.com/youtube, “Errors”)."""

from __future__ import annotations

from mercat.sandbox.standin import ApiError


def problem(status: int, reason: str, message: str, domain: str = "youtube.api", **headers: str) -> ApiError:
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return ApiError(status, {"error": {"code": status, "message": message, "errors": errors}}, headers)


def invalid(reason: str, message: str) -> ApiError:
    return problem(400, reason, message)


def unauthorized() -> ApiError:
    message = "Request had invalid authentication credentials."
    return problem(401, "authError", message, "global")


def forbidden(message: str = "Forbidden") -> ApiError:
    return problem(403, "forbidden", message)


def not_found(reason: str, message: str) -> ApiError:
    return problem(404, reason, message)


def quota(what: str) -> ApiError:
    message = f"The request cannot be completed because you have exceeded your quota ({what})."
    return problem(403, "quotaExceeded", message, "youtube.quota")
