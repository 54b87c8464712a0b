"""Inviting by mail, sending it again, taking it back; and how many there may be."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from readinggroup.accounts.models import User

from .models import EmailInvitation
from .tasks import mail_invitations

A_DAY = timedelta(days=1)
MOST_A_DAY_TO_ONE_ADDRESS = 5  # by all groups together


class TooMany(Exception):  # noqa: N818 - said to the person, not an error of the program
    """This person has sent, or this address was sent, as many invitations as there may be in a day."""


class InvitedAlready(Exception):  # noqa: N818 - as above
    """An invitation to this address waits already."""


@transaction.atomic
def invite_by_email(*, group, email, roles, by, moderates_until=None) -> EmailInvitation:
    """Invite whoever the address belongs to; the worker mails it. Nobody learns whether it has an account here."""
    email = email.lower()
    mind_the_limits(email=email, by=by)
    group.email_invitations.waiting().filter(email=email, expires_at__lte=timezone.now()).update(
        revoked_at=timezone.now()
    )
    try:
        with transaction.atomic():
            invitation = EmailInvitation.objects.create(
                group=group,
                email=email,
                roles=list(roles),
                moderates_until=moderates_until,
                created_by=by,
                expires_at=timezone.now() + EmailInvitation.LIFETIME,
            )
    except IntegrityError as refusal:
        raise InvitedAlready from refusal
    mail_invitations.defer()
    return invitation


@transaction.atomic
def send_again(*, invitation, by) -> bool:
    """Mail the invitation once more. False if it was mailed too often, or just now, or is good no more."""
    mind_the_limits(email=invitation.email, by=by)
    now = timezone.now()
    again = EmailInvitation.objects.select_for_update().good().filter(pk=invitation.pk).first()
    if again is None or not again.can_be_sent_again:
        return False
    again.mails, again.asked_at, again.mail_at, again.attempts = again.mails + 1, now, now, 0
    again.save(update_fields=["mails", "asked_at", "mail_at", "attempts"])
    mail_invitations.defer()
    return True


def take_back(*, invitation, by) -> None:
    """Take the invitation back: its link opens nothing any more, and a mail that is due is not sent."""
    EmailInvitation.objects.waiting().filter(pk=invitation.pk).update(revoked_at=timezone.now(), mail_at=None)


def mind_the_limits(*, email, by) -> None:
    """TooMany if the day's mails are used up. The person is held: of two at once, the second counts the first."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    since = timezone.now() - A_DAY
    asked = Q(created_at__gt=since) | Q(asked_at__gt=since)
    lately = EmailInvitation.objects.filter(asked)
    if (
        lately.filter(created_by=by).count() >= settings.INVITATIONS_BY_MAIL_A_DAY
        or lately.filter(email=email).count() >= MOST_A_DAY_TO_ONE_ADDRESS
    ):
        raise TooMany
