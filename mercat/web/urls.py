"""Addresses of home, sign-in, guidance, and what machines ask."""

from django.urls import path

from mercat.web.views import gallery, guidance, home, house, overview, sign_in

app_name = "web"
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("overview/", overview.overview, name="overview"),
    path("guidance/", guidance.guidance, name="guidance"),
    path("guidance/access/", guidance.access, name="access"),
    path("personal-use/", guidance.personal_use, name="personal-use"),
    path("guidance/clauses/", guidance.clauses, name="clauses"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("healthz", house.health, name="health"),
    path("robots.txt", house.robots, name="robots"),
    path("pack-<slug:digest>.css", house.pack_style, name="pack-style"),
]
