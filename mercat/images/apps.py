from django.apps import AppConfig


class ImagesConfig(AppConfig):
    """Pictures: taken in, checked, made ready to send."""

    name = "mercat.images"
