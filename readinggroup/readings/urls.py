"""Addresses below /g/<group>/ that are about what the group reads."""

from django.urls import include, path

from . import imports, places, views

app_name = "readings"

# /g/<group>/read/<reading>/
reading_urls = [
    path("", views.reading_page, name="reading_page"),
    path("<int:number>/", views.paragraph_number, name="paragraph_number"),
    path("place/", views.keep_place, name="keep_place"),
    path("where/", places.where_we_are, name="where_we_are"),
    path("settings/", views.settle_reading, name="settle_reading"),
]

# /g/<group>/texts/
text_urls = [
    path("import/", imports.import_text, name="import_text"),
    path("import/<int:upload>/", imports.preview_import, name="preview_import"),
]

urlpatterns = [
    path("g/<slug:group>/read/<slug:reading>/", include(reading_urls)),
    path("g/<slug:group>/texts/", include(text_urls)),
]
