"""What notices say, and whether it may still be said. Of all, only the site knows notices and what they are about."""

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.telling import facts_of
from readinggroup.groups.models import Group, Membership
from readinggroup.lib.markup import excerpt
from readinggroup.lib.page_parts import MOST_COUNTED
from readinggroup.notifications.mail_addresses import statement_address
from readinggroup.notifications.models import Notice
from readinggroup.notifications.wording import Words, words_of_kind
from readinggroup.schedule import invitations
from readinggroup.schedule.reminder_facts import REMINDER, facts_now

# Notices whose mail is answered in the conversation about a decision; their facts name it.
ANSWERED_ABOUT_DECISION = {"moderation/decided", "moderation/statement"}

# How many notices are unread, of those that stand(): beside the link to the inbox, on every page. It comes with the
# login in one question (accounts.logins.CARRIED), nobody counts further than a hundred, and of very many that are
# unread only the newest are looked at: whoever left a lively group years ago has thousands that stand no more.
MOST_LOOKED_AT = 500
UNREAD = f"""(SELECT count(*) FROM (
    SELECT FROM (
        SELECT about, group_key FROM notifications_notice WHERE recipient_id = p.id AND read_at IS NULL
        ORDER BY created_at DESC LIMIT {MOST_LOOKED_AT}
    ) n WHERE n.about = '' OR (
        EXISTS (SELECT FROM discussion_comment c WHERE c.public_id = n.about AND c.state = 'visible')
        AND EXISTS (SELECT FROM groups_membership m
            WHERE m.group_id = n.group_key AND m.user_id = p.id AND m.left_at IS NULL)
    ) LIMIT {MOST_COUNTED}
) AS counted)"""  # noqa: S608 - a number of our own


def stand(notices):
    """Of these notices those that their readers may see now: what is said about a comment goes with the comment."""
    comment = Comment.objects.filter(public_id=OuterRef("about"), state=State.VISIBLE)
    member = Membership.objects.active().filter(group=OuterRef("group_key"), user=OuterRef("recipient"))
    return notices.filter(Q(about="") | Exists(comment) & Exists(member))


def worded(notices, *, for_mail=True) -> dict:
    """What each of these notices says, by its primary key, in the active language; of those that stand().

    Without the HTML that only a mail holds, if it is not for one.
    """
    facts = facts_of({notice.about for notice in notices} - {""})
    words = {notice.pk: words_of(notice, facts, for_mail=for_mail) for notice in notices}
    return {pk: said for pk, said in words.items() if said}


def words_of(notice, facts, *, for_mail=True) -> Words | None:
    """What one notice says, with the `facts` of the comments; None if its comment was hidden a moment ago."""
    if not notice.about:
        return words_of_kind(notice.kind, notice.facts)
    about = facts.get(notice.about)
    if about is None:
        return None
    said = words_of_kind(notice.kind, about)
    lead, _end, _words = said.body.partition("\n")
    return said._replace(
        lead=lead,
        excerpt=excerpt(about["words_html"]),
        html=render_to_string("discussion/notices/comment.html", {**about, "lead": lead}) if for_mail else "",
        sender=f"{about['name']} · {about['group']}",
    )


def reply_address_about_decision(notice) -> str:
    """Where a notice of a decision, or of what was written about one, is answered by mail; "" of any other."""
    if notice.kind not in ANSWERED_ABOUT_DECISION:
        return ""
    concerned = User.objects.filter(pk=notice.facts.get("person", notice.recipient_id)).first()
    return statement_address(notice.recipient, notice.facts["decision"], concerned.public_id) if concerned else ""


def word_for_mail(notice) -> Words | None:
    """The notice as a mail says it at this moment; None if its reader may be told no more."""
    if not stand(Notice.objects.filter(pk=notice.pk)).exists():
        return None
    if notice.kind == REMINDER:
        facts = facts_now(notice)
        return facts and words_of_kind(notice.kind, facts)
    if notice.about:
        group = Group.objects.filter(pk=notice.group_key).first()
        if group is None or group.is_closed:
            return None  # nobody is called to where nobody can answer
    said = words_of(notice, facts_of({notice.about} - {""}))
    if said is None:
        return None
    said = said._replace(reply_to=reply_address_about_decision(notice), calendar=invitations.part_for(notice))
    return with_attached(said, invitations.attached_to(notice))


def with_attached(said, files) -> Words:
    """What is said with its invitations, and with how all of them come into a calendar at once."""
    if not files:
        return said
    address = f"{settings.SITE_URL}{reverse('schedule:my_calendar')}"
    about = _(
        "Attached is an invitation to each session that this is about: open it, and your mail program puts the session"
        " into your calendar, changes it there, or takes it out. For all sessions at once, always up to date, give your"
        " calendar a private address: %(address)s"
    )
    return said._replace(body=f"{said.body}\n\n{about % {'address': address}}", attached=tuple(files))
