"""`manage.py resume_mail`: a restored copy is the site from now on, and tells people again."""

from django.core.management.base import BaseCommand
from django.db import transaction

from readinggroup.groups.models import EmailInvitation
from readinggroup.notifications.models import WAITING, Delivery, Digest, Notice, RestoredCopy

BEFORE = "it waited in a copy restored from a backup"


class Command(BaseCommand):
    """Switch mail on after a restore. Without --drop-waiting, what waited goes out: perhaps a second time."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--drop-waiting", action="store_true", help="what waits now is not mailed any more")

    @transaction.atomic
    def handle(self, *, drop_waiting, **options):
        if not RestoredCopy.objects.all().delete()[0]:
            self.stdout.write("Mail was switched on already.")
            return
        if drop_waiting:
            drop()
        waiting = Notice.objects.waiting().count()
        self.stdout.write(f"Mail is switched on. {waiting} notices wait.")


def drop() -> None:
    """Nobody is mailed what waited; it stands in the inbox all the same."""
    Notice.objects.filter(delivery__in=WAITING).update(delivery=Delivery.NOT_WANTED, reason=BEFORE)
    Digest.objects.filter(delivery=Delivery.DUE).update(delivery=Delivery.NOT_WANTED, reason=BEFORE)
    EmailInvitation.objects.exclude(mail_at=None).update(mail_at=None)
