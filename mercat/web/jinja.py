"""The templates' environment: the official GOV.UK macros, and the words and formats that every page shares."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

from mercat.guidance.pack import Pack
from mercat.networks import registry
from mercat.people.pack import guidance
from mercat.web import times
from mercat.web.demo_people import demo_passphrase, demo_people
from mercat.web.markdown import markdown
from mercat.web.shell import PLACES, shell

OTHER_NETWORK = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    '<circle cx="12" cy="12" r="12" fill="#505a5f"/><text x="12" y="16.5" font-size="12" font-weight="700" '
    'text-anchor="middle" fill="#fff">%s</text></svg>'
)


def environment(**options: Any) -> Environment:
    official = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    options["loader"] = ChoiceLoader([options["loader"], official])
    env = Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - Django passes autoescape=True
    env.globals.update(
        url=url,
        static=static,
        pack=pack,
        shell=shell,
        places=lambda: PLACES,
        demo_people=demo_people,
        demo_passphrase=demo_passphrase,
        icon=icon,
        network_name=network_name,
        unit_word=unit_word,
        messages_of=get_messages,
        now=timezone.now,
        demo=lambda: settings.MERCAT_DEMO,
        sandbox_url=lambda: settings.MERCAT_SANDBOX_URL,
    )
    env.filters.update(
        when=times.when,
        soon=times.soon,
        exactly=times.exactly,
        day=times.day,
        clock=times.clock,
        markdown=markdown,
        count=count,
        pretty=lambda data: json.dumps(data, indent=2, ensure_ascii=False),
    )
    return env


def url(name: str, *args: Any) -> str:
    return reverse(name, args=args)


def pack() -> Pack:
    return guidance().pack


def icon(network: str) -> Markup:
    """The network's own mark, or its first letter where no adapter brings one."""
    if registry.known(network):
        return Markup(registry.icon(network))  # noqa: S704 - part of the installed programme
    return OTHER_NETWORK % network_name(network)[:1].upper()


def network_name(slug: str) -> str:
    return next((network.name for network in pack().networks if network.key == slug), slug.capitalize())


def unit_word(many: bool = False) -> str:
    """What this body calls its units."""
    return pack().body.words.get("units" if many else "unit", "units" if many else "unit")


def count(number: int, one: str, many: str = "") -> str:
    """1 post, 2 posts."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
