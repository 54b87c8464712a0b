"""The ways into a group: a link, a mail, a request."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.signing import Signer
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.signed_ids import SignedId

from .groups import Group
from .memberships import Role


class InvitationQuerySet(models.QuerySet):
    """Invitations, by whether they still open the door."""

    def good(self):
        """Those that can be used now. A group that is closed takes nobody in; opened again, it does."""
        return self.filter(
            revoked_at=None,
            expires_at__gt=timezone.now(),
            used__lt=models.F("uses"),
            group__archived_at=None,
            group__delete_at=None,
        )


class Invitation(models.Model):
    """A link that makes people members: so many, until then, with these roles. Only its token's hash is kept.

    Opening the link joins nobody; a button does.
    """

    MOST_USES = 500
    LONGEST = timedelta(days=90)

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    moderates_until = models.DateTimeField(null=True, blank=True)  # the end of the term of whom it makes a moderator
    uses = models.PositiveIntegerField(_("for how many people"), default=1)
    used = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(used__lte=models.F("uses")), name="invitation_uses_are_kept"),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="invitation_roles_are_known"
            ),
        ]

    def __str__(self):
        return f"invitation {self.pk} to {self.group}"

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(24)

    @staticmethod
    def hash_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @property
    def role_names(self):
        """What one becomes by it."""
        return ", ".join(str(Role(role).label) for role in self.roles) or str(_("member"))


class EmailInvitationQuerySet(models.QuerySet):
    """Invitations by mail, by how they stand."""

    def waiting(self):
        return self.filter(accepted_at=None, revoked_at=None)

    def good(self):
        return self.waiting().filter(expires_at__gt=timezone.now())

    def mail_is_due(self):
        return self.good().filter(mail_at__lte=timezone.now())


class EmailInvitation(SignedId, models.Model):
    """An invitation that is mailed to one address and can be accepted by nobody else.

    Its link is signed, not stored: whoever reads the database cannot follow it. `mail_at` says when a mail is due, or
    to be tried again; None when there is nothing to send. Who was invited is shown to who invited them.
    """

    LIFETIME = timedelta(days=30)
    MOST_MAILS = 3  # to one address by one invitation
    PAUSE = timedelta(hours=1)  # before it can be sent again
    SIGNER = Signer(salt="groups.email_invitation")

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="email_invitations")
    email = models.EmailField(_("e-mail address"))
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    moderates_until = models.DateTimeField(null=True, blank=True)  # the end of the term of whom it makes a moderator
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="email_invitations")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    mails = models.PositiveSmallIntegerField(default=1)  # how many were asked for
    asked_at = models.DateTimeField(db_default=Now())  # when the last of them was
    mail_at = models.DateTimeField(null=True, blank=True, db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = EmailInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="email_invitation_waits_once",
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_invitation_is_lower_case"),
            models.CheckConstraint(condition=models.Q(mails__lte=3), name="email_invitation_mails_are_few"),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="email_invitation_roles_are_known"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at=None),
                name="email_invitation_accepted_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_at"], condition=models.Q(mail_at__isnull=False), name="email_invitation_mail_due"
            ),
        ]

    def __str__(self):
        return f"invitation {self.pk} by mail to {self.group}"

    @property
    def role_names(self):
        """What one becomes by it."""
        return ", ".join(str(Role(role).label) for role in self.roles) or str(_("member"))

    @property
    def standing(self) -> str:
        """How it stands, in a word."""
        if self.accepted_at:
            return _("accepted")
        if self.revoked_at:
            return _("taken back")
        return _("waiting") if self.expires_at > timezone.now() else _("too old")

    @property
    def can_be_sent_again(self) -> bool:
        now = timezone.now()
        waits = not self.accepted_at and not self.revoked_at and self.expires_at > now
        return waits and self.mails < self.MOST_MAILS and self.asked_at <= now - self.PAUSE

    def is_for(self, user) -> bool:
        """Whether this account has shown that the address is its own."""
        return user.emailaddress_set.filter(email=self.email, verified=True).exists()


class JoinRequest(models.Model):
    """Somebody asks to be taken in, with a word of introduction; an organizer answers."""

    LONGEST = 1_000

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="join_requests")
    words = models.TextField(_("who you are, and why you would like to read with us"), max_length=LONGEST)
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    accepted = models.BooleanField(default=False)
    answer = models.CharField(_("a word to them"), max_length=LONGEST, blank=True)

    class Meta:
        constraints = [
            # One open request a person and group; what was answered stays beside it.
            models.UniqueConstraint(
                fields=["group", "user"], condition=models.Q(answered_at=None), name="join_request_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=False) | models.Q(accepted=False),
                name="join_request_accepted_is_answered",
            ),
            at_most("words", 1_000, name="join_request_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.user} asks to join {self.group}"
