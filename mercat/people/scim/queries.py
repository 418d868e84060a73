"""Finding users: RFC 7644's filters as queries, over what is published of users and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Coalesce
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParser, SCIMParserError
from scim2_filter_parser.transpilers.django_q_object import Transpiler
from scim2_models import InvalidFilterException

from mercat.people.models import Person

LONGEST = 1000  # characters of a filter
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
FIELDS = {
    "id": "pk",
    "externalId": "directory__external_id",
    "userName": "login",
    "displayName": "name",
    "title": "directory__title",
    "active": "is_active",
    "emails": "email",
}
ATTRIBUTES = {
    **{(name, None, schema): field for name, field in FIELDS.items() for schema in (None, CORE)},
    ("emails", "value", None): "email",
    ("employeeNumber", None, ENTERPRISE): "number",
    ("department", None, ENTERPRISE): "directory__department",
}


class _Strict(Transpiler):
    """An attribute that is not there is an error; the library would leave the condition out, and find too much."""

    def visit_AttrPath(self, node: Any) -> str:  # noqa: N802 - the library's name
        found = super().visit_AttrPath(node)
        if found is None:
            raise InvalidFilterException(detail="The filter names an attribute that users do not have here.")
        return found


def users() -> QuerySet[Person]:
    """Everybody whom the directory has not deleted; `login` is their userName."""
    people = Person.objects.filter(directory__deleted_at=None).select_related("unit", "directory")
    login = Coalesce("directory__user_name", "email", output_field=CharField())
    return people.annotate(login=login).order_by("number", "pk")


def found(text: str | None) -> QuerySet[Person]:
    """Raises InvalidFilterException."""
    if not text:
        return users()
    if len(text) > LONGEST:
        raise InvalidFilterException(detail=f"A filter has at most {LONGEST} characters.")
    try:
        rows = users().filter(_condition(text))
        rows.exists()  # a value of the wrong kind is found out here
    except (FieldError, ValidationError, ValueError, TypeError, NotImplementedError, RecursionError) as error:
        raise InvalidFilterException(detail="This filter cannot be understood.") from error
    return rows


def _condition(text: str) -> Q:
    try:
        tree = SCIMParser().parse(SCIMLexer().tokenize(text))
        condition = _Strict(ATTRIBUTES).transpile(tree)
    except InvalidFilterException:
        raise
    except (SCIMParserError, AttributeError, IndexError, KeyError) as error:
        raise ValueError("no filter") from error
    if not isinstance(condition, Q):
        raise TypeError("no filter")
    return condition
