"""Addresses of sending."""

from django.urls import path

from mercat.delivery import views

app_name = "delivery"
urlpatterns = [
    path("", views.sending, name="sending"),
    path("limits/", views.limits, name="limits"),
    path("media/<str:token>", views.medium, name="medium"),
    path("<uuid:post_id>/take-down/", views.take_down, name="take-down"),
    path("pause/", views.pause, name="pause"),
    path("pause/<int:pause_id>/resume/", views.resume, name="resume"),
    path("<uuid:consignment_id>/go-on/", views.go_on, name="go-on"),
    path("<uuid:consignment_id>/live/", views.live, name="live"),
    path("<uuid:consignment_id>/seen/", views.seen, name="seen"),
]
