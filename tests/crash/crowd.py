"""Approved posts in a running demonstration, to its accounts on Bluesky and Mastodon, due one after the other: others
take no post without a picture, or may show one only after minutes.

Run as `python -m tests.crash.crowd POSTS SECONDS`: one every SECONDS, each fourth a warning. Prints their texts.
"""

from __future__ import annotations

import sys
from datetime import timedelta


def main(count: int, apart: timedelta) -> None:
    import django

    django.setup()
    from django.utils import timezone

    from mercat.people.models import Person
    from mercat.posts import actions
    from mercat.posts.contents import Draft
    from mercat.register.models import Account

    author, approver = (Person.objects.get(number=f"demo-{name}") for name in ("communications", "communications.duty"))
    there = Account.objects.filter(network__in=("bluesky", "mastodon"))
    targets = tuple(str(pk) for pk in there.values_list("pk", flat=True))
    begin = timezone.now() + apart
    for number in range(count):
        now, text = timezone.now(), f"Post {number}"
        draft = Draft(
            text=text, targets=targets, pillar="warning", warning=number % 4 == 0, due_at=begin + number * apart
        )
        post = actions.compose(by=author, draft=draft, now=now)
        version = actions.submit(by=author, post=post, now=now)
        actions.approve(by=approver, post=post, digest=version.digest, now=now)
        print(text)


if __name__ == "__main__":
    main(int(sys.argv[1]), timedelta(seconds=float(sys.argv[2])))
