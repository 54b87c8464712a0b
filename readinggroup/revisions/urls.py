"""Addresses of a text's revisions, below /g/<group>/read/<reading>/."""

from django.urls import include, path

from . import hand_views, history_views, note_views, rehearsal_views

app_name = "revisions"

# /g/<group>/read/<reading>/
reading_urls = [
    path("revisions/", history_views.history, name="history"),
    path("revisions/removed/", history_views.removed_paragraphs, name="removed_paragraphs"),
    path("revisions/<int:number>/", history_views.revision, name="revision"),
    path("revisions/<int:number>/changes/", history_views.changes, name="changes"),
    path("undo/", history_views.undo, name="undo"),
    path("notes/", note_views.notes, name="notes"),
    path("p/<slug:paragraph>/correct/", hand_views.correct_paragraph, name="correct_paragraph"),
    path("revise/", rehearsal_views.bring_correction, name="bring_correction"),
    path("revise/<int:correction>/", rehearsal_views.rehearsal, name="rehearsal"),
    path("revise/<int:correction>/link/", rehearsal_views.link, name="link"),
    path("revise/<int:correction>/publish/", rehearsal_views.publish, name="publish"),
    path("revise/<int:correction>/discard/", rehearsal_views.discard, name="discard"),
]

urlpatterns = [path("g/<slug:group>/read/<slug:reading>/", include(reading_urls))]
