from tests.people.conftest import holders  # noqa: F401
