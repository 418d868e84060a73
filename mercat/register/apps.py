from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Where the body speaks: its structure, its accounts, and the connections to them."""

    name = "mercat.register"

    def ready(self) -> None:
        from mercat.people import signals
        from mercat.people.advice.things import let_in
        from mercat.register import advice, leavers
        from mercat.register.exceptions import following
        from mercat.register.standing import contacts

        let_in("account", word="an account", see=advice.see)
        signals.left.connect(leavers.on_leaving)
        signals.moved.connect(leavers.on_moving)
        for signal in (signals.left, signals.moved, signals.access_ended):
            signal.connect(following.on_change)
        signals.training_runs_out.connect(contacts.of_the_unit)
