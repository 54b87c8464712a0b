"""Words of a form that was not accepted for a reason that has nothing to do with them: shown again, to be sent again.

Three things happen while somebody writes for long: the login runs out, the form's token is replaced by a login in
another tab, the database is away. None of them may cost the words.
"""

from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

# Fields of our forms that hold what somebody wrote and would not want to type again.
TYPED_FIELDS = {
    "body", "title", "name", "description", "words", "display_name", "author", "translator", "source", "rights",
    "reason", "why", "introduction", "text", "subject", "agenda", "minutes", "others",
}  # fmt: skip
# Fields that are neither shown nor kept, here or in a login's data.
SECRETS = ("token", "password", "code", "credential", "secret")
MOST = 100_000  # characters of one form that are kept; a whole text is brought as a file
KEY = "kept_words"


def typed_in(request) -> list[str]:
    """What somebody wrote into the form."""
    if request.method != "POST":
        return []
    return [request.POST[name] for name in request.POST if name in TYPED_FIELDS and request.POST[name].strip()]


def kept_form(request) -> dict | None:
    """The form as it was sent, to be shown again; None if it holds no words, too many, or a secret."""
    if not typed_in(request):
        return None
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [field for field in fields if field[0] != "csrfmiddlewaretoken"]
    if sum(len(name) + len(value) for name, value in fields) > MOST:
        return None
    if any(secret in name.lower() for name, _ in fields for secret in SECRETS):
        return None
    return {
        "action": request.get_full_path(),
        "typed": [field for field in fields if field[0] in TYPED_FIELDS],
        "rest": [field for field in fields if field[0] not in TYPED_FIELDS],
    }


def keep(request) -> bool:
    """Keep the form with the browser's login data until after the login. Whether there was anything to keep."""
    form = kept_form(request)
    if form:
        request.session[KEY] = form
    return bool(form)


def is_from_here(request) -> bool:
    """Whether the browser says that a page of ours sent the form. Without its word, it is taken for a stranger's."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    sender = parts_of(request.headers.get("Origin") or request.headers.get("Referer") or "")
    return (sender.scheme, sender.netloc) == (request.scheme, request.get_host())


def written_on(request) -> str:
    """The path of our page on which the form was written, as the browser tells it; the start page if it does not."""
    path = parts_of(request.headers.get("Referer", "")).path
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


def parts_of(address):
    """The parts of an address that somebody wrote; none if it cannot be read."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
