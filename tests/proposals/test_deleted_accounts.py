"""An account is deleted: what its person has proposed goes or stays, as they chose, and nothing else of the group's."""

from datetime import timedelta

from django.utils import timezone

from readinggroup.accounts.models import Contributions, User
from readinggroup.my_data import actions as my_data
from readinggroup.proposals import actions
from readinggroup.proposals.models import Proposal, ProposalWording
from readinggroup.tasks import delete_accounts
from texts.models import ParagraphVersion, SourceFile

from .. import factories
from .steps import WHY, address, answered, proposed, said, standing


def deleted(user, choice) -> None:
    """The account a week later."""
    my_data.ask_for_deletion(choice=choice, by=user)
    User.objects.filter(pk=user.pk).update(deletion_due_at=timezone.now() - timedelta(seconds=1))
    delete_accounts(0)
    assert User.objects.get(pk=user.pk).deleted_at


def everything_of(house):
    """A proposal of the member that was changed, one with another, one that was accepted, a draft, and a hand."""
    alone = proposed(house, title="Winter", file=(b"Winter\n\nNobody came.\n", "winter.txt"))
    actions.reword(proposal=alone, wording=1, by=house.member, **said(title="Winter", why="It is short, they say."))
    together = proposed(house, title="Summer")
    actions.ask_to_propose_with(proposal=together, user=house.other, by=house.member)
    actions.answer_co_proposing(proposal=together, agree=True, by=house.other)
    accepted = answered(house, proposed(house, title="A Field"), "accepted")
    draft = proposed(house, title="The Nobody", publish=False, file=(b"Nobody\n\nCame.\n", "nobody.txt"))
    theirs = proposed(house, by=house.owner)
    actions.support(proposal=theirs, by=house.member)
    factories.create_comment(alone.talk, house.other, "A remark that stays.", number=1)
    return alone, together, accepted, draft, theirs


def test_who_withdraws_what_they_wrote_leaves_no_words_of_a_proposal(house, as_user):
    alone, together, accepted, draft, theirs = everything_of(house)
    files = SourceFile.objects.count()
    deleted(house.member, Contributions.WITHDRAWN)
    assert standing(alone).state == "withdrawn"
    assert not Proposal.objects.filter(pk=draft.pk).exists()
    assert SourceFile.objects.count() == files - 2
    assert standing(theirs).supporters == 0
    assert (standing(together).state, standing(together).why) == ("open", WHY)  # another's, too
    assert (standing(accepted).state, standing(accepted).why) == ("accepted", WHY)  # decided
    kept = [*ParagraphVersion.objects.filter(revision__edition__readings=alone.talk).values_list("text", "html")]
    assert kept == [("–", "–")] * 2
    assert not ProposalWording.objects.filter(pgh_obj=alone).exists()
    page = as_user(house.other).get(address("proposal", house, alone)).text
    assert "The words are gone." in page
    assert "Mara" not in page
    paragraph = factories.version_of(alone.talk, 1).paragraph.public_id
    talk = as_user(house.other).get(f"/g/{house.group.slug}/read/{alone.public_id}/p/{paragraph}/")
    assert "A remark that stays." in talk.text
    assert "It is short" not in talk.text
    assert (
        "It is short"
        not in as_user(house.other).get(f"/g/{house.group.slug}/search/?q=short").text.partition("</form>")[2]
    )


def test_who_leaves_it_there_leaves_it_under_a_pseudonym(house, as_user):
    alone, _together, _accepted, draft, theirs = everything_of(house)
    deleted(house.member, Contributions.PSEUDONYM)
    assert standing(alone).state == "open"
    assert standing(theirs).supporters == 0
    assert Proposal.objects.filter(pk=draft.pk).exists() is False
    page = as_user(house.other).get(address("proposal", house, alone)).text
    assert "It is short, they say." in page
    assert "Mara" not in page
