"""Addresses of the watch."""

from django.urls import path

from mercat.watch.direct import views as direct

app_name = "watch"
urlpatterns = [
    path("direct/", direct.direct, name="direct"),
    path("direct/<int:use_id>/", direct.direct_use, name="direct-use"),
    path("direct/<int:use_id>/settle/", direct.settle, name="direct-settle"),
]
