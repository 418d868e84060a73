"""Addresses of people and their notices."""

from django.urls import path

from mercat.people import views
from mercat.people.devices import views as devices

app_name = "people"
urlpatterns = [
    path("people/", views.people, name="list"),
    path("people/new/", views.add, name="add"),
    path("people/<uuid:person_id>/", views.person, name="person"),
    path("people/<uuid:person_id>/passphrase/", views.passphrase, name="passphrase"),
    path("people/<uuid:person_id>/roles/<int:grant_id>/end/", views.end_role, name="end-role"),
    path("people/<uuid:person_id>/<slug:action>/", views.take_step, name="step"),
    path("device/", devices.device, name="device"),
    path("device/requests/", devices.requests, name="device-requests"),
    path("device/requests/<int:row_id>/answer/", devices.answer, name="device-answer"),
    path("device/requests/<int:row_id>/end/", devices.end, name="device-end"),
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_all_notices, name="read-all"),
    path("notices/<int:notice_id>/", views.read_notice, name="read"),
]
