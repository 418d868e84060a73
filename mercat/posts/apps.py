from django.apps import AppConfig


class PostsConfig(AppConfig):
    """Posts, their versions, and who approved exactly what."""

    name = "mercat.posts"
