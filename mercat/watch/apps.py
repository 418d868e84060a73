from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Found accounts, what becomes of them, and posts on official accounts that did not go through the tool."""

    name = "mercat.watch"

    def ready(self) -> None:
        from mercat.people.advice.things import let_in
        from mercat.register.exceptions import found
        from mercat.watch.cases import advice
        from mercat.watch.direct import queries

        let_in("case", word="a case", see=advice.see)
        found.let_in(found.Finder(of=queries.found_during, page=queries.page_of))
