"""Going out: what becomes of what one wrote is said before and is one's choice, also afterwards."""

import re

import pytest
from django.urls import reverse

from readinggroup.discussion.models import Comment, State
from readinggroup.groups import actions
from readinggroup.groups.models import Membership
from readinggroup.moderation.actions import Verdict, decide_about_member
from readinggroup.moderation.models import Action, Ground
from readinggroup.notifications.models import Notice

from .. import factories
from ..moderation.steps import decide_about
from .test_coming_and_going import address
from .test_names import shown_to


def leave(client, house, contributions="name"):
    return client.post(reverse("discussion:leave", args=[house.group.slug]), {"contributions": contributions})


def left(house):
    return reverse("discussion:left", args=[house.group.slug])


def test_what_will_become_of_it_is_said_before(house, as_user):
    page = as_user(house.member).get(reverse("discussion:leave", args=[house.group.slug])).text
    for wish in ("name", "pseudonym", "withdrawn"):
        assert f'value="{wish}"' in page
    assert "<bdi>Mara</bdi>" in page


def test_nothing_chosen_or_nonsense_leaves_nothing(house, as_user):
    for wish in ("", "all of it", "name\x00"):
        assert leave(as_user(house.member), house, wish).status_code == 422
    assert house.group.memberships.get(user=house.member).is_member


def test_with_its_name(house, as_user):
    factories.create_comment(house.reading, house.member)
    leave(as_user(house.member), house)
    assert shown_to(as_user(house.other), house.reading) == ["Mara"]


def test_under_a_pseudonym_nothing_leads_back_to_the_person(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    leave(as_user(house.member), house, "pseudonym")
    [name] = shown_to(as_user(house.other), house.reading)
    assert re.fullmatch("Reader [A-Z0-9]{6}", name)
    group = house.group.slug
    for page in (
        reverse("discussion:whole", args=[group, house.reading.slug]),
        reverse("discussion:paragraph", args=[group, house.reading.slug, comment.paragraph.public_id]),
        reverse("groups:members", args=[group]),
        reverse("moderation:queue", args=[group]),
    ):
        text = as_user(house.owner).get(page).text
        assert "Mara" not in text
        assert house.member.public_id not in text
    for name in ("groups:member", "discussion:contributions"):
        assert as_user(house.owner).get(reverse(name, args=[group, house.member.public_id])).status_code == 404


def test_all_taken_back(house, as_user):
    mine = factories.create_comment(house.reading, house.member, "Take this back.")
    factories.create_comment(house.reading, house.other, "An answer that stays.", parent=mine)
    held = factories.create_comment(house.reading, house.member, "Held before.")
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    leave(as_user(house.member), house, "withdrawn")
    page = as_user(house.other).get(reverse("discussion:whole", args=[house.group.slug, house.reading.slug])).text
    assert "Take this back." not in page
    assert "An answer that stays." in page
    assert set(Comment.objects.filter(author=house.member).values_list("state", "withdrawn_from")) == {
        (State.WITHDRAWN, "visible"),
        (State.WITHDRAWN, "held"),
    }


def test_in_another_group_nothing_is_taken_back(house, as_user):
    elsewhere = factories.create_reading(factories.create_group())
    actions.take_in(group=elsewhere.group, user=house.member)
    kept = factories.create_comment(elsewhere, house.member)
    leave(as_user(house.member), house, "withdrawn")
    kept.refresh_from_db()
    assert kept.state == State.VISIBLE


def test_the_last_owner_who_wants_to_take_all_back_takes_nothing_back(house, as_user):
    comment = factories.create_comment(house.reading, house.owner)
    leave(as_user(house.owner), house, "withdrawn")
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE


def test_afterwards_one_may_change_ones_mind(closed_house, as_user):
    factories.create_comment(closed_house.reading, closed_house.member)
    client, reader = as_user(closed_house.member), as_user(closed_house.other)
    leave(client, closed_house)
    assert left(closed_house) in client.get(reverse("groups:my_groups")).text
    assert "<bdi>Mara</bdi>" in client.get(left(closed_house)).text
    client.post(left(closed_house), {"contributions": "pseudonym"})
    assert "Reader " in shown_to(reader, closed_house.reading)[0]
    client.post(left(closed_house), {"contributions": "name"})
    assert shown_to(reader, closed_house.reading) == ["Mara"]
    client.post(left(closed_house), {"contributions": "withdrawn"})
    assert shown_to(reader, closed_house.reading) == []
    assert client.post(left(closed_house), {"contributions": "x"}).status_code == 422


def test_a_name_that_somebody_bears_by_now_does_not_come_back(house, as_user):
    client = as_user(house.member)
    leave(client, house, "pseudonym")
    actions.take_in(group=house.group, user=factories.create_user("Mara"))
    answer = client.post(left(house), {"contributions": "name"})
    assert answer.status_code == 422
    assert "called that already" in answer.text
    token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    assert client.post(reverse("groups:join", args=[token])).status_code == 422


def test_who_comes_back_is_called_by_their_name_again(house, as_user):
    factories.create_comment(house.reading, house.member)
    leave(as_user(house.member), house, "pseudonym")
    token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    as_user(house.member).post(reverse("groups:join", args=[token]))
    assert shown_to(as_user(house.other), house.reading) == ["Mara"]
    assert not Membership.objects.get(group=house.group, user=house.member).under_pseudonym


def test_who_never_belonged_or_still_does_has_no_such_page(house, as_user):
    for who in (house.outsider, house.member):
        assert as_user(who).get(left(house)).status_code == 404
    assert as_user(None).get(left(house)).status_code == 302


def test_who_is_removed_is_told_why_and_may_choose_a_pseudonym(closed_house, as_user):
    factories.create_comment(closed_house.reading, closed_house.member)
    owner, client = as_user(closed_house.owner), as_user(closed_house.member)

    def remove(words):
        return decide_about(owner, closed_house, closed_house.member, "remove", words=words)

    assert remove("").status_code == 422
    assert remove("x" * 3_001).status_code == 422
    assert remove("Sold <b>ads</b>.").status_code == 302
    membership = closed_house.group.memberships.get(user=closed_house.member)
    assert (membership.removed_by, membership.removed_for) == (closed_house.owner, "Sold <b>ads</b>.")
    assert "Sold &lt;b&gt;ads&lt;/b&gt;." in client.get("/inbox/").text
    assert client.get(reverse("group", args=[closed_house.group.slug])).status_code == 404
    client.post(left(closed_house), {"contributions": "pseudonym"})
    assert "Reader " in shown_to(as_user(closed_house.other), closed_house.reading)[0]


def test_who_is_removed_once_is_told_once(house):
    membership = house.group.memberships.select_related("user", "group").get(user=house.member)
    verdict = Verdict(action=Action.REMOVE, person=Action.REMOVE, ground=Ground.LAW, words="Once.")
    first, again = (decide_about_member(member=membership, verdict=verdict, by=house.owner, last="") for _ in range(2))
    assert first == again
    assert Notice.objects.filter(recipient=house.member).count() == 1


def test_owners_do_not_remove_themselves_and_nobody_else_removes(house, as_user):
    assert decide_about(as_user(house.owner), house, house.owner, "remove").status_code == 404
    for who, status in ((house.member, 403), (house.organizer, 403), (house.moderator, 422)):
        assert decide_about(as_user(who), house, house.other, "remove").status_code == status
        assert house.group.memberships.active().filter(user=house.other).exists()
    elsewhere = factories.create_member(factories.create_group())
    assert decide_about(as_user(house.owner), house, elsewhere, "remove").status_code == 404


@pytest.mark.parametrize("field", ["role", "roles", "user", "left_at", "suspended_until", "name_here"])
def test_what_no_form_asks_for_changes_nothing(house, as_user, field):
    before = Membership.objects.filter(user=house.member).values().get()
    as_user(house.member).post(reverse("groups:put_welcome_away", args=[house.group.slug]), {field: "owner"})
    as_user(house.member).post(address("name_here", house), {"name_here": "", field: ""})
    after = Membership.objects.filter(user=house.member).values().get()
    assert before | {"welcomed_at": None} == after | {"welcomed_at": None}
