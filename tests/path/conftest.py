"""An account of the register, connected as a person would connect it, on each kind of server."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.register import actions as register
from tests import factories as make
from tests.networks.conftest import atproto, mastodon_mock, sandbox_url, server  # noqa: F401 - fixtures

GROUNDS = ["sandbox:bluesky", "sandbox:mastodon", "atproto", "mastodon_mock"]


@pytest.fixture
def account(server, settings):  # noqa: F811
    """Connected through its adapter's own connect fields."""
    now = timezone.now()
    fields = dict(server.new_account())
    parts = urlsplit(fields["base_url"])
    origin = f"{parts.scheme}://{parts.netloc}"
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([origin])
    row = make.account("Dundee Local Policing", network=server.slug, connected=False)
    spec = registry.get(server.slug).spec
    with guarded_client(timeout=spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS) as http:
        identity = register.identity_from_fields(server.slug, fields, http, now=now)
    register.connect_account(by=make.TEST, account=row, identity=identity, now=now)
    row.refresh_from_db()
    return row
