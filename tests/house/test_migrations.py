"""Migrations lead all the way back and forward again, in a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.db import connection

from tests.shared import ROOT

SCRIPT = """
import django
from django.db import connection
from django.core.management import call_command

django.setup()
ours = ("watch", "posts", "images", "delivery", "register", "people", "audit")

def tables():
    prefixes = tuple(f"{app}_" for app in ours)
    return [name for name in connection.introspection.table_names() if name.startswith(prefixes)]

call_command("migrate", verbosity=0)
there = sorted(tables())
for app in ours:
    call_command("migrate", app, "zero", verbosity=0)
assert not tables(), tables()
call_command("migrate", verbosity=0)
assert sorted(tables()) == there
with connection.cursor() as cursor:
    cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
    print("triggers", sum(row[0] in there for row in cursor.fetchall()))
"""


@pytest.fixture
def scratch(db: None) -> Iterator[str]:
    """The address of an empty database."""
    name = f"{connection.settings_dict['NAME']}_scratch"
    database = connection.settings_dict
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield (
        f"postgresql://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{quote(database['HOST'], safe='')}:{database['PORT']}/{name}"
    )
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


def test_migrations_lead_back_to_nothing_and_forward_again(scratch: str) -> None:
    environ = {**os.environ, "MERCAT_DATABASE_URL": scratch, "DJANGO_SETTINGS_MODULE": "mercat.config.settings"}
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", SCRIPT],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("triggers ")
    assert int(done.stdout.split()[1]) >= 20
