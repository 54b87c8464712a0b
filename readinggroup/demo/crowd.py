"""A crowd for measuring: as many members and comments as asked for, seeded, and saved in bulk.

The words are put together from a small stock; what matters is the shape. A few paragraphs have most of the talk, one
has a very long thread, answers go some levels deep, and a few comments are withdrawn or held.
"""

import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment, State
from readinggroup.groups.models import Membership
from readinggroup.lib.markup import render_markdown
from readinggroup.readings.models import ParagraphActivity

from .talk import DOMAIN

BATCH = 2_000  # rows a statement: Postgres takes 65,535 values
DEEPEST = 12
LONG_THREAD = 600  # comments under one, where there are enough of them
OVER = timedelta(days=365)
STATES = {State.VISIBLE: 985, State.WITHDRAWN: 10, State.HELD: 5}  # of a thousand
BODIES = 400

GIVEN = [
    "Ada",
    "Amir",
    "Bao",
    "Carla",
    "Davit",
    "Eira",
    "Femi",
    "Goran",
    "Hana",
    "Ilse",
    "Jakub",
    "Kofi",
    "Мила",
    "ندى",
]
FAMILY = ["Abara", "Bello", "Castro", "Dreyer", "Ekholm", "Farkas", "Greco", "Ito", "Kaya", "Lund", "Novák", "Pires"]

STOCK = {
    "who": ["The author", "The editor", "Whoever wrote this", "The second half", "This paragraph", "The example"],
    "does": ["assumes", "forgets", "half proves", "repeats", "takes for granted", "argues against", "leans on"],
    "what": ["a reader who agrees", "the newspapers", "an older quarrel", "its own first sentence", "the footnote"],
    "but": ["and I like it.", "though not for long.", "which is the point.", "as in the preface.", "or so I read it."],
}
SHAPES = [
    "{who} {does} {what}, {but}",
    "Does it? {who} {does} {what}.",
    "I stopped at *{what}*. {who} {does} it twice.",
    "Yes. {who} {does} {what}.",
    "I take this to say that somebody {does} {what}, {but}",
]
ANSWERS_THAT_ARE_SHORT = ["Yes.", "I don't think so.", "Where does it say that?", "Fair.", "Thank you, that helps."]


@dataclass
class Planned:
    """One comment before it is saved: where, in answer to which one of the plan, by whom, what, and how old."""

    place: int
    answers: int | None
    depth: int
    author: int
    body: int
    state: str
    age: float  # as a share of OVER


@dataclass
class Plan:
    """All comments, every one after what it answers, and by how deep they are."""

    comments: list = field(default_factory=list)
    levels: dict = field(default_factory=dict)

    def add(self, comment) -> int:
        """Put the comment at the end; the answer is its number."""
        number = len(self.comments)
        self.comments.append(comment)
        self.levels.setdefault(comment.depth, []).append(number)
        return number


class SeedUsed(Exception):  # noqa: N818 - said to whoever asked, not an error of the program
    """This seed has filled this reading before; its comments are there already."""


def plan_of(rng, *, places: int, people: int, bodies: int, comments: int) -> Plan:
    """Who says what where. How much is said falls off from paragraph to paragraph as words do in a language (Zipf)."""
    plan = Plan()
    ranked = rng.sample(range(places), places)
    shares = list(accumulate(1 / (rank + 1) ** 0.7 for rank in range(places)))
    where = sorted(rng.choices(range(places), cum_weights=shares, k=comments))
    long_thread = min(LONG_THREAD, comments // 20)
    start, states = 0, list(STATES)
    while start < len(where):
        end = start
        while end < len(where) and where[end] == where[start]:
            end += 1
        ages = sorted((rng.random() ** 1.5 for _ in range(start, end)), reverse=True)
        here, long_root = [], None
        for nth, age in enumerate(ages):
            # The busiest paragraph's first comment is the one that so many answers stand under.
            in_long_thread = long_root is not None and nth <= long_thread
            answers = answered(rng, plan, here, always=in_long_thread)
            comment = Planned(
                place=ranked[where[start]],
                answers=answers,
                depth=0 if answers is None else plan.comments[answers].depth + 1,
                author=rng.randrange(people),
                body=rng.randrange(bodies),
                state=rng.choices(states, STATES.values())[0],
                age=age,
            )
            here.append(plan.add(comment))
            if where[start] == 0 and nth == 0:
                long_root = here[0]
        start = end
    return plan


def answered(rng, plan, here, *, always) -> int | None:
    """What the next comment of a paragraph answers: mostly something recent; now and then nothing."""
    if not here or (not always and rng.random() < 0.35):
        return None
    number = here[-1 - int(rng.expovariate(1 / 6)) % len(here)]
    while plan.comments[number].depth >= DEEPEST:
        number = plan.comments[number].answers
    return number


def some_bodies(rng) -> list[tuple[str, str]]:
    """The stock of comments, from a word to a page, as Markdown and as HTML."""
    bodies = list(ANSWERS_THAT_ARE_SHORT)
    while len(bodies) < BODIES:
        length = min(8, int(rng.expovariate(0.8)) + 1)
        paragraphs = [" ".join(sentence(rng) for _ in range(rng.randint(1, 4))) for _ in range(length)]
        if rng.random() < 0.1:
            paragraphs.append("\n".join(f"- {sentence(rng)}" for _ in range(3)))
        if rng.random() < 0.2:
            paragraphs.insert(0, f"> {sentence(rng)}")
        bodies.append("\n\n".join(paragraphs))
    return [(body, render_markdown(body)) for body in bodies]


def sentence(rng) -> str:
    """Something that one might say of many a paragraph."""
    return rng.choice(SHAPES).format_map({slot: rng.choice(words) for slot, words in STOCK.items()})


@transaction.atomic
def people_of(seed, group, people: int) -> list[int]:
    """The primary keys of so many members. Their addresses come from the seed: who is there is not made again."""
    rng = random.Random(f"people {seed}")  # noqa: S311 - the same each time is what is wanted
    emails = [f"crowd-{seed}-{number}@{DOMAIN}" for number in range(people)]
    # No two of a group are called alike: hence the numbers.
    users = [
        User(email=email, display_name=f"{rng.choice(GIVEN)} {rng.choice(FAMILY)} {seed}-{number}")
        for number, email in enumerate(emails)
    ]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users, batch_size=BATCH, ignore_conflicts=True)
    known = dict(User.objects.filter(email__in=emails).values_list("email", "pk"))
    EmailAddress.objects.bulk_create(  # as with every account that is made here
        [EmailAddress(user_id=known[email], email=email, verified=True, primary=True) for email in emails],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    joined_at = timezone.now() - OVER
    Membership.objects.bulk_create(
        [Membership(group=group, user_id=known[email], joined_at=joined_at, welcomed_at=joined_at) for email in emails],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return [known[email] for email in emails]


@transaction.atomic
def fill(reading, *, seed, people: int, comments: int, tell=lambda done: None) -> None:
    """Add members to the reading's group and comments to the reading; `tell` is called with how many are saved.

    SeedUsed if the same seed has filled this reading before, however much it was asked for then.
    """
    # Two at once with the same seed: the later one waits here, and is refused.
    type(reading).objects.select_for_update(of=("self",), no_key=True).get(pk=reading.pk)
    rng = random.Random(f"comments {seed}")  # noqa: S311 - as above
    if Comment.objects.filter(reading=reading, key=key_of(reading, seed, 0)).exists():
        raise SeedUsed(seed)
    authors = people_of(seed, reading.group, people)
    versions = list(reading.edition.current.versions.values_list("paragraph_id", "pk"))
    bodies = some_bodies(rng)
    plan = plan_of(rng, places=len(versions), people=people, bodies=len(bodies), comments=comments)
    now = timezone.now()
    saved = {}  # number in the plan -> primary key

    def unsaved(number):
        planned = plan.comments[number]
        paragraph, version = versions[planned.place]
        body, html = bodies[planned.body]
        return Comment(
            reading=reading,
            paragraph_id=paragraph,
            version_id=version,
            parent_id=saved.get(planned.answers),  # root and depth are the database's to say
            author_id=authors[planned.author],
            key=key_of(reading, seed, number),
            body=body,
            body_html=html,
            state=planned.state,
            created_at=now - planned.age * OVER,
            **({"withdrawn_at": now, "withdrawn_from": State.VISIBLE} if planned.state == State.WITHDRAWN else {}),
        )

    with connection.cursor() as cursor:
        # Foreign keys are checked at each statement's end. Deferred, 600,000 checks would pile up, and every answer
        # goes through the pile: pgtrigger begins each trigger with a small error that it catches, and for that
        # Postgres looks over all that is deferred. It made this five times slower.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for _, numbers in sorted(plan.levels.items()):
        for first in range(0, len(numbers), BATCH):
            batch = numbers[first : first + BATCH]
            rows = Comment.objects.bulk_create([unsaved(number) for number in batch])
            saved.update(zip(batch, (row.pk for row in rows), strict=True))
            tell(len(saved))


def key_of(reading, seed, number) -> uuid.UUID:
    """The key of the seed's comment with this number: the same each time, so that it cannot be there twice."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"crowd {seed}, reading {reading.pk}, comment {number}")


def miscounted(reading) -> list[int]:
    """The paragraphs whose counter differs from what can be listed: none, if the triggers do their work."""
    visible = Comment.objects.filter(reading=reading, state=State.VISIBLE)
    listed = dict(visible.order_by().values_list("paragraph").annotate(Count("pk")))
    counters = ParagraphActivity.objects.filter(reading=reading)
    counted = dict(counters.exclude(comments=0).values_list("paragraph", "comments"))
    return sorted(key for key in listed.keys() | counted.keys() if listed.get(key) != counted.get(key))


def longest_thread(reading) -> tuple[Comment, int] | None:
    """The comment with the most answers under it, and how many those are."""
    threads = Comment.objects.filter(reading=reading).annotate(answered=Count("thread")).filter(answered__gt=0)
    found = threads.order_by("-answered", "pk").first()
    return found and (found, found.answered)


def analyze() -> None:
    """Let the database look at what is new, so that it plans queries as it would after a day's work."""
    tables = [model._meta.db_table for model in (User, EmailAddress, Membership, Comment, ParagraphActivity)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE " + ", ".join(map(connection.ops.quote_name, tables)))
