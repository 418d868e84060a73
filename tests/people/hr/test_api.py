"""Files of the HR system handed in by its own programme: by token, once for each key, and chosen by people (5.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mercat.audit.models import Event
from mercat.people.api import tokens
from mercat.people.models import Import, Person
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import at_noon  # noqa: F401
from tests.people.hr.files import as_csv, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

ADDRESS = "/api/v1/imports"


def secret_of(owner: Person, *scopes: str) -> str:
    about = {"name": "HR system", "scopes": scopes, "expires_at": NOW + timedelta(days=30)}
    return tokens.make_token(by=TEST, owner=owner, now=NOW, **about)[1]


@pytest.fixture
def secret(db: None) -> str:
    make.unit()
    owner = make.person("Owner", unit_key="corporate-communications", roles=("corporate-communications",))
    return secret_of(owner, "people:import")


def hand_in(secret: str, data: bytes, *, key: str = "nightly-1", name: str = "people.csv", query: str = ""):
    headers = {"Authorization": f"Bearer {secret}", **({"Idempotency-Key": key} if key else {})}
    return Client().post(f"{ADDRESS}{query}", {"file": SimpleUploadedFile(name, data)}, headers=headers)


def test_a_file_waits_to_be_looked_at_and_changes_nothing(secret: str) -> None:
    before = Person.objects.count()
    answer = hand_in(secret, as_csv(line("100"), line("101", email="nonsense")))
    assert answer.status_code == 200, answer.content
    said, row = answer.json(), Import.objects.get()
    assert said == {
        "id": row.pk,
        "state": "waiting",
        "rows": {"new": 1, "faulty": 1},
        "page": f"/people/imports/{row.pk}/",
    }
    assert (row.source, Person.objects.count()) == ("api", before)
    assert Event.objects.get(what="import.received").actor.startswith("token:")


def test_the_same_key_takes_a_file_in_once(secret: str) -> None:
    first, second = (hand_in(secret, as_csv(line("100"))) for _ in range(2))
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert Import.objects.count() == 1
    assert hand_in(secret, as_csv(line("101"))).status_code == 422, "another file with the same key"


def test_a_file_that_cannot_be_read_is_a_problem_and_on_record(secret: str) -> None:
    answer = hand_in(secret, b"PK\x03\x04 a spreadsheet", name="people.xlsx")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert "spreadsheet" in answer.json()["detail"]
    assert not Import.objects.exists()
    assert Event.objects.filter(what="import.refused").count() == 1


def test_a_file_may_be_larger_than_what_a_page_takes(secret: str, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 4096
    data = as_csv(*(line(str(number)) for number in range(1000, 1100)))
    assert len(data) > 4096
    assert hand_in(secret, data).json()["rows"] == {"new": 100}


def test_the_scope_and_the_owners_role_are_both_needed(secret: str) -> None:
    officer = make.person("Officer")
    for token in (secret_of(officer, "people:import"), secret_of(officer, "people:read"), "nonsense"):
        assert hand_in(token, as_csv(line("100"))).status_code in {401, 403}
    assert hand_in(secret, as_csv(line("100")), key="").status_code == 422
    assert Client().post(ADDRESS).status_code == 401
    assert not Import.objects.exists()
