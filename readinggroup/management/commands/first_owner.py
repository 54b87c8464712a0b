"""`manage.py first_owner EMAIL`: a fresh site's first group and its owner, who also runs the site; prints a link."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from readinggroup import first_run
from readinggroup.accounts.models import User
from readinggroup.groups.models import Group


class Command(BaseCommand):
    """Make what a fresh site needs, once; again for the same address only another link."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("email")

    @transaction.atomic
    def handle(self, *, email, **options):
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None and Group.objects.exists():
            raise CommandError(_("The site has groups already. For an account that is there: manage.py sign_in_link."))
        if user is None:
            try:
                first_run.prepare(None, owner_email=email)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            user = User.objects.get(email__iexact=email)
            User.objects.filter(pk=user.pk).update(is_staff=True)
        self.stdout.write(f"{settings.SITE_URL.rstrip('/')}{first_run.sign_in_path(user)}")
