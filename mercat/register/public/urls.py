"""Addresses of the public register, and those that standards name."""

from django.urls import path

from mercat.register.public import views

app_name = "public"
urlpatterns = [
    path("official/", views.register, name="register"),
    path("official/register.json", views.register_json, name="json"),
    path("official/register.json.sig", views.signature, name="signature"),
    path("official/key.pem", views.key, name="key"),
    path("official/verify", views.verify, name="verify"),
    path("official/verify.json", views.verify_json, name="verify-json"),
    path(".well-known/atproto-did", views.atproto_did, name="atproto-did"),
    path(".well-known/trust.txt", views.trust_txt, name="trust-well-known"),
    path("trust.txt", views.trust_txt, name="trust"),
]
