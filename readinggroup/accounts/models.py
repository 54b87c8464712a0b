"""A person's account and the one-time links that sign it in."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.public_ids import new_public_id

from .names import LONGEST_NAME, LONGEST_SKELETON, skeleton, validate_display_name


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


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The e-mail address signs in and is shown to nobody; the display name is shown."""

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("shown name"), max_length=LONGEST_NAME, validators=[validate_display_name])
    name_skeleton = models.CharField(max_length=LONGEST_SKELETON, editable=False)  # see names.skeleton
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    unread_notices = models.IntegerField(default=0, db_default=0, editable=False)  # kept by triggers of notifications

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        constraints = [
            # Two spellings of one address are one account.
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=~models.Q(display_name=""), name="user_has_a_name"),
            models.CheckConstraint(condition=~models.Q(name_skeleton=""), name="user_name_has_a_skeleton"),
        ]

    def __str__(self):
        return self.display_name

    def clean(self):
        super().clean()
        self.name_skeleton = skeleton(self.display_name)

    def save(self, *args, update_fields=None, **kwargs):
        self.name_skeleton = skeleton(self.display_name)
        if update_fields is not None and "display_name" in update_fields:
            update_fields = {*update_fields, "name_skeleton"}
        super().save(*args, update_fields=update_fields, **kwargs)


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
