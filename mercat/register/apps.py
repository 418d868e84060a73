from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Where the body speaks: its structure, its accounts, and the connections to them."""

    name = "mercat.register"
