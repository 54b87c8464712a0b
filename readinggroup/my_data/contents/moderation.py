"""What one has reported, what was decided about what is one's own, and what one said against it."""

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from readinggroup.moderation.models import Appeal, Decision, Juror, Report, Statement
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


def statements(user):
    """What I wrote about decisions; what was answered stands on the decision's page."""
    for said in each(Statement.objects.filter(by=user).select_related("decision__group")):
        yield {
            "group": said.decision.group.name,
            "about": on_this_site("moderation:decision", said.decision.public_id),
            "words": said.words,
            "created_at": said.created_at,
        }


def jury_service(user):
    """Where I was drawn by lot to decide about an appeal, and how I voted."""
    for service in each(Juror.objects.filter(user=user).select_related("appeal__decision__group")):
        yield {
            "group": service.appeal.decision.group.name,
            "state": service.state,
            "asked_at": service.asked_at,
            "vote": service.vote,
            "words": service.words,
            "voted_at": service.voted_at,
        }


PARTS = [
    Part("reports", _("Reports that I made"), ("moderation.Report.reporter",), reports),
    Part("decisions", _("What moderators decided about me"), ("moderation.Part.person",), decisions),
    Part("appeals", _("What I said against their decisions"), ("moderation.Appeal.by",), appeals),
    Part(
        "statements",
        _("What I wrote about decisions"),
        ("moderation.Statement.by", "moderation.Statement.person"),
        statements,
    ),
    Part("jury_service", _("Where I was drawn to decide about an appeal"), ("moderation.Juror.user",), jury_service),
]
