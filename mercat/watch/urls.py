"""Addresses of the watch."""

from django.urls import path

from mercat.watch.cases import views as cases
from mercat.watch.direct import views as direct
from mercat.watch.figures import views as figures
from mercat.watch.heard import views as heard
from mercat.watch.lookalikes import views as lookalikes
from mercat.watch.profiles import views as profiles

app_name = "watch"
urlpatterns = [
    path("cases/", cases.cases, name="cases"),
    path("cases/report/", cases.report, name="report"),
    path("cases/<int:case_id>/", cases.case, name="case"),
    path("cases/<int:case_id>/pictures/<int:note_id>/", cases.picture, name="case-picture"),
    path("cases/<int:case_id>/look/", cases.look, name="case-look"),
    path("cases/<int:case_id>/note/", cases.note, name="case-note"),
    path("cases/<int:case_id>/reported/", cases.reported, name="case-reported"),
    path("cases/<int:case_id>/report-through/", cases.report_through, name="case-report-through"),
    path("cases/<int:case_id>/still-there/", cases.still_there, name="case-still-there"),
    path("cases/<int:case_id>/again/", cases.again, name="case-again"),
    path("cases/<int:case_id>/close/", cases.close, name="case-close"),
    path("cases/<int:case_id>/reopen/", cases.reopen, name="case-reopen"),
    path("look-alikes/", lookalikes.look_alikes, name="look-alikes"),
    path("look-alikes/<int:row_id>/open/", lookalikes.open_case, name="look-alike-open"),
    path("look-alikes/<int:row_id>/dismiss/", lookalikes.dismiss, name="look-alike-dismiss"),
    path("direct/", direct.direct, name="direct"),
    path("direct/<int:use_id>/", direct.direct_use, name="direct-use"),
    path("direct/<int:use_id>/settle/", direct.settle, name="direct-settle"),
    path("profiles/", profiles.profiles, name="profiles"),
    path("profiles/<uuid:account_id>/", profiles.profile, name="profile"),
    path("profiles/<uuid:account_id>/assign/", profiles.assign, name="profile-assign"),
    path("profiles/<uuid:account_id>/put-back/", profiles.put_back, name="profile-put-back"),
    path("profiles/<uuid:account_id>/right/", profiles.say_right, name="profile-right"),
    path("profiles/<uuid:account_id>/messages/", profiles.messages_off, name="profile-messages"),
    path("profiles/<uuid:account_id>/pictures/<slug:part>/", profiles.picture, name="profile-picture"),
    path("figures/", figures.figures, name="figures"),
    path("figures/table.csv", figures.table, name="figures-table"),
    path("figures/<uuid:post_id>/", figures.of_post, name="figures-post"),
    path("heard/", heard.heard, name="heard"),
    path("heard/<int:row_id>/settle/", heard.settle, name="heard-settle"),
]
