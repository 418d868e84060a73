"""What stands in the database, to say that an action changed this much of it and no more."""

from __future__ import annotations

from django.apps import apps

Kept = dict[str, int]


BROWSERS = ("people.Session",)  # come and go with whoever looks


def kept(*, but: tuple[str, ...] = ()) -> Kept:
    """Rows by table, of every model of ours but those named (`app.model`)."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("mercat.")]
    left_out = {*but, *BROWSERS}
    return {model._meta.label: model._base_manager.count() for model in ours if model._meta.label not in left_out}


def gained(before: Kept) -> Kept:
    """What has been added (or, negative, taken away) since."""
    return {label: count - before[label] for label, count in kept().items() if count != before[label]}
