"""Addresses of people and their notices."""

from django.urls import path

from mercat.people import views
from mercat.people.advice import views as advice
from mercat.people.api import views as api
from mercat.people.devices import views as devices
from mercat.people.hr import views as hr
from mercat.people.joining import views as joining
from mercat.people.notices import views as notices
from mercat.people.signing_in.views import entering, others, own
from mercat.people.webhooks import views as webhooks

app_name = "people"
urlpatterns = [
    path("people/", views.people, name="list"),
    path("people/new/", views.add, name="add"),
    path("people/imports/", hr.imports, name="imports"),
    path("people/imports/<int:import_id>/", hr.show, name="import"),
    path("people/imports/<int:import_id>/progress/", hr.progress, name="import-progress"),
    path("people/imports/<int:import_id>/report.csv", hr.report, name="import-report"),
    path("people/imports/<int:import_id>/choose/", hr.choose, name="import-choose"),
    path("people/imports/<int:import_id>/<slug:act>/", hr.act, name="import-act"),
    path("people/<uuid:person_id>/details/", views.details, name="details"),
    path("access/", joining.own_path, name="access"),
    path("procedures/", joining.procedures, name="procedures"),
    path("procedures/<slug:key>/accept/", joining.accept, name="accept"),
    path("procedures/<slug:key>/people/", joining.readings, name="readings"),
    path("people/licences/", joining.licences, name="licences"),
    path("people/queues/", joining.index, name="queues"),
    path("people/queues/<slug:key>/", joining.queue, name="queue"),
    path("people/queues/<slug:key>/<uuid:person_id>/back/", joining.back, name="send-back"),
    path("people/<uuid:person_id>/", views.person, name="person"),
    path("people/<uuid:person_id>/passphrase/", views.passphrase, name="passphrase"),
    path("people/<uuid:person_id>/sign-in/", others.sign_in_of, name="sign-in-of"),
    path("people/<uuid:person_id>/sign-in/confirm/", others.confirm, name="confirm-recovery"),
    path("people/<uuid:person_id>/sign-in/call-off/", others.call_off, name="call-off-recovery"),
    path("people/<uuid:person_id>/sign-in/end/", others.end_sessions, name="end-sessions-of"),
    path("people/<uuid:person_id>/roles/<int:grant_id>/end/", views.end_role, name="end-role"),
    path("people/<uuid:person_id>/<slug:action>/", views.take_step, name="step"),
    path("advice/", advice.advice, name="advice"),
    path("advice/new/", advice.new, name="advice-new"),
    path("advice/<uuid:thread_id>/", advice.thread, name="advice-thread"),
    path("advice/<uuid:thread_id>/<slug:name>/", advice.act, name="advice-act"),
    path("device/", devices.device, name="device"),
    path("device/requests/", devices.requests, name="device-requests"),
    path("device/requests/<int:row_id>/answer/", devices.answer, name="device-answer"),
    path("device/requests/<int:row_id>/end/", devices.end, name="device-end"),
    path("sign-in/second/", entering.second_factor, name="second-factor"),
    path("sign-in/set-up/", entering.first_factor, name="first-factor"),
    path("sign-in/passkey/", entering.passkey, name="passkey"),
    path("sign-in/passkey/ask/", entering.ask_passkey, name="ask-passkey"),
    path("sign-in/passkey/make/", entering.make_passkey, name="make-passkey"),
    path("sign-in/recover/", entering.recover, name="recover"),
    path("sign-in/sso/", entering.single_sign_on, name="sso"),
    path("sign-in/sso/back/", entering.sso_back, name="sso-back"),
    path("sign-in/mine/", own.mine, name="own-sign-in"),
    path("sign-in/mine/add/", own.add, name="add-factor"),
    path("sign-in/mine/<int:row_id>/remove/", own.remove, name="remove-factor"),
    path("sign-in/mine/recovery-codes/", own.recovery_codes, name="recovery-codes"),
    path("sign-in/mine/passphrase/", own.passphrase, name="own-passphrase"),
    path("sessions/", own.sessions, name="sessions"),
    path("sessions/<int:row_id>/end/", own.end_session, name="end-session"),
    path("sessions/end-others/", own.end_others, name="end-other-sessions"),
    path("prove/", own.prove, name="prove"),
    path("tokens/", api.all_tokens, name="tokens"),
    path("tokens/mine/", api.own_tokens, name="own-tokens"),
    path("tokens/<uuid:token_id>/accept/", api.accept, name="token-accept"),
    path("tokens/<uuid:token_id>/revoke/", api.revoke, name="token-revoke"),
    path("webhooks/", webhooks.endpoints, name="webhooks"),
    path("webhooks/<uuid:endpoint_id>/", webhooks.log, name="webhook-log"),
    path("webhooks/<uuid:endpoint_id>/end/", webhooks.end, name="webhook-end"),
    path("webhooks/deliveries/<uuid:delivery_id>/again/", webhooks.replay, name="webhook-replay"),
    path("notices/", notices.notices, name="notices"),
    path("notices/preferences/", notices.preferences, name="preferences"),
    path("notices/read/", notices.read_all_notices, name="read-all"),
    path("notices/<int:notice_id>/", notices.read_notice, name="read"),
]
