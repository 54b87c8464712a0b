"""What mail servers report: that a mail was not delivered (RFC 3464)."""

import re

from readinggroup.notifications.bounces import note_bounce
from readinggroup.notifications.models import Digest, Notice

from .messages import comes_from_nobody, headers

NO_REPORT = "no report"
_HARD = re.compile(r"\s*(5\.\d{1,3}\.\d{1,3})\b")
_FAILED = re.compile(
    r"undeliver|delivery (status notification \(failure\)|has failed|failed|failure)|mail delivery failed|returned mail"
    r"|failure notice|unzustellbar|nicht zugestellt|non remis|échec de la remise",
    re.IGNORECASE,
)
_NOT_YET = re.compile(r"delay|warning|temporar|verzögert|retard", re.IGNORECASE)


def hard_failure(message) -> str:
    """The status of a failure for good; "" if the message reports none.

    Without a report, only what has no sender and names a failure where servers do is believed.
    """
    if message.get_content_type() == "multipart/report" and message.is_multipart():
        parts = [part for part in message.get_payload() if part.get_content_type() == "message/delivery-status"]
        fields = [block for part in parts if part.is_multipart() for block in part.get_payload()]
        statuses = [_HARD.match("".join(headers(block, "Status"))) for block in fields if has_failed(block)]
        return next((status[1] for status in statuses if status), "")
    subject = "".join(headers(message, "Subject"))
    says_so = bool(headers(message, "X-Failed-Recipients")) or _FAILED.search(subject)
    return NO_REPORT if comes_from_nobody(message) and says_so and not _NOT_YET.search(subject) else ""


def has_failed(block) -> bool:
    return any(value.strip().lower() == "failed" for value in headers(block, "Action"))


def note(public_id, status) -> None:
    """Note it at the notice or the digest of that public id, if it is still there."""
    found = Notice.objects.filter(public_id=public_id).first() or Digest.objects.filter(public_id=public_id).first()
    if found is not None:
        note_bounce(found, status=status)
