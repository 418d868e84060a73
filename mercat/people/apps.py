from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons, units, and the chain from nomination to licence."""

    name = "mercat.people"

    def ready(self) -> None:
        from mercat.audit.signals import recorded
        from mercat.people import signals
        from mercat.people.api import tokens
        from mercat.people.signing_in import welcome  # noqa: F401 - hears of every sign-in
        from mercat.people.webhooks.actions import on_record

        signals.left.connect(tokens.on_leaving)
        recorded.connect(on_record)
