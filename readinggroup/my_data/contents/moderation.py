"""What one has reported, what was decided about what is one's own, and what one said against it."""

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from readinggroup.moderation.models import Appeal, Decision, Report
from readinggroup.moderation.models import Part as DecisionPart

from .part import Part, each, on_this_site


def reports(user):
    """What I reported: of a comment the address, of a name nothing, since it is somebody else's."""
    for report in each(Report.objects.filter(reporter=user).select_related("comment", "rule", "case__group")):
        yield {
            "group": report.case.group.name,
            "comment": report.comment and on_this_site("discussion:comment", report.comment.public_id),
            "rule": report.rule and str(report.rule),
            "words": report.words,
            "created_at": report.created_at,
            "outcome": report.outcome,
            "decided_at": report.decided_at,
        }


def decisions(user):
    """What was decided about what is mine, with its reason: of each decision the parts that concern me."""
    mine = DecisionPart.objects.filter(person=user).select_related("comment")
    concerning = Decision.objects.filter(pk__in=mine.order_by().values("decision"))
    parts = Prefetch("parts", mine, to_attr="my_parts")
    for decision in each(concerning.select_related("group", "rule", "reversal").prefetch_related(parts)):
        yield {
            "address": on_this_site("moderation:decision", decision.public_id),
            "group": decision.group.name,
            "decided_at": decision.decided_at,
            "decided_as": decision.decided_as,
            "automatic": decision.automatic,
            "ground": decision.ground,
            "rule": decision.rule and str(decision.rule),
            "words": decision.words,
            "reversed": hasattr(decision, "reversal"),
            "what_it_did": [
                {
                    "action": part.action,
                    "comment": part.comment and on_this_site("discussion:comment", part.comment.public_id),
                    "until": part.until,
                }
                for part in decision.my_parts
            ],
        }


def appeals(user):
    for appeal in each(Appeal.objects.filter(by=user).select_related("decision")):
        yield {
            "decision": on_this_site("moderation:decision", appeal.decision.public_id),
            "words": appeal.words,
            "created_at": appeal.created_at,
            "decided_at": appeal.decided_at,
            "reversed": appeal.reversed,
        }


PARTS = [
    Part("reports", _("Reports that I made"), ("moderation.Report.reporter",), reports),
    Part("decisions", _("What moderators decided about me"), ("moderation.Part.person",), decisions),
    Part("appeals", _("What I said against their decisions"), ("moderation.Appeal.by",), appeals),
]
