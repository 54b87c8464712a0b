"""Mail that comes in: answers to notices become comments, or statements about a decision; what came back is noted.

Answers to invitations, which mail programs write themselves, become answers to sessions.

A message is bytes that anybody may have written. What becomes of it is said by an exit code of sysexits.h, which is the
language of mail servers' pipes.
"""

import logging
from enum import IntEnum

from readinggroup.notifications.mail_addresses import ATTENDANCE, BOUNCE, STATEMENT, read_address

from . import attendances, messages, replies, reports, statements

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024  # bytes of a message; of a larger one only this much is looked at


class Exit(IntEnum):
    """What the mail server is told."""

    OK = 0  # taken; or refused, and the person told why
    NOT_A_MESSAGE = 65  # EX_DATAERR
    NO_SUCH_ADDRESS = 67  # EX_NOUSER
    TRY_AGAIN = 75  # EX_TEMPFAIL


def receive(data: bytes, *, recipient="") -> Exit:
    """Take in one message (RFC 5322), which the envelope addresses to `recipient`, if that is known.

    Nothing is answered that was sent by a machine (RFC 3834), or has no address of ours.
    """
    try:
        message = messages.read(data[:LARGEST])
        signed = read_address(recipient or messages.recipients(message))
        automatic = messages.is_automatic(message)
    except Exception as failure:  # whatever a hostile message does to the parser
        return refuse_to_read(failure)
    if signed is None:
        log.info("A mail was refused: its address is none of ours")
        return Exit.NO_SUCH_ADDRESS
    if signed.purpose == BOUNCE:
        return take_report(message, *signed.ids)
    if signed.purpose == ATTENDANCE:
        return take_attendance(message, *signed.ids)
    if automatic:
        log.info("A mail that was sent by a machine was dropped")
        return Exit.OK
    try:
        reply = replies.read(message, signed.ids, whole=len(data) <= LARGEST)
    except Exception as failure:
        return refuse_to_read(failure)
    make = statements.write if signed.purpose == STATEMENT else replies.post
    return Exit.OK if replies.take(reply, make) else Exit.NO_SUCH_ADDRESS


def take_attendance(message, person, session) -> Exit:
    """Note whether who was invited comes; what says nothing of that says nothing to us."""
    try:
        reply = attendances.read(message)
    except Exception as failure:
        return refuse_to_read(failure)
    if reply is None:
        log.info("A mail to the address of an invitation did not answer it")
        return Exit.OK
    return Exit.OK if attendances.take(reply, person, session) else Exit.NO_SUCH_ADDRESS


def take_report(message, notice) -> Exit:
    """Note that a mail could not be delivered; what reports anything else says nothing to us."""
    try:
        status = reports.hard_failure(message)
    except Exception as failure:
        return refuse_to_read(failure)
    if status:
        reports.note(notice, status)
    log.info("A report about the mail of notice %s: %s", notice, status or "no failure for good")
    return Exit.OK


def refuse_to_read(failure) -> Exit:
    """Without the failure's words: they may hold some of the message's."""
    log.warning("A mail could not be read: %s", type(failure).__name__)
    return Exit.NOT_A_MESSAGE
