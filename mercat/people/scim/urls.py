"""Addresses of SCIM. They know tokens and nothing else: no session, no cookie."""

from django.urls import path, re_path

from mercat.people.scim import views

app_name = "scim"
urlpatterns = [
    path("Users", views.all_users, name="users"),
    path("Users/.search", views.search, name="search-users"),
    path("Users/<uuid:user_id>", views.one_user, name="user"),
    path(".search", views.search, name="search"),
    path("ServiceProviderConfig", views.config, name="config"),
    path("ResourceTypes", views.resource_types, name="resource-types"),
    path("ResourceTypes/<str:name>", views.resource_types, name="resource-type"),
    path("Schemas", views.schemas, name="schemas"),
    path("Schemas/<str:name>", views.schemas, name="schema"),
    re_path("^(?P<rest>.*)$", views.nothing, name="nothing"),
]
