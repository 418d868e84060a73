from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """Consignments: one version to one account, sent once, read back, never lost."""

    name = "mercat.delivery"
