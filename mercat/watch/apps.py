from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Found accounts, what becomes of them, and posts on official accounts that did not go through the tool."""

    name = "mercat.watch"

    def ready(self) -> None:
        from mercat.people.advice.things import let_in
        from mercat.watch.cases import advice

        let_in("case", word="a case", see=advice.see)
