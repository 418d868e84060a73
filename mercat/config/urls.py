"""Every address of the programme."""

from django.urls import include, path

urlpatterns = [
    path("", include("mercat.register.public.urls")),  # first: asked most, and by everybody
    path("", include("mercat.web.urls")),
    path("", include("mercat.people.urls")),
    path("scim/v2/", include("mercat.people.scim.urls")),
    path("api/v1/", include("mercat.people.api.urls")),
    path("register/", include("mercat.register.urls")),
    path("sending/", include("mercat.delivery.urls")),
    path("posts/", include("mercat.posts.urls")),
    path("watch/", include("mercat.watch.urls")),
]

handler400 = "mercat.web.views.errors.bad_request"
handler403 = "mercat.web.views.errors.forbidden"
handler404 = "mercat.web.views.errors.not_found"
handler500 = "mercat.web.views.errors.server_error"
