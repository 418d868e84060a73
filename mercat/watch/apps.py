from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Found accounts, what becomes of them, and posts on official accounts that did not go through the tool."""

    name = "mercat.watch"

    def ready(self) -> None:
        from mercat.register.exceptions import found
        from mercat.watch.direct import queries

        found.let_in(found.Finder(of=queries.found_during, page=queries.page_of))
