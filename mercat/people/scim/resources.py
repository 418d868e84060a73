"""Users as the directory sees them, and back. Only what the list of people needs is taken; the rest is left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar

from django.conf import settings
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    InvalidValueException,
    Meta,
    Patch,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.attributes import ExtensibleStringEnum
from scim2_models.resources.resource import AnyExtension

from mercat.people.models import Person, Unit
from mercat.people.pack import guidance

MOST = 200  # resources of one answer
BASE = "/scim/v2"
# Directories send much that nobody asked for, and some spell yes and no as words.
POLICY = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)


class Email(ComplexAttribute):
    value: Annotated[str | None, Required.true] = None
    type: str | None = None
    primary: bool | None = None


def spellings(keys: Mapping[str, str], also: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Our key by every spelling of it, in small letters: `keys` are keys and names, `also` the pack's others."""
    found = {spelt.casefold(): key for key, name in keys.items() for spelt in (key, name)}
    return found | {spelt.casefold(): key for key, others in also.items() for spelt in others}


def ranks() -> dict[str, str]:
    pack = guidance().pack
    return spellings({rank.key: rank.name for rank in pack.ranks}, pack.directory.ranks)


def units() -> dict[str, str]:
    pack = guidance().pack
    return spellings({unit.id: unit.name for unit in pack.units}, pack.directory.units)


@cache
def user_model(pack_digest: str) -> type[Resource[Any]]:
    """The User of this pack: the schema that is published names its ranks and units. Made once for each pack."""
    pack = guidance().pack
    Title = ExtensibleStringEnum("Title", {rank.key: rank.name for rank in pack.ranks})  # noqa: N806 - a class
    Department = ExtensibleStringEnum("Department", {unit.id: unit.name for unit in pack.units})  # noqa: N806 - a class

    class EnterpriseUser(Extension):
        __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

        employee_number: Annotated[str | None, Required.true, Uniqueness.server] = None
        department: Annotated[Department | None, Required.true] = None

    class User(Resource[AnyExtension]):
        __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")
        enterprise: ClassVar[type[Extension]] = EnterpriseUser

        user_name: Annotated[str | None, Required.true, Uniqueness.server] = None
        display_name: Annotated[str | None, Required.true] = None
        title: Annotated[Title | None, Required.true] = None
        emails: Annotated[list[Email] | None, Required.true] = None
        active: Annotated[bool | None, Required.true] = None

    return User


def provider() -> ScimProvider:
    return _provider(guidance().pack.digest)


@cache
def _provider(pack_digest: str) -> ScimProvider:
    user = user_model(pack_digest)
    binding = ResourceType.from_resource(user[Annotated[user.enterprise, Required.true]])
    binding.meta = Meta(resource_type="ResourceType", location=f"{_base()}/ResourceTypes/User")
    scheme = AuthenticationScheme(
        type="oauthbearertoken",
        name="Token",
        description="A token of Mercat with the scope scim, as “Authorization: Bearer …”.",
        primary=True,
    )
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[scheme],
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{_base()}/ServiceProviderConfig"),
    )
    return ScimProvider(models=[user, user.enterprise], resource_types=[binding], config=config, policy=POLICY)


def model() -> type[Resource[Any]]:
    found = provider().model_for("User")
    assert found is not None, "the provider serves users"
    return found


def user_of(row: Person) -> Resource[Any]:
    """A person, loaded with their entry where there is one."""
    entry, made = getattr(row, "directory", None), model()
    pack = guidance().pack
    rank = next((each.name for each in pack.ranks if each.key == row.rank), row.rank)
    enterprise = next(iter(made.get_extension_models().values()))
    user = made(
        id=str(row.pk),
        external_id=entry.external_id or None if entry else None,
        user_name=entry.user_name if entry else row.email,
        display_name=row.name,
        title=entry.title if entry else rank,
        emails=_emails(row),
        active=row.is_active,
        meta=Meta(
            resource_type="User",
            location=f"{_base()}/Users/{row.pk}",
            last_modified=entry.changed_at if entry else None,
        ),
    )
    department = entry.department if entry else row.unit.name
    user[enterprise] = enterprise(employee_number=row.number, department=department)
    return user


def _emails(row: Person) -> list[dict[str, Any]]:
    """As the directory spelt them, as long as the person's is among them."""
    entry = getattr(row, "directory", None)
    if entry and any(str(each["value"]).casefold() == row.email for each in entry.emails):
        return entry.emails
    return [{"value": row.email, "type": "work", "primary": True}]


def said_of(user: Resource[Any]) -> dict[str, Any]:
    """What the list of people is to say, in its own words. Raises InvalidValueException for what it does not know."""
    extension = user[next(iter(type(user).get_extension_models().values()))]
    emails = user.emails or []
    email = next((each.value for each in emails if each.primary), emails[0].value if emails else None)
    if extension is None or not email:
        raise InvalidValueException(detail="A user has an e-mail, an employee number and a department.")
    return {
        "name": user.display_name,
        "email": email,
        "number": extension.employee_number,
        "rank": _known("title", ranks(), user.title),
        "unit": Unit.objects.get(pk=_known("department", units(), extension.department)),
    }


def spelt(user: Resource[Any]) -> dict[str, Any]:
    """What is kept as the directory spells it."""
    extension = user[next(iter(type(user).get_extension_models().values()))]
    return {
        "user_name": user.user_name,
        "external_id": user.external_id or "",
        "emails": [each.model_dump(scim_ctx=None, include={"value", "type", "primary"}) for each in user.emails],
        "title": str(user.title),
        "department": str(extension.department),
    }


def _known(attribute: str, keys: Mapping[str, str], value: object) -> str:
    found = keys.get(str(value).strip().casefold())
    if found is None:
        raise InvalidValueException(
            detail=f"“{value}” is no {attribute} that this body knows. The pack's “directory” tells how it is spelt."
        )
    return found


def _base() -> str:
    return f"{settings.MERCAT_BASE_URL}{BASE}"
