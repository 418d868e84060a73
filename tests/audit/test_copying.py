"""Rows by COPY: as `bulk_create` would insert them, with all constraints, and with Django's own errors."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from mercat.audit.copying import copy_in
from mercat.people.models import Person
from tests import factories as make

pytestmark = pytest.mark.django_db


def somebody(number: str, **about: object) -> Person:
    said = {"name": "Zoë\t\\N, PC", "email": f"{number}@mercat.example", "unit": make.unit(), "rank": "constable"}
    return Person(**{**said, "number": number, "employment": "officer", "password": "!", **about})


def test_what_is_copied_is_what_is_read() -> None:
    """With tabs, backslashes and nothing: what COPY's own format has words for."""
    given = copy_in(Person, (somebody(number) for number in ("1", "2")))
    assert not any(row._state.adding for row in given)
    for row in given:
        read = Person.objects.get(pk=row.pk)
        fields = [field.attname for field in Person._meta.concrete_fields]
        assert [getattr(read, name) for name in fields] == [getattr(row, name) for name in fields]
        assert read.last_login is None


def test_nothing_is_nothing() -> None:
    assert copy_in(Person, []) == []


def test_what_the_database_refuses_is_djangos_error_and_nothing_is_kept() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in(Person, [somebody("1"), somebody("1", email="other@mercat.example")])
    assert not Person.objects.filter(number="1").exists()
