"""Many groups with their people, texts, talk and sessions: what `mixed_load` asks of."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from readinggroup import first_run
from readinggroup.accounts.logins import SessionStore
from readinggroup.accounts.models import Login, User
from readinggroup.demo import crowd
from readinggroup.discussion.models import Comment, State
from readinggroup.groups.actions import found_group
from readinggroup.groups.models import Group, Membership, Visibility
from readinggroup.readings.actions import bring_text
from readinggroup.readings.models import ReadingState
from readinggroup.schedule import actions as sessions
from readinggroup.schedule.models import ReadingSession
from texts.importing import read
from texts.importing.saving import keep_source
from texts.models import Paragraph

from .data import essay

OF_THE_LARGEST = 20  # a twentieth of all comments is said in one group
ALSO_ELSEWHERE = 2  # groups that each person belongs to besides the first
COMMENTS_KNOWN = 60  # of each group, to be answered


@dataclass
class Person:
    """Somebody who has signed in: their key, and the headers that their browser sends."""

    pk: int
    cookie: str
    token: str


@dataclass
class Place:
    """A group's reading as those who come there know it."""

    group: str
    reading: str
    reading_pk: int
    session: str
    session_pk: int
    paragraphs: list  # public ids, in the order of the text
    comments: list  # (public id, paragraph's public id, sequence)
    people: list = field(default_factory=list)  # those of them who have signed in

    @property
    def page(self):
        return f"/g/{self.group}/read/{self.reading}/"


def prepare(*, groups: int, people: int, comments: int, tell=print) -> None:
    """Make what is missing: groups with a text, a session and comments each, and people who belong to three."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    first_run.prepare(None)
    owner = first_run.owner_of(Group.objects.order_by("pk").first())
    missing = [number for number in range(groups) if not Group.objects.filter(slug=slug_of(number)).exists()]
    sizes = sizes_of(groups, comments)
    for number in missing:
        make_group(number, owner=owner, people=people // groups, comments=sizes[number])
        if number % 20 == 19:
            tell(f"{number + 1} of {groups} groups")
    if missing:
        mingle(groups)
        crowd.analyze()


def slug_of(number) -> str:
    return f"group-{number}"


def sizes_of(groups, comments) -> list[int]:
    """How many comments each group has: one has a twentieth, and from there it falls off slowly."""
    largest = comments // OF_THE_LARGEST
    weights = [1 / (rank + 1) ** 0.5 for rank in range(1, groups)]
    return [largest, *(round((comments - largest) * weight / sum(weights)) for weight in weights)]


@transaction.atomic
def make_group(number, *, owner, people, comments) -> None:
    """A public group with its own people; the whole or nothing."""
    group = found_group(name=f"Group {number}", by=owner, visibility=Visibility.PUBLIC)
    Group.objects.filter(pk=group.pk).update(slug=slug_of(number))
    content = essay() + f"\n\ngroup {number}\n".encode()
    reading = bring_text(
        group=group,
        document=read(content, filename="text.txt"),
        source_file=keep_source(content, "text.txt"),
        title=f"Text {number}",
        state=ReadingState.CURRENT,
    )
    tomorrow = timezone.now() + timedelta(days=1)
    made = sessions.create(
        reading=reading, by=owner, title="Next time", date=tomorrow.date(), time=tomorrow.time().replace(microsecond=0),
        zone="UTC",
    )  # fmt: skip
    sessions.put_on_calendar(session=made, by=owner)
    if comments:
        crowd.fill(reading, seed=number, people=people, comments=comments)


@transaction.atomic
def mingle(groups) -> None:
    """Each of the crowd belongs to two groups more."""
    keys = [Group.objects.get(slug=slug_of(number)).pk for number in range(groups)]
    joined_at = timezone.now() - crowd.OVER
    rows = Membership.objects.filter(group__in=keys, user__email__endswith=crowd.DOMAIN).order_by("pk")
    rng, more = random.Random("mingle"), []  # the same each time is what is wanted
    for group, user in rows.values_list("group", "user"):
        others = rng.sample(keys, min(ALSO_ELSEWHERE, len(keys)))
        more += [(other, user) for other in others if other != group]
    Membership.objects.bulk_create(
        (Membership(group_id=group, user_id=user, joined_at=joined_at, welcomed_at=joined_at) for group, user in more),
        batch_size=crowd.BATCH,
        ignore_conflicts=True,
    )


def places(signed_in: int) -> list[Place]:
    """Where one can go, the largest first, with so many people in all who have signed in."""
    found = [place_of(group) for group in Group.objects.filter(slug__startswith="group-").order_by("pk")]
    people = sign_in(signed_in)
    for group, user in Membership.objects.active().filter(user__in=people).values_list("group__slug", "user"):
        place = next((place for place in found if place.group == group), None)
        if place:
            place.people.append(people[user])
    return [place for place in found if place.people]


def place_of(group) -> Place:
    """The group's reading, its session, and some of what is said there."""
    reading = group.readings.get()
    session = ReadingSession.objects.filter(reading=reading).order_by("pk").first()
    versions = reading.edition.current.versions.order_by("number")
    said = Comment.objects.filter(reading=reading, state=State.VISIBLE).order_by("pk")
    known = said.values_list("public_id", "paragraph__public_id", "sequence")
    return Place(
        group=group.slug,
        reading=reading.slug,
        reading_pk=reading.pk,
        session=session.public_id,
        session_pk=session.pk,
        paragraphs=list(versions.values_list("paragraph__public_id", flat=True)),
        comments=list(known[:COMMENTS_KNOWN]),
    )


@transaction.atomic
def sign_in(many: int) -> dict:
    """So many of the crowd signed in anew, as Django's `login` leaves it: by key."""
    crowd_of = User.objects.filter(email__endswith=crowd.DOMAIN).order_by("?")[:many]
    store, people, logins = SessionStore(), {}, []
    for user in crowd_of:
        person = Person(user.pk, get_random_string(32).lower(), get_random_string(32))
        kept_in_it = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        logins.append(
            Login(
                session_key=person.cookie,
                session_data=store.encode(kept_in_it),
                expire_date=timezone.now() + timedelta(days=1),
                user=user,
            )
        )
        person.cookie = f"{settings.SESSION_COOKIE_NAME}={person.cookie}; {settings.CSRF_COOKIE_NAME}={person.token}"
        people[user.pk] = person
    Login.objects.bulk_create(logins, batch_size=crowd.BATCH)
    return people


def keys_of_paragraphs(names) -> dict:
    """Public id -> key."""
    return dict(Paragraph.objects.filter(public_id__in=names).values_list("public_id", "pk"))
