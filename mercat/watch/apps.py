from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Found accounts, what becomes of them, and posts on official accounts that did not go through the tool."""

    name = "mercat.watch"
