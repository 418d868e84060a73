import pytest
from click.testing import CliRunner

from mercat.audit.models import Event
from mercat.config.founding import first_administrator
from mercat.people.models import Person
from tests import factories as make

pytestmark = pytest.mark.django_db

WHO = ["--name", "The administrator", "--email", "Admin@mercat.example", "--number", "1", "--unit", "ict"]


def run(*more, passphrase="castle river lantern"):
    make.unit()
    return CliRunner().invoke(first_administrator, [*WHO, *more], env={"MERCAT_PASSPHRASE": passphrase})


def test_the_first_person_is_named_and_may_administer():
    answer = run("--rank", "staff")
    assert answer.exit_code == 0, answer.output
    person = Person.objects.get()
    assert (person.email, person.role_grants.get().role) == ("admin@mercat.example", "administrator")
    assert person.check_password("castle river lantern")
    assert "command line" in Event.objects.get(what="person.registered").system_reason


@pytest.mark.parametrize(
    ("more", "passphrase", "says"),
    [
        (["--rank", "emperor"], "castle river lantern", "no such rank"),
        (["--rank", "staff", "--unit", "moon"], "castle river lantern", "no such unit"),
        (["--rank", "staff"], "short", "too short"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_named(more, passphrase, says):
    answer = run(*more, passphrase=passphrase)
    assert answer.exit_code == 1
    assert says in answer.output
    assert not Person.objects.exists()


def test_there_is_only_one_first_person():
    run("--rank", "staff")
    answer = run("--rank", "staff")
    assert answer.exit_code == 1
    assert "people here already" in answer.output
