from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The append-only record, its Merkle log, and the checkpoints that outsiders keep."""

    name = "mercat.audit"
    label = "audit"

    def ready(self) -> None:
        from mercat.audit.grants import after_migrate

        # Django sends this after every app has migrated, so one receiver sees all tables.
        post_migrate.connect(after_migrate, sender=self)
