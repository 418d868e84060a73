"""Addresses of posts."""

from django.urls import path

from mercat.posts.contributions import views as contributions
from mercat.posts.views import composer, importing, lists, media, post, proof

app_name = "posts"
urlpatterns = [
    path("", lists.posts, name="list"),
    path("new/", composer.new, name="new"),
    path("import/", importing.bulk_file, name="import"),
    path("contributions/", contributions.own, name="contributions"),
    path("contributions/new/", contributions.new, name="contribution-new"),
    path("contributions/handed-in/", contributions.handed_in, name="handed-in"),
    path("contributions/videos/", contributions.announce, name="contribution-video"),
    path("contributions/videos/<uuid:video_id>/<int:number>/", contributions.take_slice, name="contribution-slice"),
    path("contributions/media/<slug:sha256>/", contributions.medium, name="contribution-medium"),
    path("contributions/<uuid:row_id>/", contributions.contribution, name="contribution"),
    path("contributions/<uuid:row_id>/<slug:name>/", contributions.act, name="contribution-act"),
    path("<uuid:post_id>/", post.post, name="post"),
    path("<uuid:post_id>/live/", post.live, name="live"),
    path("<uuid:post_id>/decide/", post.decide, name="decide"),
    path("<uuid:post_id>/withdraw/", post.withdraw, name="withdraw"),
    path("<uuid:post_id>/correct/", post.correct, name="correct"),
    path("<uuid:post_id>/corrections/<int:correction_id>/again/", post.correct_again, name="correct-again"),
    path("<uuid:post_id>/edit/", composer.edit, name="edit"),
    path("<uuid:post_id>/autosave/", composer.autosave, name="autosave"),
    path("<uuid:post_id>/pictures/<slug:sha256>/", media.medium, name="picture"),
    path("<uuid:post_id>/captions.vtt", media.captions, name="captions"),
    path("<uuid:post_id>/video/", media.video, name="video"),
    path("<uuid:post_id>/videos/", media.announce, name="announce-video"),
    path("<uuid:post_id>/videos/<uuid:video_id>/<int:number>/", media.take_slice, name="video-slice"),
    path("<uuid:post_id>/proof/", proof.proof, name="proof"),
    path("<uuid:post_id>/proof/<int:number>.json", proof.canonical, name="canonical"),
    path("<uuid:post_id>/proof/receipts/<uuid:uid>.json", proof.receipt, name="receipt"),
]
