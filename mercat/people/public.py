"""Pages for everybody."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page that knows nobody: it needs no sign-in, reads no session and sets no cookie.

    The middleware `Public` answers it before anything that looks at who asks.
    """
    view = login_not_required(view)
    view.public = True
    return view
