"""Plain functions that make what a test needs. Texts here are our own."""

import itertools
import uuid

from django.db import connection

from readinggroup.accounts.models import User
from readinggroup.discussion import actions
from readinggroup.discussion.models import State
from readinggroup.groups.actions import take_in
from readinggroup.groups.models import Group, Visibility
from readinggroup.readings.actions import bring_text
from readinggroup.readings.models import ReadingState
from texts.importing import read
from texts.importing.saving import keep_source

# What a comment can be put into wherever it stands; what waits does so under a veil alone.
STATES = [state for state in State.values if state != State.VEILED]
_number = itertools.count(1)

TEXT = """The Ferry

by Ida Renner

The ferry left before anyone had counted the sacks, and nobody on the quay could say whose they were.

“We were promised a list, and we were given a song. Nobody sings on a quay in winter.”1

What we asked for was short:

1. a list of the sacks;
2. a list of the owners;
3. a day on which both would be read aloud.

Nothing came of it that winter.2 In spring the river took the quay.


The second year began quietly. There were three ferries now, and a clerk for each.

Ida Renner
Spring 1911
"""


def create_user(name=None, *, password=None, **fields):
    """An account; without a name it gets one that nobody else has, as a group asks of its members.

    As `User.objects.create_user` makes it, but for its validation: that asks the database about each of its constraints
    beforehand, which are checked anyway when it is saved, and took most of the time of making a house.
    """
    number = next(_number)
    user = User(display_name=name or f"Ana {number}", **{"email": f"{number}@example.org"} | fields)
    user.set_password(password)
    user.clean_fields(exclude=["password"])
    user.save()
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def create_group(name="Harbour readers", *, visibility=Visibility.PUBLIC, **fields):
    return Group.objects.create(name=name, slug=f"group-{next(_number)}", visibility=visibility, **fields)


def create_member(group, name=None, *, roles=()):
    user = create_user(name)
    take_in(group=group, user=user, roles=roles)
    return user


def create_reading(group, text=TEXT, *, filename="ferry.txt", state=ReadingState.CURRENT, **details):
    content = text.encode()
    document = read(content, filename=filename)
    return bring_text(
        group=group, document=document, source_file=keep_source(content, filename), state=state, **details
    )


def version_of(reading, number=4):
    return reading.edition.current.versions.select_related("paragraph").get(number=number)


def create_comment(reading, by, body="I read this twice.", *, number=4, parent=None, key=None):
    version = version_of(reading, number)
    return actions.post(reading=reading, version=version, body=body, key=key or uuid.uuid4(), by=by, parent=parent)


def long_text(paragraphs, *, section_every=0):
    """A text of so many numbered sentences, none like another."""
    parts = []
    for number in range(1, paragraphs + 1):
        if section_every and number > 1 and (number - 1) % section_every == 0:
            parts.append("")
        parts.append(
            f"Sentence {chr(96 + number % 26 or 122)}{number} says that the river rose by {number} hands that day.\n"
        )
    return "\n".join(parts)


def give_sign_of_worker(*, seconds_ago=-3600):
    """The worker's heartbeat; by default one that stays fresh as long as tests take."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )
