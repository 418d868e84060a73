from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Processes, settings, and the commands that tie the rooms together."""

    name = "mercat.config"
