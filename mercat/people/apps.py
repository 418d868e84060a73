from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons, units, and the chain from nomination to licence."""

    name = "mercat.people"
