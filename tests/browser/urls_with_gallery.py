"""The site's addresses and the gallery, which is one of them with DEBUG only. A test sets ROOT_URLCONF to this."""

from django.urls import path

from readinggroup import views
from readinggroup.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401

urlpatterns = [*urlpatterns, path("gallery/", views.gallery, name="gallery")]
