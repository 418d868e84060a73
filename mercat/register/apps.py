from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Where the body speaks: its structure, its accounts, and the connections to them."""

    name = "mercat.register"

    def ready(self) -> None:
        from mercat.people import signals
        from mercat.register import leavers

        signals.left.connect(leavers.on_leaving)
        signals.moved.connect(leavers.on_moving)
