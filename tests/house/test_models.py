"""The models of all rooms: relations point downward, every field that can hold words says how private it is."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from mercat.audit.append_only import APPEND_ONLY_TABLES
from mercat.audit.migration_operations import AppendOnly

# From the bottom up; rooms of one floor are strangers.
FLOORS = [{"audit"}, {"people"}, {"register"}, {"images", "delivery"}, {"posts"}, {"watch"}, {"web"}]
HOW_PRIVATE = {"open", "personal", "operational", "secret"}
WORDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)

OURS = [model for model in apps.get_models() if model.__module__.startswith("mercat.")]
of_each = pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)


def floor(model: type[models.Model]) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if model._meta.app_label in rooms)


def holds_words(field: models.Field) -> bool:
    """A key of the pack or one of a list of choices is no free word."""
    return isinstance(field, WORDS) and not isinstance(field, models.SlugField) and not field.choices


def test_the_models_are_found() -> None:
    rooms = {"audit", "people", "register", "delivery", "images", "posts", "watch"}
    assert {model._meta.app_label for model in OURS} == rooms


@of_each
def test_no_relation_points_to_a_room_above_or_beside(model: type[models.Model]) -> None:
    for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
        if field.related_model:
            same = field.related_model._meta.app_label == model._meta.app_label
            assert same or floor(field.related_model) < floor(model), field


@of_each
def test_every_field_that_can_hold_words_says_how_private_it_is(model: type[models.Model]) -> None:
    with_words = {field.name for field in model._meta.local_fields if holds_words(field)}
    assert set(model.PRIVATE) == with_words
    assert set(model.PRIVATE.values()) <= HOW_PRIVATE


def test_what_everybody_would_call_secret_is() -> None:
    secret = {f"{model._meta.label}.{name}" for model in OURS for name, how in model.PRIVATE.items() if how == "secret"}
    assert secret == {
        "people.Person.password",
        "people.Session.digest",
        "people.Session.sealed",
        "people.KnownDevice.digest",
        "people.Recovery.digest",
        "people.Token.digest",
        "people.Endpoint.sealed",
        "register.Connection.sealed",
        "delivery.Broadcast.ingest",
        "audit.PersonalData.salt",
    }


@of_each
def test_nothing_takes_others_with_it_when_it_is_deleted(model: type[models.Model]) -> None:
    """What a body said, and who let it, stays."""
    for field in model._meta.local_fields:
        if field.related_model:
            assert field.remote_field.on_delete is models.PROTECT, field


def test_what_only_grows_is_the_same_in_models_and_migrations() -> None:
    guarded = {}
    for migration in MigrationLoader(None).disk_migrations.values():
        if migration.__module__.startswith("mercat."):
            found = [operation for operation in migration.operations if isinstance(operation, AppendOnly)]
            guarded |= {operation.table: operation.updatable for operation in found}
    assert guarded == APPEND_ONLY_TABLES


def test_what_only_grows_is_what_must_not_change() -> None:
    posts = {f"posts_{each}" for each in ("version", "target", "approval", "voidapproval", "remark", "post_editors")}
    posts |= {"posts_contribution", "posts_handedmedium", "posts_contributionuse"}
    steps = ("nomination", "completion", "acknowledgement", "authorisation", "access", "licence", "sentback")
    joining = {f"people_{step}" for step in steps}
    found = {each for each in APPEND_ONLY_TABLES if not each.startswith("audit_")}
    kept = (
        "founding",
        "slot",
        "question",
        "change",
        "posture",
        "review",
        "publicedition",
        "directaccess",
        "directpost",
    )
    register = {f"register_{each}" for each in kept}
    advice = {"people_advicethread", "people_advicemessage"}
    watch = {"watch_casenote", "watch_directuse", "watch_couldhave", "watch_directgap", "watch_figuresread"}
    watch |= {"watch_heardgap", "watch_branding", "watch_messagesoff", "watch_rightpicture", "watch_profilefinding"}
    rest = {"delivery_manifest", "people_token", "people_try"}
    assert found == posts | joining | advice | register | watch | rest


@pytest.mark.django_db
def test_no_temporary_table_stands_in_for_one_that_a_function_reads() -> None:
    """PostgreSQL looks for a table among the session's temporary ones first, unless it is told to do so last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            "AND proname NOT LIKE 'procrastinate%'"
        )
        places = dict(cursor.fetchall())
    assert {"mercat_append_only", "posts_four_eyes"} <= set(places)
    assert [name for name, where in places.items() if not (where and where[0].endswith(", pg_temp"))] == []


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
