"""A person's account and the one-time links that sign it in."""

import hashlib
import secrets
from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.time_zones import LONGEST_ZONE, zone_named

from .names import LONGEST_NAME, LONGEST_SKELETON, skeleton, validate_display_name
from .preferences import Measure, Motion, Scheme, Size


class UserQuerySet(models.QuerySet):
    """Accounts. However a shown name is written, its skeleton is written with it."""

    def update(self, **changes):
        if "display_name" in changes:
            changes["name_skeleton"] = skeleton(changes["display_name"])
        return super().update(**changes)

    def bulk_create(self, users, *args, **kwargs):
        users = list(users)
        for user in users:
            user.name_skeleton = skeleton(user.display_name)
        return super().bulk_create(users, *args, **kwargs)

    def to_be_deleted(self):
        """Whose deletion was asked for and whose days to undo it are over."""
        return self.filter(deletion_due_at__lte=timezone.now())

    def deleted_lately(self):
        """So lately that a request of theirs may have been under way."""
        return self.filter(deleted_at__gt=timezone.now() - timedelta(days=1))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    """Makes accounts for the command line and for tests; people sign up through allauth.

    Whoever makes an account here vouches for its address, so that it can sign in by e-mailed code at once.
    """

    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.display_name = user.display_name or email.split("@")[0][:LONGEST_NAME]
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Contributions(models.TextChoices):
    """What becomes of what a person has written when they delete their account."""

    PSEUDONYM = "pseudonym", _("They stay, under a pseudonym")
    WITHDRAWN = "withdrawn", _("They are withdrawn, and their words erased")


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The e-mail address signs in and is shown to nobody; the display name is shown."""

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("shown name"), max_length=LONGEST_NAME, validators=[validate_display_name])
    name_skeleton = models.CharField(max_length=LONGEST_SKELETON, editable=False)  # see names.skeleton
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # Asked for by the person, and undone by them until then. A deleted account is a row without a person.
    deletion_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    deletion_choice = models.CharField(
        _("what you have written"), max_length=10, choices=Contributions.choices, blank=True, default=""
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Preferences. They stand here and not in a table of their own because every request reads this row.
    language = models.CharField(_("language"), max_length=10, blank=True)  # empty: what the browser asks for
    time_zone = models.CharField(_("time zone"), max_length=LONGEST_ZONE, blank=True)  # empty: the site's
    time_zone_chosen = models.BooleanField(default=False)  # else it was guessed
    text_size = models.CharField(_("size of the text"), max_length=10, choices=Size.choices, default=Size.MEDIUM)
    measure = models.CharField(_("length of the lines"), max_length=10, choices=Measure.choices, default=Measure.MEDIUM)
    scheme = models.CharField(_("light or dark"), max_length=10, choices=Scheme.choices, default=Scheme.DEVICE)
    motion = models.CharField(_("motion"), max_length=10, choices=Motion.choices, default=Motion.DEVICE)
    letter_keys = models.BooleanField(_("single letters are keys"), default=True)

    DELETION_DELAY = timedelta(days=7)  # in which it can be undone
    unread_notices = 0  # of who signed in: it comes with the login (logins.CARRIED)
    # Written by triggers and single UPDATEs. A person read a moment ago and saved whole must not put old values back.
    KEPT_ELSEWHERE = frozenset({"deletion_due_at", "deletion_choice", "deleted_at"})

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        constraints = [
            # Two spellings of one address are one account.
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=~models.Q(display_name=""), name="user_has_a_name"),
            models.CheckConstraint(condition=~models.Q(name_skeleton=""), name="user_name_has_a_skeleton"),
            models.CheckConstraint(
                condition=models.Q(language__in=["", *(code for code, _name in settings.LANGUAGES)]),
                name="user_language_known",
            ),
            at_most("time_zone", LONGEST_ZONE, name="user_time_zone_at_most"),
            models.CheckConstraint(
                condition=~models.Q(time_zone="", time_zone_chosen=True), name="user_chose_some_time_zone"
            ),
            models.CheckConstraint(condition=models.Q(text_size__in=Size.values), name="user_text_size_known"),
            models.CheckConstraint(condition=models.Q(measure__in=Measure.values), name="user_measure_known"),
            models.CheckConstraint(condition=models.Q(scheme__in=Scheme.values), name="user_scheme_known"),
            models.CheckConstraint(condition=models.Q(motion__in=Motion.values), name="user_motion_known"),
            models.CheckConstraint(
                condition=models.Q(deletion_choice="", deletion_due_at=None, deleted_at=None)
                | models.Q(deletion_choice__in=Contributions.values, deletion_due_at__isnull=False, deleted_at=None)
                | models.Q(deletion_choice__in=Contributions.values, deletion_due_at=None, deleted_at__isnull=False),
                name="user_deletion_says_when_and_what",
            ),
            models.CheckConstraint(
                condition=models.Q(deleted_at=None) | models.Q(is_active=False), name="user_deleted_signs_in_no_more"
            ),
        ]

        triggers = [
            pgtrigger.Trigger(
                name="stays_deleted",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.deleted_at IS NOT NULL AND"
                    " (OLD.email, OLD.display_name, OLD.password, OLD.is_active, OLD.deleted_at)"
                    " IS DISTINCT FROM (NEW.email, NEW.display_name, NEW.password, NEW.is_active, NEW.deleted_at)"
                ),
                func="""
                    RAISE EXCEPTION 'a deleted account gets no name again'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'user_stays_deleted';
                """,
            )
        ]

    def __str__(self):
        return self.display_name

    def page_attributes(self) -> str:
        """What the root of every page says of the person's preferences; site.css and the scripts obey it."""
        said = {
            "size": self.text_size != Size.MEDIUM and self.text_size,
            "measure": self.measure != Measure.MEDIUM and self.measure,
            "scheme": self.scheme != Scheme.DEVICE and self.scheme,
            "motion": self.motion != Motion.DEVICE and self.motion,
            "keys": not self.letter_keys and "off",
        }
        return format_html_join("", ' data-{}="{}"', [(name, value) for name, value in said.items() if value])

    def guess_time_zone(self, name: str) -> None:
        """Take the device's word for where the person is, until they choose themselves. What is no zone is ignored."""
        zone = zone_named(name)
        if zone is None or self.time_zone_chosen or zone == self.time_zone:
            return
        if User.objects.filter(pk=self.pk, time_zone_chosen=False).update(time_zone=zone):
            self.time_zone = zone

    def clean(self):
        super().clean()
        self.name_skeleton = skeleton(self.display_name)

    @property
    def took_words_along(self):
        """Whether the account is deleted and all that the person wrote was withdrawn with it."""
        return self.deleted_at is not None and self.deletion_choice == Contributions.WITHDRAWN

    def save(self, *, update_fields=None, **options):
        self.name_skeleton = skeleton(self.display_name)
        if update_fields is None and not self._state.adding:
            update_fields = {
                field.name
                for field in self._meta.concrete_fields
                if not field.primary_key and field.name not in self.KEPT_ELSEWHERE
            }
        elif update_fields is not None and "display_name" in update_fields:
            update_fields = {*update_fields, "name_skeleton"}
        super().save(update_fields=update_fields, **options)


class Login(AbstractBaseSession):
    """What the site remembers of one browser: Django's session row, with the person who signed in there, if one did."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="logins")

    @classmethod
    def get_session_store_class(cls):
        from .logins import SessionStore  # the engine needs this model

        return SessionStore


class SignInLink(models.Model):
    """A one-time link that signs one account in. Only the hash of its token is kept, as with a password.

    Whoever runs the site hands it over (`manage.py sign_in_link EMAIL`); it is good once, for one day.
    """

    LIFETIME = timedelta(days=1)

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"sign-in link {self.pk}"

    @staticmethod
    def hash_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user) -> str:
        """A new link's token, for `user`. It is shown this once and cannot be read again."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, token_hash=cls.hash_of(token))
        return token

    @classmethod
    def redeem(cls, token: str):
        """The account that the token signs in, or None if it was used, is too old or never was.

        One UPDATE decides, so that of two requests at once one signs in. It names no other table: with a join Django
        would put the conditions into a subquery, which Postgres does not ask again after waiting for the other request.
        """
        now = timezone.now()
        links = cls.objects.filter(token_hash=cls.hash_of(token), used_at=None, created_at__gt=now - cls.LIFETIME)
        if not links.update(used_at=now):
            return None
        return User.objects.filter(sign_in_links__token_hash=cls.hash_of(token), is_active=True).first()


class ArchiveState(models.TextChoices):
    """How far an archive is."""

    WAITING = "waiting", _("being made")
    READY = "ready", _("ready")
    FAILED = "failed", _("could not be made")


class ArchiveQuerySet(models.QuerySet):
    """Archives, by whose they are and what can be done with them."""

    def of(self, user):
        return self.filter(user=user)

    def waiting(self):
        return self.filter(state=ArchiveState.WAITING)

    def to_be_fetched(self):
        return self.filter(state=ArchiveState.READY, asked_at__gt=timezone.now() - Archive.KEPT_FOR)

    def of_the_last_day(self):
        return self.filter(asked_at__gt=timezone.now() - timedelta(days=1))

    def outlived(self):
        return self.filter(asked_at__lte=timezone.now() - Archive.KEPT_FOR)

    def given_up(self):
        """Whose worker has ended without a word."""
        return self.waiting().filter(asked_at__lte=timezone.now() - Archive.MADE_WITHIN)


class Archive(models.Model):
    """Everything that the site holds of one person, in one file: asked for, made by the worker, gone after a week."""

    KEPT_FOR = timedelta(days=7)
    MADE_WITHIN = timedelta(hours=2)  # else it counts as failed
    A_DAY = 3

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="archives")
    state = models.CharField(max_length=10, choices=ArchiveState.choices, default=ArchiveState.WAITING)
    size = models.PositiveBigIntegerField(default=0)
    asked_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True, blank=True)

    objects = ArchiveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(state=ArchiveState.WAITING), name="archive_made_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state=ArchiveState.READY, made_at__isnull=False, size__gt=0)
                | models.Q(state__in=[ArchiveState.WAITING, ArchiveState.FAILED], made_at=None, size=0),
                name="archive_ready_says_when",
            ),
        ]

    def __str__(self):
        return f"archive {self.public_id}"

    @property
    def gone_at(self):
        """When it can be fetched no more."""
        return self.asked_at + self.KEPT_FOR


class ArchivePiece(models.Model):
    """A piece of an archive's file: written and read one at a time, so that no process ever holds the whole."""

    SIZE = 2**20

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["archive", "number"], name="archive_piece_once")]

    def __str__(self):
        return f"{self.archive_id}, piece {self.number}"


class Pace(models.Model):
    """How often somebody has done something in a stretch of time: see `limits.py`. The key tells nobody who."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField()

    def __str__(self):
        return f"{self.count} until {self.ends_at}"
