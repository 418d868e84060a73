from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons, units, and the chain from nomination to licence."""

    name = "mercat.people"

    def ready(self) -> None:
        from mercat.people.signing_in import welcome  # noqa: F401, PLC0415 - hears of every sign-in
