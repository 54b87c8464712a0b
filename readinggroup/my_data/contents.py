"""What is in the archive of a person: everything of theirs, part by part, and of others no more than it takes.

A test walks all models that point at a person: each stands in a part here, or in LEFT_OUT with a reason.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import Archive, Login, SignInLink
from readinggroup.discussion.models import Comment, Draft, Follow, Mention, Quote, Reaction, State
from readinggroup.discussion.quoting import wanted_in
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
)
from readinggroup.moderation.models import Appeal, Juror, Report, Statement
from readinggroup.notifications.models import Digest, MailSettings, MailWish, Notice, PushSubscription
from readinggroup.notifications.wording import words_of_kind
from readinggroup.readings.models import Place, Seen, TextImport

A_CHUNK = 500  # rows that are in memory at a time

# Of the account itself everything is in the archive but this.
SECRETS = {"password"}

# What points at a person and is in no part.
LEFT_OUT = {
    "groups.EmailInvitation.accepted_by": "that one came in stands at the membership",
    "groups.GroupExport.asked_by": "the file is the group's; it is gone after a week",
    "discussion.Comment.question_by": "what somebody called a question stands at the other person's comment",
    "groups.Membership.removed_by": "what one owner decided stands at the other person's membership, and in the notice",
    "groups.Membership.suspended_by": "as above",
    "groups.JoinRequest.answered_by": "what an organizer answered is the asker's, and in their archive",
    "pghistory.MiddlewareEvents.user": "a view of events with a context; no event of ours has one",
    "accounts.User_groups.user": "Django's own groups, which the site does not use",
    "accounts.User_user_permissions.user": "Django's own permissions, which the site does not use",
}


class Words(str):
    """What somebody wrote, as typed; `html` is what it became."""

    __slots__ = ("html",)

    def __new__(cls, text, html):
        words = super().__new__(cls, text)
        words.html = html
        return words


@dataclass(frozen=True)
class Part:
    """A part of the archive: its name in the JSON, its title for people, what it covers, and its rows."""

    name: str
    title: str
    covers: tuple[str, ...]
    rows: Callable[[object], Iterable[dict]]


def each(rows):
    """The rows, a chunk at a time."""
    return rows.order_by("pk").iterator(chunk_size=A_CHUNK)


def on_this_site(name, *args) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def in_texts(rows):
    """Rows that hang on a paragraph of a reading, with what `place_of` tells."""
    return each(rows.select_related("reading__group", "reading__edition", "paragraph"))


def place_of(row) -> dict:
    """Where something stands: in which group, in which text, and at which paragraph if at one."""
    return {
        "group": row.reading.group.name,
        "text": row.reading.edition.title,
        "paragraph_id": row.paragraph and row.paragraph.public_id,
    }


def account(user):
    """The account and its settings: every field, whatever is added to it later, but the secrets."""
    yield {field.name: getattr(user, field.name) for field in user._meta.concrete_fields if field.name not in SECRETS}


def email_addresses(user):
    for address in each(EmailAddress.objects.filter(user=user)):
        yield {"email": address.email, "verified": address.verified, "primary": address.primary}


def devices(user):
    for device in each(UserSession.objects.filter(user=user)):
        yield {
            "network_address": device.ip,
            "browser": device.user_agent,
            "signed_in_at": device.created_at,
            "last_seen_at": device.last_seen_at,
        }


def push_subscriptions(user):
    """Where I am told on devices. Of the address only whose service it is: the rest would let others write there."""
    for device in each(PushSubscription.objects.of(user)):
        yield {
            "browser": device.name,
            "push_service": urlsplit(device.endpoint).netloc,
            "created_at": device.created_at,
            "last_used_at": device.last_used_at,
        }


def logins(user):
    for login in each(Login.objects.filter(user=user)):
        yield {"ends_at": login.expire_date}


def second_factors(user):
    for factor in each(Authenticator.objects.filter(user=user)):
        yield {
            "kind": factor.type,
            "name": factor.data.get("name", "") if factor.type == Authenticator.Type.WEBAUTHN else "",
            "created_at": factor.created_at,
            "last_used_at": factor.last_used_at,
        }


def other_sites(user):
    for known in each(SocialAccount.objects.filter(user=user)):
        yield {
            "provider": known.provider,
            "known_there_as": known.uid,
            "what_it_told_us": known.extra_data,
            "created_at": known.date_joined,
            "last_used_at": known.last_login,
        }


def sign_in_links(user):
    for link in each(SignInLink.objects.filter(user=user)):
        yield {"created_at": link.created_at, "used_at": link.used_at}


def memberships(user):
    for membership in each(Membership.objects.filter(user=user).select_related("group")):
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
        }


def comments(user):
    """Every comment, whatever became of it, with all its wordings. Of what it answers only the address."""
    mine = (
        Comment.objects.filter(author=user)
        .select_related("reading__group", "reading__edition", "version", "parent")
        .defer("version__text", "version__html", "parent__body", "parent__body_html")
        .prefetch_related("wordings", Prefetch("quotes", Quote.objects.select_related("source")))
    )
    for comment in each(mine):
        yield {
            "id": comment.public_id,
            "address": on_this_site("discussion:comment", comment.public_id),
            "group": comment.reading.group.name,
            "text": comment.reading.edition.title,
            "paragraph": comment.version.number,
            "in_answer_to": comment.parent.public_id if comment.parent else None,
            "state": comment.state,
            "created_at": comment.created_at,
            "edited_at": comment.edited_at,
            "withdrawn_at": comment.withdrawn_at,
            "words": Words(comment.body, comment.body_html),
            "quotes": [quote.exact if may_be_kept(quote, user) else None for quote in comment.quotes.all()],
            "question": comment.question,
            "earlier_wordings": [
                {"replaced_at": earlier.pgh_created_at, "words": Words(earlier.body, earlier.body_html)}
                for earlier in sorted(comment.wordings.all(), key=lambda earlier: earlier.wording)
            ],
        }


def may_be_kept(quote, user) -> bool:
    """Whether its words are the text's, or a comment's that others may read as well."""
    source = quote.source
    if source is None or source.author_id == user.pk:
        return True
    return source.state == State.VISIBLE and quote.wording >= source.oldest_shown


def words_of_text(value) -> str:
    """What a draft quotes of a text. Of what it quotes of others' comments nothing: they may be gone by now."""
    wanted = wanted_in(value)
    return wanted.selectors.exact if wanted and wanted.paragraph else ""


def drafts(user):
    for draft in in_texts(Draft.objects.filter(author=user)):
        quotes = [words for value in draft.quotes if (words := words_of_text(value))]
        yield place_of(draft) | {"words": draft.body, "quotes": quotes, "saved_at": draft.saved_at}


def mentions(user):
    """Where others have called me by name: of their words only the address."""
    for mention in each(Mention.objects.filter(user=user).select_related("comment")):
        yield {
            "comment": on_this_site("discussion:comment", mention.comment.public_id),
            "created_at": mention.created_at,
        }


def reactions(user):
    for reaction in each(Reaction.objects.filter(by=user).select_related("comment")):
        yield {
            "kind": reaction.kind,
            "comment": on_this_site("discussion:comment", reaction.comment.public_id),
            "created_at": reaction.created_at,
        }


def follows(user):
    for follow in in_texts(Follow.objects.filter(user=user).select_related("thread")):
        yield place_of(follow) | {
            "thread": follow.thread and on_this_site("discussion:comment", follow.thread.public_id),
            "level": follow.level,
            "by_writing": follow.by_writing,
            "created_at": follow.created_at,
        }


def seen(user):
    for place in in_texts(Seen.objects.filter(user=user)):
        yield place_of(place) | {"comments": place.comments}


def reports(user):
    for report in each(Report.objects.filter(reporter=user).select_related("comment")):
        yield {
            "comment": on_this_site("discussion:comment", report.comment.public_id),
            "words": report.words,
            "created_at": report.created_at,
        }


def appeals(user):
    for appeal in each(Appeal.objects.filter(by=user).select_related("decision__group")):
        yield {
            "group": appeal.decision.group.name,
            "against": on_this_site("moderation:decision", appeal.decision.public_id),
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
    for change in each(GroupChange.objects.filter(by=user).select_related("group")):
        yield {
            "group": change.group.name,
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


def handovers(user):
    for handover in each(Handover.objects.filter(Q(giver=user) | Q(receiver=user)).select_related("group")):
        yield {
            "group": handover.group.name,
            "offered_by_me": handover.giver_id == user.pk,
            "created_at": handover.created_at,
            "answered_at": handover.answered_at,
            "accepted": handover.accepted,
        }


def places(user):
    for place in in_texts(Place.objects.filter(user=user)):
        page = on_this_site("readings:reading_page", place.reading.group.slug, place.reading.slug)
        yield place_of(place) | {"address": f"{page}#{place.paragraph.public_id}", "updated_at": place.updated_at}


def notices(user):
    """Of notices about comments, which are others' words, only the address."""
    for notice in each(Notice.objects.of(user)):
        words = None if notice.about else words_of_kind(notice.kind, notice.facts)
        yield {
            "about": notice.category,
            "subject": words.subject if words else "",
            "words": words.body if words else "",
            "address": notice.address and f"{settings.SITE_URL}{notice.address}",
            "created_at": notice.created_at,
            "read_at": notice.read_at,
            "mailed_at": notice.mailed_at,
        }


def mail_wishes(user):
    for wish in each(MailWish.objects.filter(user=user)):
        yield {"group_key": wish.group_key, "about": wish.category, "when": wish.when}


def mail_settings(user):
    for settings_ in MailSettings.objects.filter(user=user):
        yield {
            field.name: getattr(settings_, field.name) for field in MailSettings._meta.fields if field.name != "user"
        }


def digests(user):
    for digest in each(Digest.objects.filter(recipient=user)):
        yield {"day": digest.day, "mailed_at": digest.mailed_at}


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


def archives(user):
    for archive in each(Archive.objects.of(user)):
        yield {"asked_at": archive.asked_at, "made_at": archive.made_at, "state": archive.state, "size": archive.size}


PARTS = [
    Part("account", _("Account and preferences"), (), account),
    Part("email_addresses", _("E-mail addresses"), ("account.EmailAddress.user",), email_addresses),
    Part("devices", _("Devices"), ("usersessions.UserSession.user",), devices),
    Part(
        "push_subscriptions",
        _("Devices on which I am told"),
        ("notifications.PushSubscription.user",),
        push_subscriptions,
    ),
    Part("logins", _("Logins that still stand"), ("accounts.Login.user",), logins),
    Part("second_factors", _("Passkeys and one-time codes"), ("mfa.Authenticator.user",), second_factors),
    Part("other_sites", _("Accounts elsewhere, to sign in with"), ("socialaccount.SocialAccount.user",), other_sites),
    Part("sign_in_links", _("One-time links"), ("accounts.SignInLink.user",), sign_in_links),
    Part("memberships", _("Groups"), ("groups.Membership.user",), memberships),
    Part("comments", _("Comments"), ("discussion.Comment.author",), comments),
    Part("drafts", _("Drafts"), ("discussion.Draft.author",), drafts),
    Part("mentions", _("Where I was called by name"), ("discussion.Mention.user",), mentions),
    Part("reactions", _("Marks that I set at comments"), ("discussion.Reaction.by",), reactions),
    Part("follows", _("What I follow"), ("discussion.Follow.user",), follows),
    Part("seen", _("How much I have read of the discussion"), ("readings.Seen.user",), seen),
    Part("reports", _("Reports that I made"), ("moderation.Report.reporter",), reports),
    Part("appeals", _("Appeals that I made"), ("moderation.Appeal.by",), appeals),
    Part(
        "statements",
        _("What I wrote about decisions"),
        ("moderation.Statement.by", "moderation.Statement.person"),
        statements,
    ),
    Part("jury_service", _("Where I was drawn to decide about an appeal"), ("moderation.Juror.user",), jury_service),
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
    Part("group_changes", _("What I changed of groups"), ("groups.GroupChange.by",), group_changes),
    Part("rules", _("Rules that I wrote"), ("groups.RuleSet.created_by",), rule_sets),
    Part("handovers", _("Groups handed over"), ("groups.Handover.giver", "groups.Handover.receiver"), handovers),
    Part("places", _("Where I stopped reading"), ("readings.Place.user",), places),
    Part("notices", _("What I was told"), ("notifications.Notice.recipient",), notices),
    Part("mail_wishes", _("What I want to be told by mail"), ("notifications.MailWish.user",), mail_wishes),
    Part("mail_settings", _("How I am reached"), ("notifications.MailSettings.user",), mail_settings),
    Part("digests", _("Daily and weekly digests"), ("notifications.Digest.recipient",), digests),
    Part("text_imports", _("Texts that I brought"), ("readings.TextImport.by",), text_imports),
    Part("archives", _("Archives like this one"), ("accounts.Archive.user",), archives),
]
