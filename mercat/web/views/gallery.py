"""Every component once, for those who make pages. In demonstrations and development only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mercat.delivery import states as sending
from mercat.delivery.presenters import COLOURS as SENDING_COLOURS
from mercat.people.pack import guidance
from mercat.posts import states as posts
from mercat.posts.presenters.diff import words
from mercat.posts.presenters.lines import COLOURS as POST_COLOURS
from mercat.register.presenters import COLOURS as REGISTER_COLOURS
from mercat.register.presenters import STATES as REGISTER_STATES


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    if not (settings.MERCAT_DEMO or settings.DEBUG):
        raise Http404
    pack = guidance().pack
    said = {
        "now_is": timezone.now(),
        "tags": {
            "Posts": [(words_, POST_COLOURS[state]) for state, words_ in posts.STATES.items()],
            "Sending": [(words_, SENDING_COLOURS[state]) for state, words_ in sending.STATES.items()],
            "Register": [(words_, REGISTER_COLOURS[state]) for state, words_ in REGISTER_STATES.items()],
        },
        "refusals": pack.refusals_of(["2.3-trained", "5.6-unit", "M.2-own-words"]),
        "change": words("Road closed at the bridge until noon.", "Road closed at the old bridge until 2pm."),
        "networks": [network.key for network in pack.networks],
        "problem": {"kept": "What you typed is kept.", "lines": [{"field": "example", "text": "Enter something"}]},
    }
    return render(request, "web/gallery.html", said)
