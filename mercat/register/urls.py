"""Addresses of the register."""

from django.urls import path

from mercat.register.views import accounts, connecting

app_name = "register"
urlpatterns = [
    path("", accounts.register, name="register"),
    path("connected/", connecting.finish, name="finish"),
    path("<uuid:account_id>/", accounts.account, name="account"),
    path("<uuid:account_id>/connect/", connecting.connect, name="connect"),
    path("<uuid:account_id>/connect/begin/", connecting.begin, name="begin"),
]
