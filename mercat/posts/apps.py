from django.apps import AppConfig


class PostsConfig(AppConfig):
    """Posts, their versions, and who approved exactly what."""

    name = "mercat.posts"

    def ready(self) -> None:
        from mercat.people import signals
        from mercat.posts import leavers

        signals.left.connect(leavers.on_leaving)
        signals.moved.connect(leavers.on_moving)
