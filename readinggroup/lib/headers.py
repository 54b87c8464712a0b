"""Headers of every answer: what the browser may do on our pages, and which of them may be kept by anybody."""

from django.conf import settings
from django.utils.cache import patch_cache_control, patch_vary_headers

# What no page of ours uses is switched off for our pages and whatever they might hold. Passkeys are for ourselves.
SWITCHED_OFF = """
    accelerometer autoplay browsing-topics camera display-capture encrypted-media fullscreen geolocation
    gyroscope hid idle-detection magnetometer microphone midi payment picture-in-picture serial usb xr-spatial-tracking
"""
FOR_OURSELVES = """
    clipboard-write publickey-credentials-create publickey-credentials-get screen-wake-lock
"""
PERMISSIONS_POLICY = ", ".join(
    [f"{feature}=()" for feature in SWITCHED_OFF.split()] + [f"{feature}=(self)" for feature in FOR_OURSELVES.split()]
)


class HeadersMiddleware:
    """Say Permissions-Policy, and keep out of every cache what belongs to one person.

    That is each answer to a request that brought a login cookie, each that sets a cookie (a page with a form's token
    does), and each error, since an error can be another one for the next person. It asks nothing of the database.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        patch_vary_headers(response, ["Cookie"])
        if settings.SESSION_COOKIE_NAME in request.COOKIES or response.cookies or response.status_code >= 400:
            patch_cache_control(response, no_store=True, private=True)
        return response
