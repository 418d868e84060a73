"""Addresses of the register."""

from django.urls import path

from mercat.register import views

app_name = "register"
urlpatterns = [
    path("", views.register, name="register"),
    path("connected/", views.finish, name="finish"),
    path("<uuid:account_id>/", views.account, name="account"),
    path("<uuid:account_id>/connect/", views.connect, name="connect"),
    path("<uuid:account_id>/connect/begin/", views.begin, name="begin"),
]
