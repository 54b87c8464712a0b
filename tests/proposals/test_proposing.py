"""Proposing a text: once, at most so many, never what stands there already, and from a file."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.groups.models import Group
from readinggroup.proposals import actions
from readinggroup.proposals.models import Proposal, ProposalState, ProposalWording
from readinggroup.proposals.pace import words_a_week
from readinggroup.readings.models import Reading, ReadingState, TextImport
from texts.models import SourceFile

from .. import factories
from .steps import WHY, address, proposed, said, standing, typed

BRIDGE = "The Bridge\n\nby Ida Renner\n\nThe bridge stood before anyone had asked for it.\n\nNobody sang on it.\n"


def a_file(text=BRIDGE, name="bridge.txt"):
    return SimpleUploadedFile(name, text.encode())


def test_a_proposal_stands_on_the_list_with_its_words_its_length_and_its_proposer(house, as_user):
    answer = as_user(house.member).post(address("propose", house), typed(), follow=True)
    assert answer.status_code == 200
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.proposer, proposal.title) == ("open", house.member, "The Bridge")
    for who in (None, house.other, house.organizer):
        for page in (address("proposals", house), address("proposal", house, proposal)):
            words = as_user(who).get(page).text
            assert "The Bridge" in words
            assert "Ida Renner" in words
            assert "Mara" in words
            assert "about 12,000 words" in words or "about 12000 words" in words
            assert "60 minutes to read" in words
    assert WHY in as_user(None).get(address("proposal", house, proposal)).text
    assert "Proposals" in as_user(None).get(f"/g/{house.group.slug}/").text


def test_one_form_sent_twice_is_one_proposal(house, as_user):
    client, form = as_user(house.member), typed()
    first, again = (client.post(address("propose", house), form) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert Proposal.objects.count() == 1


def test_what_stands_on_the_list_is_not_proposed_again_and_the_way_there_is_shown(house, as_user):
    there = proposed(house)
    same = typed(title="the  BRIDGE!", author="Ida  Rénner", all_the_same="1")
    answer = as_user(house.other).post(address("propose", house), same)
    assert answer.status_code == 409
    assert "proposed already" in answer.text
    assert address("proposal", house, there) in answer.text
    assert WHY in answer.text  # what was typed is kept
    assert Proposal.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            group=house.group, proposer=house.other, state="open", proposed_at=timezone.now(), title="The bridge",
            why="x", fingerprint=there.fingerprint, talk=house.reading,
        )  # fmt: skip


def test_something_very_like_it_is_said_with_a_link_and_can_be_right_all_the_same(house, as_user):
    there, client = proposed(house), as_user(house.other)
    likes = [{"title": "The Bridges"}, {"translator": "Milo"}, {"language": "de"}, {"author": ""}]
    for number, like in enumerate(likes, 1):
        form = typed(**like)
        answer = client.post(address("propose", house), form)
        assert answer.status_code == 422
        assert address("proposal", house, there) in answer.text
        assert WHY in answer.text
        assert Proposal.objects.count() == number
        assert client.post(address("propose", house), form | {"all_the_same": "1"}).status_code == 302
    assert Proposal.objects.count() == 1 + len(likes)


def test_what_was_read_or_stands_on_the_shelf_is_said_with_a_link(house, as_user):
    page = f"/g/{house.group.slug}/read/{house.reading.slug}/"
    asked = {"title": "Ferry", "author": "", "words": "12000"}
    told = as_user(house.member).get(address("alike", house), asked).text
    assert page in told
    assert "knows this text already" in told
    assert "60 minutes" in told
    Reading.objects.update(state=ReadingState.FINISHED)
    assert "read already" in as_user(house.member).get(address("alike", house), asked).text
    answer = as_user(house.member).post(address("propose", house), typed(title="The Ferry"))
    assert answer.status_code == 422
    assert page in answer.text


def test_what_is_not_alike_is_not_said_to_be(house, as_user):
    proposed(house)
    for other in ("A Field", "Bridges of the North", "", "!!!", "x" * 300, "x" * 9_000, "a\tb"):
        told = as_user(house.member).get(address("alike", house), {"title": other, "author": "Ida Renner"}).text
        assert "knows" not in told
    for words in ("", "x", "-1", "9" * 400, "½"):
        assert as_user(house.member).get(address("alike", house), {"words": words}).status_code == 200


def test_drafts_and_other_groups_are_nobodys_business(house, closed_house, as_user):
    proposed(house, publish=False)
    proposed(closed_house)
    assert "knows" not in as_user(house.other).get(address("alike", house), {"title": "The Bridge"}).text
    assert as_user(house.other).post(address("propose", house), typed()).status_code == 302


def test_nobody_has_more_at_a_time_than_the_group_says(house, as_user):
    Group.objects.filter(pk=house.group.pk).update(most_proposals=2)
    house.group.refresh_from_db()
    first = proposed(house)
    proposed(house, title="A Field")
    client, form = as_user(house.member), typed(title="Winter")
    answer = client.post(address("propose", house), form)
    assert answer.status_code == 409
    assert "as many as one person" in answer.text
    assert WHY in answer.text
    assert client.post(address("propose", house), form | {"draft": "1"}).status_code == 302
    draft = Proposal.objects.get(title="Winter")
    assert client.post(address("publish_proposal", house, draft)).status_code == 409
    actions.withdraw(proposal=first, by=house.member)
    assert client.post(address("publish_proposal", house, draft)).status_code == 302
    assert as_user(house.other).post(address("propose", house), typed(title="Summer")).status_code == 302


def test_there_is_an_end_of_drafts(house):
    for number in range(20):
        proposed(house, publish=False, title=f"Draft {number}")
    with pytest.raises(actions.TooManyProposals):
        proposed(house, publish=False, title="One more")


# --- From a file ------------------------------------------------------------------------------------------------------


def test_a_file_says_what_it_is_how_long_it_is_and_is_kept_for_who_keeps_texts(house, as_user):
    form = typed(title="", author="", words="5") | {"file": a_file()}
    assert as_user(house.member).post(address("propose", house), form).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.title, proposal.author, proposal.words) == ("The Bridge", "Ida Renner", 18)
    assert house.group.readings.on_the_shelf().count() == 1  # nothing is published
    text = address("proposal_text", house, proposal)
    for who, status in ((house.member, 200), (house.organizer, 200), (house.owner, 200), (house.other, 404),
                        (house.moderator, 404), (None, 404)):  # fmt: skip
        answer = as_user(who).get(text)
        assert answer.status_code == status
        assert ("asked for it" in answer.text) == (status == 200)
        assert (text in as_user(who).get(address("proposal", house, proposal)).text) == (status == 200)
    preview = f"/g/{house.group.slug}/texts/import/{proposal.text_import_id}/"
    assert preview in as_user(house.organizer).get(text).text
    assert preview not in as_user(house.member).get(text).text
    shelved = as_user(house.organizer).post(preview, {"title": "The Bridge", "language": "en"})
    assert shelved.status_code == 302
    assert standing(proposal).reading.edition.title == "The Bridge"
    assert "on the shelf" in as_user(house.member).get(address("proposal", house, proposal)).text


def test_the_file_of_a_draft_is_for_nobody_who_does_not_propose_it(house, as_user):
    draft = proposed(house, publish=False, file=(BRIDGE.encode(), "bridge.txt"))
    preview = f"/g/{house.group.slug}/texts/import/{draft.text_import_id}/"
    organizer = as_user(house.organizer)
    assert organizer.get(preview).status_code == 404
    assert "bridge.txt" not in organizer.get(f"/g/{house.group.slug}/texts/import/").text
    assert organizer.get(address("proposal_text", house, draft)).status_code == 404
    assert as_user(house.member).get(address("proposal_text", house, draft)).status_code == 200
    as_user(house.member).post(address("publish_proposal", house, draft))
    assert organizer.get(preview).status_code == 200


def test_what_is_wrong_with_a_file_is_said_at_once_and_nothing_is_kept(house, as_user):
    before = SourceFile.objects.count()
    for content, name in ((b"", "empty.txt"), (b"\x00\x01\x02" * 50, "sack.txt"), (b"%PDF-1.4 x", "bridge.pdf")):
        form = typed() | {"file": SimpleUploadedFile(name, content)}
        answer = as_user(house.member).post(address("propose", house), form)
        assert answer.status_code == 422
        assert WHY in answer.text
    assert Proposal.objects.count() == TextImport.objects.count() == 0
    assert SourceFile.objects.count() == before


def test_a_file_too_large_is_refused(house, as_user, monkeypatch):
    monkeypatch.setattr("readinggroup.proposals.forms.SOURCE_BYTES", 10)
    answer = as_user(house.member).post(address("propose", house), typed() | {"file": a_file()})
    assert answer.status_code == 422
    assert "larger than 8 MB" in answer.text


def test_another_file_takes_the_place_of_the_first(house, as_user):
    proposal = proposed(house, file=(BRIDGE.encode(), "bridge.txt"))
    before = proposal.text_import
    form = typed(wording=1) | {"file": a_file(BRIDGE + "\nIt fell.\n", "again.txt")}
    assert as_user(house.member).post(address("change_proposal", house, proposal), form).status_code == 302
    assert not TextImport.objects.filter(pk=before.pk).exists()
    assert not SourceFile.objects.filter(pk=before.source_id).exists()
    assert standing(proposal).text_import.source.name == "again.txt"
    assert standing(proposal).words == 20


# --- Drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_seen_by_nobody_else_until_it_is_put_on_the_list(house, as_user):
    client = as_user(house.member)
    assert client.post(address("propose", house), typed(why="", draft="1")).status_code == 302
    draft = Proposal.objects.get()
    assert (draft.state, draft.talk) == ("draft", None)
    assert "The Bridge" in client.get(address("proposals", house)).text
    for who in (None, house.other, house.organizer, house.moderator, house.owner):
        assert "The Bridge" not in as_user(who).get(address("proposals", house)).text
        for name in ("proposal", "proposal_wordings"):
            assert as_user(who).get(address(name, house, draft)).status_code == 404
    assert client.post(address("publish_proposal", house, draft)).status_code == 409  # no reason yet
    client.post(address("change_proposal", house, draft), typed(wording=1))
    assert client.post(address("publish_proposal", house, draft)).status_code == 302
    assert "The Bridge" in as_user(None).get(address("proposals", house)).text
    assert standing(draft).wording == 1  # how it came about is nobody's business
    assert not draft.wordings.exists()
    assert client.post(address("publish_proposal", house, draft)).status_code == 409


def test_a_draft_is_thrown_away_with_its_file_after_asking(house, as_user):
    draft = proposed(house, publish=False, file=(BRIDGE.encode(), "bridge.txt"))
    source, client = draft.text_import.source_id, as_user(house.member)
    actions.reword(proposal=draft, wording=1, by=house.member, **said(title="Not The Bridge"))
    assert "Throw" in client.get(address("discard_proposal", house, draft)).text
    assert client.post(address("discard_proposal", house, draft)).status_code == 302
    assert not Proposal.objects.exists()
    assert not SourceFile.objects.filter(pk=source).exists()
    assert not ProposalWording.objects.exists()
    there = proposed(house)
    assert client.post(address("discard_proposal", house, there)).status_code == 409
    assert Proposal.objects.exists()


def test_a_draft_of_what_is_proposed_meanwhile_cannot_be_put_on_the_list(house, as_user):
    draft = proposed(house, publish=False)
    there = proposed(house, by=house.other)
    client = as_user(house.member)
    said_first = client.post(address("publish_proposal", house, draft))
    assert said_first.status_code == 422
    assert address("proposal", house, there) in said_first.text
    assert client.post(address("publish_proposal", house, draft), {"all_the_same": "1"}).status_code == 409
    assert standing(draft).state == ProposalState.DRAFT


# --- Bad input --------------------------------------------------------------------------------------------------------

BAD = [
    {"title": ""},
    {"why": ""},
    {"title": "x" * 301},
    {"why": "x" * 5_001},
    {"title": "a\x00b"},
    {"why": "a\x00b"},
    {"language": "no language"},
    {"year": "9" * 40},
    {"year": "soon"},
    {"year": "99999"},
    {"words": "-3"},
    {"words": "9" * 30},
    {"words": "many"},
    {"where": "x" * 501},
    {"key": "no key"},
    {"key": ""},
]


def test_bad_input_is_said_and_what_was_typed_is_kept(house, as_user):
    client, there = as_user(house.member), proposed(house, title="A Field")
    for bad in BAD:
        answer = client.post(address("propose", house), typed(rights="Nobody's") | bad)
        assert answer.status_code == 422, bad
        assert "errorlist" in answer.text, bad
        assert "Nobody&#x27;s" in answer.text, bad
        if "key" not in bad:
            changed = client.post(address("change_proposal", house, there), typed(wording=1, rights="Nobody's") | bad)
            assert changed.status_code == 422, bad
            assert "Nobody&#x27;s" in changed.text, bad
    for wording in ("", "0", "x", "9" * 40):
        assert client.post(address("change_proposal", house, there), typed(wording=wording)).status_code == 422
    assert Proposal.objects.get().title == "A Field"


def test_lone_surrogates_and_hostile_words_harm_nobody(house, as_user):
    client = as_user(house.member)
    broken = typed(why="x") | {"why": "a\ud800b".encode("utf-8", "surrogatepass")}
    assert client.post(address("propose", house), broken).status_code in {302, 400, 422}
    Proposal.objects.all().update(state="withdrawn")
    nasty = '<script>alert(1)</script>"&\n\n<img src=x onerror=alert(1)>'
    form = typed(title="<b>Bold</b>", author="<i>Ida</i>", why=nasty, where="javascript:alert(1)", rights="<u>")
    assert client.post(address("propose", house), form).status_code == 302
    proposal = Proposal.objects.get(state="open")
    paragraph = proposal.talk.edition.current.versions.get().paragraph.public_id
    pages = [
        *(address(name, house, proposal) for name in ("proposal", "proposal_wordings")), address("proposals", house),
        f"/g/{house.group.slug}/read/{proposal.public_id}/p/{paragraph}/", f"/g/{house.group.slug}/feeds/news/",
    ]  # fmt: skip
    for page in pages:
        words = client.get(page).text
        assert not re.search(r"<script>alert|<img|<b>Bold|<i>Ida|<u>|href=.javascript", words), page


def test_an_address_of_no_list_is_no_page(house, as_user):
    for query in ("?shown=x", "?order=x", "?page=0", "?page=9", "?page=x", "?shown=%F0%9F", "?shown=%00"):
        assert as_user(None).get(address("proposals", house) + query).status_code in {400, 404}, query


# --- Pace -------------------------------------------------------------------------------------------------------------


def test_how_long_it_takes_is_told_at_the_pace_of_what_was_read(house, as_user):
    assert words_a_week(house.group) is None
    words = house.reading.edition.current.words
    now, readings = timezone.now(), Reading.objects.filter(pk=house.reading.pk)
    readings.update(state=ReadingState.FINISHED)
    readings.update(begun_at=now - timedelta(days=21), finished_at=now - timedelta(days=7))
    assert words_a_week(house.group) == pytest.approx(words / 2)
    proposal = proposed(house, words=5 * words)
    assert "10 weeks at our pace" in as_user(None).get(address("proposal", house, proposal)).text


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_asks_as_much_for_one_as_for_three(house, as_user):
    clients, counts = [as_user(None), as_user(house.member)], []
    for titles in (["A Field"], ["Winter", "Summer"]):
        for title in titles:
            one = proposed(house, title=title)
            actions.support(proposal=one, by=house.other)
            actions.ask_to_propose_with(proposal=one, user=house.organizer, by=house.member)
            actions.answer_co_proposing(proposal=one, agree=True, by=house.organizer)
            factories.create_comment(one.talk, house.other, number=1)
        for client in clients:
            client.get(address("proposals", house))
            with CaptureQueriesContext(connection) as asked:
                page = client.get(address("proposals", house)).text
            assert page.count("1 comment") == house.group.proposals.count()
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 9


def test_the_list_shows_what_is_asked_for_in_the_order_asked_for(house, as_user):
    first, second = proposed(house, title="A Field"), proposed(house, title="Winter")
    actions.support(proposal=second, by=house.other)
    gone = proposed(house, title="Summer")
    actions.withdraw(proposal=gone, by=house.member)

    def titles(query):
        return re.findall(
            r"<li><a href=\"[^\"]+\">([^<]+)</a>", as_user(None).get(address("proposals", house) + query).text
        )

    assert titles("") == ["Winter", "A Field"]
    actions.support_no_more(proposal=second, by=house.other)
    actions.support(proposal=first, by=house.other)
    assert titles("") == ["A Field", "Winter"]
    assert titles("?order=newest") == ["Winter", "A Field"]
    assert titles("?shown=gone") == ["Summer"]
    assert titles("?shown=accepted") == []


def test_said_is_what_an_action_takes():
    assert set(said()) == {"title", "author", "language", "translator", "year", "words", "why", "where", "rights"}
