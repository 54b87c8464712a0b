"""How a person likes the site: what can be chosen, and how each request obeys it."""

from django.conf import settings
from django.db import Error, models
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.lib.time_zones import zone_called
from readinggroup.lib.unavailable import trouble_of, unavailable

# The device's own zone, put there by static/js/zone.js at the login and taken by the next request that is signed in.
GUESS_COOKIE = "zone"


class Size(models.TextChoices):
    """How large letters are."""

    SMALL = "small", pgettext_lazy("text size", "small")
    MEDIUM = "medium", pgettext_lazy("text size", "medium")
    LARGE = "large", pgettext_lazy("text size", "large")
    LARGEST = "largest", pgettext_lazy("text size", "very large")


class Measure(models.TextChoices):
    """How long the lines of a text are: about 52, 65 and 78 characters."""

    NARROW = "narrow", pgettext_lazy("length of lines", "short")
    MEDIUM = "medium", pgettext_lazy("length of lines", "medium")
    WIDE = "wide", pgettext_lazy("length of lines", "long")


class Scheme(models.TextChoices):
    """Whether pages are light or dark."""

    DEVICE = "device", _("as the device is set")
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")


class Motion(models.TextChoices):
    """Whether anything may move by itself."""

    DEVICE = "device", _("as the device is set")
    REDUCED = "reduced", _("nothing moves")


def obey(request, person):
    """From here on this request speaks the person's language and shows times in their zone."""
    if person.language in dict(settings.LANGUAGES):
        translation.activate(person.language)
    timezone.activate(zone_called(person.time_zone) or timezone.get_default_timezone())
    request.LANGUAGE_CODE = translation.get_language()


class PreferencesMiddleware:
    """Each request in the language and the zone of who asks, and the thread as it was before.

    The language is the person's choice, or else the visitor's (a cookie), or what the browser asks for. Stands in the
    place of Django's LocaleMiddleware, which comes before anybody knows who asks.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        language = translation.get_language_from_request(request)
        with translation.override(language), timezone.override(None):
            request.LANGUAGE_CODE = language
            try:
                guess = request.COOKIES.get(GUESS_COOKIE) if request.user.is_authenticated else None
                if guess is not None:
                    request.user.guess_time_zone(guess)
            except Error as error:
                if trouble := trouble_of(error):
                    return unavailable(request, error, trouble)
                raise
            if request.user.is_authenticated:
                obey(request, request.user)
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        if guess is not None:
            response.delete_cookie(GUESS_COOKIE, samesite="Lax")
        return response
