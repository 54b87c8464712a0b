"""The groups that one belongs to, and what one did for them."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import (
    EmailInvitation,
    FeedAddress,
    GroupChange,
    Handover,
    Invitation,
    JoinRequest,
    Letter,
    Membership,
    RuleSet,
    RulesReview,
    RulesReviewSupport,
)
from readinggroup.readings.models import Correction, TextImport

from .part import Part, Words, each, on_this_site


def memberships(user):
    mine = Membership.objects.filter(user=user).select_related("group").prefetch_related("terms")
    for membership in each(mine):
        yield {
            "group": membership.group.name,
            "address": on_this_site("group", membership.group.slug),
            "roles": membership.roles,
            "name_here": membership.name_here,
            "joined_at": membership.joined_at,
            "left_at": membership.left_at,
            "removed_for": membership.removed_for,
            "suspended_until": membership.suspended_until,
            "suspended_for": membership.suspended_for,
            "moderated": [
                {
                    "came_by": term.came_by,
                    "began_at": term.began_at,
                    "until": term.until,
                    "ended_at": term.ended_at,
                }
                for term in membership.terms.all()
            ],
        }


def join_requests(user):
    for request in each(JoinRequest.objects.filter(user=user).select_related("group")):
        yield {
            "group": request.group.name,
            "words": request.words,
            "created_at": request.created_at,
            "answered_at": request.answered_at,
            "accepted": request.accepted,
            "answer": request.answer,
        }


def invitations(user):
    for invitation in each(Invitation.objects.filter(created_by=user).select_related("group")):
        yield {
            "group": invitation.group.name,
            "roles": invitation.roles,
            "uses": invitation.uses,
            "used": invitation.used,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
            "revoked_at": invitation.revoked_at,
        }


def email_invitations(user):
    for invitation in each(EmailInvitation.objects.filter(created_by=user).select_related("group")):
        yield {
            "group": invitation.group.name,
            "email": invitation.email,  # I have typed it
            "roles": invitation.roles,
            "created_at": invitation.created_at,
            "accepted_at": invitation.accepted_at,
            "revoked_at": invitation.revoked_at,
        }


def feed_addresses(user):
    """When I had private addresses made, and whether they are used: not the addresses, which are keys."""
    for address in each(FeedAddress.objects.filter(user=user).select_related("group")):
        yield {
            "group": address.group.name,
            "created_at": address.created_at,
            "revoked_at": address.revoked_at,
            "last_fetched_at": address.last_fetched_at,
        }


def letters(user):
    for letter in each(Letter.objects.filter(by=user).select_related("group")):
        yield {
            "group": letter.group.name,
            "subject": letter.subject,
            "words": Words(letter.body, letter.body_html),
            "created_at": letter.created_at,
        }


def group_changes(user):
    """What I changed, and what others changed that is about me: of those not who did."""
    for change in each(GroupChange.objects.filter(Q(by=user) | Q(person=user)).select_related("group")):
        yield {
            "group": change.group.name,
            "by_me": change.by_id == user.pk,
            "about_me": change.person_id == user.pk,
            "kind": change.kind,
            "before": change.before,
            "after": change.after,
            "at": change.at,
        }


def rule_sets(user):
    for rule_set in each(RuleSet.objects.filter(created_by=user).select_related("group").prefetch_related("rules")):
        yield {
            "group": rule_set.group.name,
            "number": rule_set.number,
            "note": rule_set.note,
            "rules": [f"{rule.number}. {rule.title}\n{rule.words}".strip() for rule in rule_set.rules.all()],
            "created_at": rule_set.created_at,
        }


def rules_reviews(user):
    """What I asked of the rules, with what the owners answered for all to read."""
    for review in each(RulesReview.objects.filter(asked_by=user).select_related("group", "rule")):
        yield {
            "group": review.group.name,
            "rule": review.rule and str(review.rule),
            "words": review.words,
            "asked_at": review.asked_at,
            "withdrawn_at": review.withdrawn_at,
            "answered_at": review.answered_at,
            "answer": review.answer,
        }


def rules_review_supports(user):
    for support in each(RulesReviewSupport.objects.filter(by=user).select_related("review__group")):
        review = support.review
        yield {
            "address": on_this_site("groups:rules_review", review.group.slug, review.pk),
            "created_at": support.created_at,
        }


def handovers(user):
    for handover in each(Handover.objects.filter(Q(giver=user) | Q(receiver=user)).select_related("group")):
        yield {
            "group": handover.group.name,
            "offered_by_me": handover.giver_id == user.pk,
            "created_at": handover.created_at,
            "answered_at": handover.answered_at,
            "accepted": handover.accepted,
        }


def text_imports(user):
    """The files that I brought, without their content: the text is the group's."""
    mine = TextImport.objects.filter(by=user).select_related("group", "source", "reading__edition")
    for brought in each(mine.defer("source__content")):
        yield {
            "group": brought.group.name,
            "file": brought.source.name,
            "sha256": brought.source.sha256,
            "encoding": brought.encoding,
            "text": brought.reading.edition.title if brought.reading else None,
            "created_at": brought.created_at,
        }


def corrections(user):
    """What I corrected of texts, by hand and by files that I brought, without these's content; and what I undid."""
    mine = Correction.objects.filter(by=user).select_related("reading__group", "reading__edition", "source", "revision")
    for made in each(mine.defer("source__content")):
        yield {
            "group": made.reading.group.name,
            "text": made.reading.edition.title,
            "file": made.source and made.source.name,
            "sha256": made.source and made.source.sha256,
            "changes": made.changes,
            "choices": made.choices,
            "why": made.why,
            "revision": made.revision and made.revision.number,
            "created_at": made.created_at,
        }


PARTS = [
    Part("memberships", _("Groups"), ("groups.Membership.user",), memberships),
    Part("join_requests", _("Requests to join"), ("groups.JoinRequest.user",), join_requests),
    Part("invitations", _("Invitations that I made"), ("groups.Invitation.created_by",), invitations),
    Part(
        "email_invitations",
        _("Invitations that I had mailed"),
        ("groups.EmailInvitation.created_by",),
        email_invitations,
    ),
    Part("feed_addresses", _("Private addresses of feeds"), ("groups.FeedAddress.user",), feed_addresses),
    Part("letters", _("Letters that I wrote to all members"), ("groups.Letter.by",), letters),
    Part(
        "group_changes",
        _("What was changed of groups, by me or about me"),
        ("groups.GroupChange.by", "groups.GroupChange.person"),
        group_changes,
    ),
    Part("rules", _("Rules that I wrote"), ("groups.RuleSet.created_by",), rule_sets),
    Part(
        "rules_reviews",
        _("Reviews of the rules that I asked for"),
        ("groups.RulesReview.asked_by",),
        rules_reviews,
    ),
    Part(
        "rules_review_supports",
        _("Reviews of the rules that I supported"),
        ("groups.RulesReviewSupport.by",),
        rules_review_supports,
    ),
    Part("handovers", _("Groups handed over"), ("groups.Handover.giver", "groups.Handover.receiver"), handovers),
    Part("text_imports", _("Texts that I brought"), ("readings.TextImport.by",), text_imports),
    Part("corrections", _("Corrections of texts"), ("readings.Correction.by",), corrections),
]
