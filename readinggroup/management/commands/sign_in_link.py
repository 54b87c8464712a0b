"""`manage.py sign_in_link EMAIL`: a one-time link that signs the account in."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from readinggroup.accounts.models import User
from readinggroup.first_run import sign_in_path


class Command(BaseCommand):
    """Print a link that signs one account in, once, within a day."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, *, email, **options):
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise CommandError(_("There is no account with the address %(email)s.") % {"email": email})
        self.stdout.write(f"{settings.SITE_URL.rstrip('/')}{sign_in_path(user)}")
