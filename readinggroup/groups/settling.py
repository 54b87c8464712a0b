"""What is done with a group as a whole: settling it, its rules, archive, handing it over, deleting it.

Each says what was done, by whom, in the group's log, and lets the members know.
"""

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from .actions import hand_out_roles
from .models import ChangeKind, Group, GroupChange, GroupExport, Handover, Membership, Role, Rule, RuleSet


def tell_members(*, group, kind, event, by, page="group", **facts) -> None:
    """Tell everybody who belongs, except the one who did it."""
    members = User.objects.filter(memberships__in=Membership.objects.active().filter(group=group)).exclude(pk=by.pk)
    tell(
        recipients=members,
        kind=f"groups/{kind}",
        category=Category.GROUP,
        group=group.pk,
        event=f"group-{group.pk}-{event}",
        address=reverse(page, args=[group.slug]),
        facts={"group": group.name, "by": group.name_of(by), **facts},
    )


def standing(group) -> Group:
    """The group as it is at this moment, locked against being changed by somebody else meanwhile."""
    return Group.objects.select_for_update(no_key=True).get(pk=group.pk)


def log_and_tell(*, group, kind, by, before="", after="", **facts) -> GroupChange:
    """A row of the log, and a notice of it."""
    change = GroupChange.objects.create(group=group, kind=kind, before=before[:300], after=after[:300], by=by)
    told = {"before": change.before, "after": change.after, **facts}
    tell_members(group=group, kind=kind, event=f"change-{change.pk}", by=by, **told)
    return change


@transaction.atomic
def settle_group(*, group, by, **details) -> Group:
    """Change what the group is called, what it is about, who sees it. Of the last the members are told."""
    group = standing(group)
    before = group.visibility
    for name, value in details.items():
        setattr(group, name, value)
    group.save(update_fields=list(details))
    if group.visibility != before:
        log_and_tell(group=group, kind=ChangeKind.VISIBILITY, by=by, before=before, after=group.visibility)
    return group


# What is set of moderation, and under which kind a change of it stands in the log.
MODERATION = {
    "hold_first": ChangeKind.HOLD_FIRST,
    "hold_links": ChangeKind.HOLD_LINKS,
    "jury_decides": ChangeKind.JURY_DECIDES,
    "moderators_are_named": ChangeKind.NAMED,
}


@transaction.atomic
def settle_moderation(*, group, by, **details) -> list[GroupChange]:
    """Change what is held and who decides. What has changed stands in the log, and the members are told, once."""
    group, changes = standing(group), []
    for name, value in details.items():
        before = getattr(group, name)
        if value != before:
            setattr(group, name, value)
            row = {"kind": MODERATION[name], "before": str(before), "after": str(value)}
            changes.append(GroupChange.objects.create(group=group, by=by, **row))
    if changes:
        group.save(update_fields=list(details))
        event = f"change-{changes[0].pk}"
        facts = {change.kind: change.after for change in changes}
        tell_members(group=group, kind="moderation_set", event=event, by=by, page="groups:rules", **facts)
    return changes


# The same of what members propose to read.
PROPOSALS = {"most_proposals": ChangeKind.PROPOSALS, "proposals_fade_after": ChangeKind.FADING}


@transaction.atomic
def settle_proposals(*, group, by, **details) -> list[GroupChange]:
    """Change how many proposals one person may have, and when one fades. What has changed stands in the log."""
    group = standing(group)
    changes = [
        GroupChange(group=group, by=by, kind=PROPOSALS[name], before=str(getattr(group, name)), after=str(value))
        for name, value in details.items()
        if getattr(group, name) != value
    ]
    if changes:
        Group.objects.filter(pk=group.pk).update(**details)
        GroupChange.objects.bulk_create(changes)
    return changes


class StaleRules(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Somebody else has changed the rules since; `standing` is the set that stands."""

    def __init__(self, standing):
        super().__init__(standing)
        self.standing = standing


def change_rules(*, group, rules, by, note="", based_on=0) -> RuleSet:
    """The group's rules from now on: pairs of title and words, in order. The same rules again are no change.

    `based_on` is the number of the set that the writer had before them; StaleRules if another one stands. Of two who
    save at once the database lets one through.
    """
    current = group.current_rules
    if current and [(rule.title, rule.words) for rule in current.rules.all()] == list(rules):
        return current
    if (current.number if current else 0) != based_on:
        raise StaleRules(current)
    try:
        with transaction.atomic():
            rule_set = RuleSet.objects.create(group=group, number=based_on + 1, note=note, created_by=by)
            Rule.objects.bulk_create(
                Rule(rule_set=rule_set, number=number, title=title, words=words)
                for number, (title, words) in enumerate(rules, 1)
            )
            facts = {"number": rule_set.number, "note": note}
            event = f"rules-{rule_set.number}"
            tell_members(group=group, kind="rules", event=event, by=by, page="groups:rules_history", **facts)
    except IntegrityError as refusal:
        if "rule_set_number_once" in str(refusal):
            raise StaleRules(group.current_rules) from refusal
        raise
    return rule_set


@transaction.atomic
def set_moment(name, moment, *, group, kind, by, **facts) -> bool:
    """Note that something of the group begins at this moment, or is over (None). False if that is noted already."""
    group = standing(group)
    if bool(getattr(group, name)) == bool(moment):
        return False
    setattr(group, name, moment)
    group.save(update_fields=[name])
    log_and_tell(group=group, kind=kind, by=by, **facts)
    return True


def archive(*, group, by) -> bool:
    """Put the group into the archive: it can be read, and nobody writes, joins, invites. False if it is there."""
    return set_moment("archived_at", timezone.now(), group=group, kind=ChangeKind.ARCHIVED, by=by)


def reopen(*, group, by) -> bool:
    """Take the group out of the archive. False if it is not there."""
    return set_moment("archived_at", None, group=group, kind=ChangeKind.REOPENED, by=by)


def announce_deletion(*, group, by) -> bool:
    """Delete the group in a while; until then it can be read, and kept after all. False if that is on its way."""
    at = timezone.now() + Group.DELETED_AFTER
    return set_moment("delete_at", at, group=group, kind=ChangeKind.DELETION, by=by, delete_at=at.isoformat())


def keep_group(*, group, by) -> bool:
    """Delete it not. False if it was not to be deleted."""
    return set_moment("delete_at", None, group=group, kind=ChangeKind.KEPT, by=by)


@transaction.atomic
def offer_group(*, group, to, by) -> Handover | None:
    """Offer the group to another member. None if an offer is open already."""
    try:
        with transaction.atomic():
            handover = Handover.objects.create(group=group, giver=by, receiver=to)
    except IntegrityError as refusal:
        if "handover_one_at_a_time" in str(refusal):
            return None
        raise
    tell(
        recipients=[to],
        kind="groups/handover_offered",
        category=Category.REQUEST,
        group=group.pk,
        event=f"handover-{handover.pk}-offered",
        address=reverse("groups:answer_handover", args=[group.slug]),
        facts={"group": group.name, "by": group.name_of(by)},
    )
    return handover


def take_offer_back(*, group, by) -> bool:
    """Offer it no more. False if nothing was open."""
    return bool(Handover.objects.filter(group=group, answered_at=None).update(answered_at=timezone.now()))


@transaction.atomic
def answer_handover(*, handover, accept, by) -> bool:
    """Take the group over, or decline. False if the offer stands no more: taken back, answered, or no longer theirs.

    Memberships are locked before the group, as by the trigger that counts owners: the other way would deadlock.
    """
    offers = Handover.objects.filter(pk=handover.pk, answered_at=None)
    if not offers.update(answered_at=timezone.now(), accepted=accept):
        return False
    group, pair = handover.group, [by.pk, handover.giver_id]
    members = Membership.objects.active().filter(group=group, user__in=pair).order_by("pk")
    people = {membership.user_id: membership for membership in members.select_for_update()}
    giver, receiver = people.get(handover.giver_id), people.get(by.pk)
    if giver is None or receiver is None or Role.OWNER not in giver.roles:
        Handover.objects.filter(pk=handover.pk).update(accepted=False)
        return False
    if accept:
        hand_out_roles(membership=receiver, roles={*receiver.roles, Role.OWNER}, by=by)
        hand_out_roles(membership=giver, roles=set(giver.roles) - {Role.OWNER}, by=by)
        log_and_tell(group=group, kind=ChangeKind.HANDED_OVER, by=by, after=group.name_of(by))
    tell(
        recipients=[handover.giver],
        kind="groups/handover_answered",
        category=Category.DECISION,
        group=group.pk,
        event=f"handover-{handover.pk}-answered",
        address=reverse("group", args=[group.slug]),
        facts={"group": group.name, "by": group.name_of(by), "accepted": accept},
    )
    return True


def ask_for_export(*, group, by) -> GroupExport:
    """A file of what the group has said and read, to be made by the worker; the one that waits, if one does."""
    try:
        with transaction.atomic():
            return GroupExport.objects.create(group=group, asked_by=by)
    except IntegrityError:
        waiting = GroupExport.objects.filter(group=group, made_at=None).first()
        return waiting or ask_for_export(group=group, by=by)
