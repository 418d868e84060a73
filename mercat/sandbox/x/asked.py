"""Reads what a caller asks for, and refuses whatever X's own description of the API (OpenAPI 2.167) does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request

from mercat.sandbox.fields import BadBody, is_form, read_fields, read_json
from mercat.sandbox.x.problems import invalid

ID = re.compile(r"[0-9]{1,19}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
Check = Callable[[str, str], Any]  # name and value; raises ApiError

POST_FIELDS = """
article article_title attachments card_uri community_id context_annotations conversation_id created_at
display_text_range edit_controls entities geo id lang matched_media_notes media_metadata non_public_metrics note_post
note_request_suggestions organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics
reply_settings scopes source suggested_source_links suggested_source_links_with_counts text withheld
"""
USER_FIELDS = """
confirmed_email connection_status created_at description entities id is_identity_verified location name parody
profile_banner_url profile_image_url protected public_metrics receives_your_dm subscribes_to_you subscription
subscription_type url username verified verified_followers_count verified_type withheld
"""
MEDIA_FIELDS = """
alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics
public_metrics type url variants width
"""
EXPANSIONS = """
article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet attachments.poll_ids
author_id edit_history_post_ids entities.mentions.username geo.place_id in_reply_to_user_id referenced_posts username
"""


def some_of(names: str) -> Check:
    known = set(names.split())

    def check(name: str, value: str) -> list[str]:
        wanted = value.split(",")
        if unknown := [one for one in wanted if one not in known]:
            raise invalid(
                f"The `{name}` query parameter value [{unknown[0]}] is not one of [{','.join(sorted(known))}]"
            )
        if len(set(wanted)) < len(wanted):
            raise invalid(f"The `{name}` query parameter holds a value twice")
        return wanted

    return check


def between(least: int, most: int) -> Check:
    def check(name: str, value: str) -> int:
        if not (value.isascii() and value.isdecimal() and least <= int(value[:9]) <= most):
            raise invalid(f"The `{name}` query parameter value [{value}] is not between {least} and {most}")
        return int(value)

    return check


def matching(pattern: str) -> Check:
    def check(name: str, value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise invalid(f"The `{name}` query parameter value [{value}] does not match {pattern}")
        return value

    return check


def moment(name: str, value: str) -> float:
    """Seconds since 1970."""
    try:
        if MOMENT.fullmatch(value):
            return datetime.fromisoformat(value).timestamp()
    except ValueError:
        pass
    raise invalid(f"The `{name}` query parameter value [{value}] is not a valid RFC 3339 date-time")


SHOWING: Mapping[str, Check] = {
    "post.fields": some_of(POST_FIELDS),
    "user.fields": some_of(USER_FIELDS),
    "media.fields": some_of(MEDIA_FIELDS),
    "expansions": some_of(EXPANSIONS),
}
USERS: Mapping[str, Check] = {"user.fields": some_of(USER_FIELDS)}
PAGED: Mapping[str, Check] = {
    "max_results": between(5, 100),
    "pagination_token": matching(r".+"),
    "start_time": moment,
    "end_time": moment,
    "since_id": matching(r"[0-9]{1,19}"),
    "until_id": matching(r"[0-9]{1,19}"),
}


def query(request: Request, known: Mapping[str, Check], *needed: str) -> dict[str, Any]:
    """The query as its parameters mean it. Raises ApiError 400 for what is unknown, wrong, missing or there twice."""
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    for name in names:
        if name not in known:
            raise invalid(f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]", {name: names})
    if len(set(names)) < len(names):
        raise invalid("A query parameter is given twice")
    if missing := [name for name in needed if name not in names]:
        raise invalid(f"The `{missing[0]}` query parameter can not be empty")
    return {name: known[name](name, value) for name, value in given}


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a JSON object. `kind`: what Python makes of it. `check`: whether a value of that kind will do."""

    kind: type
    check: Callable[[Any], bool] = lambda value: True
    needed: bool = False


def is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(ID.fullmatch(value))


async def body(request: Request, fields: Mapping[str, Field]) -> dict[str, Any]:
    """A JSON object of these fields. Raises ApiError 400."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("The request's Content-Type must be application/json.")
    try:
        given = await read_json(request)
    except BadBody as error:
        raise invalid("Request body is not valid JSON.") from error
    return members(given, fields, "$")


def members(given: Any, fields: Mapping[str, Field], where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid(f"{where}: is not an object")
    for name, value in given.items():
        field = fields.get(name)
        if field is None:
            raise invalid(f"{where}.{name}: is not defined in the schema and the schema does not allow additional ones")
        # True and False are numbers to Python.
        right = isinstance(value, field.kind) and (field.kind is bool or not isinstance(value, bool))
        if not right or not field.check(value):
            raise invalid(f"{where}.{name}: is not what the schema asks for", {name: [str(value)[:100]]})
    if missing := [name for name, field in fields.items() if field.needed and name not in given]:
        raise invalid(f"{where}.{missing[0]}: is missing but it is required")
    return given


async def form(request: Request, known: set[str]) -> dict[str, Any]:
    """The fields of a form; a file as its bytes. Raises ApiError 400."""
    if not is_form(request):
        raise invalid("The request's Content-Type must be a form.")
    try:
        fields = await read_fields(request)
    except BadBody as error:
        raise invalid(str(error)) from error
    if unknown := set(fields) - known:
        raise invalid(f"$.{min(unknown)}: is not defined in the schema and the schema does not allow additional ones")
    return fields
