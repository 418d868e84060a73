from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages: layouts, components, and the journeys through the house."""

    name = "mercat.web"
