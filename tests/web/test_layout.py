"""What every page has: a way in only by sign-in, a strict policy, the pack's name; and pages for what went wrong."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from mercat.people.pack import guidance
from tests import factories as make
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

OPEN = {"personal-use/", "sign-in/", "healthz", "robots.txt", "pack-<slug:digest>.css"}
PUBLIC = {
    "official/", "official/register.json", "official/register.json.sig", "official/key.pem", "official/verify",
    "official/verify.json", ".well-known/atproto-did", ".well-known/trust.txt", "trust.txt",
    "sending/media/<str:token>",
}  # fmt: skip
# On the way in, before anybody is signed in.
ENTERING = {
    f"sign-in/{place}"
    for place in ("second/", "set-up/", "passkey/", "passkey/ask/", "passkey/make/", "recover/", "sso/", "sso/back/")
}
BY_TOKEN = ("api/v1/", "scim/v2/")  # for other programmes: tests/people/test_api.py, tests/people/test_scim.py
# These answer somebody who was signed out in the middle of writing, without telling anything.
SIGNED_OUT_WRITERS = {f"posts/<uuid:post_id>/{place}/" for place in ("edit", "autosave", "video")}
SIGNED_OUT_WRITERS |= {"posts/contributions/new/"}
PAGES = [
    "/", "/posts/", "/posts/new/",
    "/posts/contributions/", "/posts/contributions/new/", "/watch/figures/", "/watch/profiles/",
    "/watch/heard/",
    "/sending/", "/sending/pause/", "/register/", "/people/", "/notices/",
    "/sign-in/mine/", "/sign-in/mine/add/", "/sign-in/mine/passphrase/", "/sessions/",
    "/guidance/", "/guidance/access/", "/guidance/clauses/",
]  # fmt: skip


def routes(resolver: URLResolver, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for each in resolver.url_patterns:
        place = prefix + str(each.pattern)
        found += routes(each, place) if isinstance(each, URLResolver) else [(place, each)]
    return found


def test_every_route_but_a_few_needs_a_sign_in() -> None:
    without = {place for place, route in routes(get_resolver()) if not getattr(route.callback, "login_required", True)}
    without = {place for place in without if not place.startswith(BY_TOKEN)}
    assert without == OPEN | PUBLIC | ENTERING | SIGNED_OUT_WRITERS


@pytest.mark.parametrize("path", PAGES)
def test_a_page_leads_to_the_sign_in_and_back(path: str) -> None:
    assert Client().get(path).url == f"/sign-in/?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_with_a_strict_policy_and_few_queries(path: str) -> None:
    client = signed_in(make.authorised("Officer"))
    client.get(path)
    assert queries_of(client, path) <= 30
    response = client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "private, no-store"
    html = response.content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert "<script>" not in html


def test_the_pack_gives_name_and_colours() -> None:
    pack = guidance().pack
    assert pack.body.name in text_of(Client().get("/sign-in/"))
    response = Client().get(f"/pack-{pack.digest[:12]}.css")
    assert f"--mercat-brand:{pack.body.colours['brand']};" in response.content.decode()
    assert "immutable" in response["Cache-Control"]


def test_a_signed_out_part_of_a_page_sends_the_whole_page_to_the_sign_in() -> None:
    response = Client().get("/sending/", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/sign-in/")


def test_a_page_that_is_not_there_says_so() -> None:
    response = signed_in(make.person()).get("/nowhere/")
    assert response.status_code == 404
    assert "no such page" in text_of(response)


def test_what_guidance_refuses_becomes_a_page_with_clause_remedy_and_owner() -> None:
    account = make.account()
    response = signed_in(make.person()).get(f"/register/{account.pk}/connect/")
    said = text_of(response)
    assert response.status_code == 403
    assert "5.1 Accounts are connected by Corporate Communications or the administrator." in said
    assert "Ask Corporate Communications to connect the account." in said


def test_a_failed_csrf_check_shows_what_was_typed() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.person())
    response = client.post("/posts/new/", {"text": "Words that took <long> to find"})
    assert response.status_code == 403
    assert "Words that took <long> to find" in text_of(response)


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("post", "/sign-in/", {"email": "a\0@mercat.example", "passphrase": "thistle harbour lantern"}),
        ("post", "/sign-in/", {"email": "a@mercat.example", "passphrase": "thistle\0"}),
        ("post", "/posts/new/", {"text": "The road is\0 closed."}),
        ("get", "/people/", {"text": "\0"}),
        ("get", "/register/", {"network": "blue\0sky"}),
    ],
)
def test_a_character_that_cannot_be_kept_is_refused_as_what_it_is(method: str, path: str, given: dict) -> None:
    response = getattr(signed_in(make.person()), method)(path, given)
    assert response.status_code == 400
    assert "U+0000" in text_of(response)
    assert "what you typed is still there" in text_of(response)


def test_a_cookie_with_such_a_character_is_refused_too() -> None:
    response = Client(headers={"Cookie": 'sessionid="abcdefgh\\000"'}).get("/")
    assert response.status_code == 400


def test_health_and_robots_answer_anybody() -> None:
    assert Client().get("/healthz").content == b"ok\n"
    assert b"Disallow: /" in Client().get("/robots.txt").content


def test_the_gallery_is_for_demonstrations_only(settings) -> None:
    client = signed_in(make.person())
    assert client.get("/gallery/").status_code == 404
    settings.MERCAT_DEMO = True
    assert client.get("/gallery/").status_code == 200


def test_the_page_for_our_own_faults_needs_nothing_else(monkeypatch) -> None:
    from mercat.web.views import home

    def broken(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr(home, "gather", broken)
    client = signed_in(make.person())
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "What you had saved is kept" in text_of(response)


def no_room(execute, _sql, _params, _many, context):
    return execute(
        "DO $$ BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$", None, False, context
    )


def away(*_):
    raise OperationalError("the connection is lost")


@pytest.mark.parametrize("trouble", [no_room, away])
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/posts/new/", "/healthz"])
def test_a_database_that_does_not_answer_is_told_without_asking_it(trouble, path: str) -> None:
    client = signed_in(make.person())
    client.raise_request_exception = False
    with connection.execute_wrapper(trouble):
        response = client.get(path)
    assert response.status_code == 503
    said = text_of(response)
    assert "Nothing of what you just did was kept" in said
    assert "what you typed is still there" in said
    assert "on time" not in said


def test_the_clauses_are_all_there_with_their_state() -> None:
    said = text_of(signed_in(make.person()).get("/guidance/clauses/"))
    for clause in (*guidance().pack.clauses, *guidance().pack.house):
        assert " ".join(clause.says.split()) in said
