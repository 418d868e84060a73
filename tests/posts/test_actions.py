import pytest
from django.db import IntegrityError, transaction

from mercat.delivery.models import Consignment
from mercat.posts import actions as posts
from mercat.posts.models import Approval
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make.account("Dundee")


@pytest.fixture
def author():
    return make.authorised("Author")


@pytest.fixture
def spoc(account):
    return make.spoc_of(account, "Spoc")


def test_the_last_approval_makes_the_consignment(account, author, spoc):
    post = make.approved(author, spoc, account)
    consignment = Consignment.objects.get()
    assert post.state == "approved"
    assert (consignment.state, consignment.manifest_id, consignment.due_at) == ("ready", post.current.digest, NOW)
