"""Addresses and steps that several tests over HTTP share."""

from django.urls import reverse

from . import factories

# allauth's pages that somebody who is signed in, and has just said so again, can open.
ACCOUNT_PAGES = (
    "account_logout", "account_email", "account_change_password", "account_set_password", "account_reauthenticate",
    "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "usersessions_list",
    "socialaccount_connections",
)  # fmt: skip
# And those of who is not.
ENTRANCES = (
    "account_login", "account_signup", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key_done", "account_request_login_code", "account_inactive",
    "socialaccount_login_cancelled", "socialaccount_login_error",
)  # fmt: skip


def private_pages(house):
    """Pages of every part of the site, as somebody gets them who is signed in."""
    group, reading = house.group.slug, house.reading.slug
    comment = factories.create_comment(house.reading, house.member)
    yield "/"
    yield reverse("accounts:profile")
    for page in ACCOUNT_PAGES:
        yield reverse(page)
    yield reverse("group", args=[group])
    yield reverse("readings:reading_page", args=[group, reading])
    yield reverse("readings:import_text", args=[group])
    yield reverse("discussion:paragraph", args=[group, reading, comment.paragraph.public_id])
    yield reverse("discussion:whole", args=[group, reading])
    yield reverse("discussion:edit_comment", args=[comment.public_id])
    yield reverse("moderation:queue", args=[group])
    for page in ("settle_group", "who_may", "members", "invite"):
        yield reverse(f"groups:{page}", args=[group])
