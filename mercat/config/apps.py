import gc

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Processes, settings, and the commands that tie the rooms together."""

    name = "mercat.config"

    def ready(self) -> None:
        # Rows and forms are made by the thousand and die by themselves. Looking for circles among them after every 700,
        # as Python does, takes a tenth of an import (`bench people`).
        gc.set_threshold(50_000, 20, 20)
