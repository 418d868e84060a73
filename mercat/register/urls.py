"""Addresses of the register."""

from django.urls import path

from mercat.register.comparing import views as comparing
from mercat.register.exceptions import views as exceptions
from mercat.register.hand_overs import views as hand_overs
from mercat.register.keeping import views as keeping
from mercat.register.views import accounts, applications, connecting, reviews, standing

app_name = "register"
urlpatterns = [
    path("", accounts.register, name="register"),
    path("places/<str:key>/", accounts.place, name="place"),
    path("places/<str:key>/review/", reviews.review, name="review"),
    path("places/<str:key>/review/<int:review_id>/conclude/", reviews.conclude, name="conclude"),
    path("places/<str:key>/review/<int:review_id>/decline/", reviews.decline, name="decline"),
    path("places/<str:key>/history/", reviews.history, name="history"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("attention/", standing.attention, name="attention"),
    path("apply/", applications.apply, name="apply"),
    path("applications/", applications.applications, name="applications"),
    path("applications/<uuid:application_id>/", applications.application, name="application"),
    path("health/", keeping.health, name="health"),
    path("hootsuite/", comparing.hootsuite, name="hootsuite"),
    path("exceptions/", exceptions.exceptions, name="exceptions"),
    path("exceptions/<int:row_id>/", exceptions.exception, name="exception"),
    path("exceptions/<int:row_id>/answer/", exceptions.answer, name="exception-answer"),
    path("exceptions/<int:row_id>/withdraw/", exceptions.withdraw, name="exception-withdraw"),
    path("exceptions/<int:row_id>/end/", exceptions.end, name="exception-end"),
    path("exceptions/<int:row_id>/posts/", exceptions.note_post, name="exception-post"),
    path("exceptions/<int:row_id>/rotation/", exceptions.note_rotation, name="exception-rotation"),
    path("hand-overs/", hand_overs.hand_overs, name="hand-overs"),
    path("hand-overs/<int:row_id>/", hand_overs.hand_over, name="hand-over"),
    path("hand-overs/<int:row_id>/close/", hand_overs.close, name="hand-over-close"),
    path("applications/<uuid:application_id>/write/", applications.write, name="write"),
    path("applications/<uuid:application_id>/withdraw/", applications.withdraw, name="withdraw"),
    path("applications/<uuid:application_id>/answer/", applications.answer, name="answer"),
    path("connected/", connecting.finish, name="finish"),
    path("<uuid:account_id>/", accounts.account, name="account"),
    path("<uuid:account_id>/suspend/", accounts.suspend, name="suspend"),
    path("<uuid:account_id>/reinstate/", accounts.reinstate, name="reinstate"),
    path("<uuid:account_id>/close/", accounts.close, name="close"),
    path("<uuid:account_id>/dormant/", accounts.dormant, name="dormant"),
    path("<uuid:account_id>/wake/", accounts.wake, name="wake"),
    path("<uuid:account_id>/describe/", standing.describe, name="describe"),
    path("<uuid:account_id>/manage/", standing.manage, name="manage"),
    path("<uuid:account_id>/protection/", standing.protection, name="protection"),
    path("<uuid:account_id>/contacts/", accounts.contacts, name="contacts"),
    path("<uuid:account_id>/contacts/<int:spoc_id>/dismiss/", accounts.dismiss, name="dismiss"),
    path("<uuid:account_id>/direct-access/", exceptions.ask, name="direct-access"),
    path("<uuid:account_id>/disconnect/", keeping.disconnect, name="disconnect"),
    path("<uuid:account_id>/connect/", connecting.connect, name="connect"),
    path("<uuid:account_id>/connect/begin/", connecting.begin, name="begin"),
]
