"""Every address of the programme."""

from django.urls import include, path

urlpatterns = [path("", include("mercat.web.urls"))]
