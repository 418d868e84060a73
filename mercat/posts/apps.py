from django.apps import AppConfig


class PostsConfig(AppConfig):
    """Posts, their versions, and who approved exactly what."""

    name = "mercat.posts"

    def ready(self) -> None:
        from mercat.people import signals
        from mercat.people.advice.things import let_in
        from mercat.posts import advice, leavers

        let_in("post", word="a post", see=advice.see)
        signals.left.connect(leavers.on_leaving)
        signals.moved.connect(leavers.on_moving)
