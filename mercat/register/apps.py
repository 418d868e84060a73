from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Where the body speaks: its structure, its accounts, and the connections to them."""

    name = "mercat.register"

    def ready(self) -> None:
        from mercat.people import signals
        from mercat.register import leavers
        from mercat.register.standing import contacts

        signals.left.connect(leavers.on_leaving)
        signals.moved.connect(leavers.on_moving)
        signals.training_runs_out.connect(contacts.of_the_unit)
