"""Who gets what from every address of ours: (pattern, method) x actor x visibility of the group, plain and htmx.

A row says, for a public group, what each actor gets. What visitors, outsiders, former members and people from elsewhere
get of the other kinds of groups follows from two rules, which stand in `expected`. A pattern without a row fails.

    .  an answer (2xx, or a redirect that is not to the login)     f  403
    l  the way to the login                                        n  404, as if it were not there
"""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from readinggroup.groups import actions
from readinggroup.groups.models import Visibility
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Notice
from readinggroup.readings.models import TextImport

from . import factories
from .conftest import make_house

ACTORS = [
    "visitor",
    "outsider",
    "invited",
    "former",
    "elsewhere",
    "member",
    "organizer",
    "moderator",
    "owner",
    "suspended",
]
OUTSIDE = ACTORS[:5]  # who does not belong; of these the first has not signed in

#                                    v o i f e  m g d w s
MATRIX = {
    ("group", "GET"):                ". . . . .  . . . . .",
    ("readings:reading_page", "GET"): ". . . . .  . . . . .",
    ("readings:paragraph_number", "GET"): ". . . . .  . . . . .",
    ("readings:keep_place", "POST"):  "l f f f f  . . . . .",
    ("readings:import_text", "GET"):  "l f f f f  f . f . f",
    ("readings:import_text", "POST"): "l f f f f  f . f . f",
    ("readings:preview_import", "GET"): "l f f f f  f . f . f",
    ("readings:preview_import", "POST"): "l f f f f  f . f . f",
    ("discussion:paragraph", "GET"):  ". . . . .  . . . . .",
    ("discussion:post_comment", "POST"): "l f f f f  . . . . f",
    ("discussion:whole", "GET"):      ". . . . .  . . . . .",
    ("discussion:comment", "GET"):    ". . . . .  . . . . .",
    ("discussion:answer_comment", "GET"): "l f f f f  . . . . f",
    ("discussion:answer_comment", "POST"): "l f f f f  . . . . f",
    ("discussion:edit_comment", "GET"): "l f f f f  . n n n f",
    ("discussion:edit_comment", "POST"): "l f f f f  . n n n f",
    ("discussion:withdraw_comment", "GET"): "l f f f f  . n n n f",
    ("discussion:withdraw_comment", "POST"): "l f f f f  . n n n f",
    ("discussion:put_back_comment", "GET"): "l f f f f  . n n n f",
    ("discussion:put_back_comment", "POST"): "l f f f f  . n n n f",
    ("moderation:report_comment", "GET"): "l f f f f  n . . . f",
    ("moderation:report_comment", "POST"): "l f f f f  n . . . f",
    ("moderation:waiting", "GET"):    "l f f f f  f f . . f",
    ("groups:settle_group", "GET"):   "l f f f f  f f f . f",
    ("groups:settle_group", "POST"):  "l f f f f  f f f . f",
    ("groups:who_may", "GET"):        ". . . . .  . . . . .",
    ("groups:members", "GET"):        "l f f f f  . . . . .",
    ("groups:member", "GET"): "l f f f f  . . . . .",
    ("groups:hand_out_roles", "POST"): "l f f f f  f f f . f",
    ("groups:remove_member", "GET"): "l f f f f  f f f . f",
    ("groups:remove_member", "POST"): "l f f f f  f f f . f",
    ("groups:suspend_member", "GET"): "l f f f f  f f . . f",
    ("groups:suspend_member", "POST"): "l f f f f  f f . . f",
    ("groups:lift_suspension", "POST"): "l f f f f  f f . . f",
    ("groups:name_here", "GET"): "l f f f f  . . . . .",
    ("groups:name_here", "POST"): "l f f f f  . . . . .",
    ("groups:put_welcome_away", "POST"): "l f f f f  . . . . .",
    ("discussion:contributions", "GET"): "l f f f f  . . . . .",
    ("discussion:leave", "GET"): "l f f f f  . . . . .",
    ("discussion:leave", "POST"): "l f f f f  . . . . .",
    ("groups:invite", "GET"):         "l f f f f  f . f . f",
    ("groups:invite", "POST"):        "l f f f f  f . f . f",
    ("groups:revoke_invitation", "POST"): "l f f f f  f . f . f",
    ("groups:regenerate_invitation", "POST"): "l f f f f  f . f . f",
    ("groups:invite_by_email", "GET"): "l f f f f  f . f . f",
    ("groups:invite_by_email", "POST"): "l f f f f  f . f . f",
    ("groups:send_email_invitation_again", "POST"): "l f f f f  f . f . f",
    ("groups:take_back_email_invitation", "POST"): "l f f f f  f . f . f",
    ("groups:ask_to_join", "GET"):    "l . . . .  . . . . .",
    ("groups:ask_to_join", "POST"):   "l . . . .  . . . . .",
    ("groups:answer_join_request", "POST"): "l f f f f  f . f . f",
    # Of no group:
    ("home", "GET"):                  ". . . . .  . . . . .",
    ("healthz", "GET"):               ". . . . .  . . . . .",
    ("readyz", "GET"):                ". . . . .  . . . . .",
    ("accounts:profile", "GET"):      "l . . . .  . . . . .",
    ("accounts:profile", "POST"):     "l . . . .  . . . . .",
    ("accounts:sign_in_by_link", "GET"): ". . . . .  . . . . .",
    ("notifications:inbox", "GET"):   "l . . . .  . . . . .",
    ("notifications:open_notice", "POST"): "l n n n n  . n n n n",
    ("notifications:mark_all_read", "POST"): "l . . . .  . . . . .",
    ("discussion:left", "GET"): "l n n . n  n n n n n",
    ("discussion:left", "POST"): "l n n . n  n n n n n",
    ("groups:my_groups", "GET"):      "l . . . .  . . . . .",
    ("groups:found_group", "GET"):    "l . . . .  . . . . .",
    ("groups:found_group", "POST"):   "l . . . .  . . . . .",
    ("groups:join", "GET"):           ". . . . .  . . . . .",
    ("groups:join", "POST"):          ". . . . .  . . . . .",
}  # fmt: skip
KNOWN_OF_LISTED = {"group", "groups:who_may", "groups:ask_to_join"}
OF_NO_GROUP = {name for name, _method in list(MATRIX)[list(MATRIX).index(("home", "GET")) :]}
OF_A_COMMENT = {"discussion:comment", "moderation:report_comment"} | {
    f"discussion:{act}_comment" for act in ("answer", "edit", "withdraw", "put_back")
}
ONLY_WITH_DEBUG = {"outbox", "outbox_message", "gallery"}


def our_patterns(patterns, namespace=""):
    """The names of our views' patterns, with their namespaces."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.callback.__module__.startswith(("readinggroup.", "texts.")):
                yield f"{namespace}{pattern.name}"
        else:
            inner = f"{pattern.app_name}:" if pattern.app_name else namespace
            yield from our_patterns(pattern.url_patterns, inner)


def test_every_pattern_has_its_rows():
    names = set(our_patterns(get_resolver().url_patterns))
    assert names - ONLY_WITH_DEBUG == {name for name, _method in MATRIX}


def expected(name, method, actor, visibility):
    """What the actor gets there; for the other kinds of groups by two rules."""
    told = MATRIX[name, method].split()[ACTORS.index(actor)]
    if name in OF_NO_GROUP or actor not in OUTSIDE or visibility == Visibility.PUBLIC:
        return told
    if visibility == Visibility.MEMBERS or name in OF_A_COMMENT:
        return "n"  # they do not learn that it exists
    if name in KNOWN_OF_LISTED:
        return told
    return "l" if actor == "visitor" else "f"


def outcome(answer):
    """One of the four letters, or the status where it is something else."""
    where = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""
    if answer.status_code in {302, 401} and where.startswith("/accounts/login/?next="):
        return "l"
    if 200 <= answer.status_code < 400:
        return "."
    return {403: "f", 404: "n"}.get(answer.status_code, answer.status_code)


class Cell:
    """A house of its own for one row, so that what one actor does is not in the next one's way."""

    def __init__(self, visibility):
        self.house = house = make_house(visibility)
        self.people = {name: getattr(house, name) for name in ACTORS[5:9]}
        self.people |= {"visitor": None, "outsider": house.outsider, "invited": factories.create_user("Ines")}
        self.people["former"] = factories.create_member(house.group, "Fred", roles=["moderator"])
        house.group.memberships.filter(user=self.people["former"]).update(left_at=timezone.now())
        self.people["elsewhere"] = factories.create_member(
            factories.create_group(), "Elsa", roles=["moderator", "owner"]
        )
        self.people["suspended"] = factories.create_member(house.group, "Susa")
        self.comment = factories.create_comment(house.reading, house.member)
        self.text = factories.TEXT + f"\n{uuid.uuid4()}\n"

    def fresh(self):
        """What an address may need, made anew for each request."""
        house = self.house
        actions.hand_out_roles(
            membership=house.group.memberships.get(user=house.owner), roles=["owner"], by=house.owner
        )
        for name in ("suspended", "other"):
            self.suspend(self.people.get(name) or house.other)
        self.mailed = house.group.email_invitations.create(
            email=f"{uuid.uuid4().hex}@example.org",
            created_by=house.organizer,
            expires_at=timezone.now() + timedelta(days=1),
            asked_at=timezone.now() - timedelta(days=1),
        )
        self.token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
        self.request = actions.ask_to_join(group=house.group, words="Hello.", by=self.people["invited"])
        Notice.objects.filter(event="told").delete()
        tell(recipients=[house.member], kind="groups/join_request_answered", event="told", facts={"group": "G"})
        self.upload = TextImport.objects.create(
            group=house.group, source=house.reading.edition.current.source, by=house.organizer
        )

    def suspend(self, person):
        """A member again, whatever the last request did, and suspended."""
        group = self.house.group
        group.memberships.filter(user=person).update(left_at=None, removed_by=None, removed_for="", roles=[])
        theirs = group.memberships.get(user=person)
        actions.suspend(membership=theirs, until=theirs.FOR_GOOD, reason="Rest a while.", by=self.house.owner)

    def address(self, name):
        group, reading = self.house.group.slug, self.house.reading.slug
        more = {
            "readings:paragraph_number": [4],
            "readings:preview_import": [self.upload.pk],
            "discussion:paragraph": [self.comment.paragraph.public_id],
            "discussion:post_comment": [self.comment.paragraph.public_id],
            "groups:member": [self.house.other.public_id],
            "groups:hand_out_roles": [self.house.other.public_id],
            "groups:remove_member": [self.house.other.public_id],
            "groups:suspend_member": [self.house.other.public_id],
            "groups:lift_suspension": [self.house.other.public_id],
            "groups:revoke_invitation": [self.house.group.invitations.last().pk],
            "groups:regenerate_invitation": [self.house.group.invitations.last().pk],
            "groups:send_email_invitation_again": [self.mailed.public_id],
            "groups:take_back_email_invitation": [self.mailed.public_id],
            "groups:answer_join_request": [self.request.pk],
        }
        if name in {"groups:join", "accounts:sign_in_by_link"}:
            return reverse(name, args=[self.token])
        if name == "notifications:open_notice":
            return reverse(name, args=[Notice.objects.get(event="told").public_id])
        if name == "discussion:left":
            return reverse(name, args=[group])
        if name == "discussion:contributions":
            return reverse(name, args=[group, self.house.other.public_id])
        if name in OF_NO_GROUP:
            return reverse(name)
        if name in OF_A_COMMENT:
            return reverse(name, args=[self.comment.public_id])
        is_inside = (name.startswith("discussion:") and name != "discussion:leave") or name in {
            "readings:reading_page", "readings:paragraph_number", "readings:keep_place",
        }  # fmt: skip
        return reverse(name, args=[group, *([reading] if is_inside else []), *more.get(name, [])])

    def data(self, name):
        """A form that would be accepted."""
        return {
            "readings:keep_place": {"paragraph": self.comment.paragraph.public_id},
            "readings:import_text": {"file": SimpleUploadedFile("ferry.txt", self.text.encode())},
            "readings:preview_import": {"title": "T", "language": "en"},
            "discussion:post_comment": {"body": "Words.", "key": uuid.uuid4()},
            "discussion:answer_comment": {"body": "Words.", "key": uuid.uuid4()},
            "discussion:edit_comment": {"body": self.comment.body, "wording": 1},
            "moderation:report_comment": {"words": "Look."},
            "groups:settle_group": {"name": "N", "visibility": self.house.group.visibility},
            "groups:found_group": {"name": "N", "visibility": "members"},
            "groups:hand_out_roles": {"roles": []},
            "groups:remove_member": {"reason": "Too loud."},
            "groups:suspend_member": {"reason": "Too loud.", "days": 3},
            "groups:name_here": {"name_here": f"Called {uuid.uuid4().hex}"},
            "groups:invite_by_email": {"email": f"{uuid.uuid4().hex}@example.org"},
            "discussion:leave": {"contributions": "name"},
            "discussion:left": {"contributions": "name"},
            "groups:invite": {"uses": 1, "days": 1},
            "groups:ask_to_join": {"words": "Hello."},
            "groups:answer_join_request": {"answer": "decline"},
            "accounts:profile": {"display_name": f"Called {uuid.uuid4().hex}"},
        }.get(name, {})


@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize(("name", "method"), list(MATRIX))
def test_each_gets_what_the_table_says(db, as_user, name, method, visibility):
    cell = Cell(visibility)
    got, wanted = {}, {}
    for actor in ACTORS:
        for htmx in (False, True):
            cell.fresh()
            client = as_user(cell.people[actor])
            headers = {"HX-Request": "true"} if htmx else {}
            send = client.post if method == "POST" else client.get
            data = cell.data(name) if method == "POST" else None
            got[actor, htmx] = outcome(send(cell.address(name), data, headers=headers))
            wanted[actor, htmx] = expected(name, method, actor, visibility)
            if name == "discussion:leave" and method == "POST" and got[actor, htmx] == ".":
                theirs = cell.house.group.memberships.get(user=cell.people[actor])
                actions.lift(membership=theirs, by=cell.house.owner)
                actions.take_in(group=cell.house.group, user=cell.people[actor], roles=roles_of(actor))
    assert got == wanted


def roles_of(actor):
    """What the actor is in the group of the cell."""
    return [actor] if actor in {"organizer", "moderator", "owner"} else []
